"""A line that has become free: it is used before the end of its call is on record, and by whom."""

import asyncio
from collections.abc import Callable

import pytest
from book import CALLED, Book, ManualClock

from ivr.domain.facts import CallEnded, DeliverySkipped
from ivr.domain.lines import TrunkView
from ivr.domain.policy import Policy
from ivr.domain.records import Call, CallState, Leg
from ivr.services.dialler import Dialler

BUSY = 17
TOGETHER_S = 0.8
"""Long enough for a dialler to do what is to be done now."""


class Exchange:
    """Every call rings until it is told otherwise; `placed` hears of it."""

    up = True
    uptime_s = 100_000.0

    def __init__(self, placed: Callable[[str, str], None]) -> None:
        self._placed = placed
        self.live_calls: set[str] = set()

    async def originate(self, call: str, number: str, trunk: str, ring_s: float) -> None:
        self.live_calls.add(call)
        self._placed(call, number)

    async def hang_up(self, call: str) -> None:
        self.live_calls.discard(call)

    async def live(self) -> frozenset[str]:
        return frozenset(self.live_calls)


def dial(
    book: Book, clock: ManualClock, trunk: TrunkView, placed: Callable[[Dialler, str, str], None]
) -> None:
    """A dialler at work for a moment; `placed` hears of each call that leaves."""
    ids = (f"dialled-{n:04}" for n in range(1000))
    exchange = Exchange(lambda call, number: placed(dialler, call, number))
    dialler = Dialler(book.store, book.ledger, exchange, [trunk], Policy(), clock, lambda: next(ids))

    async def for_a_moment() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(dialler.run(), TOGETHER_S)

    asyncio.run(for_a_moment())


def play(
    book: Book, clock: ManualClock, trunk: TrunkView, meanwhile: Callable[[], object] = lambda: None
) -> list[tuple[str, list[CallState]]]:
    """Let each call be busy at once, as long as any are placed: the number of each, and in which states the
    ledger had all calls, in their order, when it left. `meanwhile` happens while the first one rings."""
    left: list[tuple[str, list[CallState]]] = []

    def placed(dialler: Dialler, call: str, number: str) -> None:
        left.append((number, [c.state for c in sorted(book.find(Call), key=lambda c: c.id)]))
        if len(left) == 1:
            meanwhile()
        dialler.notice(CallEnded(call, BUSY))

    dial(book, clock, trunk, placed)
    return left


def test_the_next_call_leaves_before_the_end_of_the_last_is_on_record(book: Book, clock: ManualClock) -> None:
    book.raises()

    left = play(book, clock, TrunkView("sip-a", 1))

    assert left[0][1] == [CallState.PLACED]
    assert left[1][1] == [CallState.PLACED, CallState.PLACED]  # the first one is over, as Asterisk has told
    assert {number for number, _ in left} >= {"+4940100002", "+4940100003", "+4940100004"}
    assert len({number for number, _ in left}) == len(left)  # each number rests before its second call
    assert {call.state for call in book.find(Call)} == {CallState.ENDED}


def test_the_calls_of_a_plan_are_all_on_record_before_the_first_of_them_leaves(
    book: Book, clock: ManualClock
) -> None:
    book.raises()

    left = play(book, clock, TrunkView("sip-a", len(CALLED)))

    assert left[0][1] == [CallState.PLACED] * len(CALLED)


def test_a_call_that_cannot_leave_keeps_none_of_the_others(book: Book, clock: ManualClock) -> None:
    book.raises()
    left = []

    def placed(_: Dialler, call: str, number: str) -> None:
        left.append(number)
        if len(left) == 1:
            raise ValueError("control character in AMI header Channel")

    dial(book, clock, TrunkView("sip-a", len(CALLED)), placed)

    assert len(left) == len(CALLED)


@pytest.mark.parametrize("steps", range(8))
def test_a_dialler_that_is_ended_while_it_hears_of_something_ends(
    book: Book, clock: ManualClock, steps: int
) -> None:
    """In any of the steps that the news takes through the loop: a service that goes on cannot be stopped."""
    dialler = Dialler(book.store, book.ledger, Exchange(lambda *_: None), [], Policy(), clock, lambda: "")

    async def story() -> None:
        running = asyncio.create_task(dialler.run())
        await asyncio.sleep(0.1)  # it rests
        dialler.wake()
        for _ in range(steps):
            await asyncio.sleep(0)
        running.cancel()
        done, _ = await asyncio.wait({running}, timeout=5)
        assert done
        running.cancel()

    asyncio.run(story())


def test_a_line_rests_from_the_moment_that_its_call_is_over(book: Book, clock: ManualClock) -> None:
    book.raises()

    assert len(play(book, clock, TrunkView("sip-a", 1, guard_s=5))) == 1


def test_what_waits_for_a_team_waits_for_the_record_of_its_last_call(book: Book, clock: ManualClock) -> None:
    """An alert that was raised during the call to a team makes no call of its own before the policy has said
    what becomes of the one that was called about: the next call carries both."""
    first = book.raises()
    for team in CALLED[1:]:
        book.ledger.apply(DeliverySkipped(first, team))

    play(book, clock, TrunkView("sip-a", 9), meanwhile=book.raises)

    carried = [len(book.find(Leg, call=call.id)) for call in book.find(Call, team=CALLED[0])]
    assert carried == [1, 2]
