"""MIME entities as slices of raw bytes (RFC 2045, 2046): what a signature covers must never be written anew.

Owns: where headers, bodies and parts begin and end. Pure. Takes lines that end in CRLF or in LF. Raises
Refusal.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesHeaderParser

from ivr.adapters.smime.refusal import Refusal, malformed
from ivr.domain.mail import Reason

_END_OF_HEADERS = re.compile(rb"(?:\A|\r?\n)\r?\n")
_GREETING = re.compile(rb"\s*(This is an? [^\r\n]*\s*)?")
_LONGEST_GREETING = 200
_MOST_HEADERS = 1 << 16
"""Octets. Mail programs and the servers on the way make a few thousand."""
_MOST_PARTS = 100
_LONGEST_BOUNDARY = 70
"""RFC 2046, 5.1.1."""


@dataclass(frozen=True, slots=True)
class Entity:
    """Header fields and body of one entity."""

    headers: Message
    body: bytes
    type: str
    """In small letters; text/plain where there is none."""
    boundary: str
    file_name: str

    @property
    def is_cms(self) -> bool:
        """Holds a CMS structure. Gateways have sent it as any file, then its name tells (RFC 8551, 3.9)."""
        if self.type == "application/octet-stream":
            return self.file_name.lower().endswith(".p7m")
        return self.type in ("application/pkcs7-mime", "application/x-pkcs7-mime")

    @property
    def is_cms_signature(self) -> bool:
        return self.type in ("application/pkcs7-signature", "application/x-pkcs7-signature")

    def decoded(self) -> bytes:
        """The body without its transfer encoding."""
        encoding = str(self.headers.get("Content-Transfer-Encoding", "7bit")).strip().lower()
        if encoding in ("7bit", "8bit", "binary"):
            return self.body
        try:
            if encoding == "base64":
                return base64.b64decode(b"".join(self.body.split()), validate=True)
        except binascii.Error as error:
            raise malformed("the base64 of the mail is broken") from error
        raise malformed("its transfer encoding is none that CMS is sent in")

    def parts(self) -> list[bytes]:
        """The raw parts of a multipart. Nothing stands before or after them, but the greeting of mail
        programs for those that cannot read MIME."""
        if not self.boundary.isascii() or not 0 < len(self.boundary) <= _LONGEST_BOUNDARY:
            raise malformed("a multipart has no boundary")
        mark = re.escape(self.boundary.encode())
        line = re.compile(rb"(?:\A|\r?\n)--" + mark + rb"(--)?[ \t]*(\r?\n|\Z)")
        pieces: list[bytes] = []
        start = at = 0
        while found := line.search(self.body, at):
            pieces.append(self.body[start : found.start()])
            if len(pieces) > _MOST_PARTS:
                raise Refusal(Reason.TOO_COMPLEX, "a multipart has too many parts")
            start = found.end()
            at = found.start(2)  # the end of this line may begin the next delimiter
            if found[1]:
                _nothing(pieces[0], self.body[start:])
                return pieces[1:]
        raise malformed("a multipart does not end")


def split(raw: bytes) -> Entity:
    """Header fields and body. One that steers what follows must not be there twice: programs differ in which
    they take."""
    end = _END_OF_HEADERS.search(raw, 0, _MOST_HEADERS)
    if end is None:
        raise malformed("the header fields of a mail or part do not end")
    headers = BytesHeaderParser().parsebytes(raw[: end.end()])
    if headers.defects:
        raise malformed("the header fields of a mail or part are broken")
    for name in ("Content-Type", "Content-Transfer-Encoding"):
        if len(headers.get_all(name, [])) > 1:
            raise malformed(f"{name} is there twice")
    try:
        boundary, file_name = headers.get_boundary(""), headers.get_filename("")
        return Entity(headers, raw[end.end() :], headers.get_content_type(), boundary, file_name)
    except (ValueError, TypeError, LookupError) as error:  # Python's reader of RFC 2231 fails in many ways
        raise malformed("the header fields of a mail or part cannot be read") from error


def _nothing(before: bytes, after: bytes) -> None:
    if len(before) > _LONGEST_GREETING or not _GREETING.fullmatch(before) or after.strip():
        raise Refusal(Reason.NOT_WHOLLY_SIGNED, "something stands before or after the parts of a multipart")
