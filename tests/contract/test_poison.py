"""A fact that the store will never take holds up neither those behind it nor the telephone."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress

import pytest
from book import Book
from postgres import ON_POSTGRESQL

from ivr.adapters.taken import TakenFile
from ivr.domain.facts import AlertReleased, CallAnswered, CallEnded
from ivr.domain.lines import TrunkView
from ivr.domain.policy import Policy
from ivr.domain.records import CallState, Sms, SmsState
from ivr.domain.sms import Submitted
from ivr.services.courier import Courier
from ivr.services.dialler import Dialler

pytestmark = ON_POSTGRESQL
"""SQLite takes nearly everything for a value."""

NO_CAUSE = 2**40
"""More than the column holds; so many bits as no telephone network would send, but the wire could."""
NO_TEXT = "id\0"
"""PostgreSQL has no text with a zero in it."""


class Silence:
    """An exchange that is away, so that nothing happens but what the test says."""

    up = False
    uptime_s = 0.0


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 -- it looks at another's state
            await asyncio.sleep(0.02)


def test_the_dialler_goes_on_to_the_next_fact(book: Book, caplog: pytest.LogCaptureFixture) -> None:
    alert = book.raises()
    call, other = book.rings("def-cert", alert), book.rings("ghi-cert", alert)
    dialler = Dialler(
        book.store, book.ledger, Silence(), [TrunkView("sip-a", 4)], Policy(), book.clock, lambda: "never"
    )
    for fact in (CallEnded(call, NO_CAUSE), CallAnswered(other)):
        dialler.notice(fact)

    async def story() -> None:
        running = asyncio.create_task(dialler.run())
        await until(lambda: book.call(other).state is CallState.ANSWERED)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    asyncio.run(story())
    assert book.call(call).state is CallState.PLACED
    assert "CallEnded is not on record" in caplog.text
    assert "NumericValueOutOfRange" in caplog.text
    assert "4940100002" not in caplog.text
    assert str(NO_CAUSE) not in caplog.text


class Smsc:
    """Takes every SMS."""

    name = "a"
    ready = True
    room = 10

    def __init__(self) -> None:
        self.taken: list[str] = []

    def submit(self, reference: str, to: str, text: str) -> bool:
        self.taken.append(reference)
        return True


def test_the_courier_goes_on_and_sends_no_sms_again(
    book: Book, taken: TakenFile, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    book.apply(AlertReleased(book.records()))
    first, second = (str(sms.id) for sms in book.find(Sms))
    smsc = Smsc()
    courier = Courier(book.store, book.ledger, book.clock, taken)
    courier.start([smsc])

    async def story() -> None:
        await until(lambda: len(smsc.taken) == 2)
        courier.notice(Submitted("a", first, (NO_TEXT,)))
        courier.notice(Submitted("a", second, ("b",)))
        await until(lambda: bool(book.find(Sms, state=SmsState.SUBMITTED)))
        await asyncio.sleep(1.2)  # it looks into the outbox every half second

    try:
        asyncio.run(story())
    finally:
        courier.stop()
    assert [str(sms.id) for sms in book.find(Sms, state=SmsState.SUBMITTED)] == [second]
    assert smsc.taken == [first, second]
    assert "SmsSubmitted is not on record" in caplog.text
