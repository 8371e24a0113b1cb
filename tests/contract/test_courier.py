"""SMS over real links: two SMSCs that nobody here wrote, in order of preference, and what happens to them."""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from book import Book
from smsc.peer import PASSWORD, SYSTEM_ID, WAIT_S, NpmSmsc

from ivr import bootstrap
from ivr.adapters.smpp.account import SmscSettings
from ivr.adapters.smpp.link import SmppLink
from ivr.adapters.taken import TakenFile
from ivr.config import Settings
from ivr.domain.facts import SmsSubmitted, SmsTraffic, SmsWritten
from ivr.domain.records import DeliveryState, EarlyReceipt, Sms, SmsKind, SmsState
from ivr.domain.sms import Submitted
from ivr.services import courier
from ivr.services.courier import Courier

ALERT = 1


class Post:
    """A courier and its links, as the service runs them."""

    def __init__(self, book: Book, taken: TakenFile, *smscs: NpmSmsc) -> None:
        self._book = book
        self._courier = Courier(book.store, book.ledger, book.clock, taken)
        book.ledger.on_change(self._courier.wake)
        self._links = [
            SmppLink(_account(name, smsc), self._courier.notice)
            for name, smsc in zip("ab", smscs, strict=False)
        ]
        for link in self._links:
            link.start()
        eventually(lambda: all(link.bound for link in self._links))
        self._courier.start(self._links)

    def is_bound(self, name: str) -> bool:
        return any(link.bound for link in self._links if link.name == name)

    def close(self) -> None:
        for link in self._links:
            link.stop(2.0)
        self._courier.stop()


def _account(name: str, smsc: NpmSmsc) -> SmscSettings:
    return SmscSettings(name, "127.0.0.1", smsc.port, SYSTEM_ID, PASSWORD, source="ABC-CERT")


def eventually(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.fixture
def a() -> Iterator[NpmSmsc]:
    smsc = NpmSmsc()
    yield smsc
    smsc.kill()


@pytest.fixture
def b() -> Iterator[NpmSmsc]:
    smsc = NpmSmsc()
    yield smsc
    smsc.kill()


OpenPost = Callable[..., Post]


@pytest.fixture
def post(book: Book, settings: Settings) -> Iterator[OpenPost]:
    posts: list[Post] = []

    def make(*smscs: NpmSmsc) -> Post:
        posts.append(Post(book, bootstrap.taken(settings), *smscs))
        return posts[-1]

    yield make
    for opened in posts:
        opened.close()


def writes(book: Book, *texts: str) -> None:
    """SMS of an alert enter the outbox."""
    with book.store.write() as tx:
        tx.append(*(Sms(0, ALERT, None, "+4917100001", text) for text in texts))


@pytest.fixture(autouse=True)
def alert(book: Book) -> None:
    """A draft, so that SMS can be about something and nothing is sent by itself."""
    assert book.records() == ALERT


def states(book: Book) -> list[SmsState]:
    return [sms.state for sms in book.find(Sms)]


def all_delivered(book: Book) -> bool:
    return set(states(book)) == {SmsState.DELIVERED}


def test_the_preferred_smsc_then_the_other_then_back(
    book: Book, post: OpenPost, a: NpmSmsc, b: NpmSmsc
) -> None:
    here = post(a, b)
    writes(book, "one")
    assert a.message()["text"] == "one"
    eventually(lambda: all_delivered(book))
    a.kill()
    eventually(lambda: not here.is_bound("a"))
    writes(book, "two")
    assert b.message()["text"] == "two"
    eventually(lambda: all_delivered(book))
    a.start()
    eventually(lambda: here.is_bound("a"))
    writes(book, "three")
    assert a.message()["text"] == "three"
    eventually(lambda: all_delivered(book))
    assert [sms.link for sms in book.find(Sms)] == ["a", "b", "a"]
    assert not any(sms.repeated for sms in book.find(Sms))


def test_what_a_lost_link_had_goes_over_the_other_and_is_marked(
    book: Book, post: OpenPost, a: NpmSmsc, b: NpmSmsc
) -> None:
    post(a, b)
    a.order(mode={"hold": True})
    writes(book, "one")
    a.expect("submit")
    a.kill()
    assert b.message()["text"] == "one"
    writes(book, "two")
    assert b.message()["text"] == "two"
    eventually(lambda: all_delivered(book))
    assert [(sms.link, sms.repeated) for sms in book.find(Sms)] == [("b", True), ("b", False)]
    a.start()


def test_an_smsc_that_is_up_and_takes_nothing_is_passed_by(
    book: Book, post: OpenPost, a: NpmSmsc, b: NpmSmsc
) -> None:
    a.order(mode={"refuse": 0x58})
    post(a, b)
    texts = [str(n) for n in range(40)]
    writes(book, *texts)
    assert {b.message()["text"] for _ in texts} == set(texts)
    eventually(lambda: all_delivered(book))


def test_an_smsc_that_has_had_too_much_is_the_preferred_one_again(
    book: Book, post: OpenPost, a: NpmSmsc, b: NpmSmsc
) -> None:
    a.order(mode={"refuse": 0x58})
    post(a, b)
    writes(book, *map(str, range(40)))
    eventually(lambda: all_delivered(book))
    a.order(mode={"refuse": 0})

    def has_recovered() -> bool:
        writes(book, *map(str, range(40)))
        eventually(lambda: all_delivered(book))
        return {sms.link for sms in book.find(Sms)[-40:]} == {"a"}

    eventually(has_recovered)


def test_one_that_is_refused_is_tried_over_the_next_smsc_before_the_next_look_into_the_outbox(
    book: Book, post: OpenPost, a: NpmSmsc, b: NpmSmsc, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier, "_LOOK_S", 3600.0)
    a.order(mode={"refuse": 0x58})
    post(a, b)
    book.apply(SmsWritten("+4917100004", "one"))
    assert b.message()["text"] == "one"
    eventually(lambda: all_delivered(book))


def test_what_is_refused_for_good_fails_at_once_with_the_reason(
    book: Book, post: OpenPost, a: NpmSmsc, b: NpmSmsc
) -> None:
    a.order(mode={"refuse": 0x0B})
    post(a, b)
    writes(book, "one")
    eventually(lambda: states(book) == [SmsState.FAILED])
    assert book.find(Sms)[0].reason == "Invalid Destination Address (0x0b)"
    assert b.saw_nothing("submit", for_s=0.7)


def test_a_receipt_that_overtakes_the_answer_waits_in_the_store(
    book: Book, post: OpenPost, a: NpmSmsc
) -> None:
    post(a)
    a.order(mode={"hold": True})
    writes(book, "one")
    a.expect("submit")
    a.order(send="deliver_sm", fields={"esm_class": 4, "short_message": "id:npm-1 stat:EXPIRED"})
    assert a.expect("deliver_sm_resp")["status"] == 0
    assert [early.message_id for early in book.find(EarlyReceipt)] == ["npm-1"]
    a.order(release=True)
    eventually(lambda: states(book) != [SmsState.QUEUED])
    assert book.find(Sms)[0].reason == "expired"


def test_a_receipt_is_acknowledged_only_when_the_store_has_it(
    book: Book, post: OpenPost, a: NpmSmsc, settings: Settings
) -> None:
    post(a)
    with sqlite3.connect(settings.state / "tocsin.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        a.order(send="deliver_sm", fields={"esm_class": 4, "short_message": "id:x1 stat:DELIVRD"})
        assert a.saw_nothing("deliver_sm_resp", for_s=1.0)
        other.execute("COMMIT")
    assert a.expect("deliver_sm_resp")["status"] == 0
    other.close()


def test_what_a_killed_service_had_handed_over_is_sent_and_marked(
    book: Book, post: OpenPost, a: NpmSmsc
) -> None:
    writes(book, "one", "two")
    assert len(book.apply(SmsTraffic((), (("a", 1),))).sms) == 1  # and then it was killed
    post(a)
    assert {a.message()["text"], a.message()["text"]} == {"one", "two"}
    eventually(lambda: all_delivered(book))
    assert [sms.repeated for sms in book.find(Sms)] == [True, False]


def test_what_an_smsc_had_taken_before_a_kill_is_not_sent_again(
    book: Book, post: OpenPost, a: NpmSmsc, settings: Settings
) -> None:
    writes(book, "one", "two")
    one, two = book.apply(SmsTraffic((), (("a", 2),))).sms
    kept = bootstrap.taken(settings)
    kept.keep(SmsSubmitted(one.id, ("npm-9",), "a"), book.clock())
    kept.keep(SmsSubmitted(two.id, ("npm-8",), "a"), book.clock() - 1.0)  # so it was another SMS
    post(a)
    assert a.message()["text"] == "two"
    eventually(lambda: states(book) == [SmsState.SUBMITTED, SmsState.DELIVERED])
    assert [(sms.repeated, sms.message_ids) for sms in book.find(Sms)] == [(False, "npm-9"), (True, "npm-1")]
    assert bootstrap.taken(settings).left() == []


def test_a_window_does_not_wait_for_the_store(
    book: Book, post: OpenPost, a: NpmSmsc, settings: Settings
) -> None:
    a.order(mode={"hold": True})
    post(a)
    writes(book, *map(str, range(40)))
    for _ in range(10):
        a.expect("submit")
    with sqlite3.connect(settings.state / "tocsin.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        a.order(release=True)
        for _ in range(30):
            a.expect("submit")
        assert len(bootstrap.taken(settings).left()) >= 30  # what a process after this one would find
        other.execute("COMMIT")
    eventually(lambda: all_delivered(book))
    assert not any(sms.repeated for sms in book.find(Sms))
    other.close()


def test_a_service_that_is_restarted_repeats_nothing(book: Book, post: OpenPost, a: NpmSmsc) -> None:
    writes(book, *map(str, range(200)))
    first = post(a)
    a.expect("submit")
    first.close()
    post(a)
    eventually(lambda: SmsState.QUEUED not in states(book))
    assert not any(sms.repeated for sms in book.find(Sms))


class Hasty:
    """A link whose answer comes when the service has begun to stop."""

    name, ready, room = "a", True, 1

    def __init__(self) -> None:
        self.courier: Courier | None = None

    def holds(self, reference: str) -> bool:
        return False

    def submit(self, reference: str, to: str, text: str) -> bool:
        assert self.courier is not None
        threading.Thread(target=self.courier.stop).start()
        time.sleep(0.3)
        self.courier.notice(Submitted("a", reference, ("m1",)))
        return True


def test_what_comes_in_while_the_service_stops_is_on_record(book: Book, taken: TakenFile) -> None:
    link = Hasty()
    link.courier = Courier(book.store, book.ledger, book.clock, taken)
    writes(book, "one")
    link.courier.start([link])
    eventually(lambda: states(book) == [SmsState.SUBMITTED])


class Still:
    """A link that counts how often it is asked, and is never given anything."""

    ready = True

    def __init__(self, name: str, room: int) -> None:
        self.name = name
        self.asked = 0
        self._room = room

    @property
    def room(self) -> int:
        self.asked += 1
        return self._room

    def submit(self, reference: str, to: str, text: str) -> bool:
        raise AssertionError

    def holds(self, reference: str) -> bool:
        return False


def test_what_waits_for_a_link_that_is_full_is_not_asked_about_without_end(
    book: Book, taken: TakenFile
) -> None:
    full, free = Still("a", 0), Still("b", 9)
    writes(book, "one")
    courier = Courier(book.store, book.ledger, book.clock, taken)
    courier.start([full, free])
    time.sleep(1.2)  # it looks every half second
    courier.stop()
    assert 1 <= full.asked <= 6


def test_an_answer_holds_the_calls_and_is_answered(book: Book, post: OpenPost, a: NpmSmsc) -> None:
    alert = book.raises()
    post(a)
    text = {"source_addr": "4917100004", "short_message": f"On it {alert}"}
    for _ in range(2):  # delivered again: nothing more happens
        a.order(send="deliver_sm", fields=text)
    eventually(lambda: book.delivery(alert, "xyz-cert").state is DeliveryState.RESPONDING)
    eventually(lambda: all_delivered(book))
    acknowledged = len(book.find(Sms)) + 2  # the receipt of each text, beside these two
    assert {a.expect("deliver_sm_resp")["status"] for _ in range(acknowledged)} == {0}
    assert [sms.number for sms in book.find(Sms) if sms.kind is SmsKind.ANSWER] == ["+4917100004"]
