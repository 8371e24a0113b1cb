"""A caller who has proved to belong to a team, as every part of the hotline needs them."""

from dataclasses import dataclass

from agi.listen import Clerk
from ivr.adapters.fastagi import Channel
from ivr.domain.records import Account
from ivr.services.desk import Desk


@dataclass(frozen=True, slots=True)
class Caller:
    channel: Channel
    desk: Desk
    clerk: Clerk
    account: Account
