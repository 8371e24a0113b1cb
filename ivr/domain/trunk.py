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
from ivr.domain.lines import TrunkView
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
class CallThrough:
    """A call over it has just reached the far end: it rings, was busy, or was refused there."""


@dataclass(frozen=True, slots=True)
class ProbeFailed:
    """The call that tried it has reached nobody."""


TrunkFact = TrunkReported | CallsFailing | CallThrough | ProbeFailed
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
    if trunk.health is TrunkHealth.SUSPECT and fact.lines:  # whether calls pass, a call must show
        return replace(reported, probe_at=min(trunk.probe_at, now)), ()
    health = TrunkHealth.UP if fact.lines else TrunkHealth.DOWN
    if health is not trunk.health:
        return _moved(reported, health, fact.why, now)
    note = Note("trunk lines", f"{trunk.name}: {fact.lines}, {fact.why}")
    return replace(reported, why=fact.why), (note,) if trunk.lines not in (fact.lines, None) else ()


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
    (TrunkHealth.UP, CallThrough): _stay,
    (TrunkHealth.UP, ProbeFailed): _stay,  # it came up while the probe was under way
    (TrunkHealth.DOWN, TrunkReported): _report,
    (TrunkHealth.DOWN, CallsFailing): _stay,
    (TrunkHealth.DOWN, CallThrough): _back,
    (TrunkHealth.DOWN, ProbeFailed): _wait,
    (TrunkHealth.SUSPECT, TrunkReported): _report,
    (TrunkHealth.SUSPECT, CallsFailing): _stay,  # they were placed before
    (TrunkHealth.SUSPECT, CallThrough): _back,
    (TrunkHealth.SUSPECT, ProbeFailed): _wait,
}


def as_it_is(trunk: TrunkView, state: TrunkState | None, now: float) -> TrunkView:
    """The trunk of the configuration as it can be used now."""
    if state is None:
        return trunk
    if not state.is_up:
        # A moment further ahead than the pause was written before the clock was set back, and binds nothing.
        probe_at = state.probe_at if state.probe_at <= now + state.pause_s else now
        return replace(trunk, up=False, probe_at=probe_at)
    lines = trunk.lines if state.lines is None else min(trunk.lines, state.lines)
    return replace(trunk, lines=lines, reserve=min(trunk.reserve, lines - 1))


_WE_STOPPED = frozenset({16, 19})
"""Causes with which Asterisk also ends a call that has rung nowhere for as long as we let it."""


def got_through(call: Call) -> bool | None:
    """Whether a call shows that its trunk works; None: it shows nothing (yet)."""
    if call.answered_at is not None or call.reached is Reached.RANG:
        return True
    if call.state is not CallState.ENDED or call.cancelled or call.cause is None:
        return None
    if trunk_fault(call.cause, call.reached):
        return False
    return None if call.cause in _WE_STOPPED and call.reached is not Reached.THROUGH else True


def told_by(before: Call, after: Call, lately: Callable[[], Iterable[Call]]) -> TrunkFact | None:
    """What the move of a call out tells of its trunk. `lately`: the calls out over it that began since its
    health last changed, and within LOOK_BACK_S."""
    through = shown_now(before, after)
    if through:
        return CallThrough()
    if probed_in_vain(after):
        return ProbeFailed()
    return CallsFailing() if through is False and failing(lately()) else None


def shown_now(before: Call, after: Call) -> bool | None:
    """What a call's move shows of its trunk at this moment; None: nothing. That a phone rang, learned only
    from the end of the call, may be long ago: it counts for a probe alone, which nothing else can tell of."""
    through = got_through(after)
    if through and (got_through(before) or _only_now_known(after)):
        return None
    return through


def probed_in_vain(call: Call) -> bool:
    """Whether a probe is over and has reached nobody."""
    return call.probe and call.state is CallState.ENDED and not call.cancelled and not got_through(call)


def _only_now_known(call: Call) -> bool:
    return call.state is CallState.ENDED and call.reached is Reached.RANG and not call.probe


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
