"""The bridge behind and before a real Postfix, which is set up as docs/mail.md says. Members write to it and
have their mailboxes with it; the gate is that of a real ledger."""

import json
import re
import shlex
import smtplib
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from book import CONFIGURATION, Book, speak
from correspondent import BridgeService, Correspondent, reply_to
from pgp_peer import peers
from postfix import Postfix, documented

from ivr import config
from ivr.adapters.audio.recordings import Recordings
from ivr.adapters.gate.server import GateServer
from ivr.domain.mail import Standard
from ivr.domain.records import Mail, MailAddress, MailKey, Team
from ivr.pstn.ports import free_ports
from ivr.services.gate import Gate
from ivr.services.gate_submit import Intake
from ivr.services.members import members

ROOT = Path(__file__).parents[2]
DOMAIN = "bell.cert.example"
LIST = f"alerts@{DOMAIN}"
TEAMS = ("abc-cert", "def-cert", "ghi-cert", "uvw-cert", "xyz-cert")
HERE = ("abc-cert", "ghi-cert", "xyz-cert")
"""def-cert has none in its domain; uvw-cert has another mail server, which refuses it later."""


@dataclass
class Elsewhere:
    """The mail server of uvw-cert, for which Postfix takes mail without knowing its mailboxes."""

    refused: list[str] = field(default_factory=list)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, _: object
    ) -> str:
        self.refused.append(address)
        return "550 5.1.1 no such mailbox"


@dataclass
class Place:
    """All of it; neither Postfix nor the bridge runs yet."""

    book: Book
    bridge: BridgeService
    postfix: Postfix
    elsewhere: Elsewhere
    mx: int
    lmtp: int
    main: str
    """Lines of its configuration that are not of the document: whose mailboxes there are."""
    master: str
    teams: dict[str, Correspondent]

    def start_postfix(self, main: str) -> None:
        self.postfix.start(self.main + main, self.master)

    def post(self, sender: str, text: str, to: str = LIST, *copies: str) -> None:
        """As the team's own mail server hands it over."""
        team = self.teams[sender]
        with smtplib.SMTP("127.0.0.1", self.mx) as client:
            client.sendmail(team.address, [to, *copies], team.writes(text, to))

    def mailbox(self, team: str) -> list[bytes]:
        return self.postfix.mailbox(self.teams[team].address)

    def alerts_to(self, team: str) -> list[str]:
        """Those among its mails that can be acknowledged: which alerts they are of."""
        texts = [self.teams[team].reads(raw) for raw in self.mailbox(team) if reply_to(raw) != "None"]
        return [found[0] for text in texts if (found := re.search(r"^Alert \d+", text, re.MULTILINE))]

    def by_mail(self, alert: int) -> dict[str, str]:
        """What the bridge has on record of the alert's mails, by team."""
        lines = json.loads(self.bridge.asked("mail", "queue", "--alert", str(alert), "--json"))
        return {line["team"]: line["state"] for line in lines if line["kind"] == "alert"}

    def failed(self, alert: int) -> set[str]:
        """Whose mail the hotline has on record as failed."""
        return {mail.team for mail in self.book.find(Mail, alert=alert, state="failed")}

    def until(self, what: Callable[[], bool], within_s: float = 60) -> None:
        end = time.monotonic() + within_s
        while not what():
            assert time.monotonic() < end, f"{self.bridge.log()}\n{self.postfix.log()}"
            time.sleep(0.1)


SetPlace = Callable[[str], Place]


@pytest.fixture
def set_place(tmp_path: Path, book: Book, recordings: Recordings) -> Iterator[SetPlace]:
    with ExitStack() as stack:
        yield lambda bridge: stack.enter_context(_place(tmp_path, book, recordings, bridge))


@contextmanager
def _place(folder: Path, book: Book, recordings: Recordings, bridge: str) -> Iterator[Place]:
    """`bridge`: what stands under that key beside its domain, with {lmtp} and {submission} for ports."""
    lmtp, mx, submission, other = free_ports(4)
    given = bridge.format(lmtp=lmtp, submission=submission)
    conf = folder / "bell.yaml"
    conf.write_text(f"{CONFIGURATION}\nbridge: {{domain: {DOMAIN}{given}}}\n", encoding="utf-8")
    settings = config.load(conf)
    socket = settings.gate.socket
    assert socket is not None
    socket.parent.mkdir()

    def read_out(text: str, into: Path) -> None:
        speak(into, 2.0)

    answer = Gate(
        book.store, book.ledger, Intake(book.store, book.ledger, recordings, read_out), recordings, members
    )
    gate, service = GateServer(socket, answer.answer), BridgeService(conf)
    chain = _certificate(folder)
    refusing = Elsewhere()
    elsewhere = Controller(refusing, "127.0.0.1", other)
    with peers(*TEAMS) as homes, ExitStack() as stack:
        # The path of a socket has 108 bytes at most, and a test's own folder lies deep.
        postfix = Postfix(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="postfix"))), mx)
        teams = {team: Correspondent(team, peer) for team, peer in zip(TEAMS, homes, strict=True)}
        service.start()  # which makes its keys
        service.kill()
        key = json.loads(service.asked("mail", "keys", "--json"))["openpgp"]["key"]
        with book.store.write() as tx:
            tx.put(Team("uvw-cert", "UVW-CERT"))
            for one in teams.values():
                one.joins(key)
                tx.put(MailKey(one.team, Standard.OPENPGP, one.peer.fingerprint, one.peer.public().decode()))
                tx.put(MailAddress(one.team, 0, one.address))
        gate.start()
        stack.callback(gate.stop)
        elsewhere.start()
        stack.callback(elsewhere.stop)
        stack.callback(postfix.stop)
        stack.callback(service.kill)
        mailboxes = ", ".join(f"{teams[one].address}={teams[one].address}/" for one in HERE)
        main = (
            f"virtual_mailbox_domains = {' '.join(f'{team}.example' for team in ('def-cert', *HERE))}\n"
            f"virtual_mailbox_maps = inline:{{{mailboxes}}}\nrelayhost = [127.0.0.1]:{other}\n"
            f"smtpd_tls_chain_files = {chain}\n"
        )
        submitted = documented("submission inet").replace("submission", f"127.0.0.1:{submission}", 1)
        yield Place(book, service, postfix, refusing, mx, lmtp, main, submitted, teams)


def _certificate(folder: Path) -> Path:
    """Of `localhost`, with its key, by an authority that no machine trusts; its own certificate is ca.pem."""
    made = ("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc")
    key, pem, chain = (folder / name for name in ("server.key", "server.pem", "chain.pem"))
    authority = (
        "-keyout",
        folder / "ca.key",
        "-out",
        folder / "ca.pem",
        "-subj",
        "/CN=Authority of the network",
    )
    server = ("-keyout", key, "-out", pem, "-CA", folder / "ca.pem", "-CAkey", folder / "ca.key")
    subject = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
    subprocess.run([*made, *authority], check=True, capture_output=True)
    subprocess.run(
        [*made, *server, *subject, "-addext", "basicConstraints=CA:FALSE"], check=True, capture_output=True
    )
    chain.write_bytes(key.read_bytes() + pem.read_bytes())
    return chain


OVER_LMTP = ', lmtp: "{lmtp}", smtp: {{host: localhost, port: {submission}, ca: ca.pem}}'
GREYLISTED = (
    "smtpd_recipient_restrictions = check_recipient_access inline:{{duty@ghi-cert.example=450 busy}}\n"
)


def test_nothing_is_lost_and_nothing_comes_twice_whoever_is_away(set_place: SetPlace) -> None:
    place = set_place(OVER_LMTP)
    over_lmtp = documented("recipient_delimiter").replace("10024", str(place.lmtp))

    # The bridge is away: Postfix keeps the mail, and tells nobody that it cannot be delivered.
    place.start_postfix(over_lmtp + GREYLISTED)
    place.post("abc-cert", "A zebra is about.")
    place.until(lambda: "Connection refused" in place.postfix.log())
    assert place.postfix.waiting() == 1 and place.mailbox("abc-cert") == []
    place.bridge.start()

    # One member's mailbox is unknown, one's server is busy, one's mail comes back: everybody else has it.
    place.until(lambda: place.by_mail(1).get("uvw-cert") == "failed")
    place.until(lambda: place.alerts_to("xyz-cert") == ["Alert 1"])
    assert place.by_mail(1) == {
        "def-cert": "failed", "ghi-cert": "queued", "uvw-cert": "failed", "xyz-cert": "sent",
    }  # fmt: skip
    assert place.elsewhere.refused == ["duty@uvw-cert.example"]
    place.post("xyz-cert", "Thank you", reply_to(place.mailbox("xyz-cert")[0]), LIST)
    place.until(lambda: place.book.states(1)["xyz-cert"] == "acknowledged")
    assert "one recipient a mail" not in place.postfix.log(), "a recipient had to wait for a turn of its own"
    assert list(place.book.states(1).values()).count("acknowledged") == 1  # a bounce is none
    place.until(lambda: place.failed(1) == {"def-cert", "uvw-cert"})

    # Postfix is away: what goes out waits with us, what comes in waits with it or with whoever brings it.
    place.bridge.kill()
    place.post("xyz-cert", "A yak is about.")
    place.postfix.stop()
    place.bridge.start()
    spoken = place.book.raises()
    place.until(lambda: place.by_mail(spoken).get("xyz-cert") == "queued")
    with pytest.raises(ConnectionRefusedError):
        place.post("abc-cert", "A zebra is about.")
    assert place.postfix.waiting() == 1
    place.start_postfix(over_lmtp)
    place.until(lambda: {"queued"}.isdisjoint(place.by_mail(n).get("ghi-cert", "queued") for n in (1, 2, 3)))
    place.until(lambda: place.postfix.waiting() == 0)
    assert sorted(place.alerts_to("ghi-cert")) == ["Alert 1", "Alert 2", "Alert 3"]
    assert place.alerts_to("xyz-cert") == ["Alert 1", "Alert 2"]
    assert place.alerts_to("abc-cert") == ["Alert 3"]


def test_an_address_that_there_is_not_is_refused_to_whoever_brings_the_mail(set_place: SetPlace) -> None:
    """Had Postfix taken it, it would have to send it back, to whomever it names. So what is too large."""
    place = set_place(OVER_LMTP)
    place.start_postfix(documented("recipient_delimiter"))
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        place.post("abc-cert", "A zebra is about.", f"zebras@{DOMAIN}")
    with smtplib.SMTP("127.0.0.1", place.mx) as client, pytest.raises(smtplib.SMTPSenderRefused):
        client.sendmail("duty@abc-cert.example", [LIST], b"x" * 10_000_001)
    assert place.postfix.waiting() == 0


def test_in_by_a_pipe_and_out_by_sendmail(set_place: SetPlace, tmp_path: Path) -> None:
    place = set_place("")
    command = place.postfix.bin / "tocsin"
    ours, words = shlex.quote(str(ROOT)), shlex.join(place.bridge.command())
    command.write_text(f'#!/bin/sh\nexport PYTHONPATH={ours}\nexec {words} "$@"\n')
    command.chmod(0o755)
    recipients = documented("recipient_delimiter").partition("transport_maps")[0]
    pipe = documented("tocsin ").replace("/usr/bin/tocsin", str(command)).replace("tocsin-bridge", "games")
    place.postfix.start(place.main + recipients + documented("transport_maps"), place.master + pipe)
    place.post("abc-cert", "A zebra is about.")
    place.until(lambda: "delivered via tocsin service" in place.postfix.log())
    (waiting,) = (place.bridge.home / "bridge/spool/waiting").iterdir()
    assert b"multipart/encrypted" in waiting.read_bytes()
    place.bridge.start(place.postfix.bin)
    place.until(lambda: place.alerts_to("xyz-cert") == ["Alert 1"])

    # It comes back, with the null sender; and then it cannot be taken for a while.
    place.until(lambda: place.failed(1) == {"def-cert", "uvw-cert"})
    spool = place.bridge.home / "bridge/spool"
    place.bridge.kill()
    spool.rename(tmp_path / "elsewhere")
    spool.touch()
    place.post("xyz-cert", "Thank you", reply_to(place.mailbox("xyz-cert")[0]))
    place.until(lambda: "(temporary failure" in place.postfix.log())
    spool.unlink()
    (tmp_path / "elsewhere").rename(spool)
    place.bridge.start(place.postfix.bin)
    place.until(lambda: place.book.states(1)["xyz-cert"] == "acknowledged")
