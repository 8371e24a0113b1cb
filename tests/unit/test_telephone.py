"""The bench's telephone on a socket: what it sends as keys, and when it heard which sound."""

import socket
import struct
import time
from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest

from bench.telephone import LINEAR, NotHeard, Telephone
from ivr.pstn.witness import Audio

PACKET = 160
SILENT = b"\xd5" * PACKET


def sound(seed: int, packets: int = 40, silent: int = 2) -> list[bytes]:
    """Noise in A-law behind a few packets of silence."""
    chance = np.random.default_rng(seed)
    loud = [chance.integers(0, 256, PACKET, np.uint8).tobytes() for _ in range(packets - silent)]
    return [SILENT] * silent + loud


def heard(packets: list[bytes]) -> Audio:
    return LINEAR[np.frombuffer(b"".join(packets), np.uint8)]


@pytest.fixture
def line() -> Iterator[tuple[Telephone, socket.socket]]:
    with Telephone() as telephone, closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as peer:
        peer.bind(("127.0.0.1", 0))
        peer.connect(("127.0.0.1", telephone.port))
        peer.settimeout(5)
        telephone.connect(f"v=0\r\nm=audio {peer.getsockname()[1]} RTP/AVP 8 101\r\n")
        yield telephone, peer


def send(peer: socket.socket, packets: list[bytes]) -> list[float]:
    """When each had left."""
    left = []
    for n, packet in enumerate(packets):
        peer.send(struct.pack(">BBHII", 0x80, 8, n, n * PACKET, 1) + packet)
        left.append(time.time())
    return left


def test_a_sound_is_heard_when_its_first_packet_came(line: tuple[Telephone, socket.socket]) -> None:
    telephone, peer = line
    left = send(peer, [*sound(1), *[SILENT] * 3, *sound(2)])
    packet_at, sound_at = telephone.hear(heard(sound(2)), 5)
    assert left[42] <= packet_at < sound_at, "not before the packet ahead of it had left"
    assert left[44] <= sound_at <= time.time()
    with pytest.raises(NotHeard):
        telephone.hear(heard(sound(3)), 0.1)


def test_a_key_is_an_event_whose_end_is_told_three_times(line: tuple[Telephone, socket.socket]) -> None:
    telephone, peer = line
    send(peer, sound(1))
    ended_at = telephone.press("4#")
    assert telephone.sounds() == [], "what was heard before a key is forgotten"
    assert ended_at <= time.time()
    events = []
    while len(events) < 14:
        packet = peer.recv(2048)
        if packet[1] & 0x7F == 101:
            events.append(struct.unpack(">BBH", packet[12:]))
    durations = [n * PACKET for n in range(1, 5)] + [800] * 3
    assert events == [(key, 0x8A if d == 800 else 10, d) for key in (4, 11) for d in durations]
