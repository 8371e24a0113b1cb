"""A telephone's sound by hand (RFC 3550, G.711 A-law, RFC 4733): when each packet left and came, exactly.

Owns: one call's RTP. It sends a packet every 20 ms as telephones do, keys as events, and keeps what comes
with the moment at which the kernel took it in: no thread of ours that is late is part of a time. Knows no
signalling and no prompt.
"""

import random
import re
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import suppress

import numpy as np

from ivr.pstn.witness import QUIET_DBFS, Audio, level_dbfs

PACKET_S = 0.02
RATE = 8000
_SAMPLES = round(PACKET_S * RATE)
_ALAW, _EVENT = 8, 101
_SILENCE = b"\xd5" * _SAMPLES
_KEY_PACKETS, _GAP_PACKETS = 5, 5
"""A tenth of a second each, as the practice phones press keys."""
_ENDS = 3
"""So often the end of an event is told (RFC 4733, 2.5.1.4)."""
_SO_TIMESTAMPNS = 35
"""socket(7) of Linux: the kernel's clock, which is time.time()'s. Python has no name for it."""
_ALIKE = 0.95
"""Correlation of a prompt's packets with themselves after A-law is above 0.99; nothing else comes near it."""
_LOOKED_AT = 15
"""Packets by which a prompt is known, from its first loud one on."""


class NotHeard(Exception):
    """What was to be heard has not come."""


class Telephone:
    """Sound to and from the port that the answer `sdp` of `connect` names. In one thread; time passes only
    in `press` and `hear`."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        self._came: list[tuple[float, Audio]] = []
        self._source = random.getrandbits(32)
        self._sequence = self._clock = 0
        self._due = self._since = 0.0

    def __enter__(self) -> "Telephone":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    def connect(self, sdp: str) -> None:
        found = re.search(r"^m=audio (\d+) ", sdp, re.MULTILINE)
        assert found is not None, "the answer has no sound"
        self._socket.connect(("127.0.0.1", int(found[1])))
        self._due = time.monotonic()
        self._since = time.time()

    def press(self, keys: str) -> float:
        """Press `keys`; when the end of the last one's event left. What came before that is forgotten."""
        for key in keys:
            self._came.clear()
            self._since = self._press("0123456789*#".index(key))
        return self._since

    def hear(self, sound: Audio, within_s: float) -> tuple[float, float]:
        """When the first packet of `sound` came, and its first that is not silent. Raises NotHeard."""
        start = first_loud(sound)
        size = (start + _LOOKED_AT) * _SAMPLES
        wanted = sound[:size]
        until = time.monotonic() + within_s
        seen = 0
        while time.monotonic() < until:
            while len(self._came) - seen >= wanted.size // _SAMPLES:
                came = self._came[seen : seen + wanted.size // _SAMPLES]
                if _alike(np.concatenate([packet for _, packet in came]), wanted[: len(came) * _SAMPLES]):
                    return came[0][0], came[start][0]
                seen += 1
            self._send(_ALAW, _SILENCE)
        raise NotHeard(f"not heard within {within_s:g} s")

    def sounds(self) -> list[float]:
        """When a packet came that was not silent, since the last key, or since the call was answered: seconds
        from there."""
        return [at - self._since for at, packet in self._came if level_dbfs(packet) > QUIET_DBFS]

    def _press(self, event: int) -> float:
        began = self._clock
        for n in range(1, _KEY_PACKETS):
            self._send(_EVENT, struct.pack(">BBH", event, 10, n * _SAMPLES), began, marker=n == 1)
        end = struct.pack(">BBH", event, 0x80 | 10, _KEY_PACKETS * _SAMPLES)
        ended_at = self._send(_EVENT, end, began)
        for _ in range(_ENDS - 1):
            self._transmit(_EVENT, end, began, False)
        for _ in range(_GAP_PACKETS):
            self._send(_ALAW, _SILENCE)
        return ended_at

    def _send(self, kind: int, payload: bytes, stamp: int | None = None, marker: bool = False) -> float:
        """Take in what comes until the next packet is due, then send it; when it left."""
        self._take_in()
        left_at = time.time()
        self._transmit(kind, payload, self._clock if stamp is None else stamp, marker)
        self._clock += _SAMPLES
        self._due += PACKET_S
        return left_at

    def _transmit(self, kind: int, payload: bytes, stamp: int, marker: bool) -> None:
        self._sequence = (self._sequence + 1) & 0xFFFF
        head = struct.pack(">BBHII", 0x80, kind | marker << 7, self._sequence, stamp, self._source)
        with suppress(ConnectionRefusedError):  # the other side has hung up
            self._socket.send(head + payload)

    def _take_in(self) -> None:
        while True:
            left = self._due - time.monotonic()
            self._socket.settimeout(max(left, 0.0))
            try:
                packet, told, _, _ = self._socket.recvmsg(2048, socket.CMSG_SPACE(16))
            except (TimeoutError, BlockingIOError):
                return
            except ConnectionRefusedError:
                continue
            if packet[1] & 0x7F == _ALAW:
                self._came.append((_taken_at(told), LINEAR[np.frombuffer(packet[12:], np.uint8)]))


def _taken_at(told: list[tuple[int, int, bytes]]) -> float:
    seconds, nanoseconds = struct.unpack("qq", told[0][2])
    return float(seconds + nanoseconds / 1e9)


def first_loud(sound: Audio) -> int:
    """The first packet of `sound` that is not silence."""
    return int(np.flatnonzero(np.abs(sound) > 10 ** (QUIET_DBFS / 20))[0]) // _SAMPLES


def _alike(came: Audio, wanted: Audio) -> bool:
    if came.size != wanted.size:
        return False
    power = float(np.sum(came**2) * np.sum(wanted**2))
    return power > 0 and float(np.sum(came * wanted)) / power**0.5 >= _ALIKE


def _linear() -> Iterator[float]:
    """What each A-law octet stands for (ITU-T G.711), full scale being 1."""
    for octet in range(256):
        code = octet ^ 0x55
        exponent, mantissa = code >> 4 & 7, code & 15
        value = (mantissa << 4) + 8
        if exponent:
            value = value + 0x100 << exponent - 1
        yield (value if code & 0x80 else -value) / 32768


LINEAR = np.array(list(_linear()))
