"""The rules by which a team is called, as data: retries, pauses, order of numbers, limits.

Owns: what may be said in the configuration and in the team file, and its bounds. What follows from the rules
is the business of `nextcall` and `schedule`.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from ivr.domain.records import Disposition, NumberKind


def between(low: float, high: float) -> Callable[[float], float]:
    """A check for a configuration value: within these bounds, both included."""

    def check(value: float) -> float:
        if not low <= value <= high:
            raise ValueError(f"must be between {low:g} and {high:g}, not {value:g}")
        return value

    return check


def _each_once(kinds: tuple[NumberKind, ...]) -> tuple[NumberKind, ...]:
    if len(set(kinds)) < len(kinds):
        raise ValueError("names a kind of number twice")
    return kinds


def _seconds(low: float, high: float, default: float) -> float:
    default_field: float = field(default=default, metadata={"check": between(low, high)})
    return default_field


class SmsTime(StrEnum):
    """When a team gets the SMS that there is an alert."""

    AT_RELEASE = "at-release"
    AFTER_FIRST_CALL = "after-first-call"
    """That was not acknowledged; at once where no number may be called."""
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Rule:
    """What follows one disposition."""

    tries: int = field(default=12, metadata={"check": between(1, 200)})
    """Calls to one number that may end so; then the number is given up for this alert."""
    pause_s: float = _seconds(0, 3600, 5)
    """Before the same number is called again, after its first call. Another number need not wait for it."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Everything that bounds the calls for one delivery. Read from the configuration key `policy`; a team may
    differ in any of it (see `for_team`)."""

    ring_s: float = _seconds(5, 120, 30)
    """How long a phone rings before we give up."""
    deadline_s: float = _seconds(60, 86_400, 4 * 3600)
    """After release: whoever has not acknowledged by then is named as missing."""
    max_calls: int = field(default=24, metadata={"check": between(1, 200)})
    """Calls per delivery, whatever their disposition: the cap that bounds everything, but for the at most
    two calls more that somebody there was promised."""
    growth: float = field(default=1.5, metadata={"check": between(1, 10)})
    """How many times longer each further pause of a number is: soon again at first, then out of the way."""
    longest_pause_s: float = _seconds(0, 3600, 300)
    """No pause grows beyond this."""
    parallel_after_s: float | None = field(default=None, metadata={"check": between(0, 120)})
    """How long one phone of a team rings before the next one rings beside it, where lines are idle. None:
    one phone at a time."""
    order: tuple[NumberKind, ...] = field(default=(), metadata={"check": _each_once})
    """Kinds of numbers to call first, in this order; otherwise numbers are called as the team lists them."""
    sms: SmsTime = SmsTime.AT_RELEASE
    """When its mobiles get the SMS that there is an alert."""
    busy: Rule = Rule()
    no_answer: Rule = field(default=Rule(), metadata={"key": "no-answer"})
    congestion: Rule = Rule()
    rejected: Rule = Rule(tries=3, pause_s=30)
    unheard: Rule = Rule(tries=6, pause_s=10)
    machine: Rule = Rule(tries=6, pause_s=60)
    partial: Rule = Rule(tries=6)
    heard: Rule = Rule(tries=4, pause_s=20)
    passed: Rule = Rule(tries=3, pause_s=900)
    failed: Rule = Rule(tries=4, pause_s=10)
    unknown: Rule = Rule(tries=6)

    def rule(self, disposition: Disposition, trunks: int) -> Rule:
        """The rule for a disposition that asks for another call, where there are so many trunks.

        One carrier may wrongly hold a number for unallocated; a second one is asked, the same one is not.
        """
        if disposition is Disposition.UNALLOCATED:
            return Rule(tries=min(trunks, UNALLOCATED_CALLS), pause_s=0)
        found: Rule = getattr(self, disposition.value.replace("-", "_"))
        return found


UNALLOCATED_CALLS = 2
"""So many trunks must say that a number does not exist; the only trunk where there is but one."""


def for_team(network: Policy, differs: str | None) -> Policy:
    """The policy of a team: the network's, but for what is in the team's JSON object (records.Team.policy).

    A rule may differ in one of its values alone.
    """
    changes: Mapping[str, Any] = json.loads(differs) if differs else {}
    values: dict[str, Any] = {}
    for name, value in changes.items():
        if isinstance(value, Mapping):
            values[name] = replace(getattr(network, name), **value)
        else:
            values[name] = _READ[name](value) if name in _READ else value
    return replace(network, **values)


_READ: Mapping[str, Callable[[Any], Any]] = {
    "order": lambda kinds: tuple(map(NumberKind, kinds)),
    "sms": SmsTime,
}
"""What JSON cannot say by itself."""
