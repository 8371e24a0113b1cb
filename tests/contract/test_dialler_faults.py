"""The dialler and AMI against a peer that speaks the wire: what becomes of calls when Asterisk is away, hangs
or has forgotten them. Real calls are in tests/scenario."""

import gc
import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest
from ami_peer import AmiPeer, Message
from book import Book
from dialling import at_work, eventually

from ivr.adapters.ami.link import Connection
from ivr.adapters.ami.manager import Ami
from ivr.domain.lines import TrunkView
from ivr.domain.policy import Policy
from ivr.domain.records import Call, CallState
from ivr.services.dialler import Dialler

LINES = 2


def ids() -> Callable[[], str]:
    count = itertools.count(1)
    return lambda: f"tocsin-{next(count):016}"


@contextmanager
def dialling(book: Book, peer: AmiPeer, new_id: Callable[[], str] | None = None) -> Iterator[Ami]:
    """A dialler at work over LINES lines."""
    ami, lines = peer.ami(), [TrunkView("sip-a", LINES)]
    dialler = Dialler(book.store, book.ledger, ami, lines, Policy(), book.clock, new_id or ids())
    book.ledger.on_change(dialler.wake)
    with at_work(ami, dialler):
        yield ami


class Refusing(AmiPeer):
    """Its manager.conf gives the account too few rights."""

    refused = 0

    def answer(self, action: Message) -> Iterator[Message]:
        if action["Action"] != "CoreShowChannels":
            yield from super().answer(action)
            return
        self.refused += 1
        yield {"Response": "Error", "ActionID": action["ActionID"], "Message": "Permission denied"}

    def close(self) -> None:
        self.stop()


@pytest.fixture
def peer() -> Iterator[AmiPeer]:
    peer = AmiPeer()
    yield peer
    peer.stop()


def all_lines_taken(peer: AmiPeer) -> None:
    eventually(lambda: len(peer.originated) == LINES, "the lines were not used")


def placed(book: Book) -> list[str]:
    return [call.id for call in book.find(Call, state=CallState.PLACED)]


def test_while_asterisk_is_away_no_call_is_committed(book: Book, peer: AmiPeer) -> None:
    with dialling(book, peer):
        eventually(lambda: peer.lists == 1, "the truth was not asked for")
        peer.stop()
        time.sleep(0.5)
        book.raises()
        time.sleep(1.5)
        assert book.find(Call) == []
        peer.start()
        all_lines_taken(peer)
        assert sorted(placed(book)) == sorted(peer.originated)


def test_after_a_mistake_about_one_call_the_others_are_placed(book: Book, peer: AmiPeer) -> None:
    fresh = ids()
    mistakes = iter([True])

    def new_id() -> str:
        if next(mistakes, False):
            raise RuntimeError("a mistake")
        return fresh()

    with dialling(book, peer, new_id):
        book.raises()
        all_lines_taken(peer)


def test_a_call_that_was_never_sent_frees_its_line(book: Book, peer: AmiPeer) -> None:
    """Committed, and then the service was killed before Originate left."""
    alert = book.raises()
    unsent = book.rings("def-cert", alert)
    with dialling(book, peer):
        eventually(lambda: book.call(unsent).state is CallState.ENDED, "it still holds its line")
    assert book.call(unsent).cause is None


def test_a_call_that_a_hung_asterisk_dials_late_is_not_placed_twice(book: Book, peer: AmiPeer) -> None:
    alert = book.raises()
    late = book.rings("def-cert", alert)
    with dialling(book, peer):
        eventually(lambda: peer.lists >= 2, "nobody looked for it again")
        assert book.call(late).state is CallState.PLACED
        peer.live.append(late)
        seen = peer.lists
        eventually(lambda: peer.lists >= seen + 2, "nobody looked for it again")
        time.sleep(6)
        assert book.call(late).state is CallState.PLACED


def test_the_lines_of_calls_that_died_with_asterisk_are_held_for_the_carrier(
    book: Book, peer: AmiPeer
) -> None:
    alert = book.raises()
    cut = book.rings("def-cert", alert)
    book.clock.forward(30)
    peer.uptime_s = 2
    with dialling(book, peer):
        eventually(lambda: len(peer.originated) == LINES - 1, "the other line was not used")
        time.sleep(7)
        assert book.call(cut).state is CallState.PLACED
        assert len(peer.originated) == LINES - 1


def test_that_asterisk_refuses_to_tell_of_its_calls_is_said_once(
    book: Book, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody is called meanwhile, and nothing else tells an operator why."""
    peer = Refusing()
    book.raises()
    with closing(peer), dialling(book, peer):
        eventually(lambda: peer.refused >= 3, "it was not asked again")
    assert peer.originated == []
    said = [record.message for record in caplog.records if "CoreShowChannels" in record.message]
    assert said == ["Asterisk refuses CoreShowChannels: run `tocsin pbx render` and restart it; calls wait"]


def test_connections_that_are_over_are_forgotten(book: Book, peer: AmiPeer) -> None:
    """One is tried every other second while Asterisk is away, and it may be away for days."""

    def connections() -> int:
        gc.collect()
        return sum(type(one) is Connection for one in gc.get_objects())

    before = connections()
    with dialling(book, peer) as ami:
        eventually(lambda: ami.up, "it was not found")
        peer.stop()
        eventually(lambda: not ami.up, "its end was not noticed")
        time.sleep(2)  # three are tried meanwhile
        assert connections() <= before + 1


def test_a_hung_asterisk_is_noticed_and_found_again(book: Book, peer: AmiPeer) -> None:
    with dialling(book, peer) as ami:
        eventually(lambda: ami.up, "it was not found")
        assert ami.uptime_s >= peer.uptime_s
        peer.hangs = True
        eventually(lambda: not ami.up, "its silence was not noticed")
        peer.hangs = False
        eventually(lambda: ami.up and peer.logins == 2, "it was not found again")
