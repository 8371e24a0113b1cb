"""Ports of the loopback interface that are free now. Owns: asking the kernel for them."""

import contextlib
import random
import socket


def free_ports(count: int, *, udp: bool = False) -> list[int]:
    """So many different ports of 127.0.0.1 that nobody uses now, TCP or UDP."""
    kind = socket.SOCK_DGRAM if udp else socket.SOCK_STREAM
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket(socket.AF_INET, kind)) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]


def free_range(count: int) -> tuple[int, int]:
    """First and last of `count` UDP ports in a row, the first one even (RTP, RFC 3550 section 11)."""
    chance = random.SystemRandom()
    while True:
        first = chance.randrange(11_000, 30_000, 2)  # below the kernel's own range for port 0
        with contextlib.ExitStack() as held, contextlib.suppress(OSError):
            for port in range(first, first + count):
                held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)).bind(("127.0.0.1", port))
            return first, first + count - 1
