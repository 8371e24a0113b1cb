"""OpenPGP packets by hand, for messages that no program makes (RFC 9580, 4 and 5)."""

import base64
import bz2
import zlib

from pysequoia import ArmorKind, armor

SIGNATURE = ArmorKind.Signature


def packet(tag: int, body: bytes) -> bytes:
    return bytes([0xC0 | tag, 0xFF]) + len(body).to_bytes(4, "big") + body


def literal(data: bytes, name: bytes = b"") -> bytes:
    return packet(11, b"b" + bytes([len(name)]) + name + bytes(4) + data)


def compressed(packets: bytes, algorithm: int = 2) -> bytes:
    if algorithm == 3:
        return packet(8, b"\3" + bz2.compress(packets))
    if algorithm == 2:
        return packet(8, b"\2" + zlib.compress(packets))
    raw = zlib.compressobj(wbits=-15)
    return packet(8, b"\1" + raw.compress(packets) + raw.flush())


def split(packets: bytes) -> list[tuple[int, bytes]]:
    """Tag and body of each packet that gpg has written, without partial lengths."""
    found = []
    while packets:
        head = packets[0]
        if head & 0x40:
            tag, first = head & 0x3F, packets[1]
            if first < 192:
                start, length = 2, first
            elif first < 224:
                start, length = 3, (first - 192 << 8) + packets[2] + 192
            else:
                assert first == 255, "a partial length"
                start, length = 6, int.from_bytes(packets[2:6], "big")
        else:
            tag, size = head >> 2 & 0xF, 1 << (head & 3)
            assert size < 8, "a length that is not told"
            start, length = 1 + size, int.from_bytes(packets[1 : 1 + size], "big")
        found.append((tag, packets[start : start + length]))
        packets = packets[start + length :]
    return found


def joined(packets: list[tuple[int, bytes]]) -> bytes:
    return b"".join(packet(tag, body) for tag, body in packets)


def bare(armoured: bytes) -> bytes:
    """Without the armour."""
    lines = armoured.decode().splitlines()
    data = lines[lines.index("") + 1 : -1]
    return base64.b64decode("".join(line for line in data if not line.startswith("=")))


def armoured(packets: bytes, kind: ArmorKind = ArmorKind.Message) -> bytes:
    return armor(packets, kind).encode()
