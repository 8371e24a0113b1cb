"""Which of a team's numbers is called next, and when: the one function that reads the policy, `next_call`.

It folds over the calls a delivery has had, so the same history always gives the same answer, whatever order
the news of it came in. Only whether a number may be called at this hour depends on the moment.
"""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from ivr.domain import attempts
from ivr.domain.attempts import Past
from ivr.domain.hours import ALWAYS, Hours
from ivr.domain.policy import UNALLOCATED_CALLS, Policy
from ivr.domain.records import Disposition, Number, NumberKind, Team

_CLOSED = "no number may be called at this hour"
_NOT_THEM = "whoever answered said that it is not for them"


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
class CallAt:
    """Call `number`, not before `due_at`."""

    number: str
    due_at: float
    avoid: str | None = None
    """A trunk that holds the number for unallocated: another one is to be asked."""
    closed: str | None = None
    """Why nothing can be called before, for an operator: the team is missing until then."""
    tried: tuple[str, ...] = ()
    """The trunks over which this attempt has failed: it goes on over another."""
    afresh_at: float = 0.0
    """When one of them may be used again, at the earliest, as a new attempt."""


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
    promised: str | None = None,
) -> CallAt | Spent:
    """The call that follows the calls `past` (in order of their end), begun at `since`, given up at `until`.

    Each number has a pause of its own, so that a team is called again as soon as one of its numbers may be:
    the one that may be called first; of several, the one that has had the fewest calls; then as listed. Where
    somebody was there, that number is called once more before the others have their turn; where somebody
    passed, the others have it at once. A number that is `ringing`, or was given up, or never opens again, is
    left out. Which calls count, and as what, `attempts` says; an attempt that is under way goes on at once.
    Somebody at the number `promised` is to be called back: it is next whatever else there is, if it is open.
    """
    so_far = attempts.of(past, trunks)
    counted = so_far.counted
    numbers = _in_order(policy, listed)
    if not numbers:
        return Spent("has no number in the directory")
    gone = unallocated(counted, trunks)
    if all(phone.number in gone for phone in numbers):
        return Spent("every number is unallocated")
    begin = since if so_far.last_at is None else so_far.last_at
    kept = [_Turn(p, begin, 0) for p in numbers if p.number == promised and promised not in ringing]
    back = _first(kept, now)
    if back is not None and not back.closed:
        return back
    if len(counted) + len(ringing) >= policy.max_calls:
        return Spent(f"not reached in {len(counted)} calls")
    calls = {phone.number: [p for p in counted if p.number == phone.number] for phone in numbers}
    turns = [
        _Turn(phone, begin, _NEXT)
        if phone.number in so_far.under_way
        else _turn(policy, phone, begin, theirs, trunks, at_once=_passed(counted))
        for phone in numbers
        if phone.number not in ringing and not _given_up(policy, theirs := calls[phone.number], trunks)
    ]
    if not turns:
        return Spent(f"not reached in {len(counted)} calls")
    step = _first([turn for turn in turns if turn.phone.number == _was_there(counted)], now)
    if step is None or step.closed:
        step = _first(turns, now)
    if step is None or (step.closed and step.due_at >= until):
        why = step.closed if step and step.closed else _CLOSED
        return Spent(f"not reached in {len(counted)} calls; then {why}" if counted else why)
    refused = [p.trunk for p in calls[step.number] if _is_unallocated(p)]
    if refused:
        step = replace(step, avoid=refused[-1])
    if tried := so_far.under_way.get(step.number):
        is_last = len(counted) + len(ringing) + 1 >= policy.max_calls
        afresh_at = until if is_last else _afresh_at(policy, calls[step.number], tried, trunks, until)
        step = replace(step, tried=tuple(p.trunk for p in tried), afresh_at=max(afresh_at, step.due_at))
    return step


def _afresh_at(
    policy: Policy, calls: Sequence[Past], tried: Sequence[Past], trunks: int, until: float
) -> float:
    """When a number may be called over a trunk again over which the attempt under way has failed: after the
    pause that it would have if the attempt were over; not before `until` if it would then be given up."""
    over = attempts.ended(tried)
    if not over:
        return tried[-1].ended_at
    if _given_up(policy, [*calls, *over], trunks):
        return until
    return _rested_at(policy, [*calls, *over], trunks)


def unallocated(past: Iterable[Past], trunks: int) -> set[str]:
    """The numbers that do not exist, as far as the telephone network can be believed."""
    said = Counter(p.number for p in past if _is_unallocated(p))
    return {number for number, times in said.items() if times >= min(trunks, UNALLOCATED_CALLS)}


def _is_unallocated(past: Past) -> bool:
    return past.disposition is Disposition.UNALLOCATED


def _in_order(policy: Policy, listed: Sequence[Phone]) -> list[Phone]:
    place = {kind: n for n, kind in enumerate(policy.order)}
    return sorted(listed, key=lambda phone: place.get(phone.kind, len(place)))


def _given_up(policy: Policy, calls: Sequence[Past], trunks: int) -> bool:
    ended_so = Counter(p.disposition for p in calls)
    return any(times >= policy.rule(how, trunks).tries for how, times in ended_so.items())


def _rested_at(policy: Policy, calls: Sequence[Past], trunks: int) -> float:
    return calls[-1].ended_at + _pause_s(policy, calls, trunks) if calls else -math.inf


_THERE = frozenset({Disposition.PARTIAL, Disposition.HEARD, Disposition.UNKNOWN})
"""Somebody has heard some of the alert, or perhaps they have: the end of the call was not seen."""


def _was_there(past: Sequence[Past]) -> str | None:
    """The number of the last call, if it was the first one there in which somebody may have listened."""
    if not past or past[-1].disposition not in _THERE:
        return None
    last, before = past[-1], past[-2:-1]
    twice = any(p.number == last.number and p.disposition in _THERE for p in before)
    return None if twice else last.number


def _passed(calls: Sequence[Past]) -> bool:
    """Whether the last of these calls was answered by somebody for whom it was not."""
    return bool(calls) and calls[-1].disposition is Disposition.PASSED


_NEXT = -1
"""The standing of a number that is before all others of the same moment."""


def _standing(calls: Sequence[Past]) -> int:
    """The fewer calls, the sooner; a number that one carrier does not know is asked of another at once."""
    return _NEXT if calls and _is_unallocated(calls[-1]) else len(calls)


def _pause_s(policy: Policy, calls: Sequence[Past], trunks: int) -> float:
    """Before a number is called again that has had these calls, at least one."""
    first = policy.rule(calls[-1].disposition, trunks).pause_s
    return min(first * policy.growth ** (len(calls) - 1), max(first, policy.longest_pause_s))


@dataclass(frozen=True, slots=True)
class _Turn:
    """One number that may be called, from when on, and how it stands among others at the same moment."""

    phone: Phone
    at: float
    standing: int
    not_them: bool = False
    """Whoever answered there has passed, and until `at` the number rests for that."""


def _turn(
    policy: Policy, phone: Phone, begin: float, calls: Sequence[Past], trunks: int, at_once: bool
) -> _Turn:
    """The turn of a number that has had these calls; `at_once` without its pause, unless somebody passed."""
    not_them = _passed(calls)
    rested_at = begin if at_once and not not_them else _rested_at(policy, calls, trunks)
    return _Turn(phone, max(begin, rested_at), _standing(calls), not_them)


def _first(turns: Sequence[_Turn], now: float) -> CallAt | None:
    """Whose turn it is, in view of the hours; None: none of them is ever open again."""
    best: tuple[float, int] | None = None
    step: CallAt | None = None
    for turn in turns:
        opens_at = turn.phone.hours.opens_at(max(turn.at, now))
        if opens_at is None:
            continue
        shut = opens_at > max(turn.at, now)
        at = opens_at if shut else turn.at
        why = _CLOSED if shut else _NOT_THEM if turn.not_them and at > now else None
        if best is None or (at, turn.standing) < best:
            best = (at, turn.standing)
            step = CallAt(turn.phone.number, at, closed=why)
    return step
