"""What goes out, opened by openssl and by gpgsm: signed once by the list, encrypted for one member alone."""

import base64
import email
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from gpgsm import Gpgsm
from smime_network import TEAM, Network, made
from smime_people import Authority, Person, ec_key, openssl, rsa_key, sha_1, take_home
from smime_shapes import APPLE_MAIL, CONTENT, clear_signed, cms_entity, message

from ivr.adapters.smime import Sealed, Signed
from ivr.domain.mail import Reason, Recipient, Refused, Standard

LIST = "alerts@bell.example"


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Network:
    return made(tmp_path_factory.mktemp("a network"))


@pytest.fixture(scope="module")
def gpgsm(network: Network) -> Iterator[Gpgsm]:
    """The team's."""
    peer = Gpgsm(network.authority, network.team, network.own)
    yield peer
    peer.close()


def recipient(person: Person, gcm: bool = False) -> Recipient:
    return Recipient("cert", TEAM, Standard.SMIME, person.fingerprint, gcm)


def sealed(signed: Signed, to: Recipient) -> bytes:
    found = signed.sealed(to, time.time())
    assert isinstance(found, Sealed), found
    return found.entity


def structure_in(entity: bytes) -> bytes:
    head, body = entity.split(b"\r\n\r\n", 1)
    assert b"Content-Transfer-Encoding: base64" in head
    return base64.b64decode(body)


def decrypted(entity: bytes, person: Person) -> bytes:
    """The signed structure, by openssl; the kind of the entity must be told rightly."""
    assert b"\n" not in entity.replace(b"\r\n", b"")
    assert max(map(len, entity.split(b"\r\n"))) <= 78
    inner = openssl(
        "cms", "-decrypt", "-inform", "DER", "-recip", person.pem, "-inkey", person.key_file,
        stdin=structure_in(entity),
    )  # fmt: skip
    assert inner.startswith(b"Content-Type: application/pkcs7-mime; smime-type=signed-data;")
    return structure_in(inner)


def verified(structure: bytes, network: Network, tmp_path: Path) -> bytes:
    authority = tmp_path / "authority.pem"
    authority.write_bytes(network.authority.certificate.public_bytes(Encoding.PEM))
    return openssl(
        "cms", "-verify", "-inform", "DER", "-purpose", "smimesign", "-verify_email", LIST,
        "-CAfile", authority, stdin=structure,
    )  # fmt: skip


def printed(structure: bytes) -> str:
    return openssl("cms", "-cmsout", "-print", "-noout", "-inform", "DER", stdin=structure).decode()


KEYS = {
    "rsa": rsa_key,
    "p-256": ec_key,
    "p-384": lambda: ec_key(ec.SECP384R1()),
    "p-521": lambda: ec_key(ec.SECP521R1()),
}


@pytest.mark.parametrize("gcm", [False, True], ids=["cbc", "gcm"])
@pytest.mark.parametrize("kind", KEYS)
def test_a_member_opens_it_with_openssl(network: Network, tmp_path: Path, kind: str, gcm: bool) -> None:
    member = network.authority.certify(tmp_path / "member", TEAM, KEYS[kind]())
    network.pin(member)

    entity = sealed(network.smime.sign(CONTENT), recipient(member, gcm))

    assert verified(decrypted(entity, member), network, tmp_path) == CONTENT
    told = printed(structure_in(entity))
    assert ("aes-256-gcm" if gcm else "aes-256-cbc") in told
    assert (b"smime-type=authEnveloped-data" if gcm else b"smime-type=enveloped-data") in entity
    if kind != "rsa":
        assert "id-aes256-wrap" in told
        assert "dhSinglePass-stdDH-sha256kdf-scheme" in told


def test_a_member_opens_it_with_gpgsm(network: Network, gpgsm: Gpgsm) -> None:
    entity = sealed(network.smime.sign(CONTENT), recipient(network.team))

    inner = gpgsm.decrypted(structure_in(entity))
    content, status = gpgsm.verified(structure_in(inner))

    assert content == CONTENT
    assert f"GOODSIG {sha_1(network.own.certificate)}" in status


def test_a_list_with_a_key_on_an_elliptic_curve(network: Network, tmp_path: Path) -> None:
    other = made(tmp_path / "other")
    own = other.authority.certify(tmp_path / "own", LIST, ec_key())
    take_home(own, other.home)
    gpgsm = Gpgsm(other.authority, other.team, own)
    try:
        inner = gpgsm.decrypted(structure_in(sealed(other.smime.sign(CONTENT), recipient(other.team))))

        assert gpgsm.verified(structure_in(inner))[0] == CONTENT
        assert verified(structure_in(inner), other, tmp_path) == CONTENT
    finally:
        gpgsm.close()


def test_a_list_whose_authority_is_below_another(network: Network, tmp_path: Path) -> None:
    """Members know the root; what is between comes with the mail."""
    other = made(tmp_path / "other")
    between = Authority("In between", other.authority)
    own = between.certify(tmp_path / "own", LIST, ec_key())
    take_home(own, other.home)
    with (other.home / "own.pem").open("ab") as file:
        file.write(between.certificate.public_bytes(Encoding.PEM))

    entity = sealed(other.smime.sign(CONTENT), recipient(other.team))

    assert verified(decrypted(entity, other.team), other, tmp_path) == CONTENT


@pytest.mark.parametrize("detached", [True, False], ids=["detached", "opaque"])
def test_the_list_opens_what_gpgsm_made(network: Network, gpgsm: Gpgsm, detached: bool) -> None:
    structure = gpgsm.signed(CONTENT, detached=detached)
    if detached:
        entity = clear_signed(APPLE_MAIL, CONTENT, structure)
    else:
        entity = cms_entity(APPLE_MAIL, "signed-data", structure)
    envelope = gpgsm.encrypted(entity, network.own)

    raw = message(APPLE_MAIL, cms_entity(APPLE_MAIL, "enveloped-data", envelope), TEAM)

    found = network.opened(raw)
    assert found.content == CONTENT
    assert found.signer == network.team.fingerprint


def test_only_the_member_can_open_it(network: Network) -> None:
    entity = sealed(network.smime.sign(CONTENT), recipient(network.team))

    assert printed(structure_in(entity)).count("d.ktri") == 1
    with pytest.raises(AssertionError, match="Error decrypting CMS"):
        decrypted(entity, network.stranger)
    assert b"exploit" not in entity


def test_signed_once_and_encrypted_for_each(network: Network, tmp_path: Path) -> None:
    """What costs most is done once, and every member has the same signature."""
    member = network.authority.certify(tmp_path / "member", TEAM, ec_key())
    network.pin(member)
    signed = network.smime.sign(CONTENT)

    first, second = (sealed(signed, recipient(person)) for person in (network.team, member))

    assert decrypted(first, network.team) == decrypted(second, member)
    assert structure_in(first) != structure_in(second)


def test_a_certificate_that_cannot_be_used_is_that_members_error_alone(network: Network) -> None:
    signed = network.smime.sign(CONTENT)

    unknown = signed.sealed(recipient(network.stranger), time.time())
    good = signed.sealed(recipient(network.team), time.time())
    later = signed.sealed(recipient(network.team), time.time() + 40 * 86400)

    assert isinstance(unknown, Refused)
    assert unknown.reason is Reason.UNKNOWN_SIGNER
    assert isinstance(later, Refused)
    assert later.reason is Reason.KEY_EXPIRED
    assert isinstance(good, Sealed)


def test_no_weak_cipher_is_asked_for_in_answers(network: Network) -> None:
    told = printed(decrypted(sealed(network.smime.sign(CONTENT), recipient(network.team)), network.team))

    capabilities = told[told.index("S/MIME Capabilities") :]
    assert "aes-256-cbc" in capabilities
    assert not re.search("des|rc2", capabilities)
    assert "algorithm: sha256" in told


def test_a_notice_can_be_read_by_anybody(network: Network, gpgsm: Gpgsm, tmp_path: Path) -> None:
    content = b"Content-Type: text/plain; charset=us-ascii\r\n\r\nThere is an alert. Call the hotline.\r\n"

    entity = network.smime.notice(content)

    authority = tmp_path / "authority.pem"
    authority.write_bytes(network.authority.certificate.public_bytes(Encoding.PEM))
    assert openssl("cms", "-verify", "-CAfile", authority, "-verify_email", LIST, stdin=entity) == content
    assert content in entity
    signature = email.message_from_bytes(entity).get_payload()[1].get_payload(decode=True)
    assert "GOODSIG" in gpgsm.verified(signature, content)[1]


def test_what_the_list_has_made_for_itself_is_taken_by_a_member_of_ours(network: Network) -> None:
    """Two lists of this kind can write to each other: what goes out is what comes in."""
    network.pin(network.own)

    entity = sealed(network.smime.sign(CONTENT), recipient(network.own))

    found = network.opened(message(APPLE_MAIL, entity, LIST))
    assert found.content == CONTENT
    assert found.signer == network.own.fingerprint
