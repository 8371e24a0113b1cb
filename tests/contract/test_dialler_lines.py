"""The dialler on a real store: what a trunk's limits come to, also for one that has just been started."""

import asyncio
from collections.abc import Iterator
from itertools import count

import pytest
from book import CALLED, Book, ManualClock

from ivr.domain.facts import CallRang, TrunkReported
from ivr.domain.lines import TrunkView
from ivr.domain.policy import Policy
from ivr.services.dialler import Dialler

NO_ANSWER = 19
TOGETHER_S = 0.5
"""Long enough for a dialler to do what is to be done now; it looks again every 0.3 s."""


class Exchange:
    """An exchange where every call rings on."""

    up = True
    uptime_s = 100_000.0

    def __init__(self) -> None:
        self.rings: dict[str, str] = {}

    async def originate(self, call: str, number: str, trunk: str, ring_s: float) -> None:
        self.rings[call] = trunk

    async def hang_up(self, call: str) -> None:
        del self.rings[call]

    async def live(self) -> frozenset[str]:
        return frozenset(self.rings)


@pytest.fixture
def ids() -> Iterator[int]:
    return count(1)


def dials(book: Book, clock: ManualClock, exchange: Exchange, ids: Iterator[int], *trunks: TrunkView) -> int:
    """Start a dialler, let it do what is to be done at this moment, stop it; how many calls it placed."""
    before = len(exchange.rings)
    dialler = Dialler(
        book.store, book.ledger, exchange, trunks, Policy(), clock, lambda: f"dialled-{next(ids)}"
    )

    async def for_a_moment() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(dialler.run(), TOGETHER_S)

    asyncio.run(for_a_moment())
    return len(exchange.rings) - before


def test_without_limits_every_line_is_used_at_once(
    book: Book, clock: ManualClock, ids: Iterator[int]
) -> None:
    book.raises()

    assert dials(book, clock, Exchange(), ids, TrunkView("sip-a", 9)) == len(CALLED)


def test_a_line_that_rests_rests_also_after_a_restart(
    book: Book, clock: ManualClock, ids: Iterator[int]
) -> None:
    trunk, exchange = TrunkView("sip-a", 1, guard_s=5), Exchange()
    alert = book.raises()
    book.calls_in_vain(CALLED[0], alert, NO_ANSWER, rings_s=30)

    clock.forward(4.9)
    assert dials(book, clock, exchange, ids, trunk) == 0
    clock.forward(0.2)
    assert dials(book, clock, exchange, ids, trunk) == 1


def test_the_carrier_s_rate_is_kept_also_after_a_restart(
    book: Book, clock: ManualClock, ids: Iterator[int]
) -> None:
    trunk, exchange = TrunkView("sip-a", 9, cps=1), Exchange()
    book.raises()

    assert dials(book, clock, exchange, ids, trunk) == 1
    assert dials(book, clock, exchange, ids, trunk) == 0
    clock.forward(1.1)
    assert dials(book, clock, exchange, ids, trunk) == 1


def test_a_line_is_kept_for_callers(book: Book, clock: ManualClock, ids: Iterator[int]) -> None:
    book.raises()

    assert dials(book, clock, Exchange(), ids, TrunkView("sip-a", len(CALLED), reserve=1)) == len(CALLED) - 1


def test_over_a_trunk_that_is_down_goes_one_call_when_it_is_time_and_the_others_go_elsewhere(
    book: Book, clock: ManualClock, ids: Iterator[int]
) -> None:
    trunks, exchange = (TrunkView("sip-a", 9), TrunkView("sip-b", 1)), Exchange()
    book.apply(TrunkReported("sip-a", 0, "OPTIONS not answered"))
    book.raises()

    assert dials(book, clock, exchange, ids, *trunks) == 1
    assert list(exchange.rings.values()) == ["sip-b"]
    clock.forward(5)
    assert dials(book, clock, exchange, ids, *trunks) == 1
    (probe,) = [call for call, trunk in exchange.rings.items() if trunk == "sip-a"]
    assert dials(book, clock, exchange, ids, *trunks) == 0

    book.apply(CallRang(probe))
    assert dials(book, clock, exchange, ids, *trunks) == len(CALLED) - 2
    assert list(exchange.rings.values()).count("sip-a") == len(CALLED) - 1


def test_of_a_trunk_that_has_fewer_lines_now_no_more_are_used(
    book: Book, clock: ManualClock, ids: Iterator[int]
) -> None:
    book.apply(TrunkReported("sip-a", 2, "span 2 down"))
    book.raises()

    assert dials(book, clock, Exchange(), ids, TrunkView("sip-a", 9)) == 2
