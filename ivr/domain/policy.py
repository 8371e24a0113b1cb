"""When and where a team is called again: retries, order of numbers, limits.

Owns: the rules as data and the one function that reads them, `next_call`. It folds over the calls a delivery
has had, so the same history always gives the same answer, whatever order the news of it came in. Only whether
a number may be called at this hour depends on the moment.
"""

import json
import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from ivr.domain.hours import ALWAYS, Hours
from ivr.domain.records import Disposition, Number, NumberKind, Team


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
    """Calls per delivery, whatever their disposition: the cap that bounds everything."""
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
    failed: Rule = Rule(tries=4, pause_s=10)
    unknown: Rule = Rule(tries=6)

    def rule(self, disposition: Disposition, trunks: int) -> Rule:
        """The rule for a disposition that asks for another call, where there are so many trunks.

        One carrier may wrongly hold a number for unallocated; a second one is asked, the same one is not.
        """
        if disposition is Disposition.UNALLOCATED:
            return Rule(tries=min(trunks, _UNALLOCATED_CALLS), pause_s=0)
        found: Rule = getattr(self, disposition.value.replace("-", "_"))
        return found

    def pause_s(self, after: Sequence["Past"], trunks: int) -> float:
        """Before a number is called again that has had the calls `after`, at least one."""
        first = self.rule(after[-1].disposition, trunks).pause_s
        return min(first * self.growth ** (len(after) - 1), max(first, self.longest_pause_s))


_UNALLOCATED_CALLS = 2
"""So many trunks must say that a number does not exist; the only trunk where there is but one."""

_CLOSED = "no number may be called at this hour"


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


@dataclass(frozen=True, slots=True)
class Phone:
    """One number of a team, as policy sees it."""

    number: str
    kind: NumberKind = NumberKind.OTHER
    hours: Hours = ALWAYS


def phones(team: Team, numbers: Iterable[Number]) -> list[Phone]:
    """The numbers of `team`, in the order of its list."""
    return [Phone(n.number, n.kind, Hours(n.hours, team.office_hours, team.zone)) for n in numbers]


@dataclass(frozen=True, slots=True)
class Past:
    """One ended call of a delivery, as policy sees it."""

    number: str
    disposition: Disposition
    ended_at: float
    trunk: str = ""


@dataclass(frozen=True, slots=True)
class CallAt:
    """Call `number`, not before `due_at`."""

    number: str
    due_at: float
    avoid: str | None = None
    """A trunk that holds the number for unallocated: another one is to be asked."""
    closed: str | None = None
    """Why nothing can be called before, for an operator: the team is missing until then."""


@dataclass(frozen=True, slots=True)
class Spent:
    """No further call; `reason` is for an operator."""

    reason: str


def next_call(
    policy: Policy,
    listed: Sequence[Phone],
    past: Sequence[Past],
    since: float,
    now: float,
    until: float = math.inf,
    trunks: int = 1,
    ringing: Collection[str] = (),
) -> CallAt | Spent:
    """The call that follows the calls `past` (in order of their end), begun at `since`, given up at `until`.

    Each number has a pause of its own, so that a team is called again as soon as one of its numbers may be:
    the one that may be called first; of several, the one that has had the fewest calls; then as listed. Where
    somebody was there, that number is called once more before the others have their turn. A number that is
    `ringing`, or was given up, or never opens again, is left out. A cancelled call was ended by us because
    the team was no longer to be called; it does not count.
    """
    counted = [p for p in past if p.disposition is not Disposition.CANCELLED]
    numbers = _in_order(policy, listed)
    if not numbers:
        return Spent("has no number in the directory")
    gone = unallocated(counted, trunks)
    if all(phone.number in gone for phone in numbers):
        return Spent("every number is unallocated")
    if len(counted) + len(ringing) >= policy.max_calls:
        return Spent(f"not reached in {len(counted)} calls")
    begin = counted[-1].ended_at if counted else since
    calls = {phone.number: [p for p in counted if p.number == phone.number] for phone in numbers}
    turns = [
        _Turn(phone, max(begin, _rested_at(policy, theirs, trunks)), _standing(theirs))
        for phone in numbers
        if phone.number not in ringing and not _given_up(policy, theirs := calls[phone.number], trunks)
    ]
    if not turns:
        return Spent(f"not reached in {len(counted)} calls")
    step = _first([turn for turn in turns if turn.phone.number == _was_there(counted)], now)
    if step is None or step.closed:
        step = _first(turns, now)
    if step is None or (step.closed and step.due_at >= until):
        return Spent(f"not reached in {len(counted)} calls; then {_CLOSED}" if counted else _CLOSED)
    refused = [p.trunk for p in calls[step.number] if _is_unallocated(p)]
    return replace(step, avoid=refused[-1]) if refused else step


def unallocated(past: Iterable[Past], trunks: int) -> set[str]:
    """The numbers that do not exist, as far as the telephone network can be believed."""
    said = Counter(p.number for p in past if _is_unallocated(p))
    return {number for number, times in said.items() if times >= min(trunks, _UNALLOCATED_CALLS)}


def _is_unallocated(past: Past) -> bool:
    return past.disposition is Disposition.UNALLOCATED


def _in_order(policy: Policy, listed: Sequence[Phone]) -> list[Phone]:
    place = {kind: n for n, kind in enumerate(policy.order)}
    return sorted(listed, key=lambda phone: place.get(phone.kind, len(place)))


def _given_up(policy: Policy, calls: Sequence[Past], trunks: int) -> bool:
    ended_so = Counter(p.disposition for p in calls)
    return any(times >= policy.rule(how, trunks).tries for how, times in ended_so.items())


def _rested_at(policy: Policy, calls: Sequence[Past], trunks: int) -> float:
    return calls[-1].ended_at + policy.pause_s(calls, trunks) if calls else -math.inf


_THERE = frozenset({Disposition.PARTIAL, Disposition.HEARD, Disposition.UNKNOWN})
"""Somebody has heard some of the alert, or perhaps they have: the end of the call was not seen."""


def _was_there(past: Sequence[Past]) -> str | None:
    """The number of the last call, if it was the first one there in which somebody may have listened."""
    if not past or past[-1].disposition not in _THERE:
        return None
    last, before = past[-1], past[-2:-1]
    twice = any(p.number == last.number and p.disposition in _THERE for p in before)
    return None if twice else last.number


def _standing(calls: Sequence[Past]) -> int:
    """The fewer calls, the sooner; a number that one carrier does not know is asked of another at once."""
    return -1 if calls and _is_unallocated(calls[-1]) else len(calls)


@dataclass(frozen=True, slots=True)
class _Turn:
    """One number that may be called, from when on, and how it stands among others at the same moment."""

    phone: Phone
    at: float
    standing: int


def _first(turns: Sequence[_Turn], now: float) -> CallAt | None:
    """Whose turn it is, in view of the hours; None: none of them is ever open again."""
    best: tuple[float, int] | None = None
    step: CallAt | None = None
    for turn in turns:
        opens_at = turn.phone.hours.opens_at(max(turn.at, now))
        if opens_at is None:
            continue
        closed = opens_at > max(turn.at, now)
        at = opens_at if closed else turn.at
        if best is None or (at, turn.standing) < best:
            best = (at, turn.standing)
            step = CallAt(turn.phone.number, at, closed=_CLOSED if closed else None)
    return step
