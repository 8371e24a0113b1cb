"""What becomes of each call of a simulated network, drawn before anything is dialled.

Owns: the outcomes, and the path of a team that is called alone. A team's n-th call has the same outcome
whatever the schedule, so that a schedule can be compared with a bound and with one that knows them all.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from ivr.domain.attempts import Past
from ivr.domain.hours import Hours
from ivr.domain.nextcall import CallAt, Phone, next_call
from ivr.domain.policy import Policy
from ivr.domain.records import CallingHours, Disposition

ANSWER, BUSY = 0.6, 0.15  # and 0.25 no answer
INTRODUCTION_S = 8.0
"""Who and when; then somebody presses 1 to hear the alert."""
THANKS_S = 7.0
"""The question at the end, the key, the thanks."""


@dataclass(frozen=True, slots=True)
class Fate:
    """One call: what comes of it, and how long it takes a line."""

    disposition: Disposition
    line_s: float
    answered_after_s: float | None = None
    """From the call's beginning; None: not at all."""
    pressed_after_s: float | None = None
    """When a person asks to hear the alert, from the call's beginning."""
    cause: int | None = None
    """ITU-T Q.850, where it matters."""


@dataclass(frozen=True, slots=True)
class Network:
    """Teams with two numbers each, and the fate of every call to them."""

    teams: int
    seed: int
    persists: bool
    """A number keeps its outcome for the whole alert; else it is drawn anew at each call."""
    alert_s: float = 90.0
    ring_s: float = 30.0
    hours: Sequence[Sequence[Hours]] = ()
    """The hours of a team's numbers, one entry a kind of team; none: all may be called at any time."""

    def numbers(self, team: int) -> list[Phone]:
        listed = (f"+4940{team:06}1", f"+4917{team:06}2")
        if not self.hours:
            return [Phone(number) for number in listed]
        theirs = self.hours[team % len(self.hours)]
        return [Phone(number, hours=hours) for number, hours in zip(listed, theirs, strict=False)]

    def fate(self, team: int, n: int, number: str) -> Fate:
        """The fate of the n-th call (from 0) of a team, to `number`."""
        return self.drawn(f"{team} {number if self.persists else n}")

    def drawn(self, what: str) -> Fate:
        """The fate of a call of which no more is known than that it is `what`."""
        draw = random.Random(f"{self.seed} {what}")
        chance, rings_s = draw.random(), draw.uniform(3, 15)
        if chance < ANSWER:
            pressed_s = rings_s + INTRODUCTION_S
            return Fate(Disposition.ACKNOWLEDGED, pressed_s + self.alert_s + THANKS_S, rings_s, pressed_s)
        if chance < ANSWER + BUSY:
            return Fate(Disposition.BUSY, 2.0)
        return Fate(Disposition.NO_ANSWER, self.ring_s)

    def path(self, team: int, policy: Policy, begin: float) -> list[tuple[float, float]]:
        """The calls of a team that has all lines for itself, one phone at a time, as (pause, line time).

        Where outcomes persist, nothing is learnt from calling a number twice: it ends with the last one."""
        numbers = self.numbers(team)
        past: list[Past] = []
        path: list[tuple[float, float]] = []
        now = begin
        while isinstance(step := next_call(policy, numbers, past, begin, now), CallAt):
            at = max(now, step.due_at)
            fate = self.fate(team, len(path), step.number)
            path.append((at - now, fate.line_s))
            now = at + fate.line_s
            known = self.persists and len(path) == len(numbers)
            if fate.disposition is Disposition.ACKNOWLEDGED or known:
                break
            past.append(Past(step.number, fate.disposition, now))
        return path


NIGHT = [
    [Hours(), Hours()],
    [Hours(CallingHours.OFFICE, zone="Europe/Berlin"), Hours(CallingHours.OUT, zone="Europe/Berlin")],
    [Hours(CallingHours.OFFICE, "Sat-Sun 02:30-05:00", "Europe/Berlin")],
]
"""A third of the teams may be called at any time, a third has a phone for the night, and a third opens at
half past two: in the hour that comes twice when clocks go back."""
