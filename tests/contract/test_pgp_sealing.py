"""OpenPGP mail that goes out is opened and verified by others; the key ring knows which keys serve."""

import email
import email.policy
import os
import re
import subprocess
import time
from collections.abc import Iterator
from email.message import Message
from pathlib import Path

import pgp_shapes as shapes
import pytest
from pgp_peer import Peer, peers
from pgp_world import World, world
from pysequoia import Cert, Sig, Tsk, decrypt, verify

from ivr.adapters.pgp import PgpError, UnfitKey
from ivr.adapters.pgp.gpg import Gpg
from ivr.adapters.pgp.ring import KeyRing
from ivr.adapters.pgp.sealing import letter, mail, sealed, signed
from ivr.domain.mail import Opened, Recipient, Refused, Standard

DAY_S = 86_400.0
MEMBER = "team@def.example"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("pgp")) as made:
        yield made


def to(fingerprint: str) -> Recipient:
    return Recipient("def-cert", MEMBER, Standard.OPENPGP, fingerprint)


def member(here: World, tmp_path: Path) -> Tsk:
    """One who has no gpg."""
    made = Tsk.generate(f"DEF-CERT <{MEMBER}>")
    file = tmp_path / "key.asc"
    file.write_text(str(made.extract_certificate()))
    here.ring.certify(file, made.extract_certificate().fingerprint.upper(), time.time())
    return made


def parts(entity: bytes) -> tuple[Message, list[Message]]:
    assert b"\n" not in entity.replace(b"\r\n", b"")
    message = email.message_from_bytes(entity)
    inner = message.get_payload()
    assert isinstance(inner, list)
    return message, inner


def armour(entity: bytes) -> bytes:
    message, (version, data) = parts(entity)
    assert message.get_content_type() == "multipart/encrypted"
    assert message.get_param("protocol") == "application/pgp-encrypted"
    assert version.get_content_type() == "application/pgp-encrypted"
    assert version.get_payload().strip() == "Version: 1"
    assert data.get_content_type() == "application/octet-stream"
    return data.get_payload().encode()


def test_another_program_opens_and_verifies_it(here: World, tmp_path: Path) -> None:
    team = member(here, tmp_path)
    fingerprint = team.extract_certificate().fingerprint.upper()
    entity = sealed(here.ring, shapes.protected(), to(fingerprint), time.time())
    ours = Cert.from_bytes(here.ring.public(here.own))
    opened = decrypt(armour(entity), team.decryptor(), lambda ids: [ours])
    assert opened.bytes == shapes.protected()
    assert [sig.certificate.upper() for sig in opened.valid_sigs] == [here.own]


def test_gpg_opens_it_and_what_it_is_made_of_is_strong(here: World) -> None:
    entity = sealed(here.ring, shapes.TEXT, to(here.team.fingerprint), time.time())
    status = here.team.gpg("--status-fd", "1", "--output", "/dev/null", "--decrypt", given=armour(entity))
    said = {line.split()[1]: line.split()[2:] for line in status.decode().splitlines() if line}
    assert said["DECRYPTION_INFO"][:2] == ["2", "9"]  # modification detection, AES-256
    assert said["VALIDSIG"][0] == here.own
    assert said["VALIDSIG"][7] in ("8", "9", "10")  # SHA-2
    assert [word for word in status.decode().splitlines() if "ENC_TO" in word][1:] == []
    assert here.team.opened(armour(entity)) == shapes.TEXT


def test_what_we_seal_is_of_a_shape_that_we_take(here: World) -> None:
    with KeyRing(here.folder / "of a member", "Member", "team@def.example") as theirs:
        public = here.folder / "member.asc"
        public.write_bytes(theirs.public(theirs.own))
        here.ring.certify(public, theirs.own, time.time())
        ours = here.folder / "ours.asc"
        ours.write_bytes(here.ring.public(here.own))
        theirs.certify(ours, here.own, time.time())
        entity = sealed(theirs, shapes.TEXT, to(here.own), time.time())
        who, here.other = here.other, Peer(here.folder, theirs.own)
        message = mail("team@def.example", "alerts@bell.example", "Alert", entity)
        try:
            opened = here.open(message)
        finally:
            here.other = who
    assert isinstance(opened, Opened), opened
    assert opened.content == shapes.TEXT


def test_a_notice_is_signed_and_readable_by_all(here: World, tmp_path: Path) -> None:
    entity = signed(here.ring, shapes.TEXT)
    message, (_, signature) = parts(entity)
    assert message.get_content_type() == "multipart/signed"
    assert message.get_param("protocol") == "application/pgp-signature"
    assert message.get_param("micalg") == "pgp-sha256"
    boundary = message.get_boundary()
    assert boundary is not None
    text = entity.split(f"--{boundary}\r\n".encode())[1].removesuffix(b"\r\n")
    assert text == shapes.TEXT
    detached = signature.get_payload().encode()
    ours = Cert.from_bytes(here.ring.public(here.own))
    found = verify(text, lambda ids: [ours], signature=Sig.from_bytes(detached))
    assert [sig.certificate.upper() for sig in found.valid_sigs] == [here.own]
    (tmp_path / "sig").write_bytes(detached)
    here.team.gpg("--verify", str(tmp_path / "sig"), "-", given=text)
    with pytest.raises(AssertionError, match="BAD signature"):
        here.team.gpg("--verify", str(tmp_path / "sig"), "-", given=text + b"x")


def test_a_letter_is_a_whole_message_with_nothing_of_it_outside(here: World) -> None:
    entity = sealed(here.ring, letter("PIN: 4711\nGrüße\n"), to(here.team.fingerprint), time.time())
    message = mail("hotline@bell.example", MEMBER, "Access to Größe", entity)
    read = email.message_from_bytes(message, policy=email.policy.default)
    assert (read["From"], read["To"], read["Subject"]) == ("hotline@bell.example", MEMBER, "Access to Größe")
    assert message.isascii()
    assert b"4711" not in message
    inner = email.message_from_bytes(here.team.opened(armour(entity)), policy=email.policy.default)
    assert inner.get_content().splitlines() == ["PIN: 4711", "Grüße"]


@pytest.mark.parametrize(
    ("why", "how"),
    [
        ("has expired on", ["--quick-set-expire", "KEY", "seconds=1"]),
        ("has expired on", ["--quick-set-expire", "KEY", "seconds=1", "*"]),
        ("is revoked", []),
        ("no part to encrypt", None),
        ("too short", None),
        ("not on our ring", None),
    ],
)
def test_a_key_that_does_not_serve_stops_its_own_mail_alone(
    here: World, why: str, how: list[str] | None
) -> None:
    with peers("peer") as (peer,):
        kinds = {"no part to encrypt": ("ed25519", ""), "too short": ("rsa1024", "rsa1024")}
        peer.make("DEF-CERT <team@def.example>", *kinds.get(why, ()))
        if how is None:
            if why != "not on our ring":
                here.pin_anyway(peer)
        else:
            here.pin(peer)
            assert sealed(here.ring, shapes.TEXT, to(peer.fingerprint), time.time())
            if how:
                peer.gpg(*(peer.fingerprint if word == "KEY" else word for word in how))
                time.sleep(1.5)
            else:
                file = peer.home / "openpgp-revocs.d" / f"{peer.fingerprint}.rev"
                peer.gpg("--import", given=file.read_bytes().replace(b":-----", b"-----"))
            here.pin_anyway(peer)
        with pytest.raises(UnfitKey, match=why):
            sealed(here.ring, shapes.TEXT, to(peer.fingerprint), time.time())
    assert sealed(here.ring, shapes.TEXT, to(here.team.fingerprint), time.time())


def test_operators_are_told_ahead_that_a_key_ends(here: World) -> None:
    with peers("peer") as (peer,):
        fingerprint = peer.make("DEF-CERT <team@def.example>")
        peer.gpg("--quick-set-expire", fingerprint, "20d")
        here.pin(peer)
        now = time.time()
        assert here.ring.failing(fingerprint, now, 14 * DAY_S) is None
        told = here.ring.failing(fingerprint, now, 30 * DAY_S)
        assert told is not None
        assert re.fullmatch(
            rf"the key {fingerprint} expires on 20\d\d-\d\d-\d\d \(UTC\); ask the team .*", told
        )
        assert "has expired" in (here.ring.failing(fingerprint, now + 21 * DAY_S, 0) or "")
        peer.gpg("--quick-set-expire", fingerprint, "0")
        here.pin(peer)
        assert here.ring.failing(fingerprint, now, 30 * DAY_S) is None
    assert "not on our ring" in (here.ring.failing("0" * 40, now, 0) or "")


def test_of_a_file_the_one_key_is_taken_and_no_secret(here: World, tmp_path: Path) -> None:
    with peers("peer", "more") as (peer, more):
        peer.make("DEF-CERT <team@def.example>")
        more.make("Somebody <x@def.example>")
        quick = ("--pinentry-mode", "loopback", "--passphrase", "", "--armor")
        secret = peer.gpg(*quick, "--export-secret-keys", peer.fingerprint)
        (tmp_path / "key.asc").write_bytes(secret + more.public())
        with KeyRing(tmp_path / "ring", "Example list", "alerts@bell.example") as ring:
            ring.certify(tmp_path / "key.asc", peer.fingerprint, time.time())
            assert ring.own != peer.fingerprint
            with pytest.raises(UnfitKey):
                ring.key(more.fingerprint)
            with pytest.raises(PgpError, match="no key with the fingerprint"):
                ring.certify(tmp_path / "key.asc", "0" * 40, time.time())


def agents(home: Path) -> list[str]:
    """The agents of gpg that run for this ring."""
    command = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout
    return [line for line in command.splitlines() if "gpg-agent" in line and str(home) in line]


def test_one_agent_serves_a_ring_and_goes_with_it(tmp_path: Path) -> None:
    with KeyRing(tmp_path / "ring", "Example list", "alerts@bell.example") as ring:
        signed(ring, shapes.TEXT)
        link = Path(ring._gpg.gnupghome)
        assert len(agents(link)) == 1
        signed(ring, shapes.TEXT)
        assert len(agents(link)) == 1
        assert link.resolve().stat().st_mode & 0o777 == 0o700
    end = time.monotonic() + 20
    while agents(link):  # it is told to end, and does a moment later
        assert time.monotonic() < end
        time.sleep(0.02)
    assert not link.parent.exists()


def test_nobody_is_blamed_where_our_own_key_does_not_work(tmp_path: Path) -> None:
    with world(tmp_path) as here:
        message = shapes.mutt(here.sealed(shapes.TEXT))
        keys = tmp_path / "a ring" / "private-keys-v1.d"
        keys.rename(keys.with_name("away"))
        with pytest.raises(PgpError, match="our own key"):
            here.open(message)
        keys.with_name("away").rename(keys)
        assert isinstance(here.open(message), Opened)
        assert isinstance(here.open(shapes.mail(shapes.TEXT)), Refused)


def test_a_gpg_that_hangs_is_given_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "never")
    with pytest.raises(PgpError, match="was killed"):
        Gpg(tmp_path, wait_s=0.5).run("--decrypt", str(tmp_path / "never"))


def test_a_name_of_our_key_gives_gpg_no_orders(tmp_path: Path) -> None:
    with (
        KeyRing(tmp_path, "Example\n%pubring /tmp/x", "alerts@bell.example") as ring,
        pytest.raises(PgpError, match="printable"),
    ):
        ring.own  # noqa: B018
