"""The link over a spool where nothing but files happens: what smsd writes, when, and what it never would."""

import logging
import os
import queue
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from smsd.daemon import FOLDERS

from ivr.adapters.modem.link import ModemLink
from ivr.adapters.modem.spool import Spool
from ivr.adapters.modem.spoolfile import Unreadable
from ivr.cli.doctor import _Ill, _modem
from ivr.config import Settings
from ivr.config.sms import Modem
from ivr.domain.gsm import Place
from ivr.domain.sms import LinkDown, LinkUp, Receipt, Received, Refused, SmsEvent, Submitted, Unanswered
from ivr.service import _links

TO = "+4915112345678"
TEXT = "From: 4917100004\nSent: 26-11-22 12:19:26\nSubject: GSM1\nModem: GSM1\nAlphabet: {}\n\n"
REPORT = (
    "From: {}\nSent: 26-11-22 12:19:26\nModem: GSM1\nAlphabet: ISO\nUDH: no\n\nSMS STATUS REPORT\n"
    "Message_id: {}\nDischarge_timestamp: 26-11-22 12:19:26\nStatus: {}"
)
WAIT_S, LOOK_S = 10.0, 0.02

E = TypeVar("E", bound=SmsEvent)


class Ear:
    """A link and what it tells, one event after the other."""

    def __init__(self, spool: Spool, **settings: Any) -> None:
        self._events: queue.Queue[SmsEvent] = queue.Queue()
        given = {"window": 4, "patience_s": 60.0, "look_s": LOOK_S} | settings
        self.link = ModemLink("gsm", spool, on_event=self._events.put, **given)
        self.link.start()

    def expect(self, kind: type[E], settle: bool = True) -> E:
        """The very next event, which must be of this kind."""
        event = self._events.get(timeout=WAIT_S)
        assert isinstance(event, kind), event
        if settle:
            getattr(event, "settled", lambda: None)()
        return event

    def expect_silence(self, for_s: float = 10 * LOOK_S) -> None:
        time.sleep(for_s)
        assert self._events.empty(), self._events.get()


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    root = tmp_path / "a spool"
    for folder in FOLDERS:
        (root / folder).mkdir(parents=True)
    return Spool(root)


Listen = Callable[..., Ear]


@pytest.fixture
def listen(spool: Spool) -> Iterator[Listen]:
    ears: list[Ear] = []

    def make(**settings: Any) -> Ear:
        ears.append(Ear(spool, **settings))
        ears[-1].expect(LinkUp)
        return ears[-1]

    yield make
    for ear in ears:
        ear.link.stop(WAIT_S)


def moved(spool: Spool, reference: str, to: str, header: str = "") -> Path:
    """What smsd does with a file: it copies it, and adds to the headers."""
    folder = spool.where(reference)
    assert folder is not None
    before = spool.root / folder / f"tocsin-{reference}"
    after = spool.root / to / before.name
    head, _, body = before.read_bytes().partition(b"\n\n")
    after.write_bytes(head + b"\n" + header.encode() + b"\n" + body)
    before.unlink()
    return after


def files(spool: Spool) -> list[str]:
    return sorted(str(p.relative_to(spool.root)) for p in spool.root.rglob("*") if not p.is_dir())


class TestWhatWeSend:
    def test_is_a_file_that_says_all_there_is(self, spool: Spool, listen: Listen) -> None:
        ear = listen()
        assert ear.link.submit("1", TO, "Zürich [~{€}~] cafe\u0301")
        assert ear.link.submit("2", TO, "Тревога 🔔")
        head = b"To: 4915112345678\nAlphabet: %s\nReport: yes\nAutosplit: 3\n\n"
        waiting = spool.root / "outgoing"
        assert (waiting / "tocsin-1").read_bytes() == head % b"UTF-8" + "Zürich [~{€}~] café".encode()
        assert (waiting / "tocsin-2").read_bytes() == head % b"UCS2" + "Тревога 🔔".encode("utf-16-be")
        assert files(spool) == ["outgoing/tocsin-1", "outgoing/tocsin-2"]
        assert (waiting / "tocsin-1").stat().st_mode & 0o777 == 0o660

    @pytest.mark.parametrize(
        ("to", "text"), [("110", "x"), ("+4915112345678\nFlash: yes", "x"), (TO, "x" * 40_000)]
    )
    def test_that_cannot_be_sent_is_refused_and_leaves_nothing(
        self, spool: Spool, listen: Listen, to: str, text: str
    ) -> None:
        ear = listen()
        with pytest.raises(ValueError, match=r"."):
            ear.link.submit("1", to, text)
        assert (files(spool), ear.link.room) == ([], 4)

    def test_is_taken_when_it_is_in_sent_and_makes_room_when_that_is_on_record(
        self, spool: Spool, listen: Listen
    ) -> None:
        ear = listen(window=1)
        assert ear.link.submit("1", TO, "x")
        assert ear.link.room == 0
        moved(spool, "1", "checked")
        ear.expect_silence()
        moved(spool, "1", "sent", "Modem: GSM1\nMessage_id: 254 255 0 .\n")
        submitted = ear.expect(Submitted, settle=False)
        assert submitted == Submitted("gsm", "1", ("GSM1.254.5678", "GSM1.255.5678", "GSM1.0.5678"))
        ear.expect_silence()
        assert (ear.link.room, files(spool)) == (0, ["sent/tocsin-1"])
        submitted.settled()
        assert (ear.link.room, files(spool)) == (1, [])

    def test_is_not_read_while_smsd_writes_it(self, spool: Spool, listen: Listen) -> None:
        ear = listen()
        ear.link.submit("1", TO, "x")
        lock = spool.root / "sent" / "tocsin-1.LOCK"
        lock.touch()
        moved(spool, "1", "sent", "Modem: GSM1\n")
        ear.expect_silence()
        lock.unlink()
        assert ear.expect(Submitted).message_ids == ()

    @pytest.mark.parametrize(
        ("reason", "permanent"),
        [
            ("+CMS ERROR: 1 (Unassigned (unallocated) number)", True),
            ("+CMS ERROR: 10 (Call barred)", False),
            ("Modem initialization failed", False),
        ],
    )
    def test_that_failed_tells_why(self, spool: Spool, listen: Listen, reason: str, permanent: bool) -> None:
        ear = listen()
        ear.link.submit("1", TO, "x")
        moved(spool, "1", "failed", f"Fail_reason: {reason}\n")
        refused = ear.expect(Refused)
        assert (refused.reference, refused.reason) == ("1", f"modem: {reason}")
        assert refused.permanent == permanent
        assert (ear.link.room, files(spool)) == (4, [])

    def test_that_vanished_is_not_sent_again_and_again(self, spool: Spool, listen: Listen) -> None:
        """As where smsd.conf names no `sent`: whatever is sent is deleted."""
        ear = listen()
        ear.link.submit("1", TO, "x")
        (spool.root / "outgoing" / "tocsin-1").unlink()
        refused = ear.expect(Refused)
        assert refused.permanent
        assert "smsd.conf must name `sent` and `failed`" in refused.reason
        assert ear.link.room == 4

    def test_is_never_written_twice(self, spool: Spool, listen: Listen) -> None:
        spool.put("1", TO, "before the crash")
        ear = listen()
        assert (ear.link.holds("1"), ear.link.holds("2"), ear.link.room) == (True, False, 3)
        assert ear.link.submit("1", TO, "after the crash")
        assert ear.link.room == 3
        assert moved(spool, "1", "sent", "Modem: GSM1\n").read_bytes().endswith(b"before the crash")
        assert ear.expect(Submitted).reference == "1"
        ear.expect_silence()

    @pytest.mark.parametrize("damage", ["symlink", "garbage", "directory"])
    def test_whose_file_was_spoiled_fails(self, spool: Spool, listen: Listen, damage: str) -> None:
        ear = listen()
        ear.link.submit("1", TO, "x")
        (spool.root / "outgoing" / "tocsin-1").unlink()
        spoiled = spool.root / "sent" / "tocsin-1"
        match damage:
            case "symlink":
                spoiled.symlink_to("/etc/hostname")
            case "garbage":
                spoiled.write_bytes(b"\0" * 100)
            case _:
                spoiled.mkdir()
        assert "cannot be read" in ear.expect(Refused, settle=False).reason

    def test_two_failures_in_a_row_let_others_go_another_way_for_a_while(
        self, spool: Spool, listen: Listen
    ) -> None:
        ear = listen(rest_s=0.5)
        for reference in "12":
            assert ear.link.ready
            ear.link.submit(reference, TO, "x")
            moved(spool, reference, "failed", "Fail_reason: Unknown\n")
            ear.expect(Refused)
        assert ear.expect(LinkDown).reason == "modem gsm: it sends nothing: modem: Unknown"
        assert not ear.link.ready
        assert not ear.link.submit("3", TO, "x")
        ear.expect(LinkUp)
        assert (ear.link.ready, ear.link.room) == (True, 1)
        ear.link.submit("3", TO, "x")
        assert (ear.link.ready, ear.link.room) == (False, 0)
        moved(spool, "3", "sent", "Modem: GSM1\n")
        ear.expect(Submitted)
        assert (ear.link.ready, ear.link.room) == (True, 4)


class TestADaemonThatStandsStill:
    def test_gives_back_what_it_has_not_begun_with(self, spool: Spool, listen: Listen) -> None:
        ear = listen(patience_s=0.3)
        for reference in "123":
            ear.link.submit(reference, TO, "x")
        moved(spool, "2", "checked")
        moved(spool, "3", "checked")
        (spool.root / "checked" / "tocsin-3.LOCK").touch()  # the modem is at it
        down = ear.expect(LinkDown)
        assert down.reason == "modem gsm: smsd moved nothing for 0.3 s; does it run, and is the modem well?"
        told = {e.reference: e.sent for e in (ear.expect(Unanswered) for _ in range(3))}
        assert told == {"1": False, "2": False, "3": True}
        assert files(spool) == ["checked/tocsin-3", "checked/tocsin-3.LOCK"]
        assert (ear.link.ready, ear.link.holds("3")) == (False, True)

    def test_is_known_by_that_none_of_all_moves(self, spool: Spool, listen: Listen) -> None:
        ear = listen(patience_s=0.6)
        for reference in "1234":
            ear.link.submit(reference, TO, "x")
        for reference in "123":
            time.sleep(0.4)
            moved(spool, reference, "sent", "Modem: GSM1\n")
            assert ear.expect(Submitted).reference == reference

    def test_is_not_to_blame_where_there_is_nothing_to_do(self, listen: Listen) -> None:
        ear = listen(patience_s=0.1)
        ear.expect_silence(0.5)
        assert ear.link.ready

    def test_that_goes_on_is_preferred_again(self, spool: Spool, listen: Listen) -> None:
        ear = listen(patience_s=0.2, rest_s=30.0)
        ear.link.submit("1", TO, "x")
        moved(spool, "1", "checked")
        lock = spool.root / "checked" / "tocsin-1.LOCK"
        lock.touch()
        ear.expect(LinkDown)
        ear.expect(Unanswered)
        moved(spool, "1", "sent", "Modem: GSM1\nMessage_id: 7\n")
        lock.unlink()
        assert ear.expect(Submitted).message_ids == ("GSM1.7.5678",)
        ear.expect(LinkUp)
        assert (ear.link.ready, files(spool)) == (True, [])

    def test_and_fails_later_changes_nothing_any_more(self, spool: Spool, listen: Listen) -> None:
        ear = listen(patience_s=0.2, rest_s=30.0)
        ear.link.submit("1", TO, "x")
        moved(spool, "1", "checked")
        (spool.root / "checked" / "tocsin-1.LOCK").touch()
        ear.expect(LinkDown)
        ear.expect(Unanswered)
        moved(spool, "1", "failed", "Fail_reason: Unknown\n")
        ear.expect_silence()
        assert "failed/tocsin-1" not in files(spool)

    def test_a_spool_that_is_gone_gives_back_all(self, spool: Spool, listen: Listen) -> None:
        ear = listen(patience_s=0.3)
        ear.link.submit("1", TO, "x")
        (spool.root / "report").rmdir()
        missing = "report is not there; create it, and name it in smsd.conf"
        while not ear.expect(LinkDown).reason.endswith(missing):
            pass  # it was gone in the middle of a look
        assert not ear.link.submit("2", TO, "x")
        assert "moved nothing" in ear.expect(LinkDown).reason
        assert ear.expect(Unanswered).sent is False


class TestWhatComesIn:
    @pytest.mark.parametrize(
        ("alphabet", "body", "text"),
        [
            ("UTF-8", "on it ü".encode(), "on it ü"),
            ("ISO", "on it ü€".encode("iso-8859-15"), "on it ü€"),
            ("UCS2", "on it 🔔".encode("utf-16-be"), "on it 🔔"),
            ("GSM", b"on it \x1b\x65", "on it €"),
            ("UTF-8", b"on it \xff", "on it \N{REPLACEMENT CHARACTER}"),
        ],
    )
    def test_is_told_and_removed_when_it_is_on_record(
        self, spool: Spool, listen: Listen, alphabet: str, body: bytes, text: str
    ) -> None:
        ear = listen()
        (spool.root / "incoming" / "GSM1.abc").write_bytes(TEXT.format(alphabet).encode() + body)
        received = ear.expect(Received, settle=False)
        assert (received.sender, received.text, received.same_s) == ("4917100004", text, 86_400)
        ear.expect_silence()
        assert files(spool) == ["incoming/GSM1.abc"]
        received.settled()
        assert files(spool) == []

    def test_is_the_same_when_the_modem_gives_it_twice(self, spool: Spool, listen: Listen) -> None:
        ear = listen()
        references = []
        for n, text in enumerate(("on it", "on it", "status")):
            (spool.root / "incoming" / f"GSM1.{n}").write_text(TEXT.format("ISO") + text)
            references.append(ear.expect(Received).reference)
        assert references[0] == references[1] != references[2]

    def test_knows_its_place_where_smsd_does_not_join(self, spool: Spool, listen: Listen) -> None:
        ear = listen()
        head = TEXT.format("ISO").replace("\n\n", "\nUDH-DATA: 05 00 03 07 02 01\n\n")
        (spool.root / "incoming" / "GSM1.1").write_text(head + "on it")
        assert ear.expect(Received).place == Place(7, 2, 1)

    def test_is_not_read_before_smsd_has_written_it_whole(self, spool: Spool, listen: Listen) -> None:
        ear = listen(look_s=0.5)
        path = spool.root / "incoming" / "GSM1.1"
        whole = TEXT.format("ISO") + "on it " * 20
        for end in range(0, len(whole), 30):
            path.write_text(whole[:end])
            time.sleep(0.2)
        path.write_text(whole)
        assert ear.expect(Received).text == "on it " * 20

    def test_that_was_of_no_use_is_looked_at_again_when_it_has_changed(
        self, spool: Spool, listen: Listen
    ) -> None:
        path = spool.root / "incoming" / "GSM1.1"
        path.touch()
        ear = listen()
        ear.expect_silence()
        path.write_text(TEXT.format("ISO") + "on it")
        assert ear.expect(Received).text == "on it"

    @pytest.mark.parametrize(
        ("status", "state"),
        [
            (0, "delivered"),
            (1, "unknown"),
            (2, "unknown"),
            (48, None),
            (70, "expired"),
            (69, "rejected"),
            (99, "rejected"),
            (128, "unknown"),
        ],
    )
    def test_a_report_is_the_receipt_of_its_number_at_its_telephone(
        self, spool: Spool, listen: Listen, status: int, state: str | None
    ) -> None:
        ear = listen()
        (spool.root / "report" / "GSM1.1").write_text(REPORT.format("4915112345678", 254, f"{status},Words"))
        if state is not None:
            assert ear.expect(Receipt) == Receipt("gsm", "GSM1.254.5678", state)  # type: ignore[arg-type]
        ear.expect_silence()
        assert files(spool) == []

    def test_a_text_that_says_that_it_is_a_report_is_none(
        self, spool: Spool, listen: Listen, caplog: pytest.LogCaptureFixture
    ) -> None:
        ear = listen()
        (spool.root / "incoming" / "GSM1.1").write_text(REPORT.format("4915112345678", 254, 0))
        ear.expect_silence()
        assert "smsd.conf must name a folder for them: report" in caplog.text

    def test_of_no_use_is_left_and_stops_nothing(
        self, spool: Spool, listen: Listen, caplog: pytest.LogCaptureFixture
    ) -> None:
        secret = spool.root / "secret"
        secret.write_text(TEXT.format("ISO") + "on it")
        for folder in (spool.root / "incoming", spool.root / "report"):
            (folder / "a directory").mkdir()
            (folder / "a link").symlink_to(secret)
            (folder / "a loop").symlink_to("a loop")
            os.mkfifo(folder / "a pipe")
            (folder / "empty").touch()
            (folder / "huge").write_bytes(TEXT.format("ISO").encode() + b"x" * 70_000)
            (folder / "no headers").write_bytes(b"\n\non it")
            (folder / "noise").write_bytes(bytes(range(256)) * 9)
            (folder / "name\n\x1b[2J").write_bytes(b"noise")
            (folder / "GSM1.1.LOCK").touch()
            (folder / "GSM1-concatenated").write_text("05 00 03 09 02 02 0044")
        before = files(spool)
        ear = listen()
        ear.expect_silence()
        (spool.root / "incoming" / "GSM1.1").write_text(TEXT.format("ISO") + "status")
        assert ear.expect(Received).text == "status"
        ear.expect_silence()
        assert files(spool) == before
        warned = [r for r in caplog.records if "is left where it is" in r.message]
        assert len(warned) == 18, "once each"
        assert not any("\n" in r.message for r in warned)

    def test_of_no_text_is_removed(self, spool: Spool, listen: Listen, caplog: Any) -> None:
        caplog.set_level(logging.INFO)
        ear = listen()
        (spool.root / "incoming" / "GSM1.1").write_text(TEXT.format("binary") + "\0\1\2")
        ear.expect_silence()
        assert files(spool) == []


class TestDoctor:
    @pytest.fixture
    def modem(self, spool: Spool) -> Modem:
        spool.root.rename(spool.root.with_name("spool"))
        return Modem(spool.root.with_name("spool"), "gsm")

    def test_is_content_with_a_spool_that_can_be_used(self, modem: Modem) -> None:
        assert _modem(modem) == f"{modem.spool} can be written to"

    def test_misses_a_folder(self, modem: Modem) -> None:
        (modem.spool / "report").rmdir()
        with pytest.raises(_Ill, match="report is not there; create it"):
            _modem(modem)

    def test_dislikes_a_sticky_folder(self, modem: Modem) -> None:
        (modem.spool / "sent").chmod(0o3775)
        with pytest.raises(_Ill, match="sent has the sticky bit"):
            _modem(modem)

    def test_notices_that_nothing_is_taken(self, modem: Modem) -> None:
        Spool(modem.spool).put("1", TO, "x")
        waiting = modem.spool / "outgoing" / "tocsin-1"
        _modem(modem)
        os.utime(waiting, (time.time() - 121, time.time() - 121))
        with pytest.raises(_Ill, match="smsd takes nothing out of"):
            _modem(modem)

    def test_knows_what_smsd_cannot_work_in(self, tmp_path: Path) -> None:
        with pytest.raises(_Ill, match="a blank in its path"):
            _modem(Modem(tmp_path / "a spool", "gsm"))


def test_the_service_takes_a_modem_beside_smscs(settings: Settings, spool: Spool) -> None:
    (link,) = _links(settings, Modem(spool.root, "gsm", window=7), print)
    assert isinstance(link, ModemLink)
    assert (link.name, link.room, link.ready) == ("gsm", 7, False)


@pytest.mark.parametrize("name", ["tocsin-1x", "tocsin-", "tocsin-1.LOCK", "tocsin-" + "9" * 10, "GSM1.1"])
def test_files_of_others_are_left_alone(spool: Spool, listen: Listen, name: str) -> None:
    for folder in ("outgoing", "sent", "failed"):
        (spool.root / folder / name).write_text("To: 1\n\nx")
    ear = listen()
    ear.expect_silence()
    assert len(files(spool)) == 3


def test_a_report_with_other_numbers_is_unreadable(spool: Spool) -> None:
    path = spool.root / "report" / "GSM1.1"
    for number, status in (("", "0"), ("-1", "0"), ("9999", "0"), ("1", "x"), ("1", "")):
        path.write_text(REPORT.format("49", number, status))
        with pytest.raises(Unreadable):
            spool.arrival(path)
