"""How a text becomes short messages: which alphabet, and how many parts.

Owns: the GSM 7 bit default alphabet with its extension table and UCS-2 (3GPP TS 23.038, 6.2), and the header
that joins the parts of a longer text (3GPP TS 23.040, 9.2.3.24.1 and 8). Knows nothing of SMPP or any SMSC.

GSM 7 bit text is one septet an octet, unpacked, as an SMSC takes it: packing is its task, not ours.
"""

import unicodedata
from dataclasses import dataclass
from enum import IntEnum

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_ESCAPE = 0x1B
_EXTENSION = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}
_SEPTETS = {c: bytes([n]) for n, c in enumerate(_BASIC) if n != _ESCAPE} | {
    c: bytes([_ESCAPE, n]) for n, c in _EXTENSION.items()
}

_SINGLE = {0: 160, 8: 140}
_JOINED = {0: 153, 8: 134}
"""Octets of text in a message that stands alone, and in one of several (the header takes 7 septets or 6
octets), by alphabet."""

MOST_PARTS = 255

_JOINS = {0x00: 3, 0x08: 4}
"""The elements of a header that join parts, with a reference of 8 or of 16 bits, and their lengths."""


class Alphabet(IntEnum):
    """The values are those of the data coding scheme (TS 23.038, 4) and of SMPP's data_coding."""

    GSM7 = 0
    UCS2 = 8


class TooLong(ValueError):
    """The text needs more than 255 parts."""


@dataclass(frozen=True, slots=True)
class Segments:
    alphabet: Alphabet
    parts: tuple[bytes, ...]
    """User data, one a message. With more than one, each begins with its user data header."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where one part belongs."""

    reference: int
    """Of the whole text, the sender's own count: 0 to 255, or to 65535."""
    total: int
    number: int
    """From 1."""


def split(text: str, reference: int) -> Segments:
    """The fewest messages that carry `text`; no character is ever split between two.

    `reference` (0 to 255) tells the parts of this text from those of the last one to the same telephone.
    Accented letters are composed first (NFC): the alphabet has only composed ones. What is no character at
    all (a lone surrogate) becomes U+FFFD. Raises TooLong.
    """
    alphabet, characters = _encoded(unicodedata.normalize("NFC", text))
    if sum(map(len, characters)) <= _SINGLE[alphabet]:
        return Segments(alphabet, (b"".join(characters),))
    bodies = _packed(characters, _JOINED[alphabet])
    if len(bodies) > MOST_PARTS:
        raise TooLong(f"this text needs {len(bodies)} short messages; at most {MOST_PARTS} can be joined")
    headers = (bytes((5, 0, 3, reference, len(bodies), n)) for n in range(1, len(bodies) + 1))
    return Segments(alphabet, tuple(head + body for head, body in zip(headers, bodies, strict=True)))


def _encoded(text: str) -> tuple[Alphabet, list[bytes]]:
    try:
        return Alphabet.GSM7, [_SEPTETS[c] for c in text]
    except KeyError:
        whole = text.encode("utf-16-be", "surrogatepass").decode("utf-16-be", "replace")
        return Alphabet.UCS2, [c.encode("utf-16-be") for c in whole]


def _packed(characters: list[bytes], size: int) -> list[bytes]:
    bodies = [bytearray()]
    for character in characters:
        if len(bodies[-1]) + len(character) > size:
            bodies.append(bytearray())
        bodies[-1] += character
    return [bytes(b) for b in bodies]


def decode(data: bytes, alphabet: Alphabet) -> str:
    """The text of user data without its header. Takes any octets: what means nothing becomes U+FFFD."""
    if alphabet is Alphabet.UCS2:
        return data.decode("utf-16-be", "replace")
    text, escaped = [], False
    for octet in data:
        if octet == _ESCAPE and not escaped:
            escaped = True
            continue
        basic = _BASIC[octet] if octet < len(_BASIC) and octet != _ESCAPE else "\N{REPLACEMENT CHARACTER}"
        # A code absent from the extension table is read from the basic one (TS 23.038, 6.2.1.1).
        text.append(_EXTENSION.get(octet, basic) if escaped else basic)
        escaped = False
    return "".join(text)


def unheaded(data: bytes) -> tuple[Place | None, bytes]:
    """User data that begins with a header, as (its place among the parts, the text's octets).

    The place is None when the header says nothing of joining. Raises ValueError for a header that
    does not fit.
    """
    if not data or len(data) <= data[0]:
        raise ValueError("the user data header is longer than the user data")
    header, body = data[1 : data[0] + 1], data[data[0] + 1 :]
    while len(header) >= 2:
        kind, length, value = header[0], header[1], header[2 : header[1] + 2]
        if length == len(value) == _JOINS.get(kind) and 1 <= value[-1] <= value[-2]:
            return Place(int.from_bytes(value[:-2]), *value[-2:]), body
        header = header[length + 2 :]
    return None, body
