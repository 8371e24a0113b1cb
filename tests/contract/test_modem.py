"""SMS over a GSM modem: the real smsd drives one without a radio, and the courier talks over its spool."""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from book import Book
from smsc.peer import PASSWORD, SYSTEM_ID, PracticePeer
from smsd import pdu
from smsd.daemon import Smsd
from smsd.tty import WAIT_S, Modem

from ivr import bootstrap
from ivr.adapters.modem.link import ModemLink
from ivr.adapters.modem.spool import Spool
from ivr.adapters.smpp.account import SmscSettings
from ivr.adapters.smpp.link import SmppLink
from ivr.adapters.taken import TakenFile
from ivr.config import Settings
from ivr.domain.facts import SmsTraffic, SmsWritten
from ivr.domain.records import DeliveryState, Sms, SmsKind, SmsState
from ivr.ports import Texter
from ivr.services.courier import Courier

TO = "+4917100004"
PATIENCE_S = 3.0


@pytest.fixture
def modem() -> Iterator[Modem]:
    made = Modem()
    yield made
    made.close()


@pytest.fixture
def smsd(modem: Modem, tmp_path: Path) -> Iterator[Smsd]:
    daemon = Smsd(tmp_path / "modem", modem.device)
    daemon.start()
    yield daemon
    daemon.kill()


class Post:
    """The courier and its links, as the service runs them."""

    def __init__(
        self, book: Book, taken: TakenFile, make: Sequence[Callable[[Courier], ModemLink | SmppLink]]
    ) -> None:
        self.courier = Courier(book.store, book.ledger, time.time, taken)
        book.ledger.on_change(self.courier.wake)
        self.links: list[ModemLink | SmppLink] = [one(self.courier) for one in make]
        texters: list[Texter] = [*self.links]
        self.courier.start(texters)
        for link in self.links:
            link.start()

    def close(self) -> None:
        for link in self.links:
            link.stop(WAIT_S)
        self.courier.stop()


def over_modem(smsd: Smsd, patience_s: float = 60.0) -> Callable[[Courier], ModemLink]:
    spool = Spool(smsd.spool)
    return lambda courier: ModemLink("gsm", spool, 4, patience_s, courier.notice, look_s=0.1, rest_s=1.0)


def over_smsc(smsc: PracticePeer) -> Callable[[Courier], SmppLink]:
    account = SmscSettings("smsc", "127.0.0.1", smsc.port, SYSTEM_ID, PASSWORD, source="ABC-CERT")
    return lambda courier: SmppLink(account, courier.notice)


OpenPost = Callable[..., Post]


@pytest.fixture
def post(book: Book, settings: Settings) -> Iterator[OpenPost]:
    posts: list[Post] = []

    def make(*links: Callable[[Courier], ModemLink | SmppLink]) -> Post:
        posts.append(Post(book, bootstrap.taken(settings), links))
        return posts[-1]

    yield make
    for opened in posts:
        opened.close()


@pytest.fixture
def smsc(tmp_path: Path) -> Iterator[PracticePeer]:
    peer = PracticePeer(tmp_path / "texts.jsonl")
    yield peer
    peer.stop()


def eventually(holds: Callable[[], bool], smsd: Smsd) -> None:
    until = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < until, smsd.log()[-3000:]
        time.sleep(0.05)


def writes(book: Book, *texts: str) -> None:
    for text in texts:
        book.apply(SmsWritten(TO, text))


def states(book: Book) -> list[SmsState]:
    return [sms.state for sms in book.find(Sms)]


def nothing_is_left(smsd: Smsd) -> bool:
    return not [path for path in smsd.spool.rglob("*") if path.is_file()]


def test_texts_arrive_as_written_and_reports_are_their_receipts(
    book: Book, post: OpenPost, modem: Modem, smsd: Smsd
) -> None:
    """Also across the modem's reference 255, after which it begins anew."""
    texts = ["Zürich [~{€}~] @§$", "Тревога 17 🔔", "x" * 200, "Ж" * 140]
    post(over_modem(smsd))
    writes(book, *texts)
    parts = [modem.sent() for _ in range(7)]
    assert all(part.wants_report and part.number == TO for _, part in parts)
    said = {part.place[0] if part.place else n: "" for n, (_, part) in enumerate(parts)}
    for n, (_, part) in enumerate(parts):
        said[part.place[0] if part.place else n] += part.text
    assert sorted(said.values()) == sorted(texts)
    eventually(lambda: states(book) == [SmsState.SUBMITTED] * 4, smsd)
    for reference, _ in reversed(parts[1:]):
        modem.reports(reference, TO)
    eventually(lambda: states(book).count(SmsState.DELIVERED) == 3, smsd)
    modem.reports(parts[0][0], TO, status=70)
    eventually(lambda: SmsState.SUBMITTED not in states(book), smsd)
    assert [sms.reason for sms in book.find(Sms, state=SmsState.FAILED)] == ["expired"]
    eventually(lambda: nothing_is_left(smsd), smsd)


def test_what_the_network_refuses_keeps_the_reason(
    book: Book, post: OpenPost, modem: Modem, smsd: Smsd
) -> None:
    modem.refuses = "+CMS ERROR: 1"
    post(over_modem(smsd))
    writes(book, "one")
    eventually(lambda: states(book) == [SmsState.FAILED], smsd)
    assert (book.find(Sms)[0].reason or "").startswith("modem: +CMS ERROR: 1 (Unassigned")
    modem.refuses = "+CMS ERROR: 38"
    writes(book, "two")
    eventually(lambda: book.find(Sms)[1].tries > 0, smsd)
    assert (book.find(Sms)[1].reason or "").startswith("modem: +CMS ERROR: 38")
    assert book.find(Sms)[1].state is SmsState.QUEUED


def test_what_comes_in_is_understood_also_in_parts_and_answered(
    book: Book, post: OpenPost, modem: Modem, smsd: Smsd
) -> None:
    def answer_is(state: SmsState) -> bool:
        return [sms.state for sms in book.find(Sms) if sms.kind is SmsKind.ANSWER] == [state]

    alert = book.raises()
    post(over_modem(smsd))
    for text in {modem.sent()[1].text for _ in book.find(Sms)}:
        assert text.startswith(f"ALERT {alert} ")
    modem.receives(pdu.deliver(TO, f"on it {alert}", place=(9, 2, 2)))
    modem.receives(pdu.deliver(TO, "Grüße, we are ", place=(9, 2, 1)))
    reference, answer = modem.sent()
    assert answer.number == TO
    assert answer.text.startswith(f"Alert {alert}: noted, your calls pause until")
    assert book.delivery(alert, "xyz-cert").state is DeliveryState.RESPONDING
    eventually(lambda: answer_is(SmsState.SUBMITTED), smsd)
    modem.reports(reference, TO)
    eventually(lambda: answer_is(SmsState.DELIVERED), smsd)


def test_what_a_killed_service_had_put_into_the_spool_is_sent_once(
    book: Book, post: OpenPost, modem: Modem, smsd: Smsd
) -> None:
    writes(book, "one", "two")
    leaving = book.apply(SmsTraffic((), (("gsm", 2),))).sms
    Spool(smsd.spool).put(str(leaving[0].id), leaving[0].number, leaving[0].text)  # and then it was killed
    assert modem.sent()[1].text == "one"
    post(over_modem(smsd))
    assert modem.sent()[1].text == "two"
    eventually(lambda: states(book) == [SmsState.SUBMITTED] * 2, smsd)
    assert [sms.repeated for sms in book.find(Sms)] == [False, True]
    assert modem.has_sent_nothing(for_s=2.0)


def test_a_daemon_that_is_gone_is_passed_by_and_then_preferred_again(
    book: Book, post: OpenPost, modem: Modem, smsd: Smsd, smsc: PracticePeer
) -> None:
    links = post(over_modem(smsd, PATIENCE_S), over_smsc(smsc)).links
    eventually(lambda: all(link.ready for link in links), smsd)
    writes(book, "one")
    assert modem.sent()[1].text == "one"
    eventually(lambda: states(book) == [SmsState.SUBMITTED], smsd)
    smsd.kill()
    writes(book, "two")
    assert smsc.message()["text"] == "two"
    writes(book, "three")
    assert smsc.message()["text"] == "three"
    assert not any(sms.repeated for sms in book.find(Sms))
    smsd.start()
    eventually(lambda: links[0].ready, smsd)
    writes(book, "four")
    assert modem.sent()[1].text == "four"
    assert modem.has_sent_nothing()


def test_a_modem_behind_an_smsc_takes_over_from_it(
    book: Book, post: OpenPost, modem: Modem, smsd: Smsd, smsc: PracticePeer
) -> None:
    links = post(over_smsc(smsc), over_modem(smsd)).links
    eventually(lambda: all(link.ready for link in links), smsd)
    writes(book, "one")
    assert smsc.message()["text"] == "one"
    smsc.stop()
    eventually(lambda: not links[0].ready, smsd)
    writes(book, "two")
    assert modem.sent()[1].text == "two"


def test_a_modem_that_has_died_under_its_daemon_is_passed_by(
    book: Book, post: OpenPost, modem: Modem, smsd: Smsd, smsc: PracticePeer
) -> None:
    modem.is_mute = True
    links = post(over_modem(smsd, PATIENCE_S), over_smsc(smsc)).links
    eventually(lambda: all(link.ready for link in links), smsd)
    writes(book, "one")
    assert smsc.message()["text"] == "one"
