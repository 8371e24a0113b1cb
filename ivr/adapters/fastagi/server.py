"""The FastAGI server: one thread a call, one script a thread.

Owns: which script a connection gets, and what is left of a script that fails. Knows no script by name.
"""

import logging
import re
import socket
import socketserver
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from ivr.adapters.fastagi.channel import Channel
from ivr.adapters.fastagi.wire import HungUp

log = logging.getLogger(__name__)

_READY = "ready"
"""What the dialplan asks for before a call's script, to see that somebody answers."""

Script = Callable[[Channel], None]


class FastAgiServer:
    """Serves `scripts` by name on host:port (port 0: the kernel's choice), one thread a call.

    A script that fails leaves its caller with Asterisk, whose dialplan says so and tries again.
    """

    def __init__(self, host: str, port: int, scripts: Mapping[str, Script]) -> None:
        self._server = _Server((host, port), scripts)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), name="fastagi")

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End every call's script, then return. What a script is about to commit, it still commits."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.cut()
        self._server.server_close()


class _Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], scripts: Mapping[str, Script]) -> None:
        self._scripts = scripts
        self._live: set[socket.socket] = set()
        super().__init__(address, socketserver.BaseRequestHandler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._live.add(request)
        super().process_request(request, client_address)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Lead one call, in its own thread."""
        request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with suppress(HungUp):
            channel = Channel(request)
            if channel.script == _READY:
                return
            threading.current_thread().name = f"call {_harmless(channel.call_id)}"
            script = self._scripts.get(channel.script)
            if script is None:
                log.error("there is no call script %s", _harmless(channel.script))
                return
            script(channel)

    def shutdown_request(self, request: Any) -> None:
        self._live.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Log where a script failed, without its words: an exception's text may hold digits."""
        kind, _, trace = sys.exc_info()
        place = traceback.extract_tb(trace)[-1]
        log.error(
            "%s: the call script failed: %s at %s:%s",
            threading.current_thread().name,
            kind.__name__ if kind else "?",
            place.filename,
            place.lineno,
        )

    def cut(self) -> None:
        for connection in tuple(self._live):
            with suppress(OSError):  # it has ended by itself
                connection.shutdown(socket.SHUT_RDWR)


def _harmless(text: str) -> str:
    return re.sub(r"[^\w.@/-]", "?", text[:64])
