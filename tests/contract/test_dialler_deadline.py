"""The dialler on a real store, at the deadline of an alert: it is kept once, whatever else is the matter."""

import asyncio
from collections.abc import Awaitable, Callable

from book import CALLED, Book, ManualClock

from ivr.domain import facts
from ivr.domain.lines import TrunkView
from ivr.domain.policy import Policy
from ivr.domain.records import AlertState, DeliveryState, Via
from ivr.ports import PbxAway
from ivr.services.dialler import Dialler

DEF = CALLED[0]
DEADLINE_S = Policy().deadline_s
A_MOMENT_S = 0.5
"""Long enough for a dialler to do what is to be done now."""


class Exchange:
    """An exchange with these calls up, until it dies."""

    def __init__(self, *calls: str) -> None:
        self.up = True
        self.uptime_s = 100_000.0
        self.dies = False
        """As soon as it is asked for its calls."""
        self.calls = frozenset(calls)

    async def originate(self, call: str, number: str, trunk: str, ring_s: float) -> None:
        raise AssertionError("nobody is to be called")

    async def hang_up(self, call: str) -> None:
        raise AssertionError("no call is to be ended")

    async def live(self) -> frozenset[str]:
        if self.dies:
            self.up = False
            raise PbxAway("Asterisk does not answer on AMI")
        return self.calls


def at_work(
    book: Book, clock: ManualClock, exchange: Exchange, story: Callable[[Dialler], Awaitable[None]]
) -> None:
    """A dialler without a line, as long as the story goes on."""
    dialler = Dialler(book.store, book.ledger, exchange, [TrunkView("sip-a", 0)], Policy(), clock, str)
    book.ledger.on_change(dialler.wake)

    async def play() -> None:
        running = asyncio.create_task(dialler.run())
        await story(dialler)
        running.cancel()
        await asyncio.wait({running})

    asyncio.run(play())


def test_a_team_that_is_on_it_and_on_the_line_is_given_up_when_the_call_ends(
    book: Book, clock: ManualClock
) -> None:
    """Until then nothing is to be done: a dialler that tries all the same leaves nobody else the store."""
    alert = book.raises()
    for team in CALLED[1:]:
        book.acknowledges(alert, team)
    call = book.rings(DEF, alert)
    book.answers(call)
    clock.forward(DEADLINE_S - 60)
    book.apply(facts.TeamResponding(alert, DEF, Via.SMS))
    clock.forward(61)

    async def the_call_goes_on(_: Dialler) -> None:
        await asyncio.sleep(A_MOMENT_S)

    at_work(book, clock, Exchange(call), the_call_goes_on)

    assert "deadline passed" not in book.journal()
    assert book.delivery(alert, DEF).state is DeliveryState.RESPONDING
    book.hangs_up(call)
    assert book.delivery(alert, DEF).reason == "the deadline has passed"


def test_it_is_kept_though_asterisk_has_died_while_it_was_asked_for_its_calls(
    book: Book, clock: ManualClock
) -> None:
    alert, exchange = book.raises(), Exchange()

    async def nobody_mends_it(dialler: Dialler) -> None:
        await asyncio.sleep(A_MOMENT_S)
        exchange.dies = True
        dialler.pbx_up()
        await asyncio.sleep(A_MOMENT_S)
        assert not exchange.up
        clock.forward(DEADLINE_S)
        await asyncio.sleep(2 * A_MOMENT_S)

    at_work(book, clock, exchange, nobody_mends_it)

    assert book.alert(alert).state is AlertState.CLOSED
