"""When and where a team is called again: retries, order of numbers, limits.

Owns: the rules as data and the one function that reads them, `next_call`. It folds over the calls a delivery
has had, so the same history always gives the same answer, whatever order the news of it came in. Only whether
a number may be called at this hour depends on the moment.
"""

import json
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
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


@dataclass(frozen=True, slots=True)
class Rule:
    """What follows one disposition."""

    tries: int = field(default=1, metadata={"check": between(1, 20)})
    """Calls in a row to the same number before the next number's turn."""
    pause_s: float = _seconds(0, 3600, 30)
    """Before the same number is called again."""


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
    rounds: int = field(default=6, metadata={"check": between(1, 50)})
    """How often the whole list of a team's numbers is gone through."""
    round_pause_s: float = _seconds(0, 3600, 60)
    """Before the list starts again at its first number."""
    order: tuple[NumberKind, ...] = field(default=(), metadata={"check": _each_once})
    """Kinds of numbers to call first, in this order; otherwise numbers are called as the team lists them."""
    busy: Rule = Rule(tries=3, pause_s=20)
    no_answer: Rule = field(default=Rule(tries=1), metadata={"key": "no-answer"})
    congestion: Rule = Rule(tries=5, pause_s=10)
    rejected: Rule = Rule(tries=1)
    unheard: Rule = Rule(tries=1)
    machine: Rule = Rule(tries=1)
    partial: Rule = Rule(tries=2, pause_s=10)
    heard: Rule = Rule(tries=2, pause_s=30)
    failed: Rule = Rule(tries=2, pause_s=10)
    unknown: Rule = Rule(tries=3, pause_s=5)

    def rule(self, disposition: Disposition, trunks: int) -> Rule:
        """The rule for a disposition that asks for another call, where there are so many trunks.

        One carrier may wrongly hold a number for unallocated; a second one is asked, the same one is not.
        """
        if disposition is Disposition.UNALLOCATED:
            return Rule(tries=min(trunks, _UNALLOCATED_CALLS), pause_s=0)
        found: Rule = getattr(self, disposition.value.replace("-", "_"))
        return found


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
            values[name] = tuple(map(NumberKind, value)) if name == "order" else value
    return replace(network, **values)


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
) -> CallAt | Spent:
    """The call that follows the calls `past` (in order of their end), begun at `since`, given up at `until`.

    A cancelled call was ended by us because the team was no longer to be called; it does not count. A number
    that turned out to be unallocated is dead for this delivery. A number that is closed when its turn comes
    gives way to the next one that is open; where none is, the first one to open has its turn.
    """
    counted = [p for p in past if p.disposition is not Disposition.CANCELLED]
    numbers = _in_order(policy, listed)
    gone = unallocated(counted, trunks)
    alive = [n for n in numbers if n.number not in gone]
    if not numbers:
        return Spent("has no number in the directory")
    if not alive:
        return Spent("every number is unallocated")
    if len(counted) >= policy.max_calls:
        return Spent(f"not reached in {len(counted)} calls")
    turns = [(phone, since) for phone in alive]
    if counted:
        turns = _turns(policy, numbers, alive, counted, trunks)
    if not turns:
        return Spent(f"not reached in {len(counted)} calls, {policy.rounds} rounds")
    step = _open(turns, now)
    if step is None or (step.closed and step.due_at >= until):
        return Spent(f"not reached in {len(counted)} calls; then {_CLOSED}" if counted else _CLOSED)
    refused = [p.trunk for p in counted if p.number == step.number and _is_unallocated(p)]
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


def _turns(
    policy: Policy, numbers: Sequence[Phone], alive: Sequence[Phone], past: Sequence[Past], trunks: int
) -> list[tuple[Phone, float]]:
    """Whose turn it is, first of all, and who stands in where that number is closed; each with its moment."""
    last = past[-1]
    turn = _replay(policy, numbers, past, trunks)
    rule = policy.rule(last.disposition, trunks)
    again = [n for n in alive if n.number == last.number and turn.calls < rule.tries]
    behind = [n for n in numbers[turn.position + 1 :] if n in alive and turn.round <= policy.rounds]
    turns = [(n, last.ended_at + rule.pause_s) for n in again] + [(n, last.ended_at) for n in behind]
    if turn.round < policy.rounds:
        return turns + [(n, last.ended_at + policy.round_pause_s) for n in alive]
    called = {p.number for p in past}  # who was closed in every round still has a turn
    return turns + [(n, last.ended_at) for n in alive if n.number not in called and n not in behind]


def _open(turns: Sequence[tuple[Phone, float]], now: float) -> CallAt | None:
    """The first of these turns whose number is open then; else the one that opens first, if any ever does."""
    opening: CallAt | None = None
    for phone, at in turns:
        opens_at = phone.hours.opens_at(max(at, now))
        if opens_at == max(at, now):
            return CallAt(phone.number, at)
        if opens_at is not None and (opening is None or opens_at < opening.due_at):
            opening = CallAt(phone.number, opens_at, closed=_CLOSED)
    return opening


@dataclass(frozen=True, slots=True)
class _Turn:
    """Where in the list of numbers the calls have come to."""

    position: int
    calls: int
    """Calls in a row to the number at `position`."""
    round: int


def _replay(policy: Policy, numbers: Sequence[Phone], past: Sequence[Past], trunks: int) -> _Turn:
    """Fold the calls into the turn of the last one. A number that has left the directory stands at -1."""
    place = {phone.number: position for position, phone in enumerate(numbers)}
    turn = _Turn(place.get(past[0].number, -1), 1, 1)
    for before, after in pairwise(past):
        position = place.get(after.number, -1)
        if position == turn.position and turn.calls < policy.rule(before.disposition, trunks).tries:
            turn = _Turn(position, turn.calls + 1, turn.round)
        else:
            turn = _Turn(position, 1, turn.round + (position <= turn.position))
    return turn
