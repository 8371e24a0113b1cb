"""What programs send with S/MIME; how each writes CMS and the MIME around it is in smime_shapes."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from corpus import TEAMS
from programs import TEXT, TITLE, Made, html, parts, plain, protected, rfc_9788
from smime_handmade import attribute, attributes, oid, signed_data, tlv
from smime_network import Network
from smime_people import openssl
from smime_shapes import (
    APPLE_MAIL,
    MUTT,
    OUTLOOK,
    THUNDERBIRD,
    Program,
    clear_signed,
    cms_entity,
    encrypted,
    loosened,
    message,
    signature,
)

ME = TEAMS["def-cert"][1]
GPGSM = replace(APPLE_MAIL, micalg='"sha1"', boundary="nextPart6152189.lOV4Wx5bFT", stream=True)
CP1252 = plain("Content-Type: text/plain;\r\n\t", charset="windows-1252")
OUTLOOK_S = parts("alternative", "----=_NextPart_000_0011", CP1252, html("quoted-printable"))
APPLE_MAIL_S = plain("Content-Type: text/plain;\r\n\t")
EXCHANGE = (
    b"x-ms-exchange-messagesentrepresentingtype: 1\r\nThread-Index: AdvxQ==\r\nContent-Language: en-US\r\n"
)


def made(here: Network, now: datetime) -> dict[str, Made]:
    def clear(program: Program, content: bytes, **how: Any) -> bytes:
        """In two parts, then encrypted."""
        structure = signature(content, here.team, detached=True)
        signed = clear_signed(program, content, loosened(structure) if program.stream else structure)
        return encrypted(program, signed, here.team, here.own, **how)

    def opaque(program: Program, content: bytes, structure: bytes = b"") -> bytes:
        """In one piece, then encrypted."""
        whole = structure or signature(content, here.team, detached=False)
        return encrypted(program, cms_entity(program, "signed-data", whole), here.team, here.own)

    def sent(program: Program, entity: bytes, title: str = "") -> Made:
        return Made(message(program, entity, ME), title)

    def with_attributes(content: bytes, *more: bytes) -> bytes:
        stamp = tlv(0x17, f"{now:%y%m%d%H%M%S}Z".encode())
        return signed_data(here.team, content, [*attributes(content, stamp).values(), *more])

    flowed = plain("Content-Type: text/plain; format=flowed; ")
    described = b"\r\nContent-Description: S/MIME Encrypted Message\r\n\r\n"
    whole = b"Content-Type: message/rfc822; forwarded=no\r\n\r\n" + protected(ME).encode() + plain()
    lf_inside = clear_signed(MUTT, plain(), signature(plain(), here.team, detached=True))
    wrong_name = replace(OUTLOOK, micalg="SHA1")
    return {
        "thunderbird": sent(THUNDERBIRD, clear(THUNDERBIRD, flowed).replace(b"\r\n\r\n", described, 1)),
        "outlook-in-one-piece": sent(
            OUTLOOK, opaque(OUTLOOK, b"", with_attributes(OUTLOOK_S, *_by_microsoft(here)))
        ),
        "outlook-in-two-parts": sent(OUTLOOK, clear(OUTLOOK, OUTLOOK_S)),
        "outlook-that-names-another-hash": sent(OUTLOOK, clear(wrong_name, OUTLOOK_S)),
        "outlook-through-exchange": sent(
            OUTLOOK, EXCHANGE + opaque(replace(OUTLOOK, legacy=False), OUTLOOK_S)
        ),
        "outlook-through-a-gateway": sent(
            OUTLOOK,
            opaque(OUTLOOK, OUTLOOK_S).replace(b"application/x-pkcs7-mime", b"application/octet-stream"),
        ),
        "apple-mail": sent(APPLE_MAIL, _unquoted(clear(APPLE_MAIL, APPLE_MAIL_S))),
        "apple-mail-with-all-attributes": sent(
            APPLE_MAIL, opaque(APPLE_MAIL, b"", with_attributes(APPLE_MAIL_S, *_by_apple(here)))
        ),
        "iphone": sent(APPLE_MAIL, clear(APPLE_MAIL, APPLE_MAIL_S, cipher="-aes-128-cbc")),
        "mutt": sent(MUTT, clear(MUTT, plain())),
        "mutt-with-lf-inside": sent(
            MUTT, encrypted(MUTT, lf_inside.replace(b"\r\n", b"\n"), here.team, here.own)
        ),
        "kmail-with-gpgsm": sent(GPGSM, clear(GPGSM, plain())),
        "openssl": _openssl(here),
        "rfc-9788": sent(THUNDERBIRD, clear(THUNDERBIRD, rfc_9788(ME)), TITLE),
        "a-whole-message": sent(THUNDERBIRD, clear(THUNDERBIRD, whole), TITLE),
        "aes-gcm": sent(THUNDERBIRD, clear(THUNDERBIRD, plain(), cipher="-aes-256-gcm")),
        "lines-of-60": sent(APPLE_MAIL, _wrapped(opaque(APPLE_MAIL, plain()), 60)),
        "lines-of-988": sent(APPLE_MAIL, _wrapped(opaque(APPLE_MAIL, plain()), 988)),
    }


def _by_microsoft(here: Network) -> list[bytes]:
    """What Outlook signs beside the digest: which certificate to encrypt to, said in two ways."""
    issuer, serial = here.team.certificate.issuer.public_bytes(), here.team.certificate.serial_number
    named = issuer, tlv(2, serial.to_bytes(serial.bit_length() // 8 + 1))
    return [
        attribute(15, tlv(0x30, tlv(0x30, oid("2.16.840.1.101.3.4.1.42")))),
        tlv(0x30, oid("1.3.6.1.4.1.311.16.4"), tlv(0x31, tlv(0x30, *named))),
        tlv(0x30, oid("1.2.840.113549.1.9.16.2.11"), tlv(0x31, tlv(0xA0, *named))),
    ]


def _by_apple(here: Network) -> list[bytes]:
    """What Apple signs beside the digest: the same again, once with several values."""
    values = [tlv(0x30, oid(f"2.16.840.1.101.3.4.2.{n}"), tlv(4, bytes(32))) for n in (1, 2)]
    return [
        *_by_microsoft(here),
        tlv(0x30, oid("1.2.840.113635.100.9.1"), tlv(0x31, tlv(4, b"<?xml version='1.0'?><plist/>"))),
        tlv(0x30, oid("1.2.840.113635.100.9.2"), tlv(0x31, *values)),
    ]


def _openssl(here: Network) -> Made:
    """All of its own doing, with the header fields that it writes."""
    me = ("-signer", str(here.team.pem), "-inkey", str(here.team.key_file))
    signed = openssl("cms", "-sign", "-text", "-md", "sha256", *me, stdin=TEXT.encode())
    outside = ("-from", ME, "-to", "alerts@bell.example", "-subject", "Alert")
    return Made(openssl("cms", "-encrypt", "-aes256", *outside, str(here.own.pem), stdin=signed))


def _unquoted(entity: bytes) -> bytes:
    return entity.replace(b'"smime.p7m"', b"smime.p7m").replace(b'"smime.p7s"', b"smime.p7s")


def _wrapped(entity: bytes, width: int) -> bytes:
    """In lines of this width, with blank ones behind them."""
    head, _, body = entity.partition(b"\r\n\r\n")
    whole = body.replace(b"\r\n", b"")
    lines = [whole[at : at + width] + b"\r\n" for at in range(0, len(whole), width)]
    return head + b"\r\n\r\n" + b"".join(lines) + b"\r\n\r\n"
