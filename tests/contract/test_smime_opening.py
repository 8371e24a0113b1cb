"""Mail that is taken: each mail program's shape, each kind of key; and what is told of it."""

import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from smime_network import TEAM, Network, made
from smime_people import ec_key, take_home
from smime_shapes import (
    APPLE_MAIL,
    CONTENT,
    OUTLOOK,
    PROGRAMS,
    THUNDERBIRD,
    Program,
    clear_signed,
    cms_entity,
    encrypted,
    loosened,
    message,
    signature,
)

from ivr.adapters.smime import Smime
from ivr.domain.mail import Opened, Standard


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Network:
    return made(tmp_path_factory.mktemp("a network"))


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_clear_signed_and_encrypted_by_each_program(network: Network, program: Program) -> None:
    structure = signature(CONTENT, network.team, detached=True)
    entity = clear_signed(program, CONTENT, loosened(structure) if program.stream else structure)

    found = network.opened(message(program, encrypted(program, entity, network.team, network.own), TEAM))

    assert found.standard is Standard.SMIME
    assert found.content == CONTENT
    assert found.signer == network.team.fingerprint
    assert abs(found.signed_at - time.time()) < 60
    assert found.warnings == ()


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_signed_in_one_piece_and_encrypted_by_each_program(network: Network, program: Program) -> None:
    streamed = ("-stream",) if program.stream else ()
    structure = signature(CONTENT, network.team, detached=False, options=streamed)
    entity = cms_entity(program, "signed-data", structure)

    found = network.opened(network.mail(entity, program))

    assert found.content == CONTENT
    assert found.signer == network.team.fingerprint


def test_a_mail_longer_than_a_piece(network: Network) -> None:
    content = CONTENT + b"".join(b"%06d and so on\r\n" % n for n in range(40_000))
    structure = signature(content, network.team, detached=False, options=("-stream",))
    entity = cms_entity(THUNDERBIRD, "signed-data", structure)

    raw = network.mail(entity, THUNDERBIRD)

    assert network.opened(raw).content == content


def test_aes_gcm(network: Network) -> None:
    entity = clear_signed(APPLE_MAIL, CONTENT, signature(CONTENT, network.team, detached=True))

    raw = network.mail(entity, cipher="-aes-128-gcm")

    assert network.opened(raw).content == CONTENT


def test_a_key_wrapped_with_oaep(network: Network) -> None:
    entity = clear_signed(APPLE_MAIL, CONTENT, signature(CONTENT, network.team, detached=True))
    oaep = ("-keyopt", "rsa_padding_mode:oaep", "-keyopt", "rsa_oaep_md:sha256")

    raw = network.mail(entity, options=oaep)

    assert network.opened(raw).content == CONTENT


def test_a_gateway_that_made_a_file_of_it(network: Network) -> None:
    entity = clear_signed(OUTLOOK, CONTENT, signature(CONTENT, network.team, detached=True))
    sent = encrypted(OUTLOOK, entity, network.own)
    kind, rest = sent.split(b";", 1)
    assert kind == b"Content-Type: application/x-pkcs7-mime"

    raw = message(OUTLOOK, b"Content-Type: application/octet-stream;" + rest, TEAM)

    assert network.opened(raw).content == CONTENT


def test_a_program_that_encrypts_its_own_line_ends(network: Network) -> None:
    """It has signed CRLF, as it must; the signature decides."""
    content = CONTENT.replace(b"\xc3\xb6", b"oe")
    entity = clear_signed(APPLE_MAIL, content, signature(content, network.team, detached=True))

    sent = encrypted(APPLE_MAIL, entity.replace(b"\r\n", b"\n"), network.own)

    assert network.opened(message(APPLE_MAIL, sent, TEAM)).content == content


WAYS = [
    ("-keyid",),
    ("-nocerts",),
    ("-md", "sha512"),
    ("-keyopt", "rsa_padding_mode:pss"),
    ("-nosmimecap",),
]


@pytest.mark.parametrize("options", WAYS)
def test_ways_to_sign(network: Network, options: tuple[str, ...]) -> None:
    structure = signature(CONTENT, network.team, detached=True, options=options)
    entity = clear_signed(APPLE_MAIL, CONTENT, structure)

    found = network.opened(network.mail(entity))

    assert found.signer == network.team.fingerprint


@pytest.mark.parametrize(
    "curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()], ids=lambda curve: curve.name
)
def test_keys_on_elliptic_curves(network: Network, tmp_path: Path, curve: ec.EllipticCurve) -> None:
    own = network.authority.certify(tmp_path / "own", "alerts@bell.example", ec_key(curve))
    team = network.authority.certify(tmp_path / "team", TEAM, ec_key(curve))
    take_home(own, tmp_path / "home")
    smime = Smime(tmp_path / "home")
    smime.pin({team.fingerprint: (team.pem.read_text(), [TEAM])})
    entity = clear_signed(THUNDERBIRD, CONTENT, signature(CONTENT, team, detached=True))

    found = smime.open(message(THUNDERBIRD, encrypted(THUNDERBIRD, entity, own), TEAM), time.time())

    assert isinstance(found, Opened), found
    assert found.signer == team.fingerprint


def test_the_same_signature_in_another_wrapping_is_the_same(network: Network) -> None:
    structure = signature(CONTENT, network.team, detached=True)
    first = clear_signed(APPLE_MAIL, CONTENT, structure)
    wrapped = network.mail(first)
    again = network.mail(clear_signed(THUNDERBIRD, CONTENT, structure), THUNDERBIRD)
    other_content = CONTENT + b"And more.\r\n"
    other = clear_signed(APPLE_MAIL, other_content, signature(other_content, network.team, detached=True))

    ids = [network.opened(raw).signature_id for raw in (wrapped, again, network.mail(other))]

    assert ids[0] == ids[1] != ids[2]


def test_nothing_is_left_in_a_file(network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    before = sorted(network.home.rglob("*"))
    entity = clear_signed(APPLE_MAIL, CONTENT, signature(CONTENT, network.team, detached=True))

    network.opened(network.mail(entity))

    assert list(tmp_path.iterdir()) == []
    assert sorted(network.home.rglob("*")) == before
