"""The dialler at a ceiling: it holds calls back, says so once, and goes on when there is room."""

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from ami_peer import AmiPeer
from book import NOON, Book, ManualClock
from dialling import at_work, eventually

from ivr.adapters.audio.recordings import Recordings
from ivr.adapters.store import SqlStore
from ivr.config import Settings
from ivr.domain.facts import CeilingReached, ErrandWanted
from ivr.domain.lines import TrunkView
from ivr.domain.records import Call, Direction, Entry, ErrandKind, Sms
from ivr.services.ceilings import Chosen
from ivr.services.dialler import Dialler
from ivr.services.ledger import Ledger

OPERATOR = "+4917655500999"
Dial = Callable[[Chosen], None]


@pytest.fixture
def ledger(settings: Settings, store: SqlStore, recordings: Recordings, clock: ManualClock) -> Ledger:
    hotline = settings.network.hotline
    return Ledger(store, recordings, settings.policy, hotline, clock, operators=(OPERATOR,))


@pytest.fixture
def asterisk() -> Iterator[AmiPeer]:
    peer = AmiPeer()
    yield peer
    peer.stop()


@pytest.fixture
def dial(
    asterisk: AmiPeer, book: Book, ledger: Ledger, settings: Settings, clock: ManualClock
) -> Iterator[Dial]:
    with ExitStack() as ending:

        def dial(chosen: Chosen) -> None:
            ids = itertools.count()
            ami, lines = asterisk.ami(), [TrunkView("sip-a", 4)]
            dialler = Dialler(
                book.store, ledger, ami, lines, settings.policy, clock, lambda: f"c{next(ids):016x}", chosen
            )
            ledger.on_change(dialler.wake)
            ending.enter_context(at_work(ami, dialler))

        yield dial


def notices(book: Book) -> list[str]:
    return [sms.text for sms in book.find(Sms) if sms.number == OPERATOR and "ceiling" in sms.text]


def reached(book: Book) -> list[int | None]:
    return [entry.alert for entry in book.find(Entry) if entry.what == "ceiling reached"]


def calls(asterisk: AmiPeer, count: int) -> None:
    """So many calls leave, and no more."""
    for _ in range(count):
        asterisk.expect("Originate")
    time.sleep(0.5)
    assert len(asterisk.asked) == count


def test_at_the_ceiling_of_the_hour_calls_wait_until_it_has_room(
    dial: Dial, asterisk: AmiPeer, book: Book, clock: ManualClock
) -> None:
    """Those of the last hour are counted from the store: whoever starts the service anew gains nothing."""
    with book.store.write() as tx:
        tx.put(Call("old", Direction.OUT, "ended", "def-cert", "+49", "sip-a", NOON - 3000, ended_at=NOON))
        tx.put(Call("in", Direction.IN, "ended", None, None, "sip-a", NOON - 10, ended_at=NOON))
    book.raises()
    dial(Chosen(per_hour=2))
    calls(asterisk, 1)
    eventually(lambda: len(notices(book)) == 1, "operators are not told")
    assert "calls.per_hour" in notices(book)[0]
    clock.forward(601)
    asterisk.expect("Originate")
    time.sleep(0.5)
    assert len(asterisk.asked) == 2
    assert reached(book) == [None]


def test_at_the_ceiling_of_an_alert_its_teams_wait(dial: Dial, asterisk: AmiPeer, book: Book) -> None:
    alert = book.raises()
    dial(Chosen(per_alert=2))
    calls(asterisk, 2)
    eventually(lambda: reached(book) == [alert], "it is not on record")
    assert "calls.per_alert" in notices(book)[0]


def test_an_errand_counts_like_any_call(dial: Dial, asterisk: AmiPeer, book: Book) -> None:
    book.apply(ErrandWanted(ErrandKind.TEST, "+4940100004", "xyz-cert", "40713"))
    dial(Chosen(per_hour=1))
    calls(asterisk, 1)
    book.raises()
    time.sleep(0.5)
    assert len(asterisk.asked) == 1


def test_operators_hear_of_a_ceiling_once_an_hour_whoever_tells(book: Book, clock: ManualClock) -> None:
    for _ in range(3):
        book.apply(CeilingReached(None, 200))
    assert len(notices(book)) == 1
    clock.forward(3601)
    book.apply(CeilingReached(None, 200))
    assert len(notices(book)) == 2
