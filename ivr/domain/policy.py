"""When and where a team is called again: retries, order of numbers, limits.

Owns: the rules as data and the one function that reads them, `next_call`. It folds over the calls a delivery
has had, so the same history always gives the same answer, whatever order the news of it came in.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from ivr.domain.records import Disposition


def between(low: float, high: float) -> Callable[[float], float]:
    """A check for a configuration value: within these bounds, both included."""

    def check(value: float) -> float:
        if not low <= value <= high:
            raise ValueError(f"must be between {low:g} and {high:g}, not {value:g}")
        return value

    return check


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
    """Everything that bounds the calls for one delivery. Read from the configuration key `policy`."""

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

    def rule(self, disposition: Disposition) -> Rule:
        """The rule for a disposition that asks for another call."""
        found: Rule = getattr(self, disposition.value.replace("-", "_"))
        return found


@dataclass(frozen=True, slots=True)
class Past:
    """One ended call of a delivery, as policy sees it."""

    number: str
    disposition: Disposition
    ended_at: float


@dataclass(frozen=True, slots=True)
class CallAt:
    """Call `number`, not before `due_at`."""

    number: str
    due_at: float


@dataclass(frozen=True, slots=True)
class Spent:
    """No further call; `reason` is for an operator."""

    reason: str


def next_call(policy: Policy, numbers: Sequence[str], past: Sequence[Past], since: float) -> CallAt | Spent:
    """The call that follows the calls `past` (in order of their end), begun at `since`.

    A cancelled call was ended by us because the team was no longer to be called; it does not count. A number
    that turned out to be unallocated is dead for this delivery.
    """
    counted = [p for p in past if p.disposition is not Disposition.CANCELLED]
    dead = {p.number for p in counted if p.disposition is Disposition.UNALLOCATED}
    alive = [n for n in numbers if n not in dead]
    if not numbers:
        return Spent("has no number in the directory")
    if not alive:
        return Spent("every number is unallocated")
    if len(counted) >= policy.max_calls:
        return Spent(f"not reached in {len(counted)} calls")
    if not counted:
        return CallAt(numbers[0], since)
    turn = _replay(policy, numbers, counted)
    last = counted[-1]
    if last.number in alive and turn.calls < _tries(policy, last.disposition):
        return CallAt(last.number, last.ended_at + policy.rule(last.disposition).pause_s)
    behind = numbers[turn.position + 1 :]
    for number in behind:
        if number in alive:
            return CallAt(number, last.ended_at)
    if turn.round >= policy.rounds:
        return Spent(f"not reached in {len(counted)} calls, {policy.rounds} rounds")
    return CallAt(alive[0], last.ended_at + policy.round_pause_s)


@dataclass(frozen=True, slots=True)
class _Turn:
    """Where in the list of numbers the calls have come to."""

    position: int
    calls: int
    """Calls in a row to the number at `position`."""
    round: int


def _replay(policy: Policy, numbers: Sequence[str], past: Sequence[Past]) -> _Turn:
    """Fold the calls into the turn of the last one. A number that has left the directory stands at -1."""
    place = {number: position for position, number in enumerate(numbers)}
    turn = _Turn(place.get(past[0].number, -1), 1, 1)
    for before, after in pairwise(past):
        position = place.get(after.number, -1)
        if position == turn.position and turn.calls < _tries(policy, before.disposition):
            turn = _Turn(position, turn.calls + 1, turn.round)
        else:
            turn = _Turn(position, 1, turn.round + (position <= turn.position))
    return turn


def _tries(policy: Policy, disposition: Disposition) -> int:
    return 0 if disposition is Disposition.UNALLOCATED else policy.rule(disposition).tries
