"""Mail as mail programs write it with S/MIME, layer by layer, and by openssl; an attack leaves out or adds
a layer.

A layer is a MIME entity: bytes with lines that end in CRLF. Made after messages of the programs, not with
them.
"""

import base64
from dataclasses import dataclass

from smime_people import Person, openssl

CONTENT = (
    b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    b"An exploit for the b\xc3\xb6rse's router is in use.\r\n\r\n--  \r\nFrom the night shift \r\n"
)


@dataclass(frozen=True)
class Program:
    """How a mail program writes what the standard leaves open."""

    boundary: str
    greeting: bytes = b""
    micalg: str = "sha-256"
    legacy: bool = False
    """application/x-pkcs7-..., as before 1998."""
    stream: bool = False
    """Lengths that are not known beforehand, octet strings in pieces (BER)."""
    signature_headers: bytes = b""
    line_end: bytes = b"\r\n"
    """In the message, where it comes through a pipe."""

    @property
    def kind(self) -> str:
        return "application/x-pkcs7" if self.legacy else "application/pkcs7"


THUNDERBIRD = Program(
    "------------ms050607080902010400030405",
    b"This is a cryptographically signed message in MIME format.\r\n\r\n",
    stream=True,
    signature_headers=b"Content-Description: S/MIME Cryptographic Signature\r\n",
)
OUTLOOK = Program(
    "----=_NextPart_000_0012_01DB3C1E.5A9C7F10",
    b"This is a multipart message in MIME format.\r\n\r\n",
    micalg="2.16.840.1.101.3.4.2.1",
    legacy=True,
)
APPLE_MAIL = Program("Apple-Mail=_7B1C8B5E-4F0B-4C1B-9A63-3C6F1E2D9A10")
MUTT = Program("SLDf9lqlvOQaIe6s", legacy=True, line_end=b"\n")
PROGRAMS = {"thunderbird": THUNDERBIRD, "outlook": OUTLOOK, "apple-mail": APPLE_MAIL, "mutt": MUTT}


def signature(content: bytes, *signers: Person, detached: bool, options: tuple[str, ...] = ()) -> bytes:
    """A CMS structure, DER or BER."""
    named = [word for s in signers for word in ("-signer", str(s.pem), "-inkey", str(s.key_file))]
    digest = () if "-md" in options else ("-md", "sha256")
    opaque = () if detached else ("-nodetach",)
    return openssl(
        "cms", "-sign", "-binary", "-outform", "DER", *named, *digest, *opaque, *options, stdin=content
    )


def loosened(der: bytes, levels: int = 4) -> bytes:
    """The outer `levels` with lengths that are not known beforehand, as NSS (Thunderbird) writes
    signatures."""
    out = b""
    while der:
        many = der[1] & 0x7F if der[1] & 0x80 else 0
        start = 2 + many
        end = start + (int.from_bytes(der[2:start]) if many else der[1])
        loose = levels and der[0] & 0x20
        out += bytes((der[0], 0x80)) + loosened(der[start:end], levels - 1) + bytes(2) if loose else der[:end]
        der = der[end:]
    return out


def clear_signed(
    program: Program, content: bytes, structure: bytes, *more: bytes, after: bytes = b""
) -> bytes:
    """multipart/signed (RFC 1847) around `content`, its signature, and whatever an attacker adds."""
    mark = f"--{program.boundary}".encode()
    head = (
        f'Content-Type: multipart/signed; protocol="{program.kind}-signature";\r\n'
        f'\tmicalg={program.micalg}; boundary="{program.boundary}"\r\n\r\n'
    )
    part = (
        f'Content-Type: {program.kind}-signature; name="smime.p7s"\r\nContent-Transfer-Encoding: base64\r\n'
        'Content-Disposition: attachment; filename="smime.p7s"\r\n'
    ).encode() + program.signature_headers
    parts = (content, part + b"\r\n" + _base64(structure), *more)
    body = b"".join(b"\r\n%b\r\n%b" % (mark, each) for each in parts)
    greeting = program.greeting or b""
    return head.encode() + greeting + body[0 if greeting else 2 :] + b"\r\n%b--\r\n%b" % (mark, after)


def cms_entity(program: Program, kind: str, structure: bytes) -> bytes:
    """A CMS structure as the whole of an entity."""
    head = (
        f'Content-Type: {program.kind}-mime; smime-type={kind};\r\n\tname="smime.p7m"\r\n'
        'Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename="smime.p7m"\r\n\r\n'
    )
    return head.encode() + _base64(structure)


def envelope(
    entity: bytes,
    *to: Person,
    cipher: str = "-aes-256-cbc",
    options: tuple[str, ...] = (),
    stream: bool = False,
) -> bytes:
    """A CMS structure."""
    named = [word for person in to for word in ("-recip", str(person.pem))]
    streamed = ("-stream",) if stream else ()
    return openssl(
        "cms", "-encrypt", "-binary", "-outform", "DER", cipher, *streamed, *named, *options, stdin=entity
    )


def encrypted(program: Program, entity: bytes, *to: Person, **more: object) -> bytes:
    structure = envelope(entity, *to, stream=program.stream, **more)  # type: ignore[arg-type]
    kind = "authEnveloped-data" if "gcm" in str(more.get("cipher")) else "enveloped-data"
    return cms_entity(program, kind, structure)


def message(program: Program, entity: bytes, sender: str) -> bytes:
    """A whole message."""
    head = (
        f"From: Night Shift <{sender}>\r\nTo: alerts@bell.example\r\nSubject: Alert\r\n"
        "Message-ID: <1@cert.example>\r\nDate: Sun, 22 Nov 2026 14:03:00 +0000\r\nMIME-Version: 1.0\r\n"
    )
    return (head.encode() + entity).replace(b"\r\n", program.line_end)


def mixed(*parts: bytes) -> bytes:
    """multipart/mixed, as an attacker or a mailing list puts things together."""
    body = b"".join(b"--mixed\r\n%b\r\n" % part for part in parts)
    return b'Content-Type: multipart/mixed; boundary="mixed"\r\n\r\n' + body + b"--mixed--\r\n"


def _base64(structure: bytes) -> bytes:
    return base64.encodebytes(structure).replace(b"\n", b"\r\n")
