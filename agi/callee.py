"""Somebody whom we have called, as every part of a call-out needs them."""

from dataclasses import dataclass
from functools import partial

from agi.listen import Clerk
from ivr.adapters.fastagi import Channel
from ivr.domain.facts import Fact
from ivr.services.briefing import Brief
from ivr.services.desk import Desk


@dataclass(frozen=True, slots=True)
class Callee:
    channel: Channel
    desk: Desk
    clerk: Clerk
    brief: Brief

    def hand(self, fact: Fact) -> None:
        """Put on record what nobody on the line need wait for."""
        self.clerk.hand(partial(self.desk.ledger.apply, fact))
