"""MIME entities as slices of raw bytes (RFC 5322, 2045 and 2046), read strictly.

Owns: where header fields, bodies and parts begin and end. Two programs that read a mail differently are how
an attack gets past one of them, so what is not plainly one thing is refused. Nothing is ever written anew:
what a signature covers must stay as it came. Lines end in CRLF or in LF. Must not know who signs or encrypts.
"""

import base64
import binascii
import quopri
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
from email.utils import collapse_rfc2231_value

from ivr.domain.mail import Reason, Refused

_EMPTY_LINE = re.compile(rb"(?:\A|\r?\n)\r?\n")
_FIELD = re.compile(rb"([!-9;-~]{1,76}):([^\r\n\0]*(?:\r?\n[ \t][^\r\n\0]*)*)(?:\r?\n|\Z)")
_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+(?=\s*(;|$))", re.ASCII)
_GREETING = re.compile(rb"\s*(This is an? [^\r\n]*\s*)?")
"""What programs write for those that know no MIME (RFC 2046, 5.1.1); nobody is shown it."""
_LONGEST_GREETING = 200
_LONGEST_LINE = 998
"""Octets of a header line (RFC 5322, 2.1.1)."""
_LONGEST_HEAD = 1 << 16
"""Octets. Mail programs and the servers on the way make a few thousand."""
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
    ended: bool
    """An empty line stood after the header fields. Without one there is no body."""

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
        """Its content type in lower case, text/plain where there is none (RFC 2045, 5.2)."""
        value = self.one("content-type")
        if not value:
            return "text/plain"
        found = _TYPE.match(value)
        if found is None:
            raise Unfit(Reason.MALFORMED, "a content type is none")
        return found[0].lower()

    @property
    def encoding(self) -> str:
        """Its transfer encoding in lower case (RFC 2045, 6)."""
        return self.one("content-transfer-encoding").lower() or "7bit"

    @property
    def file_name(self) -> str:
        """Empty where it has none (RFC 2183, 2.3). Some programs give it with the content type alone."""
        return self.parameter("filename", "content-disposition") or self.parameter("name")

    def parameter(self, name: str, field: str = "content-type") -> str:
        """A parameter of a field such as Content-Type; empty where there is none."""
        return _parameters(field, self.one(field)).get(name, "")

    def decoded(self) -> bytes:
        """The body without its transfer encoding (RFC 2045, 6). Raises Unfit."""
        match self.encoding:
            case "7bit" | "8bit" | "binary":
                return self.body
            case "quoted-printable":
                return quopri.decodestring(self.body)
            case "base64":
                try:
                    return base64.b64decode(b"".join(self.body.split()), validate=True)
                except binascii.Error as error:
                    raise Unfit(Reason.MALFORMED, "a transfer encoding is broken") from error
        raise Unfit(Reason.MALFORMED, "a transfer encoding is none of MIME's")

    def parts(self, *, alone: bool = False) -> list[bytes]:
        """The parts of a multipart, each with its own header fields, byte for byte. What stands before and
        after them is for nobody (RFC 2046, 5.1.1); with `alone` nothing may stand there but the greeting of
        mail programs. Raises Unfit."""
        boundary = self.parameter("boundary")
        if not 0 < len(boundary) <= _LONGEST_BOUNDARY or not boundary.isascii():
            raise Unfit(Reason.MALFORMED, "a multipart has no boundary")
        line = re.compile(rb"^--" + re.escape(boundary.encode()) + rb"(--)?[ \t]*(?:\r?\n|\Z)", re.MULTILINE)
        pieces: list[bytes] = []
        start = 0
        for found in line.finditer(self.body):
            pieces.append(self.body[start : found.start()])
            if len(pieces) > _MOST_PARTS + 1:
                raise Unfit(Reason.TOO_COMPLEX, f"a multipart has more than {_MOST_PARTS} parts")
            start = found.end()
            if found[1]:
                break
        else:
            raise Unfit(Reason.MALFORMED, "a multipart does not end")
        before, *parts = pieces
        if not parts:
            raise Unfit(Reason.MALFORMED, "a multipart ends before it begins")
        greets = len(before) <= _LONGEST_GREETING and _GREETING.fullmatch(before)
        if alone and (not greets or self.body[start:].strip()):
            raise Unfit(Reason.NOT_WHOLLY_SIGNED, "something stands before or after the parts of a multipart")
        return [re.sub(rb"\r?\n\Z", b"", part) for part in parts]  # that line's end belongs to the boundary


def entity(raw: bytes) -> Entity:
    """Header fields up to the first empty line, and what follows. Raises Unfit, also for fields that steer
    how a mail is read and cannot be read themselves: no caller is to come upon them later."""
    end = _EMPTY_LINE.search(raw, 0, _LONGEST_HEAD)
    if end is None and len(raw) > _LONGEST_HEAD:
        raise Unfit(Reason.TOO_LARGE, f"header fields are longer than {_LONGEST_HEAD} octets")
    head, body = (raw[: end.start()], raw[end.end() :]) if end else (raw, b"")
    found = Entity(tuple(_fields(head)), body, end is not None)
    _ = found.kind, found.encoding, found.file_name, found.parameter("name")
    return found


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
        for leaf, parent in leaves(entity(part), _deep + 1):
            count += 1
            if count > _MOST_PARTS:
                raise Unfit(Reason.TOO_COMPLEX, f"there are more than {_MOST_PARTS} parts")
            yield leaf, parent or root.kind


def _fields(head: bytes) -> Iterator[tuple[str, str]]:
    if any(len(line.removesuffix(b"\r")) > _LONGEST_LINE for line in head.split(b"\n")):
        raise Unfit(Reason.MALFORMED, f"a header line is longer than {_LONGEST_LINE} octets")
    at = count = 0
    while at < len(head):
        found = _FIELD.match(head, at)
        if found is None:
            raise Unfit(Reason.MALFORMED, "a line among the header fields is none")
        count += 1
        if count > _MOST_FIELDS:
            raise Unfit(Reason.TOO_COMPLEX, f"there are more than {_MOST_FIELDS} header fields")
        value = re.sub(rb"\r?\n", b"", found[2])
        yield found[1].decode("ascii").lower(), value.decode("utf-8", "backslashreplace")
        at = found.end()


def _parameters(field: str, value: str) -> Mapping[str, str]:
    """The parameters of a field (RFC 2045, 5.1, and RFC 2231), of each name the first. Raises Unfit."""
    if len(value) > _LONGEST_VALUE:
        raise Unfit(Reason.TOO_COMPLEX, f"the header field {field} is too long")
    message = Message()
    message["X"] = value
    try:
        pairs = message.get_params([], "X")
        found = {name.lower(): collapse_rfc2231_value(said) for name, said in reversed(pairs)}
    except (ValueError, TypeError, LookupError) as error:  # Python's reader of RFC 2231 fails in many ways
        raise Unfit(Reason.MALFORMED, f"the header field {field} cannot be read") from error
    if any(name == "boundary" and isinstance(said, tuple) for name, said in pairs):
        raise Unfit(Reason.MALFORMED, "a boundary is encoded")  # it never needs to be, and few would read it
    return found
