"""Attacks on what stands around the encryption of S/MIME, and on the encryption itself."""

from collections.abc import Callable

from pairs import Attacks, Twins
from smime_handmade import elements, oid, tlv, value_at, with_value
from smime_makers import BESIDE, LURE, detached, from_team, inside, opaque, sealed, wrapped
from smime_network import Network
from smime_shapes import (
    APPLE_MAIL,
    CONTENT,
    encrypted,
    envelope,
    mixed,
)

from ivr.domain.mail import Reason

LEGACY = ("-provider", "legacy", "-provider", "default")
attack: Attacks[Network] = Attacks()


@attack("nothing-hidden", Reason.NOT_ENCRYPTED)
def in_clear(here: Network) -> Twins:
    return from_team(CONTENT), here.mail(detached(here))


@attack("nothing-hidden", Reason.NOT_ENCRYPTED)
def signed_alone(here: Network) -> Twins:
    signed = detached(here)
    return from_team(signed), here.mail(signed)


@attack("nothing-hidden", Reason.NOT_ENCRYPTED)
def signed_alone_in_one_piece(here: Network) -> Twins:
    signed = opaque(here)
    return from_team(signed), here.mail(signed)


@attack("another-list", Reason.NOT_TO_US)
def to_another(here: Network) -> Twins:
    signed = detached(here)
    return from_team(encrypted(APPLE_MAIL, signed, here.stranger)), here.mail(signed)


@attack("direct-exfiltration", Reason.NOT_WHOLLY_SIGNED)
def exfiltrated_by_parts_around_it(here: Network) -> Twins:
    """The open attribute of one part swallows the next, decrypted (Efail, 2018)."""
    part = wrapped(here, detached(here))
    return from_team(mixed(BESIDE, part, BESIDE)), from_team(part)


@attack("direct-exfiltration", Reason.NOT_WHOLLY_SIGNED)
def a_footer_of_a_list(here: Network) -> Twins:
    part = wrapped(here, detached(here))
    return from_team(mixed(part, b"\r\nCall %b.\r\n" % LURE)), from_team(part)


def around(here: Network, structure: Callable[[bytes], bytes], inner: bytes) -> Twins:
    """The stranger has signed what somebody has encrypted."""
    part = wrapped(here, inner)
    return from_team(structure(part)), from_team(part)


@attack("signed-outside", Reason.SIGNED_OUTSIDE)
def encrypted_and_then_signed_by_a_stranger(here: Network) -> Twins:
    bad, _ = around(here, lambda part: detached(here, content=part, by=here.stranger), CONTENT)
    return bad, here.mail(detached(here))


@attack("signed-outside", Reason.SIGNED_OUTSIDE)
def encrypted_and_then_signed_by_a_stranger_in_one_piece(here: Network) -> Twins:
    bad, _ = around(here, lambda part: opaque(here, content=part, by=here.stranger), CONTENT)
    return bad, here.mail(opaque(here))


@attack("signed-outside", Reason.SIGNED_OUTSIDE)
def wrapped_three_times(here: Network) -> Twins:
    return around(here, lambda part: detached(here, content=part, by=here.stranger), detached(here))


# The encryption itself


def other_cipher(name: str, *options: str) -> None:
    def make(here: Network) -> Twins:
        signed = detached(here)
        return here.mail(signed, cipher=name, options=options), here.mail(signed, cipher="-aes-128-cbc")

    attack.made[f"encrypted_with_{name.strip('-').replace('-', '_')}"] = ("weak", Reason.WEAK_CIPHER, make)


other_cipher("-des3")
other_cipher("-rc2-128", *LEGACY)
other_cipher("-des", *LEGACY)


def turned(structure: bytes, at: int) -> bytes:
    return structure[:at] + bytes((structure[at] ^ 1,)) + structure[at + 1 :]


@attack("malleability", Reason.BAD_SIGNATURE)
def one_bit_turned_on_the_way(here: Network) -> Twins:
    content = CONTENT + b"".join(b"%06d and so on\r\n" % n for n in range(60))
    structure = envelope(detached(here, content=content), here.own)
    return sealed(turned(structure, len(structure) // 4)), sealed(structure)


TEXT_AT = (0, 1, 0, 2, 2)
"""Where in enveloped data the ciphertext is, by the places of `value_at`."""
IV_AT = (0, 1, 0, 2, 1, 1)
TAG_AT = (0, 1, 0, 3)
"""In authenticated-enveloped data."""


def long_enough(here: Network, *, gcm: bool = False) -> tuple[bytes, bytes]:
    """An entity of many blocks, and what it is encrypted to."""
    content = CONTENT + b"".join(b"%06d and so on\r\n" % n for n in range(60))
    entity = detached(here, content=content)
    return entity, envelope(entity, here.own, cipher="-aes-256-gcm" if gcm else "-aes-256-cbc")


@attack("malleability", Reason.BAD_SIGNATURE)
def a_gadget_of_cbc(here: Network) -> Twins:
    """A block of the attacker's own, made of the first one, whose text everybody knows (Efail, 2018)."""
    entity, structure = long_enough(here)
    iv, text = value_at(structure, *IV_AT), value_at(structure, *TEXT_AT)
    gadget = bytes(a ^ b ^ c for a, b, c in zip(iv, entity[:16], b'<img src="//a/? ', strict=True))
    middle = len(text) // 64 * 16
    bad = text[:middle] + gadget + text[:16] + text[middle:]
    return sealed(with_value(structure, TEXT_AT, bad)), sealed(structure)


@attack("malleability", Reason.BAD_SIGNATURE)
def blocks_of_cbc_cut_out(here: Network) -> Twins:
    _, structure = long_enough(here)
    text = value_at(structure, *TEXT_AT)
    middle = len(text) // 64 * 16
    return sealed(with_value(structure, TEXT_AT, text[:middle] + text[middle + 64 :])), sealed(structure)


@attack("malleability", Reason.CHANGED)
def one_bit_of_gcm_turned_on_the_way(here: Network) -> Twins:
    _, structure = long_enough(here, gcm=True)
    return sealed(turned(structure, len(structure) // 2)), sealed(structure)


@attack("malleability", Reason.NO_INTEGRITY)
def gcm_with_a_tag_that_is_soon_guessed(here: Network) -> Twins:
    _, structure = long_enough(here, gcm=True)
    return sealed(with_value(structure, TAG_AT, value_at(structure, *TAG_AT)[:4])), sealed(structure)


@attack("malleability", Reason.NO_INTEGRITY)
def gcm_put_as_what_has_no_tag(here: Network) -> Twins:
    _, structure = long_enough(here, gcm=True)
    fields = [tlv(*field) for field in elements(value_at(structure, 0, 1, 0))[:-1]]
    bad = tlv(0x30, oid("1.2.840.113549.1.7.3"), tlv(0xA0, tlv(0x30, *fields)))
    return sealed(bad), sealed(structure)


@attack("huge-and-nested", Reason.TOO_COMPLEX)
def encrypted_twice(here: Network) -> Twins:
    signed = detached(here)
    return inside(here, wrapped(here, signed), signed)


@attack("bomb", Reason.TOO_COMPLEX)
def lengths_that_never_end(here: Network) -> Twins:
    structure = envelope(detached(here), here.own)
    bomb = b"\x30\x80" + oid("1.2.840.113549.1.7.3") + b"\xa0\x80" * 1000
    return sealed(bomb), sealed(structure)


@attack("malformed", Reason.MALFORMED)
def cut_off(here: Network) -> Twins:
    structure = envelope(detached(here), here.own)
    return sealed(structure[:-1]), sealed(structure)


@attack("malformed", Reason.MALFORMED)
def something_after_the_structure(here: Network) -> Twins:
    structure = envelope(detached(here), here.own)
    return sealed(structure + b"\x05\x00"), sealed(structure)


@attack("malformed", Reason.MALFORMED)
def something_after_the_base64(here: Network) -> Twins:
    good = here.mail(detached(here))
    return good + b"*****\r\n", good


@attack("malformed", Reason.MALFORMED)
def broken_base64(here: Network) -> Twins:
    good = here.mail(detached(here))
    return good[:-9] + b"*" + good[-8:], good


@attack("malformed", Reason.MALFORMED)
def two_content_types(here: Network) -> Twins:
    part = wrapped(here, detached(here))
    return from_team(b"Content-Type: text/plain\r\n" + part), from_team(part)


@attack("malformed", Reason.MALFORMED)
def a_line_that_is_no_header_field(here: Network) -> Twins:
    part = wrapped(here, detached(here))
    return from_team(b"Whatever this is\r\n" + part), from_team(b"Whatever: this is\r\n" + part)


def unreadable(name: str, benign: bytes, broken: bytes) -> None:
    """A parameter that Python's `email` fails at."""

    def make(here: Network) -> Twins:
        good = here.mail(detached(here))
        return good.replace(b'filename="smime.p7m"', broken), good.replace(b'filename="smime.p7m"', benign)

    attack.made[name] = ("malformed", Reason.MALFORMED, make)


unreadable("a_name_in_two_ways", b"filename*0*=a", b"filename*0*=a; filename*=b")
unreadable("a_name_in_no_charset", b"filename*=utf-8''smime.p7m", b"filename*=\0''smime.p7m")
unreadable("a_name_in_no_charset_by_pieces", b"filename*0*=utf-8''a", b"filename*0*=%00''a")
