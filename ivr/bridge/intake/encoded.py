"""Header fields as a mail program shows them. Owns: encoded words (RFC 2047), and what must not be there."""

import binascii
import unicodedata
from email.errors import HeaderParseError
from email.header import decode_header

from ivr.domain.mail import Reason
from ivr.domain.mime import Unfit

_LONGEST = 1000
"""Characters."""
_UNSEEN = ("Cc", "Cf", "Zl", "Zp")
"""Categories: control characters, those that turn the direction of text, separators of lines."""


def shown(value: str) -> str:
    """The value with its encoded words read. Raises Unfit: what is hidden in one, such as the end of a line,
    would come out where nobody looks for it."""
    if len(value) > _LONGEST:
        raise Unfit(Reason.TOO_COMPLEX, "a name or subject is too long")
    try:
        parts = decode_header(value)
        text = "".join(p.decode(charset or "ascii") if isinstance(p, bytes) else p for p, charset in parts)
    except (ValueError, LookupError, HeaderParseError, binascii.Error) as error:
        raise Unfit(Reason.MALFORMED, "an encoded word cannot be read") from error
    if any(unicodedata.category(c) in _UNSEEN and c != "\t" for c in text):
        raise Unfit(Reason.MALFORMED, "a name or subject holds characters that cannot be seen")
    return text
