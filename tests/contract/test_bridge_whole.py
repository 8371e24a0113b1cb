"""One network by mail: two teams with gpg, two with openssl, the real gate of a real ledger between them.

Who opens what goes out is not ours: gpg and openssl in homes of their own.
"""

import asyncio
import base64
import email
import re
import smtplib
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from email.policy import default
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from book import CONFIGURATION, Book, speak
from mailboxes import Mailboxes
from pgp_peer import Peer, peers
from pgp_shapes import crlf
from smime_people import NOW, Authority, Person, ec_key, openssl, rsa_key
from smime_shapes import APPLE_MAIL, cms_entity, envelope, signature

from ivr import config
from ivr.adapters import iodef
from ivr.adapters.audio.recordings import Recordings
from ivr.adapters.gate.server import GateServer
from ivr.bridge.incoming import Incoming, State
from ivr.bridge.process import BridgeProcess
from ivr.bridge.spool import Spool
from ivr.bridge.store import BridgeStore
from ivr.bridge.tokens import Tokens
from ivr.bridge.tools import Keys, keys, tools
from ivr.domain.facts import AlertWithdrawn
from ivr.domain.mail import Standard
from ivr.domain.records import Alert, Delivery, Mail, MailAddress, MailKey, Tlp
from ivr.pstn.ports import free_ports
from ivr.services.gate import Gate
from ivr.services.gate_submit import Intake
from ivr.services.members import members

LIST = "alerts@bell.example"
BRIDGE = """
bridge:
  domain: bell.example
  state: bridge
  smtp: {host: 127.0.0.1, port: %d, starttls: false}
"""


@dataclass
class Town:
    """All of it, running."""

    book: Book
    sink: Mailboxes
    socket: Path
    keys: Keys
    store: BridgeStore
    gpg: dict[str, Peer]
    people: dict[str, Person]

    def post(self, sender: str, entity: bytes, to: str = LIST) -> None:
        head = f"From: <{sender}>\r\nTo: {to}\r\nMessage-ID: <1@x.example>\r\nMIME-Version: 1.0\r\n"
        with smtplib.LMTP(str(self.socket)) as client:
            client.sendmail(sender, [to], head.encode() + entity)

    def by_gpg(self, team: str, text: str, to: str = LIST) -> None:
        armour = self.gpg[team].sealed(_content(text), self.keys.openpgp.ring.own)
        self.post(f"duty@{team}.example", _pgp_mime(armour), to)

    def by_smime(self, team: str, text: str, own: Person, to: str = LIST) -> None:
        signed = cms_entity(
            APPLE_MAIL, "signed-data", signature(_content(text), self.people[team], detached=False)
        )
        entity = cms_entity(APPLE_MAIL, "enveloped-data", envelope(signed, own))
        self.post(f"duty@{team}.example", entity, to)


def _pgp_mime(armour: bytes) -> bytes:
    kind = 'multipart/encrypted; protocol="application/pgp-encrypted"; boundary="b"'
    parts = (
        b"application/pgp-encrypted\n\nVersion: 1\n",
        b"application/octet-stream\n\n" + armour,
    )
    body = b"".join(b"--b\nContent-Type: " + part + b"\n" for part in parts)
    return crlf(f"Content-Type: {kind}\n\n".encode() + body + b"--b--\n")


def _content(text: str) -> bytes:
    return f"Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n".encode()


def until(what: Callable[[], bool], why: Callable[[], object] = lambda: "") -> None:
    end = time.monotonic() + 60
    while not what():
        assert time.monotonic() < end, why()
        time.sleep(0.02)


@contextmanager
def on_a_loop(process: BridgeProcess) -> Iterator[None]:
    up, stop, loops = threading.Event(), asyncio.Event(), []

    async def serve() -> None:
        loops.append(asyncio.get_running_loop())
        running = asyncio.create_task(process.run(up.set))
        await stop.wait()
        running.cancel()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        assert up.wait(60)
        yield
    finally:
        loops[0].call_soon_threadsafe(stop.set)
        thread.join(60)
        process.close()


@pytest.fixture
def town(tmp_path: Path, book: Book, recordings: Recordings) -> Iterator[Town]:
    sink, (port,) = Mailboxes(), free_ports(1)
    file = tmp_path / "bell.yaml"
    file.write_text(CONFIGURATION + BRIDGE % port, encoding="utf-8")
    settings = config.load(file)
    bridge, network = settings.bridge, settings.network
    assert bridge is not None and settings.gate.socket is not None
    bridge.state.mkdir()
    settings.gate.socket.parent.mkdir(exist_ok=True)

    def read_out(text: str, into: Path) -> None:
        speak(into, 2.0)

    answer = Gate(
        book.store, book.ledger, Intake(book.store, book.ledger, recordings, read_out), recordings, members
    )
    gate = GateServer(settings.gate.socket, answer.answer)
    mails = Controller(sink, "127.0.0.1", port)
    authority = Authority("Authority of the teams")
    end = NOW + timedelta(days=90)  # nobody is told of it
    people = {
        "def-cert": authority.certify(tmp_path / "def", "duty@def-cert.example", rsa_key(), end=end),
        "ghi-cert": authority.certify(tmp_path / "ghi", "duty@ghi-cert.example", ec_key(), end=end),
    }
    with peers("abc", "xyz") as (abc, xyz), keys(bridge, network.name) as known:
        gpg = {"abc-cert": abc, "xyz-cert": xyz}
        with book.store.write() as tx:
            for team, peer in gpg.items():
                fingerprint = peer.make(f"{team} <duty@{team}.example>")
                peer.gpg("--import", given=known.openpgp.ring.public(known.openpgp.ring.own))
                tx.put(MailKey(team, Standard.OPENPGP, fingerprint, peer.public().decode()))
            for team, person in people.items():
                tx.put(
                    MailKey(
                        team, Standard.SMIME, person.fingerprint, person.pem.read_text(), team == "ghi-cert"
                    )
                )
            tx.put(*(MailAddress(team, 0, f"duty@{team}.example") for team in (*gpg, *people)))
        store = BridgeStore(bridge.state / "bridge.db")
        store.make()
        process = BridgeProcess(
            bridge, network.name, network.hotline, store, Spool(bridge.state / "spool"), Tokens(b"secret"),
            tools(settings, bridge, known), time.time,
        )  # fmt: skip
        gate.start()
        mails.start()
        try:
            with on_a_loop(process):
                yield Town(book, sink, bridge.socket, known, store, gpg, people)
        finally:
            mails.stop()
            gate.stop()


def by_gpg(raw: bytes, peer: Peer) -> bytes:
    """What gpg opens of a message, with a good signature."""
    sealed = email.message_from_bytes(raw, policy=default).get_payload()[1].get_payload(decode=True)
    return peer.opened(sealed)


def by_openssl(raw: bytes, person: Person) -> bytes:
    """What openssl opens of a message, and the signature is right."""
    structure = base64.b64decode(raw.split(b"\r\n\r\n", 1)[1])
    inner = openssl(
        "cms", "-decrypt", "-inform", "DER", "-recip", person.pem, "-inkey", person.key_file, stdin=structure
    )
    signed = base64.b64decode(inner.split(b"\r\n\r\n", 1)[1])
    return openssl("cms", "-verify", "-inform", "DER", "-noverify", stdin=signed)


def reply_to(raw: bytes) -> str:
    return str(email.message_from_bytes(raw, policy=default)["Reply-To"])


def states(town: Town, alert: int) -> dict[str, str]:
    with town.book.store.read() as tx:
        return {d.team: d.state.value for d in tx.find(Delivery, alert=alert)}


def test_one_alert_from_mail_to_mail_acknowledged_in_both_standards_and_escalated(
    town: Town, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    town.by_gpg("abc-cert", "TLP:AMBER\nA zebra is about.")
    until(lambda: len(town.sink.got) == 4, lambda: Incoming(town.store).all())
    (for_def,), (for_ghi,), (for_xyz,), (for_abc,) = (
        town.sink.of(f"duty@{team}-cert.example") for team in ("def", "ghi", "xyz", "abc")
    )
    assert b"A zebra is about." in by_gpg(for_xyz, town.gpg["xyz-cert"])
    assert b"A zebra is about." in by_openssl(for_def, town.people["def-cert"])
    assert (
        b"A zebra is about." in by_openssl(for_ghi, town.people["ghi-cert"]) and b"authEnveloped" in for_ghi
    )
    assert b"ESCALATE 1" in by_gpg(for_abc, town.gpg["abc-cert"])
    assert all(b"ebra" not in raw for _, raw in town.sink.got)

    own = Person(rsa_key(), town.keys.smime.keys.certificate()[0], tmp_path / "own")  # type: ignore[arg-type]
    own.folder.mkdir()
    own.pem.write_bytes(town.keys.smime.keys.certificate()[1])
    town.by_smime("def-cert", "Thank you", own, reply_to(for_def))
    town.by_gpg("xyz-cert", "Thank you", reply_to(for_xyz))
    until(
        lambda: list(states(town, 1).values()).count("acknowledged") == 2, lambda: Incoming(town.store).all()
    )
    with town.book.store.read() as tx:
        said = {d.team: (d.acknowledged_via, d.acknowledged_by) for d in tx.find(Delivery, alert=1)}
        assert said["def-cert"] == ("mail", "duty@def-cert.example")
        until(lambda: len(tx.find(Mail, alert=1, state="sent")) == 3)

    # Who did not raise it cannot have it telephoned, and is told.
    town.by_gpg("xyz-cert", "ESCALATE 1")
    until(lambda: len(town.sink.of("duty@xyz-cert.example")) == 2)
    assert b"was not taken" in by_gpg(town.sink.of("duty@xyz-cert.example")[1], town.gpg["xyz-cert"])
    town.by_gpg("abc-cert", "ESCALATE 1")
    until(lambda: states(town, 1)["ghi-cert"] == "waiting", lambda: Incoming(town.store).all())
    with town.book.store.read() as tx:
        alert = tx.get(Alert, 1)
        assert alert is not None and alert.escalated_at is not None
    assert "ebra" not in caplog.text
    assert not any(b"ebra" in file.read_bytes() for file in (tmp_path / "bridge").rglob("*.db*"))


def test_strangers_and_wrong_senders_change_nothing(town: Town) -> None:
    armour = town.gpg["xyz-cert"].sealed(_content("A zebra"), town.keys.openpgp.ring.own)
    town.post("duty@abc-cert.example", _pgp_mime(armour))
    until(lambda: [e.reason for e in Incoming(town.store).all()] == ["not-the-sender"])
    town.post("duty@abc-cert.example", b"Content-Type: text/plain\r\n\r\nA zebra\r\n")
    until(lambda: [e.reason for e in Incoming(town.store).all()][1:] == ["not-encrypted"])
    assert [e.state for e in Incoming(town.store).all()] == [State.REFUSED] * 2
    with town.book.store.read() as tx:
        assert tx.find(Alert) == []
    # The team whose address it bore is told, encrypted, without a word of it.
    until(lambda: len(town.sink.got) == 2)
    assert {to for to, _ in town.sink.got} <= {"duty@abc-cert.example", "duty@xyz-cert.example"}
    assert all(b"zebra" not in raw for _, raw in town.sink.got)
    assert re.search(rb"multipart/encrypted", town.sink.got[0][1])


def test_a_spoken_alert_goes_to_the_list_with_its_recording(town: Town) -> None:
    alert = town.book.raises()
    until(lambda: len(town.sink.got) == 3)
    heard = by_openssl(town.sink.of("duty@def-cert.example")[0], town.people["def-cert"])
    inner = email.message_from_bytes(heard, policy=default)
    document, sound = inner.iter_attachments()
    assert (document.get_filename(), sound.get_filename()) == (f"alert-{alert}.xml", f"alert-{alert}.wav")
    # Nobody has labelled it: the network's rule is said, to people and to programs.
    rule = "In this network that means TLP:AMBER."
    text = inner.get_body()
    assert text is not None and rule in text.get_content()
    incident = iodef.read(document.get_content()).incident
    assert incident.tlp is Tlp.AMBER and rule in incident.description

    town.book.apply(AlertWithdrawn(alert))
    until(lambda: len(town.sink.got) == 6)
    withdrawn = by_gpg(town.sink.of("duty@xyz-cert.example")[1], town.gpg["xyz-cert"])
    assert b"is WITHDRAWN" in withdrawn and not town.sink.of("duty@abc-cert.example")
