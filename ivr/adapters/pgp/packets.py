"""OpenPGP packets as bytes: ASCII armour off, lengths read, packed ones unpacked within a bound.

Owns: RFC 9580, 4 (packets), 5.6 (compression) and 6 (armour). Must not know which packets make a mail. Pure:
raises NotTaken alone, whatever the bytes.
"""

import base64
import binascii
import bz2
import re
import zlib
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from ivr.adapters.pgp import NotTaken
from ivr.domain.mail import Reason

LARGEST = 32 * 2**20
"""Bytes of a text when it is unpacked. An alert's recording has less than half of that."""
_MOST = 200
"""Packets of a message: one for each key that it is encrypted to, and a few."""


class Tag(IntEnum):
    """RFC 9580, 5."""

    ENCRYPTED_KEY = 1
    SIGNATURE = 2
    PASSPHRASE = 3
    ONE_PASS = 4
    COMPRESSED = 8
    NO_INTEGRITY = 9
    MARKER = 10
    LITERAL = 11
    INTEGRITY = 18
    AEAD = 20
    """Of GnuPG; RFC 9580 has its AEAD within 18."""
    PADDING = 21


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet, its partial bodies joined."""

    tag: int
    body: bytes


def dearmoured(text: bytes, kind: bytes) -> bytes:
    """The data of an armour of that kind that is the whole of `text` but for blank lines around it. Its
    checksum is optional, and nothing rests on it (RFC 9580, 6.1)."""
    lines = [line.rstrip() for line in text.strip().split(b"\n")]
    begin, end = b"-----BEGIN PGP %b-----" % kind, b"-----END PGP %b-----" % kind
    if begin not in lines:
        raise NotTaken(Reason.MALFORMED, f"the ASCII armour of a PGP {kind.decode()} is missing")
    marks = [n for n, line in enumerate(lines) if line.startswith(b"-----")]
    if marks != [0, len(lines) - 1] or lines[-1] != end:
        raise NotTaken(Reason.NOT_WHOLLY_SIGNED, f"something stands beside the PGP {kind.decode()}")
    blank = lines.index(b"") if b"" in lines else 0
    if not blank or not all(re.match(rb"[A-Za-z]+:", line) for line in lines[1:blank]):
        raise NotTaken(Reason.MALFORMED, "the ASCII armour lacks the blank line before its data")
    data = lines[blank + 1 : -1]
    try:
        return base64.b64decode(b"".join(line for line in data if not line.startswith(b"=")), validate=True)
    except binascii.Error as error:
        raise NotTaken(Reason.MALFORMED, "the ASCII armour is broken") from error


def read(data: bytes) -> list[Packet]:
    """All packets, at least one, without those that a reader is to skip (RFC 9580, 5.8 and 5.14)."""
    packets: list[Packet] = []
    at = 0
    while at < len(data):
        head, at = data[at], at + 1
        if not head & 0x80:
            raise NotTaken(Reason.MALFORMED, "no OpenPGP packet stands where one should")
        if head & 0x40:
            tag = head & 0x3F
            body, at = _body(data, at)
        else:
            tag, size = head >> 2 & 0x0F, 1 << (head & 3)
            length, at = (_number(data, at, size), at + size) if size < 8 else (len(data) - at, at)
            body, at = _slice(data, at, length), at + length
        packets.append(Packet(tag, body))
        if len(packets) > _MOST:
            raise NotTaken(Reason.TOO_COMPLEX, f"it has more than {_MOST} OpenPGP packets")
    kept = [packet for packet in packets if packet.tag not in (Tag.MARKER, Tag.PADDING)]
    if not kept:
        raise NotTaken(Reason.MALFORMED, "it holds no OpenPGP packet")
    return kept


def _body(data: bytes, at: int) -> tuple[bytes, int]:
    """A body whose length is in the new format, and where the next packet begins (RFC 9580, 4.2.1)."""
    pieces = []
    while True:
        first, at = _number(data, at, 1), at + 1
        partial = 224 <= first < 255
        if first < 192:
            length = first
        elif partial:
            length = 1 << (first & 0x1F)
        elif first == 255:
            length, at = _number(data, at, 4), at + 4
        else:
            length, at = (first - 192 << 8) + _number(data, at, 1) + 192, at + 1
        pieces.append(_slice(data, at, length))
        at += length
        if not partial:
            return b"".join(pieces), at


def _number(data: bytes, at: int, size: int) -> int:
    return int.from_bytes(_slice(data, at, size), "big")


def _slice(data: bytes, at: int, length: int) -> bytes:
    if at + length > len(data):
        raise NotTaken(Reason.MALFORMED, "an OpenPGP packet is cut off")
    return data[at : at + length]


class _Unpacker(Protocol):
    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


def unpacked(body: bytes) -> bytes:
    """What a compressed packet holds."""
    algorithm, data = body[:1], body[1:]
    if algorithm == b"\0":
        return data
    unpacker: _Unpacker
    if algorithm in (b"\1", b"\2"):
        unpacker = zlib.decompressobj(-15 if algorithm == b"\1" else 15)
    elif algorithm == b"\3":
        unpacker = bz2.BZ2Decompressor()
    else:
        raise NotTaken(Reason.MALFORMED, "it is packed in a way that OpenPGP does not know")
    try:
        found = unpacker.decompress(data, LARGEST + 1)
    except (zlib.error, OSError) as error:
        raise NotTaken(Reason.MALFORMED, "what is packed in it is broken") from error
    if len(found) > LARGEST:
        raise NotTaken(Reason.TOO_COMPLEX, f"it is larger than {LARGEST} bytes when it is unpacked")
    if not unpacker.eof or unpacker.unused_data:
        raise NotTaken(Reason.MALFORMED, "what is packed in it is cut off, or something stands behind it")
    return found
