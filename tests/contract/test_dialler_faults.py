"""The dialler and AMI against a peer that speaks the wire: what becomes of calls when Asterisk is away, hangs
or has forgotten them. Real calls are in tests/scenario."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from ami_hotline import AmiPeer
from book import Book

from ivr.domain.policy import Policy
from ivr.domain.records import Call, CallState
from ivr.domain.schedule import TrunkView
from ivr.pstn.ports import free_ports
from ivr.services.dialler import Dialler

LINES = 2


def ids() -> Callable[[], str]:
    count = itertools.count(1)
    return lambda: f"tocsin-{next(count):016}"


@asynccontextmanager
async def dialling(book: Book, peer: AmiPeer, new_id: Callable[[], str]) -> AsyncIterator[None]:
    ami = peer.ami()
    dialler = Dialler(book.store, book.ledger, ami, [TrunkView("sip-a", LINES)], Policy(), book.clock, new_id)
    book.ledger.on_change(dialler.wake)
    running = asyncio.gather(ami.run(dialler.notice, dialler.pbx_up), dialler.run())
    try:
        yield
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await peer.stop()


async def until(true: Callable[[], bool], within_s: float = 20.0) -> None:
    async with asyncio.timeout(within_s):
        while not true():  # noqa: ASYNC110 -- it looks at another's state
            await asyncio.sleep(0.02)


def a_peer() -> AmiPeer:
    return AmiPeer(free_ports(1)[0])


def placed(book: Book) -> list[str]:
    return [call.id for call in book.find(Call, state=CallState.PLACED)]


def test_while_asterisk_is_away_no_call_is_committed(book: Book) -> None:
    async def story() -> None:
        peer = a_peer()
        await peer.start()
        async with dialling(book, peer, ids()):
            await until(lambda: peer.lists == 1)
            await peer.stop()
            await asyncio.sleep(0.5)
            book.raises()
            await asyncio.sleep(1.5)
            assert book.find(Call) == []
            await peer.start()
            await until(lambda: len(peer.originated) == LINES)
            assert sorted(placed(book)) == sorted(peer.originated)

    asyncio.run(story())


def test_after_a_mistake_about_one_call_the_others_are_placed(book: Book) -> None:
    fresh = ids()
    mistakes = iter([True])

    def new_id() -> str:
        if next(mistakes, False):
            raise RuntimeError("a mistake")
        return fresh()

    async def story() -> None:
        peer = a_peer()
        await peer.start()
        async with dialling(book, peer, new_id):
            book.raises()
            await until(lambda: len(peer.originated) == LINES)

    asyncio.run(story())


def test_a_call_that_was_never_sent_frees_its_line(book: Book) -> None:
    """Committed, and then the service was killed before Originate left."""
    alert = book.raises()
    unsent = book.rings("def-cert", alert)

    async def story() -> None:
        peer = a_peer()
        await peer.start()
        async with dialling(book, peer, ids()):
            await until(lambda: book.call(unsent).state is CallState.ENDED)
        assert book.call(unsent).cause is None

    asyncio.run(story())


def test_a_call_that_a_hung_asterisk_dials_late_is_not_placed_twice(book: Book) -> None:
    alert = book.raises()
    late = book.rings("def-cert", alert)

    async def story() -> None:
        peer = a_peer()
        await peer.start()
        async with dialling(book, peer, ids()):
            await until(lambda: peer.lists >= 2)
            assert book.call(late).state is CallState.PLACED
            peer.channels.add(late)
            seen = peer.lists
            await until(lambda: peer.lists >= seen + 2)
            await asyncio.sleep(6)
            assert book.call(late).state is CallState.PLACED

    asyncio.run(story())


def test_the_lines_of_calls_that_died_with_asterisk_are_held_for_the_carrier(book: Book) -> None:
    alert = book.raises()
    cut = book.rings("def-cert", alert)
    book.clock.forward(30)

    async def story() -> None:
        peer = a_peer()
        peer.uptime_s = 2
        await peer.start()
        async with dialling(book, peer, ids()):
            await until(lambda: len(peer.originated) == LINES - 1)
            await asyncio.sleep(7)
            assert book.call(cut).state is CallState.PLACED
            assert len(peer.originated) == LINES - 1

    asyncio.run(story())


def test_a_hung_asterisk_is_noticed_and_found_again(book: Book) -> None:
    async def story() -> None:
        peer = a_peer()
        await peer.start()
        ami = peer.ami()
        running = asyncio.create_task(ami.run(lambda fact: None, lambda: None))
        await until(lambda: ami.up)
        assert ami.uptime_s >= peer.uptime_s
        peer.hangs = True
        await until(lambda: not ami.up)
        peer.hangs = False
        await until(lambda: ami.up and peer.logins == 2)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await peer.stop()

    asyncio.run(story())
