"""The health of a trunk: a circuit breaker. One table of transitions.

Owns: when a trunk is left, when it is tried again, and when it is back. Which calls go over it is the
business of `schedule`.

A trunk is left when Asterisk says that it is down, or when calls to several numbers fail over it in a row
before anything rings. It is tried by one call at a time, a probe, after a pause that grows. A carrier may
take calls although it answers no OPTIONS, so a trunk that Asterisk holds for down is tried as well: none is
ever given up.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from ivr.domain.disposition import trunk_fault
from ivr.domain.effects import Note
from ivr.domain.facts import Illegal, TrunkReported
from ivr.domain.records import Call, CallState, Reached, TrunkHealth, TrunkState

ROW = 3
"""So many different numbers must fail in a row: one of them may be out of order itself."""
LOOK_BACK_S = 600.0
"""What failed before that says nothing about now."""
_FIRST_PAUSE_S = 5.0
_LONGEST_PAUSE_S = 60.0


@dataclass(frozen=True, slots=True)
class CallsFailing:
    """Calls to several numbers have failed over it in a row."""


@dataclass(frozen=True, slots=True)
class ProbeThrough:
    """The call that tried it has reached the far end: it rang, was busy, or was refused there."""


@dataclass(frozen=True, slots=True)
class ProbeFailed:
    """The call that tried it has not."""


TrunkFact = TrunkReported | CallsFailing | ProbeThrough | ProbeFailed
Result = tuple[TrunkState, tuple[Note, ...]]


def decide(trunk: TrunkState, fact: TrunkFact, now: float) -> Result:
    """The trunk after `fact`. Raises Illegal for a pair the table does not have: there is none."""
    handler = TABLE.get((trunk.health, type(fact)))
    if handler is None:
        raise Illegal(f"trunk {trunk.name} is {trunk.health}: {type(fact).__name__} cannot follow")
    return handler(trunk, fact, now)


def _moved(trunk: TrunkState, health: TrunkHealth, why: str, now: float) -> Result:
    moved = replace(trunk, health=health, why=why, since=now)
    if health is not TrunkHealth.UP and trunk.health is TrunkHealth.UP:
        moved = replace(moved, probe_at=now + _FIRST_PAUSE_S, pause_s=_FIRST_PAUSE_S)
    return moved, (Note(f"trunk {health}", f"{trunk.name}: {why}"),)


def _report(trunk: TrunkState, fact: TrunkFact, now: float) -> Result:
    """It may be told again, at each connection to Asterisk."""
    assert isinstance(fact, TrunkReported)
    reported = replace(trunk, lines=fact.lines)
    if trunk.health is TrunkHealth.UP and fact.lines:
        if trunk.lines in (fact.lines, None):
            return replace(reported, why=fact.why), ()
        return replace(reported, why=fact.why), (
            Note("trunk lines", f"{trunk.name}: {fact.lines}, {fact.why}"),
        )
    if trunk.health is TrunkHealth.SUSPECT and fact.lines:
        return replace(
            reported, probe_at=min(trunk.probe_at, now)
        ), ()  # whether calls pass, a call must show
    health = TrunkHealth.UP if fact.lines else TrunkHealth.DOWN
    if health is trunk.health:
        return replace(reported, why=fact.why), ()
    return _moved(reported, health, fact.why, now)


def _fail(trunk: TrunkState, fact: TrunkFact, now: float) -> Result:
    return _moved(trunk, TrunkHealth.SUSPECT, f"calls to {ROW} numbers failed in a row", now)


def _back(trunk: TrunkState, fact: TrunkFact, now: float) -> Result:
    """What Asterisk said before is disproved."""
    return _moved(replace(trunk, lines=trunk.lines or None), TrunkHealth.UP, "a call got through", now)


def _wait(trunk: TrunkState, fact: TrunkFact, now: float) -> Result:
    pause_s = min(2 * trunk.pause_s, _LONGEST_PAUSE_S)
    return replace(trunk, probe_at=now + pause_s, pause_s=pause_s), ()


def _stay(trunk: TrunkState, fact: TrunkFact, now: float) -> Result:
    return trunk, ()


Handler = Callable[[TrunkState, TrunkFact, float], Result]

TABLE: dict[tuple[TrunkHealth, type], Handler] = {
    (TrunkHealth.UP, TrunkReported): _report,
    (TrunkHealth.UP, CallsFailing): _fail,
    (TrunkHealth.UP, ProbeThrough): _stay,  # it was reported up while the probe was under way
    (TrunkHealth.UP, ProbeFailed): _stay,  # the same; and it counts among the calls that fail
    (TrunkHealth.DOWN, TrunkReported): _report,
    (TrunkHealth.DOWN, CallsFailing): _stay,
    (TrunkHealth.DOWN, ProbeThrough): _back,
    (TrunkHealth.DOWN, ProbeFailed): _wait,
    (TrunkHealth.SUSPECT, TrunkReported): _report,
    (TrunkHealth.SUSPECT, CallsFailing): _stay,  # they were placed before
    (TrunkHealth.SUSPECT, ProbeThrough): _back,
    (TrunkHealth.SUSPECT, ProbeFailed): _wait,
}


def got_through(call: Call) -> bool | None:
    """Whether a call shows that its trunk works; None: it shows nothing (yet)."""
    if call.answered_at is not None or call.reached is Reached.RANG:
        return True
    if call.state is not CallState.ENDED or call.cancelled or call.cause is None:
        return None
    return not trunk_fault(call.cause, call.reached)


def failing(calls: Iterable[Call]) -> bool:
    """Whether the last calls over a trunk have failed in a row. `calls`: those out over it, in any order.

    Worked out from the calls themselves, so that an end that is told twice counts once.
    """
    numbers = set()
    for call in sorted(calls, key=lambda c: c.started_at, reverse=True):
        through = got_through(call)
        if through:
            break
        if through is False:
            numbers.add(call.number)
    return len(numbers) >= ROW
