"""A carrier that speaks SIP by hand (RFC 3261), so that it may answer what no exchange would: here, 3xx.

It stands in for the practice network at the port of its trunk, and writes down every request that it gets.
"""

import re
import socket
import threading
from collections.abc import Mapping
from typing import NamedTuple, Self


class Request(NamedTuple):
    method: str
    target: str
    """The Request-URI."""


class SipCarrier:
    """Answers each INVITE by the number that is called: `answers` holds status line and further header
    fields; 404 where it holds none. Other requests are taken with 200."""

    def __init__(self, port: int, answers: Mapping[str, tuple[str, ...]]) -> None:
        self._answers = answers
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", port))
        self._socket.settimeout(0.2)
        self._leaving = threading.Event()
        self._requests: list[Request] = []
        self._seen: set[str] = set()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def port(self) -> int:
        port: int = self._socket.getsockname()[1]
        return port

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._leaving.set()
        self._thread.join(5)
        self._socket.close()

    def invited(self) -> list[str]:
        """The Request-URI of each call that came here, in order; sent again or not, a call is one."""
        return [r.target for r in self._requests if r.method == "INVITE"]

    def _serve(self) -> None:
        while not self._leaving.is_set():
            try:
                data, peer = self._socket.recvfrom(65536)
            except TimeoutError:
                continue
            text = data.decode("utf-8", "replace")
            first = re.match(r"([A-Z]+) (\S+) SIP/2.0\r\n", text)
            if first is None:
                continue
            branch = re.search(r"branch=([^;,\s]+)", text)
            if branch is None or f"{first[1]} {branch[1]}" not in self._seen:
                self._seen.add(f"{first[1]} {branch[1]}" if branch else "")
                self._requests.append(Request(first[1], first[2]))
            if first[1] != "ACK":
                self._socket.sendto(self._answer(first[1], first[2], text), peer)

    def _answer(self, method: str, target: str, text: str) -> bytes:
        called = re.match(r"sip:([^@;]+)", target)
        status, *more = ("200 OK",)
        if method == "INVITE":
            status, *more = self._answers.get(called[1] if called else "", ("404 Not Found",))
        kept = re.findall(r"^(?:Via|From|To|Call-ID|CSeq):.*$", text.replace("\r", ""), re.MULTILINE)
        tagged = [f"{line};tag=carrier" if re.match(r"To:(?!.*;tag=)", line) else line for line in kept]
        return "\r\n".join([f"SIP/2.0 {status}", *tagged, *more, "Content-Length: 0", "", ""]).encode()
