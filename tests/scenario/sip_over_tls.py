"""A carrier that speaks SIP over TLS by hand: takes calls and makes them, and shows a certificate."""

import re
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Self

from certificates import Shown

WAIT_S = 10.0


def busy(request: bytes) -> bytes:
    return answer(request, "486 Busy Here")


class Carrier:
    """Listens on `host`, an address of the loopback network, and keeps all that it is sent. Each INVITE is
    answered by `answers`."""

    def __init__(self, host: str, shown: Shown, answers: Callable[[bytes], bytes] = busy) -> None:
        self._answers = answers
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(shown.certificate, shown.key)
        self._listener = socket.create_server((host, 0))
        self.port = int(self._listener.getsockname()[1])
        self.told = b""
        self.connections = 0
        """That are over."""
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                taken, _ = self._listener.accept()
            except OSError:
                return
            taken.settimeout(WAIT_S)
            # The other end may not want to go on; then it has sent nothing, and that is what is asked for.
            with suppress(OSError), self._context.wrap_socket(taken, server_side=True) as talk:
                while data := talk.recv(65536):
                    self.told += data
                    if data.startswith(b"INVITE "):
                        talk.sendall(self._answers(data))
            self.connections += 1


def answer(request: bytes, status: str, *more: str, body: str = "") -> bytes:
    """To a SIP request; `more` are further headers."""
    kept = [line for line in request.split(b"\r\n") if re.match(rb"(?i)(via|from|to|call-id|cseq):", line)]
    kept = [line + b";tag=1" if re.match(rb"(?i)to:", line) else line for line in kept]
    told = [*more, f"Content-Length: {len(body)}", "", body]
    return b"\r\n".join([f"SIP/2.0 {status}".encode(), *kept, *(line.encode() for line in told)])


def client(ca: Path, shown: Shown | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(ca))
    if shown:
        context.load_cert_chain(shown.certificate, shown.key)
    return context


DISCARD = 9
"""A port at which nobody listens (RFC 863)."""
PLAIN = "RTP/AVP 8"
ENCRYPTED = "RTP/SAVP 8"


def speech(host: str, media: str, port: int = DISCARD) -> str:
    """SDP: speech to and from `host`."""
    crypto = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj\r\n"
    return (
        f"v=0\r\no=- 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
        f"m=audio {port} {media}\r\na=rtpmap:8 PCMA/8000\r\n{crypto if media == ENCRYPTED else ''}"
    )


def invite(to: str, ours: tuple[str, int], via: str, media: str) -> bytes:
    """An INVITE for the number `to`; `ours`: address and port it comes from."""
    host, port = ours
    sdp = speech(host, media)
    return (
        f"INVITE sip:{to}@127.0.0.1 SIP/2.0\r\n"
        f"Via: SIP/2.0/{via} {host}:{port};rport;branch=z9hG4bK{port}{len(sdp)}\r\n"
        f"Max-Forwards: 70\r\nFrom: <sip:+4930123456@{host}>;tag={port}\r\nTo: <sip:{to}@127.0.0.1>\r\n"
        f"Call-ID: {port}.{len(sdp)}@{host}\r\nCSeq: 1 INVITE\r\n"
        f"Contact: <sip:carrier@{host}:{port};transport={via.lower()}>\r\n"
        f"Content-Type: application/sdp\r\nContent-Length: {len(sdp)}\r\n\r\n{sdp}"
    ).encode()


def final_status(talk: socket.socket) -> int:
    """The status that ends the transaction. Raises OSError where the connection ends first."""
    told = b""
    while data := talk.recv(65536):
        told += data
        for status in re.findall(rb"SIP/2\.0 ([2-6][0-9]{2})", told):
            return int(status)
    raise ConnectionResetError
