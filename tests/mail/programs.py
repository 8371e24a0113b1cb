"""Mail in the shapes of mail programs: what each leaves open, or does in a way of its own.

Owns: what they all say, and the MIME in the encryption. Made after the looks of their mail, not with them.
"""

import base64
import quopri
from dataclasses import dataclass

from corpus import LIST

TEXT = "A wörm spreads on port 1434/udp.\n\n> seen by others\n\n-- \nOn duty"
TITLE = "Würmer"


@dataclass(frozen=True)
class Made:
    raw: bytes
    title: str = ""
    """The subject, where the program signs it."""
    warnings: tuple[str, ...] = ()
    """What readers are told is not passed on."""


def plain(
    fields: str = "Content-Type: text/plain; ",
    encoding: str = "quoted-printable",
    charset: str = "utf-8",
    text: str = TEXT,
) -> bytes:
    """A text as an entity; `fields` are its header fields up to the charset."""
    octets = text.encode(charset)
    if encoding == "quoted-printable":
        octets = quopri.encodestring(octets)
    if encoding == "base64":
        octets = base64.encodebytes(octets)
    head = f"{fields}charset={charset}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return head.encode() + octets.replace(b"\n", b"\r\n") + b"\r\n"


def html(encoding: str = "7bit") -> bytes:
    page = "<html><body><p>A w&ouml;rm spreads on port 1434/udp.</p></body></html>\n"
    return plain("Content-Type: text/html; ", encoding, text=page)


def parts(kind: str, mark: str, *inside: bytes, fields: str = "") -> bytes:
    """A multipart; `kind` with its other parameters, `fields` its other header fields."""
    head = f'Content-Type: multipart/{kind};\r\n boundary="{mark}"\r\n{fields}\r\n'
    body = b"".join(b"--%b\r\n%b\r\n" % (mark.encode(), part) for part in inside)
    return head.encode() + body + f"--{mark}--\r\n".encode()


def protected(sender: str) -> str:
    """Header fields within the encryption (draft-autocrypt-lamps-protected-headers, RFC 9788)."""
    return (
        f"From: On Duty <{sender}>\r\nTo: {LIST}\r\nMessage-ID: <b1c0@mx.example>\r\n"
        "Subject: =?UTF-8?Q?W=C3=BCrmer?=\r\n"
    )


def rfc_9788(sender: str) -> bytes:
    """With what stood outside, and with the subject in the text, for those that know nothing of it."""
    outside = f"{protected(sender)}HP-Outer: Subject: [...]\r\nHP-Outer: To: {LIST}\r\n"
    fields = outside + 'Content-Type: text/plain; hp="cipher";\r\n hp-legacy-display="1"; '
    return plain(fields, text=f"Subject: {TITLE}\nTo: {LIST},\n {LIST}\n\n{TEXT}")


def file(kind: str, name: str) -> bytes:
    head = f'Content-Type: {kind}; name="{name}"\r\nContent-Disposition: attachment; filename="{name}"\r\n'
    return head.encode() + b"Content-Transfer-Encoding: base64\r\n\r\nAAECAwQ=\r\n"
