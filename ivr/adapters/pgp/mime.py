"""A mail's parts as byte slices: nothing is decoded, folded or written anew before a signature is verified.

Owns: headers (RFC 5322, 2.2) and multiparts (RFC 2046, 5.1) as far as OpenPGP in MIME needs them. Pure;
raises NotTaken.
"""

import base64
import binascii
import quopri
import re
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser

from ivr.adapters.pgp import NotTaken
from ivr.domain.mail import Reason

_HEAD = 64 * 1024
"""Bytes of headers. Mail programs and the servers on the way make a few thousand."""
_HINT = re.compile(rb"\s*This is an? [^\r\n]*\s*")
"""What programs write for those that know no MIME (RFC 2046, 5.1.1); nobody is shown it."""


@dataclass(frozen=True, slots=True)
class Entity:
    """Headers and a body."""

    headers: Message
    body: bytes

    @property
    def kind(self) -> str:
        """Such as text/plain, which it is where nothing is said (RFC 2045, 5.2)."""
        return self.headers.get_content_type()

    def parameter(self, name: str) -> str:
        """A parameter of its Content-Type, in lower case; empty where there is none."""
        found = self.headers.get_param(name, "")
        return found.lower() if isinstance(found, str) else ""


def entity(raw: bytes) -> Entity:
    """Split at the first blank line."""
    found = re.search(rb"\A\r?\n|\n\r?\n", raw)
    head, body = (raw[: found.end()], raw[found.end() :]) if found else (raw, b"")
    if len(head) > _HEAD:
        raise NotTaken(Reason.TOO_COMPLEX, f"it has more than {_HEAD} bytes of headers")
    if not all(re.fullmatch(rb"([!-9;-~]+[ \t]*:|[ \t])[^\r]*\r?|\r?", line) for line in head.split(b"\n")):
        raise NotTaken(Reason.MALFORMED, "a line among its headers is none")
    headers = BytesHeaderParser().parsebytes(head)
    if any(len(headers.get_all(name, [])) > 1 for name in ("Content-Type", "Content-Transfer-Encoding")):
        raise NotTaken(Reason.MALFORMED, "it says twice what it contains")
    return Entity(headers, body)


def parts(whole: Entity) -> list[bytes]:
    """The parts of a multipart, each with its own headers, byte for byte."""
    boundary = whole.headers.get_param("boundary")
    if not isinstance(boundary, str) or not 0 < len(boundary) <= 70:
        raise NotTaken(Reason.MALFORMED, "its parts have no boundary")
    mark = re.escape(b"--" + boundary.encode("ascii", "replace"))
    marks = list(re.finditer(rb"^" + mark + rb"(--)?[ \t]*\r?(?:\n|\Z)", whole.body, re.MULTILINE))
    last = next((n for n, found in enumerate(marks) if found[1]), None)
    if not last:
        raise NotTaken(Reason.MALFORMED, "its parts have no end")
    before, after = whole.body[: marks[0].start()], whole.body[marks[last].end() :]
    if (before.strip() and not _HINT.fullmatch(before)) or after.strip():
        raise NotTaken(Reason.NOT_WHOLLY_SIGNED, "a text stands beside its parts")
    slices = (whole.body[marks[n].end() : marks[n + 1].start()] for n in range(last))
    return [re.sub(rb"\r?\n\Z", b"", piece) for piece in slices]  # that line's end belongs to the boundary


def decoded(part: Entity) -> bytes:
    """A body without its transfer encoding (RFC 2045, 6)."""
    encoding = str(part.headers.get("Content-Transfer-Encoding", "7bit")).strip().lower()
    match encoding:
        case "7bit" | "8bit" | "binary":
            return part.body
        case "quoted-printable":
            return quopri.decodestring(part.body)
        case "base64":
            try:
                return base64.b64decode(b"".join(part.body.split()), validate=True)
            except binascii.Error as error:
                raise NotTaken(Reason.MALFORMED, "its transfer encoding is broken") from error
    raise NotTaken(Reason.MALFORMED, "its transfer encoding is none of MIME's")
