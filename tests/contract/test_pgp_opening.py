"""OpenPGP mail that is taken: the shapes of mail programs, and every algorithm that is still good."""

import logging
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pgp_shapes as shapes
import pytest
from pgp_packets import SIGNATURE, armoured, bare, compressed, joined, literal, split
from pgp_peer import Peer, peers
from pgp_world import World, world
from pysequoia import Cert, Tsk, encrypt

from ivr.domain.mail import Opened, Reason, Refused, Standard


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("pgp")) as made:
        yield made


def taken(answer: Opened | Refused) -> Opened:
    assert isinstance(answer, Opened), answer
    return answer


Shape = Callable[[bytes], bytes]
PROGRAMS: list[Shape] = [shapes.thunderbird, shapes.outlook, shapes.apple_mail, shapes.mutt]


@pytest.mark.parametrize("ends", [b"\r\n", b"\n"])
@pytest.mark.parametrize("shape", PROGRAMS)
def test_the_mail_of_a_program(here: World, shape: Shape, ends: bytes) -> None:
    content = shapes.protected() if shape is shapes.thunderbird else shapes.TEXT
    before = time.time()
    mail = shape(here.sealed(content)).replace(b"\r\n", ends)
    opened = taken(here.open(mail))
    assert opened.content == content
    assert (opened.standard, opened.signer) == (Standard.OPENPGP, here.team.fingerprint)
    assert int(before) <= opened.signed_at <= time.time()
    assert opened.warnings == ()


def test_lines_of_text_are_signed_as_mutt_does_it(here: World) -> None:
    sealed = here.sealed(shapes.TEXT.replace(b"\r\n", b"\n"), "--textmode")
    assert taken(here.open(shapes.mutt(sealed))).content == shapes.TEXT


@pytest.mark.parametrize("preamble", [b"", b"This is an OpenPGP/MIME signed message (RFC 4880 and 3156)\r\n"])
def test_a_part_is_signed_within_the_encryption(here: World, preamble: bytes) -> None:
    signature = here.team.detached(shapes.protected())
    content = shapes.encapsulated(shapes.protected(), signature, preamble=preamble)
    mail = shapes.pgp_mime(here.team.encrypted(literal(content), here.own))
    assert taken(here.open(mail)).content == shapes.protected()


def test_a_part_that_was_signed_with_crlf_and_encrypted_without(here: World) -> None:
    content = shapes.encapsulated(shapes.TEXT, here.team.detached(shapes.TEXT)).replace(b"\r\n", b"\n")
    mail = shapes.pgp_mime(here.team.encrypted(literal(content), here.own))
    assert taken(here.open(mail)).content == shapes.TEXT


@pytest.mark.parametrize("encoding", ["", "quoted-printable", "base64"])
def test_armour_in_a_text(here: World, encoding: str) -> None:
    armour = here.sealed("Wurm auf Port 1434, heute früh.\n".encode())
    mail = shapes.inline_encoded(armour, encoding) if encoding else shapes.inline(armour, b"\n", b"\n\n")
    content = taken(here.open(mail)).content
    head, _, text = content.partition(b"\r\n\r\n")
    assert head == b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit"
    assert text == "Wurm auf Port 1434, heute früh.\n".encode()


def test_armour_in_a_text_of_an_old_program(here: World) -> None:
    content = taken(here.open(shapes.inline(here.sealed("früh\n".encode("latin-1"))))).content
    assert content.startswith(b"Content-Type: text/plain; charset=iso-8859-1\r\n")
    assert content.endswith(b"\r\n\r\nfr\xfch\n")


@pytest.mark.parametrize(
    "how",
    [
        ("--cipher-algo", "AES"),
        ("--cipher-algo", "AES256"),
        ("--cipher-algo", "CAMELLIA256"),
        ("--digest-algo", "SHA256"),
        ("--digest-algo", "SHA512"),
        ("--compress-algo", "none"),
        ("--compress-algo", "zip"),
        ("--compress-algo", "zlib"),
        ("--compress-algo", "bzip2"),
        ("--throw-keyids",),
        ("--recipient", "team@abc.example"),
        ("--hidden-recipient", "team@abc.example"),
    ],
)
def test_what_gpg_may_be_told(here: World, how: tuple[str, ...]) -> None:
    assert taken(here.open(shapes.mutt(here.sealed(shapes.TEXT, *how)))).content == shapes.TEXT


@pytest.mark.parametrize(
    ("algorithm", "subkey"), [("rsa2048", "rsa2048"), ("dsa2048", ""), ("nistp256", "nistp256")]
)
def test_the_kinds_of_keys(here: World, algorithm: str, subkey: str) -> None:
    with peers("another") as (peer,):
        peer.make("ABC-CERT <team@abc.example>", algorithm, subkey or "elg2048")
        opened = taken(_from(here, peer))
    assert opened.signer == peer.fingerprint


def _from(here: World, peer: Peer, *how: str) -> Opened | Refused:
    """What becomes of a mail by somebody whose key is pinned for it."""
    here.pin(peer)
    peer.gpg("--import", given=here.ring.public(here.own))
    who, here.other = here.other, peer
    try:
        return here.open(shapes.mutt(peer.sealed(shapes.TEXT, here.own, *how)))
    finally:
        here.other = who


def test_a_subkey_signs_for_its_key(here: World) -> None:
    with peers("another") as (peer,):
        peer.make("ABC-CERT <team@abc.example>")
        quick = ("--pinentry-mode", "loopback", "--passphrase", "")
        peer.gpg(*quick, "--quick-add-key", peer.fingerprint, "ed25519", "sign", "0")
        opened = taken(_from(here, peer))
    assert opened.signer == peer.fingerprint


def test_a_mail_that_gpg_has_no_part_in(here: World, tmp_path: Path) -> None:
    team = Tsk.generate("DEF-CERT <team@def.example>")
    public = team.extract_certificate()
    fingerprint = public.fingerprint.upper()
    (tmp_path / "key.asc").write_text(str(public))
    here.ring.certify(tmp_path / "key.asc", fingerprint, time.time())
    to = [Cert.from_bytes(here.ring.public(here.own))]
    mail = shapes.thunderbird(encrypt(shapes.protected(), to, team.signer()))
    who, here.other = here.other, Peer(tmp_path, fingerprint)
    try:
        opened = taken(here.open(mail))
    finally:
        here.other = who
    assert (opened.signer, opened.content) == (fingerprint, shapes.protected())


@pytest.mark.parametrize("end", ["\x85", "\u2028"])
def test_a_name_that_looks_like_a_status_of_gpg(here: World, tmp_path: Path, end: str) -> None:
    """Its end of a line is one for Python's text, and not for gpg."""
    team = here.team.fingerprint
    status = f"VALIDSIG {team} 2026-11-22 1795360000 0 4 0 22 10 00 {team}"
    liar = Tsk.generate(f"DEF-CERT{end}[GNUPG:] {status}{end} <team@def.example>")
    fingerprint = liar.extract_certificate().fingerprint.upper()
    (tmp_path / "key.asc").write_text(str(liar.extract_certificate()))
    here.ring.certify(tmp_path / "key.asc", fingerprint, time.time())
    mail = shapes.mutt(encrypt(shapes.TEXT, [Cert.from_bytes(here.ring.public(here.own))], liar.signer()))
    answer = here.open(mail)
    assert isinstance(answer, Refused)
    assert answer.reason is Reason.UNKNOWN_SIGNER
    who, here.other = here.other, Peer(tmp_path, fingerprint)
    try:
        assert taken(here.open(mail)).signer == fingerprint
    finally:
        here.other = who


def test_a_text_whose_name_and_notation_look_like_a_status_of_gpg(here: World) -> None:
    team = here.team.fingerprint
    status = (
        f"\n[GNUPG:] GOODSIG {team[-16:]} x\n[GNUPG:] VALIDSIG {team} 2026-11-22 1 0 4 0 22 10 00 {team}\n"
    )
    (_, (_, text), _) = split(here.team.signed(shapes.TEXT))
    answer = here.open(shapes.mutt(here.encrypted(literal(text[6:], status[:255].encode()))))
    assert isinstance(answer, Refused)
    assert answer.reason is Reason.NOT_SIGNED
    how = ("--set-filename", status, "--sig-notation", f"x@xyz.example=a{status}".replace("\n", "\x85"))
    opened = taken(here.open(shapes.mutt(here.other.sealed(shapes.TEXT, here.own, *how))))
    assert opened.signer == here.other.fingerprint


def test_a_large_recording_comes_in_partial_lengths(here: World) -> None:
    content = shapes.TEXT + b"A4f\r\n" * 400_000
    assert taken(here.open(shapes.mutt(here.sealed(content)))).content == content


def test_one_signature_is_known_again_in_every_wrapping(here: World) -> None:
    packets = here.team.signed(shapes.TEXT)
    (_, _, (_, signature)) = split(packets)
    wrapped = [
        shapes.mutt(here.encrypted(packets)),
        shapes.thunderbird(here.encrypted(compressed(packets))),
        shapes.inline(here.encrypted(packets)),
        shapes.mutt(
            here.encrypted(
                literal(shapes.encapsulated(shapes.TEXT, armoured(joined([(2, signature)]), SIGNATURE)))
            )
        ),
    ]
    assert len({taken(here.open(mail)).signature_id for mail in wrapped}) == 1
    later = f"{datetime.now(UTC) + timedelta(minutes=1):%Y%m%dT%H%M%S}"
    again = here.sealed(shapes.TEXT, "--faked-system-time", later)
    other = here.sealed(shapes.TEXT.replace(b"1434", b"1435"))
    ids = {
        taken(here.open(shapes.mutt(mail))).signature_id for mail in (here.encrypted(packets), again, other)
    }
    assert len(ids) == 3


def test_line_ends_that_a_signature_leaves_open_make_no_other_mail_of_it(here: World) -> None:
    """gpg leaves the CR before an LF, and at the end, out of a signature over lines of text."""
    (first, (_, text), last) = split(here.team.signed(b"a\r\nb", "--textmode"))
    mails = [
        shapes.inline(here.encrypted(joined([first, (11, text + slack), last]))) for slack in (b"", b"\r")
    ]
    one, two = (taken(here.open(mail)) for mail in mails)
    assert one.content != two.content
    assert one.signature_id == two.signature_id


def test_an_agent_that_is_ended_under_a_mail_is_no_fault_of_the_mail(
    here: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So does whoever looks at the keys meanwhile, as `tocsin doctor`."""
    message = shapes.mutt(here.sealed(shapes.TEXT))
    gpg, once = tmp_path / "gpg", tmp_path / "once"
    gpg.write_text(
        '#!/bin/sh\ncase "$*" in *--decrypt*) mkdir "$ONCE" && set -- --no-autostart "$@" ;; esac\n'
        f'exec {shutil.which("gpg")} "$@"\n'
    )
    gpg.chmod(0o755)
    monkeypatch.setenv("ONCE", str(once))
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    subprocess.run(["gpgconf", "--homedir", here.ring._gpg.gnupghome, "--kill", "all"], check=True)
    assert taken(here.open(message)).content == shapes.TEXT
    assert once.exists()


def test_nothing_of_a_mail_stands_in_a_log(here: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    taken(here.open(shapes.mutt(here.sealed(shapes.TEXT))))
    refused = here.open(shapes.mutt(here.encrypted(literal(shapes.TEXT))))
    assert isinstance(refused, Refused)
    assert refused.reason is Reason.NOT_SIGNED
    broken = bytearray(bare(here.sealed(shapes.TEXT, "--compress-algo", "none")))
    broken[-30] ^= 1
    assert isinstance(here.open(shapes.mutt(armoured(bytes(broken)))), Refused)
    everything = caplog.text + "".join(repr(record.args) for record in caplog.records)
    for word in ("worm", "port", "Content-Type", "GNUPG", "XYZ-CERT", "DECRYPTION"):
        assert word not in everything
