"""The gate over its real socket: what the mail bridge may ask, and what becomes of everything else."""

import json
import os
import socket
import threading
import time
import wave
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from book import CALLED, RAISER, Book, ManualClock, speak
from incidents import ALERT

from ivr import config
from ivr.adapters import iodef
from ivr.adapters.audio.recordings import Recordings
from ivr.adapters.gate.address import address
from ivr.adapters.gate.client import GateAway, GateClient, GateRefused
from ivr.adapters.gate.server import GateServer
from ivr.adapters.store import SqlStore
from ivr.bridge.hotline import Hotline
from ivr.bridge.intake.mail import Said
from ivr.bridge.tools import read_iodef
from ivr.config import Settings
from ivr.domain import gate
from ivr.domain.facts import AlertErased, AlertWithdrawn, ReportDue
from ivr.domain.gate import Code, Object
from ivr.domain.mail import Standard
from ivr.domain.records import (
    Alert,
    AlertState,
    Delivery,
    DeliveryState,
    FailingKey,
    Mail,
    MailAddress,
    MailKey,
    MailState,
    Outcome,
    Severity,
    Sms,
    Source,
    Team,
    Tlp,
    Via,
)
from ivr.ports import StoreAway
from ivr.services import listing
from ivr.services.gate import Gate
from ivr.services.gate_submit import Intake
from ivr.services.ledger import Ledger

TEXT = "A worm spreads over port 445.\nBlock it at the border."
MESSAGE = "<1@abc-cert.example>"
D = DeliveryState
Serve = Callable[[], GateServer]


class Reader:
    """In the place of flite: a tone of two seconds, and what it was to say."""

    def __init__(self) -> None:
        self.read: list[str] = []
        self.fails = False

    def __call__(self, text: str, into: Path) -> None:
        self.read.append(text)
        if self.fails:
            raise OSError(2, "there is no such prompt")
        speak(into, 2.0)


@pytest.fixture
def reader() -> Reader:
    return Reader()


@pytest.fixture
def intake(book: Book, recordings: Recordings, reader: Reader) -> Intake:
    return Intake(book.store, book.ledger, recordings, reader)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Longer than a socket's address may be."""
    folder = tmp_path / ("a long name " * 15)
    folder.mkdir()
    return folder / "gate"


@pytest.fixture
def serve(path: Path, book: Book, intake: Intake, recordings: Recordings) -> Iterator[Serve]:
    begun: list[GateServer] = []

    def start() -> GateServer:
        members = ({"team": team, "address": f"duty@{team}.example"} for team in CALLED)
        known = list(members)
        answer = Gate(book.store, book.ledger, intake, recordings, lambda tx: known).answer
        begun.append(GateServer(path, answer))
        begun[-1].start()
        return begun[-1]

    yield start
    for server in begun:
        server.stop()


@pytest.fixture
def client(serve: Serve, path: Path) -> Iterator[GateClient]:
    serve()
    with GateClient(path, timeout_s=20) as found:
        yield found


class TestSubmit:
    def test_makes_a_mail_an_alert_that_is_out_by_mail_alone(
        self, client: GateClient, book: Book, recordings: Recordings, reader: Reader
    ) -> None:
        number = client.submit(
            MESSAGE, RAISER, TEXT, title="Worm", iodef="<a/>", tlp="AMBER", severity="high", confirmed=True,
            callback="+494066969301",
        )  # fmt: skip

        alert = book.alert(number)
        assert (alert.state, alert.source, alert.team) == (AlertState.RELEASED, Source.MAIL, RAISER)
        assert (alert.tlp, alert.severity, alert.confirmed) == (Tlp.AMBER, Severity.HIGH, True)
        assert alert.callback == "+494066969301"
        assert book.states(number) == dict.fromkeys(CALLED, D.MAILED)
        assert reader.read == [f"Worm. {TEXT}"]
        assert recordings.path("1.txt").read_text(encoding="utf-8") == f"Worm\n\n{TEXT}"
        assert recordings.path("1.xml").read_text(encoding="utf-8") == "<a/>"
        assert recordings.look(alert.audio, alert.sha256).condition == "intact"
        assert not list(recordings.incoming.iterdir())

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1"])
    def test_keeps_a_document_that_can_be_read_in_whatever_encoding_it_came(
        self, serve: Serve, path: Path, book: Book, recordings: Recordings, encoding: str
    ) -> None:
        serve()
        document = iodef.write(ALERT).decode().replace("UTF-8", encoding).encode(encoding)
        with closing(Hotline(path)) as hotline:
            number = hotline.submit("m", RAISER, Said(TEXT), document)
        kept = recordings.path(book.alert(number).audio).with_suffix(".xml").read_bytes()
        assert iodef.read(kept).incident == ALERT
        assert kept == document or encoding != "utf-8"

    def test_takes_a_document_of_many_words(
        self, serve: Serve, path: Path, book: Book, recordings: Recordings
    ) -> None:
        """Such as one with a thousand addresses, none of which the profile knows."""
        serve()
        with closing(Hotline(path)) as hotline:
            hotline.submit("m", RAISER, Said("word " * 20_000), iodef.write(ALERT))
        kept = recordings.path("1.txt").read_text(encoding="utf-8")
        assert kept.startswith("word word") and kept.endswith("The rest is in the document.")

    def test_reads_out_what_is_to_be_heard_of_a_document_and_not_what_is_to_be_read(
        self, serve: Serve, path: Path, book: Book, recordings: Recordings, reader: Reader
    ) -> None:
        serve()
        said = read_iodef(iodef.write(ALERT))
        assert isinstance(said, Said)
        with closing(Hotline(path)) as hotline:
            hotline.submit("m", RAISER, said, iodef.write(ALERT))
        (heard,) = reader.read
        assert heard.startswith("This is a warning. Routers are taken over.") and "csirt" not in heard
        assert "csirt.example.net 2026-17" in recordings.path("1.txt").read_text(encoding="utf-8")

    def test_of_the_same_mail_again_is_the_same_alert(self, client: GateClient, book: Book) -> None:
        assert [client.submit(MESSAGE, RAISER, TEXT) for _ in range(3)] == [1, 1, 1]
        assert len(book.find(Alert)) == 1
        assert client.submit("<2@abc-cert.example>", RAISER, TEXT) == 2

    def test_is_on_record_as_a_whole_or_not_at_all(
        self, client: GateClient, book: Book, intake: Intake, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        apply, facts = intake._ledger.apply, []
        monkeypatch.setattr(intake._ledger, "apply", lambda fact: facts.append(fact) or apply(fact))
        client.submit(MESSAGE, RAISER, TEXT)
        assert len(facts) == 1  # one fact, one transaction: no moment at which it is a draft
        assert book.alert(1).state is AlertState.RELEASED and len(book.find(Delivery, alert=1)) == 3

    @pytest.mark.parametrize("team", ["nobody", "ghi-cert"])
    def test_is_refused_to_a_team_that_is_suspended_or_unknown_and_not_even_read(
        self, client: GateClient, store: SqlStore, reader: Reader, team: str
    ) -> None:
        with store.write() as tx:
            tx.put(Team("ghi-cert", "GHI-CERT", suspended=True))
        with pytest.raises(GateRefused, match="not in the directory, or suspended"):
            client.submit(MESSAGE, team, TEXT)
        assert reader.read == []

    def test_of_another_team_s_mail_is_refused(self, client: GateClient) -> None:
        client.submit(MESSAGE, RAISER, TEXT)
        with pytest.raises(GateRefused, match="an alert of another team"):
            client.submit(MESSAGE, "xyz-cert", TEXT)

    def test_is_to_be_handed_in_again_where_it_cannot_be_read_out(
        self, client: GateClient, book: Book, reader: Reader, recordings: Recordings
    ) -> None:
        reader.fails = True
        with pytest.raises(GateAway, match="cannot be read out"):
            client.submit(MESSAGE, RAISER, TEXT)
        assert book.find(Alert) == []
        assert not list(recordings.incoming.iterdir())

        reader.fails = False
        assert client.submit(MESSAGE, RAISER, TEXT) == 1

    def test_is_slowed_when_there_are_many_and_goes_on_later(
        self, client: GateClient, clock: ManualClock
    ) -> None:
        for n in range(10):
            client.submit(f"<{n}@abc-cert.example>", RAISER, TEXT)
        with pytest.raises(GateAway, match="too many"):
            client.submit("<10@abc-cert.example>", RAISER, TEXT)
        assert client.submit("<0@abc-cert.example>", RAISER, TEXT) == 1  # known already: no new one

        clock.forward(20)
        assert client.submit("<10@abc-cert.example>", RAISER, TEXT) == 11

    def test_leaves_nothing_behind_that_a_killed_service_was_at(
        self, intake: Intake, recordings: Recordings
    ) -> None:
        (recordings.incoming / "mail-1.txt").touch()
        (recordings.incoming / "mail-1-text").mkdir()
        (recordings.incoming / "take.wav").touch()
        intake.clean()

        assert [file.name for file in recordings.incoming.iterdir()] == ["take.wav"]


class TestTheLedger:
    @pytest.fixture
    def alert(self, client: GateClient) -> int:
        return client.submit(MESSAGE, RAISER, TEXT)

    def test_takes_an_acknowledgement_once(self, client: GateClient, alert: int, book: Book) -> None:
        for _ in range(2):
            told = client.acknowledge(alert, "xyz-cert", "duty@xyz-cert.example")
            assert (told["state"], told["delivery"]) == ("released", "acknowledged")
        done = book.delivery(alert, "xyz-cert")
        assert (done.acknowledged_via, done.acknowledged_by) == (Via.MAIL, "duty@xyz-cert.example")
        assert book.journal().count("acknowledged") == 1

    def test_takes_none_of_a_team_that_the_alert_is_not_for(self, client: GateClient, alert: int) -> None:
        for number, team in ((alert, RAISER), (alert, "nobody"), (99, "xyz-cert")):
            with pytest.raises(GateRefused, match="not addressed to team"):
                client.acknowledge(number, team, "duty@xyz-cert.example")

    def test_has_the_teams_called_when_the_originator_says_so_and_again_changes_nothing(
        self, client: GateClient, alert: int, book: Book
    ) -> None:
        assert client.escalate(alert, RAISER) == {"ok": True, "alert": 1, "again": False, "teams": 3}
        before = book.everything()
        assert client.escalate(alert, RAISER) == {"ok": True, "alert": 1, "again": True}
        assert book.everything() == before

    def test_has_nobody_called_because_another_team_says_so(
        self, client: GateClient, alert: int, book: Book
    ) -> None:
        for _ in range(2):
            with pytest.raises(GateRefused, match="only its originator"):
                client.escalate(alert, "xyz-cert")
        assert set(book.states(alert).values()) == {D.MAILED}
        client.escalate(alert, RAISER)
        with pytest.raises(GateRefused):
            client.escalate(alert, "xyz-cert")

    def test_refuses_to_escalate_what_did_not_come_by_mail(self, client: GateClient, book: Book) -> None:
        with pytest.raises(GateRefused, match="did not come by mail"):
            client.escalate(book.raises(), RAISER)

    def test_keeps_what_became_of_the_mail(self, client: GateClient, alert: int, book: Book) -> None:
        client.mailed(alert, "xyz-cert", "duty@xyz-cert.example", MailState.FAILED, "550 no such user")
        (mail,) = book.find(Mail)
        assert (mail.state, mail.reason) == (MailState.FAILED, "550 no such user")

    def test_that_is_away_is_to_be_asked_later(
        self, client: GateClient, alert: int, intake: Intake, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def away(fact: object) -> None:
            raise StoreAway("the database is locked")

        monkeypatch.setattr(intake._ledger, "apply", away)
        with pytest.raises(GateAway, match="the database is locked"):
            client.acknowledge(alert, "xyz-cert", "duty@xyz-cert.example")


class TestKeys:
    """Of mail; see test_bridge_keys.py for how they are found out."""

    @pytest.fixture
    def told(self, book: Book, settings: Settings, recordings: Recordings, intake: Intake) -> Gate:
        network = settings.network.hotline
        ledger = Ledger(
            book.store, recordings, settings.policy, network, book.clock, operators=("+4917100009",)
        )
        return Gate(book.store, ledger, intake, recordings)

    @staticmethod
    def tell(gate: Gate, *failing: tuple[str, str | None, int]) -> None:
        keys = [{"what": w, "team": t, "days": d, "why": f"the key {w} ends"} for w, t, d in failing]
        assert gate.answer({"verb": "keys", "failing": keys}) == {"ok": True}

    def test_operators_hear_of_each_step_once_and_of_several_in_one_sms(self, told: Gate, book: Book) -> None:
        for days in (30, 30, 14, 7, 7):
            self.tell(told, ("A", "abc-cert", days), ("B", "xyz-cert", days), ("C", None, 30))
        texts = [sms.text for sms in book.find(Sms)]
        assert texts == [
            "Keys for mail that fail within 30 days: ABC-CERT, XYZ-CERT, the key C ends. Have them renewed.",
            "Keys for mail that fail within 14 days: ABC-CERT, XYZ-CERT. Have them renewed.",
            "Keys for mail that fail within 7 days: ABC-CERT, XYZ-CERT. Have them renewed.",
        ]
        assert {sms.number for sms in book.find(Sms)} == {"+4917100009"}
        self.tell(told, ("A", "abc-cert", 0))
        assert book.find(Sms)[-1].text.startswith("Keys for mail that cannot be used any more: ABC-CERT.")
        assert [key.what for key in book.find(FailingKey)] == ["A"]

    def test_one_that_was_renewed_is_told_of_anew_when_it_ends_again(self, told: Gate, book: Book) -> None:
        self.tell(told, ("A", "abc-cert", 1))
        self.tell(told, ("A", "abc-cert", 14))  # prolonged by little: nothing new
        self.tell(told)
        self.tell(told, ("A", "abc-cert", 30))
        assert [sms.text.split(":")[0][-7:] for sms in book.find(Sms)] == ["n 1 day", "30 days"]

    def test_a_team_that_is_unknown_is_nobody(self, told: Gate, book: Book) -> None:
        self.tell(told, ("A", "nobody", 1))
        assert not book.find(Sms) and not book.find(FailingKey)

    def test_a_team_shows_it(self, told: Gate, book: Book) -> None:
        with book.store.write() as tx:
            tx.put(
                MailKey("abc-cert", Standard.OPENPGP, "A", "key"),
                MailAddress("abc-cert", 0, "a@abc.example"),
            )
        self.tell(told, ("A", "abc-cert", 7), ("B", "abc-cert", 1))
        with book.store.read() as tx:
            (team,) = listing.teams(tx, "abc-cert")
        assert team["mail"]["failing"] == {"days": 7, "why": "the key A ends"}


class TestWhatIsTold:
    def test_are_the_current_alerts_of_every_way_with_who_is_missing_and_no_number_of_a_team(
        self, client: GateClient, book: Book, clock: ManualClock
    ) -> None:
        book.records()  # a draft
        voice = book.raises()
        mail = client.submit(MESSAGE, RAISER, TEXT)
        book.acknowledges(voice, "xyz-cert")
        told = client.current()

        assert [(a["id"], a["source"], a["escalated_at"]) for a in told] == [
            (voice, "hotline", None),
            (mail, "mail", None),
        ]
        assert [one["team"] for one in told[0]["missing"]] == ["def-cert", "ghi-cert"]
        assert [(one["team"], one["via"]) for one in told[0]["acknowledged"]] == [("xyz-cert", "hotline")]
        assert "+49" not in json.dumps(told)

    def test_are_the_newest_where_a_line_has_no_room_for_all(
        self, client: GateClient, book: Book, store: SqlStore
    ) -> None:
        raised = [book.raises() for _ in range(4)]
        with store.write() as tx:
            for delivery in tx.find(Delivery):
                tx.put(replace(delivery, team_name="n" * gate.AUDIO))
        assert [a["id"] for a in client.current()] == raised[-1:]

    def test_are_those_that_have_ended_for_a_day(
        self, client: GateClient, book: Book, clock: ManualClock
    ) -> None:
        alert = book.raises()
        for team in CALLED:
            book.acknowledges(alert, team)
        clock.forward(86_400)
        assert [a["outcome"] for a in client.current()] == ["all-acknowledged"]
        clock.forward(1)
        assert client.current() == []

    def test_is_what_the_originator_of_an_unanswered_mail_is_to_hear_until_it_is_escalated(
        self, client: GateClient, book: Book
    ) -> None:
        alert = client.submit(MESSAGE, RAISER, TEXT)
        assert client.current()[0]["report"] is None
        book.apply(ReportDue(alert))
        assert "still open: DEF-CERT, GHI-CERT, XYZ-CERT. By mail alone" in client.current()[0]["report"]
        client.escalate(alert, RAISER)
        assert client.current()[0]["report"] is None

    def test_is_nothing_to_report_of_an_alert_that_has_closed(
        self, client: GateClient, path: Path, book: Book
    ) -> None:
        """A bridge that was away comes back to it, and it can be escalated no more."""
        alert = client.submit(MESSAGE, RAISER, TEXT)
        book.apply(ReportDue(alert))
        with closing(Hotline(path)) as hotline:
            assert hotline.current()[0].is_reported
            for team in CALLED:
                book.acknowledges(alert, team)
            (closed,) = hotline.current()
        assert not closed.is_reported and not closed.is_withdrawn

    def test_is_how_an_alert_sounds_in_pieces(
        self, client: GateClient, book: Book, recordings: Recordings
    ) -> None:
        number = book.raises()
        file = recordings.to_play(book.alert(number).audio)
        with wave.open(str(file), "wb") as sound:
            sound.setparams((1, 2, 8000, 0, "NONE", ""))
            sound.writeframes(os.urandom(700_000))

        assert client.audio(number) == file.read_bytes()

    def test_is_no_draft_nothing_erased_and_nothing_unknown(self, client: GateClient, book: Book) -> None:
        gone = book.raises()
        book.apply(AlertWithdrawn(gone))
        book.apply(AlertErased(gone))
        for number in (book.records(), gone, 99):
            with pytest.raises(GateRefused, match="no recording of that number, or it is erased"):
                client.audio(number)

    def test_are_the_members_but_those_suspended(self, client: GateClient, store: SqlStore) -> None:
        with store.write() as tx:
            tx.put(Team("ghi-cert", "GHI-CERT", suspended=True))
        assert [m["team"] for m in client.members()] == ["def-cert", "xyz-cert"]

    def test_are_told_in_pieces_where_a_line_has_no_room(
        self, path: Path, book: Book, intake: Intake, recordings: Recordings
    ) -> None:
        known = [{"team": f"t{n:03}", "key": "k" * 20_000} for n in range(120)]
        server = GateServer(path, Gate(book.store, book.ledger, intake, recordings, lambda tx: known).answer)
        server.start()
        with GateClient(path, timeout_s=20) as client:
            assert client.members() == known
        server.stop()


# -- hostile input -------------------------------------------------------------------------------------------


def connected(path: Path) -> socket.socket:
    peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    peer.settimeout(20)
    with address(path) as where:
        peer.connect(where)
    return peer


def asked(path: Path, raw: bytes) -> Object:
    """The answer to these octets."""
    with closing(connected(path)) as peer, peer.makefile("rb") as lines:
        peer.sendall(raw)
        answer: Object = json.loads(lines.readline())
        return answer


GOOD = {"verb": "submit", "message": MESSAGE, "team": RAISER, "text": TEXT}

HOSTILE: dict[str, bytes] = {
    "nothing": b"\n",
    "no JSON": b"HELO bridge\n",
    "no object": b"[1, 2]\n",
    "a number": b"17\n",
    "not UTF-8": b'{"verb": "\xff\xfe"}\n',
    "deep": b'{"verb": ' + b"[" * 400_000 + b"\n",
    "deep objects": b'{"a":' * 100_000 + b"\n",
    "too long": b'{"verb": "submit", "text": "' + b"a" * gate.MOST + b'"}\n',
    "a number of a million digits": b'{"verb": "audio", "alert": ' + b"9" * 1_000_000 + b"}\n",
    "NaN": b'{"verb": "audio", "alert": NaN}\n',
    "no verb": b"{}\n",
    "a verb that is none": b'{"verb": "withdraw", "alert": 1}\n',
    "a verb that is a list": b'{"verb": ["submit"]}\n',
    **{
        name: gate.line({**GOOD, **change})
        for name, change in {
            "too long a text": {"text": "a" * 64_001},
            "an empty text": {"text": " \n"},
            "a text that is none": {"text": ["a"]},
            "a title in two lines": {"title": "a\r\nBcc: all"},
            "an unknown TLP": {"tlp": "PURPLE"},
            "a TLP that is a list": {"tlp": []},
            "a flag that is a text": {"confirmed": "yes"},
            "a number that may not be called": {"callback": "110"},
            "a field too many": {"release": True},
            "a team that is a number": {"team": 17},
            "too long a message": {"message": "a" * 201},
            "control characters in a document": {"iodef": "<a>\x00</a>"},
        }.items()
    },
    **{
        f"keys: {name}": gate.line({"verb": "keys", "failing": failing})
        for name, failing in {
            "no list": {},
            "no objects": ["A"],
            "days that are none of ours": [{"what": "A", "team": None, "days": 2, "why": "it ends"}],
            "why in two lines": [{"what": "A", "team": None, "days": 1, "why": "it\nends"}],
            "a field too many": [{"what": "A", "team": None, "days": 1, "why": "it ends", "number": "1"}],
            "too many": [{}] * 2001,
        }.items()
    },
    "half a character": b'{"verb": "submit", "message": "\\ud800", "team": "abc-cert", "text": "a"}\n',
    "a flag as a number": b'{"verb": "audio", "alert": true, "offset": 0}\n',
    "a negative number": b'{"verb": "audio", "alert": 1, "offset": -1}\n',
    "a fraction": b'{"verb": "audio", "alert": 1.5, "offset": 0}\n',
    "an address in two lines": gate.line(
        {"verb": "acknowledge", "alert": 1, "team": "xyz-cert", "address": "a@b.example\nX: y"}
    ),
    "no address": gate.line({"verb": "acknowledge", "alert": 1, "team": "xyz-cert", "address": "<x>"}),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_cannot_be_understood_is_refused_in_a_line(
    name: str,
    serve: Serve,
    path: Path,
    book: Book,
    reader: Reader,
    caplog: pytest.LogCaptureFixture,
) -> None:
    serve()
    before = book.everything()
    answer = asked(path, HOSTILE[name])

    assert (answer["ok"], answer["code"]) == (False, Code.BAD)
    assert "\n" not in answer["error"]
    assert len(answer["error"]) < 200
    assert book.everything() == before
    assert reader.read == []
    assert caplog.text == ""
    with GateClient(path) as client:
        assert client.submit(MESSAGE, RAISER, TEXT) == 1


def test_the_id_of_a_request_comes_back(serve: Serve, path: Path) -> None:
    serve()
    assert asked(path, gate.line({"verb": "current", "id": "a-1"}))["id"] == "a-1"
    assert asked(path, gate.line({"verb": "?", "id": 17}))["id"] == 17
    assert "id" not in asked(path, gate.line({"verb": "current", "id": {"a": 1}}))


def test_marks_that_a_terminal_would_obey_are_not_in_the_text(
    client: GateClient, recordings: Recordings
) -> None:
    client.submit(MESSAGE, RAISER, "a\x1b[2Jb\u202ec\r\nd")
    assert recordings.path("1.txt").read_bytes() == b"a[2Jbc\r\nd"


def test_a_mistake_of_ours_is_logged_without_the_words_of_a_mail(
    client: GateClient, intake: Intake, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def wrong(text: str, path: Path) -> None:
        raise RuntimeError(text)

    monkeypatch.setattr(intake, "_read_out", wrong)
    with pytest.raises(GateAway, match="see its log"):
        client.submit(MESSAGE, RAISER, "a secret")
    assert "RuntimeError at " in caplog.text
    assert "secret" not in caplog.text


# -- who may come in, and for how long -----------------------------------------------------------------------


def test_only_its_users_may_open_it(path: Path, serve: Serve) -> None:
    serve()
    assert path.stat().st_mode & 0o777 == 0o660


def test_another_user_is_not_let_in(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    server = GateServer(path, lambda request: {"ok": True})
    server.start()
    server._uids = {os.getuid() + 1}
    with closing(connected(path)) as peer:
        assert peer.recv(1) == b""
    server.stop()

    assert f"a process of user {os.getuid()} is not let in" in caplog.text


def test_where_there_can_be_no_gate_the_service_runs_without_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for server in (
        GateServer(tmp_path / "nowhere" / "gate", lambda request: {}),
        GateServer(tmp_path / "gate", lambda request: {}, ["no-such-user"]),
    ):
        server.start()
        server.stop()
    assert caplog.text.count("no gate for the mail bridge") == 2
    assert "no user no-such-user" in caplog.text


def test_a_file_that_is_no_socket_is_left_alone(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.write_text("mine")
    server = GateServer(path, lambda request: {})
    server.start()
    assert path.read_text() == "mine"
    assert "no gate" in caplog.text


def test_the_bridge_does_not_notice_that_the_service_was_started_anew(serve: Serve, path: Path) -> None:
    first = serve()
    with GateClient(path) as client:
        client.submit(MESSAGE, RAISER, TEXT)
        first.stop()
        with pytest.raises(GateAway, match="does not answer"):
            client.current()
        serve()
        assert [a["id"] for a in client.current()] == [1]


def test_a_request_whose_answer_was_lost_is_asked_once_more(serve: Serve, path: Path) -> None:
    first = serve()
    with GateClient(path) as client:
        client.submit(MESSAGE, RAISER, TEXT)
        first.stop()
        serve()
        assert client.submit(MESSAGE, RAISER, TEXT) == 1


def test_a_socket_that_a_killed_service_has_left_is_replaced(serve: Serve, path: Path) -> None:
    with closing(socket.socket(socket.AF_UNIX)) as left, address(path) as where:
        left.bind(where)
    serve()
    with GateClient(path) as client:
        assert client.current() == []


def test_an_answer_that_does_not_come_is_waited_for_no_longer_than_said(path: Path) -> None:
    server = GateServer(path, lambda request: time.sleep(2) or {"ok": True})
    server.start()
    with GateClient(path, timeout_s=0.2) as client, pytest.raises(GateAway):
        client.current()
    server.stop()


def test_others_are_answered_while_a_connection_says_nothing(serve: Serve, path: Path) -> None:
    serve()
    with closing(connected(path)) as silent, closing(connected(path)) as slow:
        slow.sendall(b'{"verb": ')
        with GateClient(path) as client:
            assert client.current() == []
        assert silent


def test_a_flood_is_answered_one_by_one_with_pauses_and_only_a_few_come_in(path: Path) -> None:
    answered: list[tuple[float, float]] = []
    one_at_a_time = threading.Lock()

    def answer(request: Object) -> Object:
        assert one_at_a_time.acquire(blocking=False)
        began = time.monotonic()
        time.sleep(0.03 if len(answered) % 2 else 0.0)
        answered.append((began, time.monotonic()))
        one_at_a_time.release()
        return {"ok": True}

    server = GateServer(path, answer)
    server.start()
    peers = [connected(path) for _ in range(4)]
    for peer in peers:
        peer.sendall(b"{}\n" * 200)
        assert peer.recv(1) == b"{"
    with closing(connected(path)) as beyond:
        assert beyond.recv(1) == b""
    server.stop()
    for peer in peers:
        peer.close()

    assert all(
        later[0] - sooner[1] >= max(0.005, sooner[1] - sooner[0]) for sooner, later in pairwise(answered)
    )


def test_calls_go_on_while_somebody_floods_the_gate(
    serve: Serve, path: Path, book: Book, reader: Reader
) -> None:
    serve()
    over, answers = threading.Event(), [0] * 4

    def flood(n: int) -> None:
        asks = [
            b"{}\n" * 50,
            gate.line({"verb": "current"}) * 50,
            gate.line(GOOD) * 50,
            b"[" * 100_000 + b"\n",
        ]
        with closing(connected(path)) as peer, peer.makefile("rb") as lines, suppress(OSError):
            while not over.is_set():
                peer.sendall(asks[n])
                answers[n] += sum(bool(lines.readline()) for _ in range(asks[n].count(b"\n")))

    flooders = [threading.Thread(target=flood, args=(n,)) for n in range(4)]
    began = time.monotonic()
    for flooder in flooders:
        flooder.start()
    eventually(lambda: all(answers[3:]))
    alert = book.raises()
    for team in CALLED:
        call = book.rings(team, alert)
        book.answers(call)
        book.presses_1(call, alert, team)
        book.hangs_up(call)
    over.set()
    for flooder in flooders:
        flooder.join()

    assert book.alert(alert).outcome is Outcome.ALL_ACKNOWLEDGED
    assert sum(answers) <= 200 * (time.monotonic() - began) + 1
    assert len(reader.read) <= 1


def eventually(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_it_is_in_the_configuration(tmp_path: Path) -> None:
    file = tmp_path / "tocsin.yaml"
    file.write_text(
        'network: {name: N, hotline: "+4940808077555"}\n'
        "trunks: [{name: a, host: h, lines: 1}]\n"
        "mail: {acknowledge_within_s: 600, open_s: 7200}\n"
        "gate: {socket: run/gate, users: [tocsin-bridge]}\n"
    )
    found = config.load(file)
    assert (found.mail.acknowledge_within_s, found.mail.open_s) == (600, 7200)
    assert (found.gate.socket, found.gate.users) == (tmp_path / "run" / "gate", ("tocsin-bridge",))
