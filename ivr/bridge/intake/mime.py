"""MIME entities as slices of raw bytes (RFC 5322, 2045 and 2046), read strictly.

Owns: where header fields, bodies and parts begin and end. Two programs that read a mail differently are how
an attack gets past one of them, so what is not plainly one thing is refused. Nothing is ever written anew.
"""

import base64
import binascii
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message

from ivr.domain.mail import Reason, Refused

_FIELD = re.compile(rb"([!-9;-~]{1,76}):((?:[^\r\n]|\r\n(?=[ \t]))*)\r\n")
_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+(?=\s*(;|$))", re.ASCII)
_LONGEST_LINE = 998
"""Octets of a header line (RFC 5322, 2.1.1)."""
_LONGEST_HEAD = 1 << 16
_LONGEST_VALUE = 1000
"""Characters of a field with parameters. Reading them takes quadratic time."""
_MOST_FIELDS = 200
_LONGEST_BOUNDARY = 70
"""RFC 2046, 5.1.1."""
_MOST_PARTS = 50
_DEEPEST = 6
"""Multiparts within each other. Mail programs make three."""


class Unfit(Exception):
    """A mail that cannot be read in one way alone."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.refused = Refused(reason, detail)


@dataclass(frozen=True, slots=True)
class Entity:
    """Header fields and body."""

    fields: tuple[tuple[str, str], ...]
    """Names in lower case, values unfolded."""
    body: bytes

    def all(self, name: str) -> list[str]:
        return [value for known, value in self.fields if known == name]

    def one(self, name: str) -> str:
        """The value; empty where there is none. Raises Unfit where there are several."""
        values = self.all(name)
        if len(values) > 1:
            raise Unfit(Reason.MALFORMED, f"the header field {name} is there {len(values)} times")
        return values[0].strip() if values else ""

    @property
    def kind(self) -> str:
        """Its content type in lower case, text/plain where there is none (RFC 2045, 5.2). Raises Unfit."""
        value = self.one("content-type")
        if not value:
            return "text/plain"
        found = _TYPE.match(value)
        if found is None:
            raise Unfit(Reason.MALFORMED, "a content type is none")
        return found[0].lower()

    def parameter(self, name: str, field: str = "content-type") -> str:
        """A parameter of a field such as Content-Type; empty where there is none."""
        value = self.one(field)
        if len(value) > _LONGEST_VALUE:
            raise Unfit(Reason.TOO_COMPLEX, f"the header field {field} is too long")
        message = Message()
        message["X"] = value
        found = message.get_param(name, "", "X")
        return found if isinstance(found, str) else found[2]

    def decoded(self) -> bytes:
        """The body without its transfer encoding (RFC 2045, 6). Raises Unfit."""
        match self.one("content-transfer-encoding").lower():
            case "" | "7bit" | "8bit" | "binary":
                return self.body
            case "quoted-printable":
                return quopri.decodestring(self.body)
            case "base64":
                try:
                    return base64.b64decode(b"".join(self.body.split()), validate=True)
                except binascii.Error as error:
                    raise Unfit(Reason.MALFORMED, "a transfer encoding is broken") from error
        raise Unfit(Reason.MALFORMED, "a transfer encoding is none of MIME's")

    def parts(self) -> "list[Entity]":
        """Of a multipart; what stands before and after them is for nobody (RFC 2046, 5.1.1). Raises Unfit."""
        boundary = self.parameter("boundary")
        if not 0 < len(boundary) <= _LONGEST_BOUNDARY or not boundary.isascii():
            raise Unfit(Reason.MALFORMED, "a multipart has no boundary")
        line = re.compile(rb"^--" + re.escape(boundary.encode()) + rb"(--)?[ \t]*(?:\r\n|\Z)", re.MULTILINE)
        pieces: list[Entity] = []
        start = None
        for found in line.finditer(self.body):
            if start is not None:
                pieces.append(entity(self.body[start : max(start, found.start() - 2)]))
            if len(pieces) > _MOST_PARTS:
                raise Unfit(Reason.TOO_COMPLEX, f"a multipart has more than {_MOST_PARTS} parts")
            if found[1] and pieces:
                return pieces
            start = found.end()
        raise Unfit(Reason.MALFORMED, "a multipart does not end")


def entity(raw: bytes) -> Entity:
    """Header fields up to the first empty line, and what follows. Raises Unfit."""
    if not raw or raw.startswith(b"\r\n"):
        return Entity((), raw[2:])
    end = raw.find(b"\r\n\r\n", 0, _LONGEST_HEAD)
    if end < 0 and len(raw) > _LONGEST_HEAD:
        raise Unfit(Reason.TOO_LARGE, f"header fields are longer than {_LONGEST_HEAD} octets")
    head, body = (raw, b"") if end < 0 else (raw[: end + 2], raw[end + 4 :])
    if not head.endswith(b"\r\n"):
        head += b"\r\n"
    if any(len(line) > _LONGEST_LINE for line in head.split(b"\r\n")):
        raise Unfit(Reason.MALFORMED, f"a header line is longer than {_LONGEST_LINE} octets")
    return Entity(tuple(_fields(head)), body)


def _fields(head: bytes) -> Iterator[tuple[str, str]]:
    at = count = 0
    while at < len(head):
        found = _FIELD.match(head, at)
        if found is None:
            raise Unfit(Reason.MALFORMED, "a line among the header fields is none")
        count += 1
        if count > _MOST_FIELDS:
            raise Unfit(Reason.TOO_COMPLEX, f"there are more than {_MOST_FIELDS} header fields")
        value = found[2].replace(b"\r\n", b"")
        yield found[1].decode("ascii").lower(), value.decode("utf-8", "backslashreplace")
        at = found.end()


def leaves(root: Entity, _deep: int = 0) -> Iterator[tuple[Entity, str]]:
    """Every part that is no multipart, with the content type of the multipart that it stands in; empty for
    the root itself. Raises Unfit for more and deeper ones than any mail program makes."""
    if not root.kind.startswith("multipart/"):
        yield root, ""
        return
    if _deep >= _DEEPEST:
        raise Unfit(Reason.TOO_COMPLEX, f"multiparts are nested more than {_DEEPEST} deep")
    count = 0
    for part in root.parts():
        for leaf, parent in leaves(part, _deep + 1):
            count += 1
            if count > _MOST_PARTS:
                raise Unfit(Reason.TOO_COMPLEX, f"there are more than {_MOST_PARTS} parts")
            yield leaf, parent or root.kind
