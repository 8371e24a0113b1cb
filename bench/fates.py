"""What becomes of each call of a simulated network, drawn before anything is dialled.

Owns: the outcomes. A team's n-th call has the same outcome whatever the schedule, so that a schedule can be
compared with a bound and with one that knows them all.
"""

import random
from dataclasses import dataclass

from ivr.domain.policy import Phone
from ivr.domain.records import Disposition

ANSWER, BUSY = 0.6, 0.15  # and 0.25 no answer


@dataclass(frozen=True, slots=True)
class Fate:
    """One call: what comes of it, and how long it takes a line."""

    disposition: Disposition
    line_s: float


@dataclass(frozen=True, slots=True)
class Network:
    """Teams with two numbers each, and the fate of every call to them."""

    teams: int
    seed: int
    persists: bool
    """A number keeps its outcome for the whole alert; else it is drawn anew at each call."""
    alert_s: float = 60.0
    ring_s: float = 30.0

    def numbers(self, team: int) -> list[Phone]:
        return [Phone(f"+4940{team:06}1"), Phone(f"+4917{team:06}2")]

    def fate(self, team: int, n: int, number: str) -> Fate:
        """The fate of the n-th call (from 0) of a team, to `number`."""
        what = number if self.persists else str(n)
        draw = random.Random(f"{self.seed} {team} {what}")
        chance, rings_s = draw.random(), draw.uniform(3, 15)
        if chance < ANSWER:
            # Who and when, "press 1 to hear it", the alert, "press 1", thank you.
            return Fate(Disposition.ACKNOWLEDGED, rings_s + 15 + self.alert_s)
        if chance < ANSWER + BUSY:
            return Fate(Disposition.BUSY, 2.0)
        return Fate(Disposition.NO_ANSWER, self.ring_s)
