"""The life of an errand: a call that we place for something else than an alert. One table of transitions.

Owns: when an errand is called, and how often. Its call is the business of `call`; what is said in it, of the
script that its kind names.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from ivr.domain.effects import Effect, Note
from ivr.domain.facts import ErrandDone, ErrandDropped, ErrandExpired, ErrandPlaced, ErrandWanted, Illegal
from ivr.domain.lines import Room, choose
from ivr.domain.records import Disposition, Errand, ErrandKind, ErrandState

_LASTS_S = {ErrandKind.CALLBACK: 300.0, ErrandKind.TEST: 300.0, ErrandKind.OPERATOR: 60.0}
"""For how long each is of use: beyond that, whoever asked for it has gone, or asks again."""
_AFTER_S = {ErrandKind.CALLBACK: 12.0}
"""Before the first try: whoever is called back may have called from that phone, and still hears of it."""
_AGAIN_S = {Disposition.CONGESTION: 2.0, Disposition.FAILED: 2.0, Disposition.UNKNOWN: 2.0}
"""Before another try, where the network was the reason; a phone that nobody takes is not rung twice."""
TESTS = 3
TESTS_S = 3600.0
"""So many test calls to one number in this time: they are for a phone that was set up, not to ring people."""
_BUSY_AGAIN_S = {ErrandKind.CALLBACK: 8.0}
"""Before another try at a phone that is busy: its owner has not hung up yet."""


@dataclass(frozen=True, slots=True)
class ErrandCallEnded:
    """Its call is over; what became of it."""

    call: str
    how: Disposition
    failed_by: str | None = None
    """The trunk at whose fault it ended, before anything rang."""


ErrandFact = ErrandPlaced | ErrandDone | ErrandDropped | ErrandExpired | ErrandCallEnded
Result = tuple[Errand, tuple[Effect, ...]]


def wanted(fact: ErrandWanted, now: float) -> Errand:
    """The errand, as it begins; its id the store gives."""
    due_at = now + _AFTER_S.get(fact.kind, 0.0)
    return Errand(0, fact.kind, fact.number, fact.team, fact.uid, due_at, now + _LASTS_S[fact.kind])


def asked_at(errand: Errand) -> float:
    """When it was asked for."""
    return errand.until - _LASTS_S[errand.kind]


def may_test(number: Iterable[Errand], now: float) -> bool:
    """Whether a number may have another test call. `number`: those it has had."""
    return sum(now - TESTS_S < asked_at(test) for test in number) < TESTS


def decide(errand: Errand, fact: ErrandFact, now: float) -> Result:
    """The errand after `fact`. Raises Illegal for a pair the table does not have."""
    handler = TABLE.get((errand.state, type(fact)))
    if handler is None:
        raise Illegal(f"errand {errand.id} is {errand.state}: {type(fact).__name__} cannot follow")
    return handler(errand, fact, now)


def _place(errand: Errand, fact: ErrandFact, now: float) -> Result:
    assert isinstance(fact, ErrandPlaced)
    return replace(errand, state=ErrandState.CALLING, call=fact.call), ()


def _do(errand: Errand, fact: ErrandFact, now: float) -> Result:
    return replace(errand, state=ErrandState.DONE, reason=None), (Note(f"{errand.kind} done"),)


def _drop(errand: Errand, fact: ErrandFact, now: float) -> Result:
    return _failed(errand, "not wanted any more")


def _expire(errand: Errand, fact: ErrandFact, now: float) -> Result:
    return _failed(errand, "no line was free in time")


def _end(errand: Errand, fact: ErrandFact, now: float) -> Result:
    assert isinstance(fact, ErrandCallEnded)
    if fact.call != errand.call:
        return errand, ()
    how = Disposition.CONGESTION if fact.failed_by else fact.how
    pause_s = _BUSY_AGAIN_S.get(errand.kind) if how is Disposition.BUSY else _AGAIN_S.get(how)
    again_at = now + (math.inf if pause_s is None else pause_s)
    if again_at < errand.until:
        return replace(errand, state=ErrandState.WAITING, due_at=again_at, avoid_trunk=fact.failed_by), ()
    return _failed(errand, "nobody pressed a key" if how is Disposition.UNHEARD else how)


def _failed(errand: Errand, reason: str) -> Result:
    return replace(errand, state=ErrandState.FAILED, reason=reason), (Note(f"{errand.kind} failed", reason),)


def _stay(errand: Errand, fact: ErrandFact, now: float) -> Result:
    return errand, ()


Handler = Callable[[Errand, ErrandFact, float], Result]

TABLE: dict[tuple[ErrandState, type], Handler] = {
    (ErrandState.WAITING, ErrandPlaced): _place,
    (ErrandState.WAITING, ErrandDone): _do,
    (ErrandState.WAITING, ErrandDropped): _drop,
    (ErrandState.WAITING, ErrandExpired): _expire,
    (ErrandState.WAITING, ErrandCallEnded): _stay,  # a hangup reported twice
    (ErrandState.CALLING, ErrandDone): _do,
    (ErrandState.CALLING, ErrandDropped): _drop,
    (ErrandState.CALLING, ErrandExpired): _stay,  # placed since the plan was made
    (ErrandState.CALLING, ErrandCallEnded): _end,
    (ErrandState.DONE, ErrandDone): _stay,
    (ErrandState.DONE, ErrandDropped): _stay,
    (ErrandState.DONE, ErrandExpired): _stay,
    (ErrandState.DONE, ErrandCallEnded): _stay,
    (ErrandState.FAILED, ErrandDone): _do,  # overtaken by the hangup
    (ErrandState.FAILED, ErrandDropped): _stay,
    (ErrandState.FAILED, ErrandExpired): _stay,
    (ErrandState.FAILED, ErrandCallEnded): _stay,
}
"""Not in the table, so illegal: a call for an errand that does not wait for one."""


@dataclass(frozen=True, slots=True)
class StartErrand:
    """Place one call for an errand."""

    errand: int
    number: str
    trunk: str
    probe: bool = False


def due(errands: Iterable[Errand], now: float) -> list[Errand]:
    """Those that may be called now, in the order of their asking. A test waits for everybody else, so that
    it never takes an alert's line."""
    waiting = [e for e in errands if e.state is ErrandState.WAITING and e.due_at <= now < e.until]
    return sorted(waiting, key=lambda e: (e.kind is ErrandKind.TEST, e.due_at, e.id))


def starts(
    waiting: Iterable[Errand], rooms: Sequence[Room], ringing: set[str | None]
) -> Iterator[StartErrand]:
    """The calls for those that wait, as far as there are lines. Nobody's phone is rung twice at once."""
    for errand in waiting:
        room = choose(rooms, errand.avoid_trunk)
        if room is not None and errand.number not in ringing:
            ringing.add(errand.number)
            room.started += 1
            yield StartErrand(errand.id, errand.number, room.trunk.name, not room.trunk.up)


def overdue(errands: Iterable[Errand], now: float) -> tuple[int, ...]:
    """Those that wait although they are of no more use."""
    return tuple(e.id for e in errands if e.state is ErrandState.WAITING and e.until <= now)


def looks_at(errands: Iterable[Errand], now: float) -> list[float]:
    """When those that wait want to be looked at again."""
    return [e.due_at if e.due_at > now else e.until for e in errands if e.state is ErrandState.WAITING]
