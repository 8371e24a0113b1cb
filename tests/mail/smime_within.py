"""Attacks on what is signed with S/MIME, and by whom, made by whoever can encrypt to the list."""

import zlib
from collections.abc import Callable

from pairs import Attacks, Twins
from smime_handmade import DATA, attributes, elements, oid, signed_data, tlv, value_at, with_value
from smime_makers import BESIDE, LURE, detached, in_one_piece, inside, opaque, wrapped
from smime_network import TEAM, Network
from smime_people import rsa_key
from smime_shapes import (
    APPLE_MAIL,
    CONTENT,
    clear_signed,
    cms_entity,
    mixed,
    signature,
)

from ivr.domain.mail import Reason

attack: Attacks[Network] = Attacks()


@attack("not-signed", Reason.NOT_SIGNED)
def not_signed(here: Network) -> Twins:
    return inside(here, CONTENT, detached(here))


@attack("not-signed", Reason.NOT_SIGNED)
def certificates_and_no_signature(here: Network) -> Twins:
    structure = signature(CONTENT, here.team, detached=False)
    return inside(here, in_one_piece(with_value(structure, (0, 1, 0, 4), b"")), in_one_piece(structure))


@attack("not-signed", Reason.NOT_SIGNED)
def certificates_and_no_signature_beside_a_text(here: Network) -> Twins:
    structure = signature(CONTENT, here.team, detached=True)
    bad, good = (
        clear_signed(APPLE_MAIL, CONTENT, s) for s in (with_value(structure, (0, 1, 0, 4), b""), structure)
    )
    return inside(here, bad, good)


def beside(name: str, make: Callable[[bytes], bytes]) -> None:
    def pair(here: Network) -> Twins:
        signed = detached(here)
        return inside(here, make(signed), signed)

    attack.made[name] = ("unsigned-beside-signed", Reason.NOT_WHOLLY_SIGNED, pair)


LAST = b"--%b--" % APPLE_MAIL.boundary.encode()
PLAINTEXT = b"Content-Type: text/html\r\n\r\nCall %b.<div style='display:none'><plaintext>\r\n" % LURE
RELATED = b"Content-Type: text/html\r\n\r\nCall %b.<iframe src='cid:target'></iframe>\r\n" % LURE
beside("a_text_before_what_is_signed", lambda signed: mixed(BESIDE, signed))
beside("a_text_that_swallows_what_is_signed", lambda signed: mixed(PLAINTEXT, signed))
beside(
    "what_is_signed_is_a_picture_of_a_text",
    lambda signed: mixed(RELATED, b"Content-ID: <target>\r\n" + signed).replace(b"mixed", b"related", 1),
)
beside("a_third_part", lambda signed: signed.replace(LAST, LAST[:-2] + b"\r\n" + BESIDE + b"\r\n" + LAST))
beside("a_text_after_the_last_part", lambda signed: signed + BESIDE)
beside("a_text_before_the_first_part", lambda signed: greeted(signed, b"Alert is over: call %b." % LURE))
beside("a_letter_where_a_greeting_is", lambda signed: greeted(signed, b"This is a warning. " * 20))


def greeted(signed: bytes, text: bytes) -> bytes:
    return signed.replace(b"\r\n\r\n--Apple", b"\r\n\r\n" + text + b"\r\n--Apple", 1)


@attack("unsigned-beside-signed", Reason.NOT_WHOLLY_SIGNED)
def a_text_after_what_is_signed_in_one_piece(here: Network) -> Twins:
    signed = opaque(here)
    return inside(here, mixed(signed, BESIDE), signed)


@attack("several-signatures", Reason.SEVERAL_SIGNATURES)
def signed_by_two(here: Network) -> Twins:
    structure = signature(CONTENT, here.team, here.stranger, detached=True)
    return inside(here, clear_signed(APPLE_MAIL, CONTENT, structure), detached(here))


@attack("several-signatures", Reason.SEVERAL_SIGNATURES)
def signed_by_two_in_one_piece(here: Network) -> Twins:
    structure = signature(CONTENT, here.stranger, here.team, detached=False)
    return inside(here, in_one_piece(structure), opaque(here))


@attack("several-signatures", Reason.TOO_COMPLEX)
def signed_twice_apart(here: Network) -> Twins:
    signed = detached(here)
    return inside(here, opaque(here, content=signed), signed)


@attack("several-signatures", Reason.TOO_COMPLEX)
def signed_twice(here: Network) -> Twins:
    signed = opaque(here)
    return inside(here, detached(here, content=signed), signed)


@attack("huge-and-nested", Reason.TOO_COMPLEX)
def encrypted_within_the_signature(here: Network) -> Twins:
    return inside(here, detached(here, content=wrapped(here, CONTENT)), detached(here))


@attack("bomb", Reason.TOO_COMPLEX)
def compressed(here: Network) -> Twins:
    """RFC 3274, 34 MiB of blank lines behind the text."""
    signed = opaque(here)
    packed = zlib.compress(signed + b"\r\n" * 17 * 2**20, 9)
    algorithm = tlv(0x30, oid("1.2.840.113549.1.9.16.3.8"))
    data = tlv(0x30, tlv(2, b"\0"), algorithm, tlv(0x30, DATA, tlv(0xA0, tlv(4, packed))))
    structure = tlv(0x30, oid("1.2.840.113549.1.9.16.1.9"), tlv(0xA0, data))
    return inside(here, cms_entity(APPLE_MAIL, "compressed-data", structure), signed)


def weaker(name: str, reason: Reason, *options: str) -> None:
    def make(here: Network) -> Twins:
        return inside(here, opaque(here, *options), opaque(here))

    attack.made[name] = ("weak", reason, make)


weaker("signed_with_no_attributes", Reason.WEAK_SIGNATURE, "-noattr")
weaker("signed_with_SHA1", Reason.WEAK_SIGNATURE, "-md", "sha1")
weaker("signed_with_MD5", Reason.WEAK_SIGNATURE, "-md", "md5")
weaker("signed_with_SHA1_in_PSS", Reason.WEAK_SIGNATURE, "-md", "sha1", "-keyopt", "rsa_padding_mode:pss")


def wrapping(name: str, reason: Reason, bad: Callable[[Network], bytes]) -> None:
    def make(here: Network) -> Twins:
        return inside(here, bad(here), detached(here))

    attack.made[name] = ("signature-wrapping", reason, make)


def another_text(here: Network) -> bytes:
    return detached(here).replace(b"exploit", b"Exploit")


def a_content_of_its_own(here: Network) -> bytes:
    """Two texts, of which one program verifies the first and another shows the second."""
    return clear_signed(APPLE_MAIL, BESIDE, signature(CONTENT, here.team, detached=False))


wrapping("another_text_under_the_signature", Reason.BAD_SIGNATURE, another_text)
wrapping("a_signature_with_a_content_of_its_own", Reason.MALFORMED, a_content_of_its_own)
wrapping(
    "a_signature_of_nothing",
    Reason.MALFORMED,
    lambda here: in_one_piece(signature(CONTENT, here.team, detached=True)),
)
wrapping(
    "a_content_without_an_end_of_its_header_fields",
    Reason.MALFORMED,
    lambda here: opaque(here, content=b"Content-Type: text/plain\r\n"),
)
wrapping(
    "a_boundary_in_two_ways",
    Reason.MALFORMED,
    lambda here: detached(here).replace(b"; boundary=", b"; boundary*0*=a; boundary*=b; boundary=", 1),
)


@attack("signature-wrapping", Reason.WEAK_SIGNATURE)
def the_signed_attributes_are_the_content(here: Network) -> Twins:
    """The signature over the attributes of one message is one over the content of another, without
    attributes (RFC 5652, 5.4)."""
    good = attributes(CONTENT)
    signed = tlv(0x31, *sorted(good.values()))
    structure = signed_data(here.team, CONTENT, [*good.values()])
    signer = (0, 1, 0, 4, 0)
    fields = [tlv(*field) for field in elements(value_at(structure, *signer)) if field[0] != 0xA0]
    bad = with_value(structure, signer, b"".join(fields))
    bad = with_value(bad, (0, 1, 0, 2, 1), tlv(4, signed))
    return inside(here, in_one_piece(bad), in_one_piece(structure))


# Who has signed


@attack("wrong-team", Reason.UNKNOWN_SIGNER)
def signed_by_one_with_the_same_address(here: Network) -> Twins:
    return inside(here, detached(here, by=here.stranger), detached(here))


@attack("wrong-team", Reason.UNKNOWN_SIGNER)
def the_teams_certificate_beside_a_strangers_signature(here: Network) -> Twins:
    certificate = ("-certfile", str(here.team.pem))
    return inside(here, detached(here, *certificate, by=here.stranger), detached(here))


@attack("same-user-id", Reason.BAD_SIGNATURE)
def a_certificate_made_to_look_like_the_teams(here: Network) -> Twins:
    """Issuer, serial number, subject and address are the team's; the key is not."""
    serial = here.team.certificate.serial_number
    forged = here.authority.certify(here.home / "forged", TEAM, rsa_key(), serial=serial)
    assert forged.certificate.subject == here.team.certificate.subject
    return inside(here, detached(here, by=forged), detached(here))
