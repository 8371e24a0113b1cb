"""Mail out of the bridge: a real SMTP server that keeps what it gets, with TLS where that is asked for."""

import email
import re
import sqlite3
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from email.message import Message
from email.policy import default
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from mails import DOMAIN, MEMBERS, NOW, XYZ, Clear, ClearSealer, Hotline, mail, message

from ivr.bridge.compose import Attachment
from ivr.bridge.correspondence import Alert, Correspondence, Seal
from ivr.bridge.gate import Current
from ivr.bridge.intake.mail import Accepted, Said, Trouble
from ivr.bridge.intake.mail import Kind as Asked
from ivr.bridge.members import Member, Members
from ivr.bridge.outgoing import Kind, Outgoing, State, pause_s
from ivr.bridge.postman import Postman
from ivr.bridge.sending import BySmtp, Send, by_sendmail
from ivr.bridge.store import BridgeAway, BridgeStore
from ivr.bridge.telling import Telling
from ivr.bridge.tokens import Tokens, secret
from ivr.config.bridge import Smtp
from ivr.domain.mail import Opened, Reason, Recipient, Refused, Standard
from ivr.domain.mime import entity
from ivr.domain.records import FailingKey, Tlp
from ivr.pstn.ports import free_ports

ALERT = Alert(17, "abc", "ABC-CERT", NOW, Said("A zebra is about.", "Zebra", Tlp.AMBER))
PAPERS = [
    Attachment("application/iodef+xml", "alert-17.xml", b"<IODEF-Document/>"),
    Attachment("audio/wav", "alert-17.wav", b"RIFFwave"),
]
THIRD = Member("def", "DEF-CERT", Standard.OPENPGP, "D" * 40, "", ("def@def.example",))
THREE = Members([*MEMBERS, THIRD])


@dataclass
class Sink:
    """A mail server that keeps what it takes, and answers as it is told, by recipient."""

    answers: dict[str, str] = field(default_factory=dict)
    got: list[tuple[str, str, bytes]] = field(default_factory=list)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, _: object
    ) -> str:
        answer = self.answers.get(address, "250 ok")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.got.append((envelope.mail_from or "", envelope.rcpt_tos[0], envelope.content))
        return "250 kept"


@dataclass
class Bridge:
    outgoing: Outgoing
    sink: Sink
    port: int
    hotline: Hotline = field(default_factory=Hotline)
    tokens: Tokens = field(default_factory=lambda: Tokens(b"secret"))
    now: float = NOW
    unusable: str = ""
    unrecorded: set[int] = field(default_factory=set)

    @property
    def letters(self) -> Correspondence:
        sealers = {Standard.OPENPGP: ClearSealer(self.unusable)}
        return Correspondence(
            self.outgoing, sealers, self.tokens, "Example Network", DOMAIN, "+4940808077555", lambda: self.now
        )

    def post(self, port: int | None = None) -> None:
        server = Smtp("127.0.0.1", port or self.port, starttls=False)
        transport = BySmtp(server, DOMAIN, None, ssl.create_default_context())
        Postman(
            self.outgoing, transport, self.hotline, self.tokens, DOMAIN, lambda: self.now, self.unrecorded
        ).run()

    def states(self) -> dict[str, State]:
        return {line.team: line.state for line in self.outgoing.all() if line.kind is Kind.ALERT}


@contextmanager
def serving(sink: Sink, **more: object) -> Iterator[int]:
    controller = Controller(sink, "127.0.0.1", free_ports(1)[0], server_hostname="localhost", **more)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


@pytest.fixture
def bridge(tmp_path: Path) -> Iterator[Bridge]:
    store = BridgeStore(tmp_path / "bridge.db")
    store.make()
    sink = Sink()
    with serving(sink) as port:
        yield Bridge(Outgoing(store), sink, port)


def read(raw: bytes) -> tuple[Message, Message]:
    """The message, and what `Clear` opens of it."""
    opened = Clear()(raw)
    assert isinstance(opened, Opened)
    return email.message_from_bytes(raw, policy=default), email.message_from_bytes(
        opened.content, policy=default
    )


def test_an_alert_goes_to_every_member_once_each_alone(bridge: Bridge) -> None:
    bridge.letters.alert(ALERT, THREE, list)
    bridge.letters.alert(ALERT, THREE, list)  # again, after a crash
    bridge.post()
    bridge.post()
    assert [to for _, to, _ in bridge.sink.got] == ["cert@xyz.example", "def@def.example"]
    assert bridge.states() == {"xyz": State.SENT, "def": State.SENT}
    assert bridge.hotline.told == [(17, "xyz", "sent", None), (17, "def", "sent", None)]


def test_header_fields_tell_nothing_and_answers_find_their_way(bridge: Bridge) -> None:
    bridge.letters.alert(ALERT, THREE, lambda: PAPERS)
    bridge.post()
    (sender, to, raw), (other_sender, _, other) = bridge.sink.got
    outer, inner = read(raw)
    assert b"ebra" not in raw.partition(b"\r\n\r\n")[0] and outer["Subject"] == "Alert list"
    assert (outer["From"], outer["To"]) == (f"Example Network <alerts@{DOMAIN}>", to)
    assert outer["Auto-Submitted"] == "auto-generated" and outer["References"] == f"<alert-17@{DOMAIN}>"
    assert re.fullmatch(rf"<[0-9a-f]{{24}}@{DOMAIN}>", outer["Message-ID"])
    assert email.utils.parsedate_to_datetime(outer["Date"]).timestamp() == NOW
    token = re.fullmatch(rf"ack\+(.*)@{DOMAIN}", outer["Reply-To"])
    assert token is not None and bridge.tokens.alert_of(token[1], "xyz") == 17
    assert bridge.tokens.alert_of(token[1], "def") is None
    assert sender != other_sender and read(other)[0]["Message-ID"] != outer["Message-ID"]
    # What is protected, and what was attached.
    assert (inner["Subject"], inner["To"]) == ("Alert 17", f"alerts@{DOMAIN}")
    text, document, audio = inner.iter_parts()
    assert "Alert 17, raised by ABC-CERT" in text.get_content() and "A zebra" in text.get_content()
    assert document.get_content() == b"<IODEF-Document/>" and audio.get_content() == b"RIFFwave"


@pytest.mark.parametrize("name", ["Bell, Europe", 'The "Bell"; St. Gallen', "Glocke: Düren, e.V."])
def test_whatever_the_network_is_called_a_mail_is_from_the_list_alone(bridge: Bridge, name: str) -> None:
    """Of a From with two addresses, servers refuse the mail."""
    replace(bridge.letters, network=name).alert(ALERT, THREE, list)
    bridge.post()
    for one in read(bridge.sink.got[0][2]):
        assert email.utils.getaddresses([str(one["From"])]) == [(name, f"alerts@{DOMAIN}")]
    raw = bridge.sink.got[0][2].partition(b"\r\n\r\n")[0].decode("ascii")
    assert len(email.utils.getaddresses([email.message_from_string(raw)["From"]])) == 1


def test_one_members_failure_is_its_own(bridge: Bridge) -> None:
    bridge.sink.answers = {"cert@xyz.example": "550 5.1.1 no such mailbox"}
    bridge.letters.alert(ALERT, THREE, list)
    bridge.post()
    assert bridge.states() == {"xyz": State.FAILED, "def": State.SENT}
    assert ("550 5.1.1 no such mailbox" in (bridge.outgoing.all()[0].reason or "")) is True
    assert [team for _, team, state, _ in bridge.hotline.told if state == "failed"] == ["xyz"]


def test_a_server_that_hangs_up_holds_up_nobody_but_whom_it_hangs_up_on(bridge: Bridge) -> None:
    """Postfix does so after twenty refusals, whatever comes then."""
    bridge.sink.answers = {"cert@xyz.example": "550 5.1.1 no such mailbox", "def@def.example": "421 too many"}
    many = Members([*THREE, Member("ghi", "GHI", Standard.OPENPGP, "E" * 40, "", ("ghi@ghi.example",))])
    bridge.letters.alert(ALERT, many, list)
    bridge.post()
    assert bridge.states() == {"xyz": State.FAILED, "def": State.QUEUED, "ghi": State.SENT}
    assert [line.tries for line in bridge.outgoing.all()] == [0, 1, 0]


def test_a_server_that_is_busy_is_asked_again_later_and_not_for_ever(bridge: Bridge) -> None:
    bridge.sink.answers = {"cert@xyz.example": "451 4.7.1 greylisted"}
    bridge.letters.alert(ALERT, THREE, list)
    bridge.post()
    assert bridge.states() == {"xyz": State.QUEUED, "def": State.SENT}
    bridge.post()
    assert bridge.outgoing.all()[0].tries == 1  # not before its time
    bridge.now += pause_s(0)
    bridge.sink.answers = {}
    bridge.post()
    assert bridge.states()["xyz"] is State.SENT
    bridge.letters.alert(replace(ALERT, number=18), THREE, list)
    bridge.sink.answers = {"cert@xyz.example": "451 4.7.1 greylisted"}
    bridge.post()
    bridge.now += 2 * 86_400 + 1
    bridge.post()
    assert [line.state for line in bridge.outgoing.all(alert=18)] == [State.FAILED, State.SENT]


def test_mail_that_cannot_be_put_on_record_as_sent_is_not_sent_again_and_again(
    bridge: Bridge, tmp_path: Path
) -> None:
    """As on a full disk, where a member would get it every two seconds."""
    bridge.letters.alert(ALERT, THREE, list)
    with closing(sqlite3.connect(tmp_path / "bridge.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for _ in range(2):
            with pytest.raises(BridgeAway):
                bridge.post()
        other.execute("ROLLBACK")
    bridge.post()
    assert [to for _, to, _ in bridge.sink.got] == ["cert@xyz.example", "def@def.example"]
    assert set(bridge.states().values()) == {State.SENT}


def test_nothing_is_lost_while_the_server_is_away(bridge: Bridge) -> None:
    bridge.letters.alert(ALERT, THREE, list)
    with serving(Sink()) as gone:
        pass
    bridge.post(gone)
    assert set(bridge.states().values()) == {State.QUEUED} and bridge.outgoing.next_due() == NOW + pause_s(0)
    bridge.now += pause_s(0)
    bridge.post()
    assert set(bridge.states().values()) == {State.SENT} and len(bridge.sink.got) == 2


def test_without_a_sendmail_mail_waits_and_says_what_is_missing(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    bridge.letters.alert(ALERT, THREE, list)
    Postman(bridge.outgoing, by_sendmail, bridge.hotline, bridge.tokens, DOMAIN, lambda: bridge.now).run()
    assert set(bridge.states().values()) == {State.QUEUED}
    assert (bridge.outgoing.all()[0].reason or "").endswith("install a mail server")


def test_pauses_grow_to_half_an_hour() -> None:
    assert [pause_s(n) for n in (0, 1, 2, 3)] == [30, 60, 120, 240]
    assert pause_s(6) == pause_s(10_000) == 1800


def test_a_member_whose_key_cannot_be_used_hears_that_there_is_an_alert(bridge: Bridge) -> None:
    bridge.unusable = "xyz"
    bridge.letters.alert(ALERT, THREE, list)
    bridge.letters.alert(ALERT, THREE, list)
    bridge.post()
    assert bridge.states() == {"xyz": State.FAILED, "def": State.SENT}
    (notice,) = [raw for _, to, raw in bridge.sink.got if to == "cert@xyz.example"]
    assert b"+4940808077555" in notice and b"ebra" not in notice and b"ABC" not in notice
    assert b"its key has expired." in notice  # what operators are to do is not for the team
    assert (17, "xyz", "failed", "its key has expired; ask the team for another") in bridge.hotline.told


class Broken:
    """A standard whose own key does not work."""

    def seal(self, content: bytes, /) -> Seal:
        raise Trouble("own.pem: cannot be read")


class Stuck(ClearSealer):
    """Whose gpg hangs over one key."""

    def seal(self, content: bytes, /) -> Seal:
        def sealed_to(to: Recipient) -> bytes | Refused:
            if to.team == "xyz":
                raise Trouble("gpg was killed")
            return good(to)

        good = super().seal(content)
        return sealed_to


def test_trouble_with_one_member_keeps_nobody_else_waiting(bridge: Bridge) -> None:
    letters = replace(bridge.letters, sealers={Standard.OPENPGP: Stuck()})
    with pytest.raises(Trouble):
        letters.alert(ALERT, THREE, list)
    assert [line.team for line in bridge.outgoing.all()] == ["def"]


def test_trouble_with_one_standard_keeps_nobody_of_the_other_waiting_nor_the_next_alert(
    bridge: Bridge,
) -> None:
    smime = replace(THIRD, team="aaa", standard=Standard.SMIME)
    letters = replace(bridge.letters, sealers={Standard.SMIME: Broken(), **bridge.letters.sealers})
    telling = Telling(bridge.hotline, lambda: Members([smime, *THREE]), lambda current: None)
    bridge.hotline.on = [Current(n, "abc", "ABC-CERT", NOW, False) for n in (7, 8)]
    telling.look(letters)
    assert [(line.alert, line.team) for line in bridge.outgoing.all()] == [
        (7, "xyz"), (7, "def"), (8, "xyz"), (8, "def"),
    ]  # fmt: skip
    telling.look(replace(letters, sealers=dict.fromkeys(Standard, ClearSealer())))  # it is mended
    assert [line.team for line in bridge.outgoing.all()][4:] == ["aaa", "aaa"]


def test_the_hotline_hears_of_it_when_it_is_back(bridge: Bridge) -> None:
    bridge.hotline.away = True
    bridge.letters.alert(ALERT, THREE, list)
    bridge.post()
    assert bridge.hotline.told == [] and len(bridge.sink.got) == 2
    bridge.hotline.away = False
    bridge.post()
    bridge.post()
    assert len(bridge.hotline.told) == 2


def test_a_mail_that_comes_back_is_failed_by_its_own_token_alone(bridge: Bridge) -> None:
    bridge.letters.alert(ALERT, THREE, list)
    bridge.post()
    token = re.match(r"bounces\+([^@]+)@", bridge.sink.got[0][0])
    assert token is not None
    bridge.letters.came_back("2-aaaaaaaaaaaaaaaa")
    bridge.letters.came_back(token[1].upper())
    assert set(bridge.states().values()) == {State.SENT}
    bridge.letters.came_back(token[1])
    assert bridge.states() == {"xyz": State.FAILED, "def": State.SENT}


def test_a_mail_may_come_back_before_it_is_on_record_as_sent(bridge: Bridge) -> None:
    """A mail server beside us is faster than a disk."""
    bridge.letters.alert(ALERT, THREE, list)
    first, _ = bridge.outgoing.due(NOW, 2)
    bridge.outgoing.came_back(first.id)
    bridge.outgoing.sent(first.id, NOW)
    line = bridge.outgoing.all()[0]
    assert (line.state, line.sent_at) == (State.FAILED, NOW) and "come back" in (line.reason or "")


def test_the_originator_hears_once_who_is_missing(bridge: Bridge) -> None:
    abc = next(iter(MEMBERS))
    bridge.letters.missing(17, abc, ["XYZ-CERT"], False)
    bridge.letters.missing(17, abc, ["XYZ-CERT"], False)
    bridge.letters.missing(18, abc, ["XYZ-CERT"], True)
    bridge.post()
    texts = [read(raw)[1].get_content() for _, _, raw in bridge.sink.got]
    assert len(texts) == 2 and "  XYZ-CERT" in texts[0] and "ESCALATE 17" in texts[0]
    assert "ESCALATE" not in texts[1] and bridge.hotline.told == []


def test_who_had_an_alert_hears_once_that_it_is_withdrawn_and_what_waits_is_not_sent(bridge: Bridge) -> None:
    bridge.sink.answers = {"def@def.example": "451 4.7.1 greylisted"}
    bridge.letters.alert(ALERT, THREE, list)
    bridge.post()
    assert bridge.states() == {"xyz": State.SENT, "def": State.QUEUED}
    bridge.sink.answers = {}
    bridge.now += pause_s(0)
    bridge.letters.withdrawn(17, "ABC-CERT", NOW, lambda: THREE)
    bridge.post()
    bridge.letters.withdrawn(17, "ABC-CERT", NOW, lambda: pytest.fail("all have been told"))
    bridge.post()
    assert bridge.states() == {"xyz": State.SENT, "def": State.FAILED}
    assert (17, "def", "failed", "the alert was withdrawn") in bridge.hotline.told
    assert [to for _, to, _ in bridge.sink.got] == ["cert@xyz.example"] * 2
    outer, inner = read(bridge.sink.got[1][2])
    assert "Alert 17 from ABC-CERT" in inner.get_content() and "is WITHDRAWN" in inner.get_content()
    assert outer["References"] == f"<alert-17@{DOMAIN}>" and outer["Reply-To"] is None


def test_mail_that_was_on_the_wire_when_its_alert_was_withdrawn_is_recalled_too(bridge: Bridge) -> None:
    bridge.letters.alert(ALERT, THREE, list)
    on_the_wire, _ = bridge.outgoing.due(NOW, 10)
    bridge.letters.withdrawn(17, "ABC-CERT", NOW, lambda: THREE)
    assert bridge.outgoing.message(on_the_wire) is None
    bridge.outgoing.sent(on_the_wire.id, NOW)
    bridge.letters.withdrawn(17, "ABC-CERT", NOW, lambda: THREE)
    bridge.post()
    assert [to for _, to, _ in bridge.sink.got] == [on_the_wire.address]


def test_who_was_told_by_a_notice_alone_hears_of_the_withdrawal_by_one_without_content(
    bridge: Bridge,
) -> None:
    bridge.unusable = "xyz"
    bridge.letters.alert(ALERT, Members(MEMBERS), list)
    bridge.post()
    bridge.letters.withdrawn(17, "ABC-CERT", NOW, lambda: THREE)
    bridge.post()
    _, said = (raw for _, _, raw in bridge.sink.got)
    assert b"Alert 17 is withdrawn" in said and b"ABC" not in said and b"+4940808077555" in said


def test_a_withdrawal_of_what_nobody_had_asks_for_nobody(bridge: Bridge) -> None:
    bridge.letters.withdrawn(17, "ABC-CERT", NOW, lambda: pytest.fail("nobody had it"))
    assert bridge.outgoing.all() == []


def test_a_team_hears_of_its_key_at_each_step_once_also_when_records_are_forgotten(bridge: Bridge) -> None:
    xyz = list(MEMBERS)[1]
    for days in (7, 7, 3):
        bridge.letters.key(FailingKey(XYZ, "xyz", days, "the key ends on 2026-12-01 (UTC)"), xyz)
    bridge.post()
    bridge.outgoing.sweep(NOW + 1)
    bridge.letters.key(FailingKey(XYZ, "xyz", 3, "the key ends on 2026-12-01 (UTC)"), xyz)
    first, second = (read(raw)[1].get_content() for _, _, raw in bridge.sink.got)
    assert "fails within 7 days" in first and "fails within 3 days" in second
    assert "the key ends on 2026-12-01 (UTC)" in second and "+4940808077555" in second
    assert len(bridge.outgoing.all()) == 2 and bridge.hotline.told == []


def test_a_team_whose_key_has_failed_is_told_in_clear(bridge: Bridge) -> None:
    bridge.unusable = "xyz"
    bridge.letters.key(FailingKey(XYZ, "xyz", 0, "the key is revoked"), list(MEMBERS)[1])
    bridge.post()
    ((_, to, raw),) = bridge.sink.got
    text = email.message_from_bytes(raw, policy=default).get_content()
    assert to == "cert@xyz.example" and "cannot be used any more" in text and "the key is revoked" in text


def test_mail_that_becomes_due_while_others_are_sent_goes_in_the_same_conversation(bridge: Bridge) -> None:
    bridge.letters.alert(ALERT, THREE, list)
    conversations = 0

    @contextmanager
    def transport() -> Iterator[Send]:
        nonlocal conversations
        conversations += 1
        yield send

    def send(sender: str, to: str, message: bytes, /) -> None:
        sent.append(to)
        if len(sent) == 2:
            bridge.letters.alert(replace(ALERT, number=18), THREE, list)

    sent: list[str] = []
    Postman(bridge.outgoing, transport, bridge.hotline, bridge.tokens, DOMAIN, lambda: bridge.now).run()
    assert len(sent) == 4 and conversations == 1
    assert len(bridge.hotline.told) == 4


def test_an_alert_without_a_label_says_what_that_means_here(bridge: Bridge) -> None:
    for tlp in (None, Tlp.GREEN):
        bridge.letters.alert(
            replace(ALERT, number=20 + bool(tlp), said=Said("Zebra", tlp=tlp)), MEMBERS, list
        )
    bridge.post()
    without, labelled = (read(raw)[1].get_content() for _, _, raw in bridge.sink.got)
    assert without.startswith("ABC-CERT has given it no TLP label. In this network that means TLP:AMBER.")
    assert labelled.startswith("TLP:GREEN") and "AMBER" not in labelled


def test_the_directory_is_not_asked_for_again_while_alerts_stand_as_they_did(bridge: Bridge) -> None:
    asked: list[int] = []
    telling = Telling(bridge.hotline, lambda: asked.append(1) or THREE, lambda current: None)
    bridge.hotline.on = [Current(7, "abc", "ABC-CERT", NOW, False), Current(8, "abc", "ABC-CERT", NOW, False)]
    for _ in range(3):
        telling.look(bridge.letters)
    assert len(asked) == 1
    bridge.hotline.on[0] = replace(bridge.hotline.on[0], missing=("XYZ-CERT",))
    telling.look(bridge.letters)
    assert len(asked) == 2 and len(bridge.outgoing.all()) == 4


def test_answers(bridge: Bridge) -> None:
    abc = next(iter(MEMBERS))
    asked = replace(mail(message()), entity=entity(message()))
    done = Accepted(
        Asked.RAISE, "abc", "duty@abc.example", "s", late=True, warnings=("image/png is not passed on",)
    )
    bridge.letters.accepted(asked, abc, done, 17)
    bridge.letters.accepted(asked, abc, done, 17)  # again, after a crash
    bridge.letters.accepted(replace(asked, id="m2"), abc, replace(done, kind=Asked.ACKNOWLEDGE), 17)
    bridge.letters.refused(replace(asked, id="m3"), abc, Refused(Reason.TOO_OLD, "it was signed long ago"))
    bridge.post()
    (_, to, raised), (_, _, refused) = bridge.sink.got
    outer, inner = read(raised)
    assert to == "alerts@abc.example" and outer["In-Reply-To"] == outer["References"] == "<1@abc.example>"
    assert outer["Auto-Submitted"] == "auto-replied" and outer["Reply-To"] is None
    assert "ESCALATE 17" in inner.get_content() and "image/png" in inner.get_content()
    assert "it was signed long ago (too-old)" in read(refused)[1].get_content()


def test_that_a_mail_was_taken_is_told_however_many_were_not(bridge: Bridge) -> None:
    """Those that were not, anybody can write; and one of them may be judged anew."""
    abc = next(iter(MEMBERS))
    for n in range(20):
        bridge.letters.refused(mail(message(), key=f"m{n}"), abc, Refused(Reason.BAD_SIGNATURE, "wrong"))
    for key in ("m0", "raised"):
        bridge.letters.accepted(mail(message(), key=key), abc, Accepted(Asked.RAISE, "abc", "", "s"), 17)
    assert [line.about for line in bridge.outgoing.all() if line.kind is Kind.ANSWER] == ["m0", "raised"]


def test_refusals_to_one_team_are_few(bridge: Bridge) -> None:
    abc, xyz = MEMBERS
    for n in range(20):
        bridge.letters.refused(mail(message(), key=f"m{n}"), abc, Refused(Reason.BAD_SIGNATURE, "wrong"))
    bridge.letters.refused(mail(message(), key="m"), xyz, Refused(Reason.BAD_SIGNATURE, "wrong"))
    assert [line.team for line in bridge.outgoing.all()] == ["abc"] * 6 + ["xyz"]
    bridge.now += 3601
    bridge.letters.refused(mail(message(), key="later"), abc, Refused(Reason.BAD_SIGNATURE, "wrong"))
    assert len(bridge.outgoing.all()) == 8


def test_what_is_answered_cannot_put_header_fields_into_the_answer(bridge: Bridge) -> None:
    raw = message().replace(b"<1@abc.example>", b"<1@abc.example>\r\n Bcc: x")
    abc = next(iter(MEMBERS))
    bridge.letters.refused(replace(mail(raw), entity=entity(raw)), abc, Refused(Reason.TOO_OLD, "old"))
    bridge.post()
    outer, _ = read(bridge.sink.got[0][2])
    assert outer["In-Reply-To"] is None and outer["Bcc"] is None


def certificate(folder: Path) -> tuple[Path, Path]:
    key, pem = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
         "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(pem)],
        check=True, capture_output=True,
    )  # fmt: skip
    return key, pem


def test_tls_only_with_a_server_whose_certificate_is_good(bridge: Bridge, tmp_path: Path) -> None:
    key, pem = certificate(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(pem, key)
    sink = Sink()
    bridge.letters.alert(ALERT, THREE, list)
    with serving(sink, tls_context=tls, require_starttls=True) as port:

        def post(trusted: ssl.SSLContext) -> None:
            transport = BySmtp(Smtp("localhost", port), DOMAIN, None, trusted)
            Postman(
                bridge.outgoing, transport, bridge.hotline, bridge.tokens, DOMAIN, lambda: bridge.now
            ).run()

        post(ssl.create_default_context())
        assert sink.got == [] and "certificate" in (bridge.outgoing.all()[0].reason or "")
        bridge.now += pause_s(0)
        post(ssl.create_default_context(cafile=str(pem)))
    assert len(sink.got) == 2


def test_a_server_without_tls_gets_nothing_where_tls_is_asked_for(bridge: Bridge) -> None:
    bridge.letters.alert(ALERT, THREE, list)
    transport = BySmtp(Smtp("localhost", bridge.port), DOMAIN, None, ssl.create_default_context())
    Postman(bridge.outgoing, transport, bridge.hotline, bridge.tokens, DOMAIN, lambda: bridge.now).run()
    assert bridge.sink.got == [] and set(bridge.states().values()) == {State.QUEUED}


def test_tokens_are_of_one_secret(tmp_path: Path) -> None:
    file = tmp_path / "token-secret"
    tokens = Tokens(secret(file))
    assert file.stat().st_mode & 0o777 == 0o600
    token = tokens.acknowledging(17, "abc")
    assert Tokens(secret(file)).alert_of(token, "abc") == 17
    assert Tokens(b"another").alert_of(token, "abc") is None
    assert tokens.alert_of("18" + token[2:], "abc") is None and tokens.bounced(token) is None
    assert re.fullmatch(r"17-[a-z2-7]{16}", token)


def test_a_secret_that_a_full_disk_has_left_empty_is_none(tmp_path: Path) -> None:
    """With it anybody could make the tokens."""
    file = tmp_path / "token-secret"
    file.touch()
    assert len(secret(file)) == 64 and secret(file) == file.read_bytes()
    assert file.stat().st_mode & 0o777 == 0o600 and list(tmp_path.iterdir()) == [file]
