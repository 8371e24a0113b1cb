"""The hotline's side of the gate: a unix socket, one JSON object a line (domain.gate).

Owns: who may come in, and how much of the machine they get. Knows no verb. Whatever happens here, calls go
on: there are few threads, one request at a time, and a pause after each.
"""

import logging
import os
import pwd
import socket
import stat
import struct
import threading
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path

from ivr.adapters.gate.address import address
from ivr.domain import gate
from ivr.domain.gate import BadLine, Code, Object

log = logging.getLogger(__name__)

_CONNECTIONS = 4
_PAUSE_S = (0.005, 0.2)
"""After a request, of whatever connection: as long as it took, within these bounds."""
_STRANGER_S = 0.05
"""After somebody was not let in."""
_OCTETS_A_SECOND = 1 << 21
_PATIENCE_S = 120.0
"""For the next octet of a request, and for a peer that takes no answer."""
_END_S = 2.0
"""So long the end of the service waits for a request that is being answered."""


class GateServer:
    """Serves `answer` at `path` to the user that runs it and to `users`. Neither `start` nor anything later
    raises: without a gate the telephones ring as with it."""

    def __init__(self, path: Path, answer: Callable[[Object], Object], users: Collection[str] = ()) -> None:
        self._path = path
        self._answer = answer
        self._users = users
        self._listener: socket.socket | None = None
        self._live: set[socket.socket] = set()
        self._strangers: set[int] = set()
        self._turn = threading.Lock()
        self._free_at = 0.0
        self._over = threading.Event()

    def start(self) -> None:
        try:
            self._uids = {os.getuid(), *map(_uid, self._users)}
            self._listener = _listening(self._path)
        except OSError as error:
            log.error("%s: no gate for the mail bridge: %s", self._path, error.strerror or error)
            return
        threading.Thread(target=self._accept, args=(self._listener,), name="gate", daemon=True).start()

    def stop(self) -> None:
        """What is being put on record still is; who waits for an answer asks again."""
        self._over.set()
        if self._listener is None:
            return
        for one in (self._listener, *tuple(self._live)):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        with suppress(OSError):
            self._path.unlink()
        self._turn.acquire(timeout=_END_S)
        self._listener.close()

    def _accept(self, listener: socket.socket) -> None:
        while not self._over.is_set():
            try:
                peer, _ = listener.accept()
            except OSError:  # too many open files, or the end
                self._over.wait(0.2)
                continue
            if not self._may_come_in(peer):
                peer.close()
                self._over.wait(_STRANGER_S)
                continue
            self._live.add(peer)
            threading.Thread(target=self._serve, args=(peer,), name="gate peer", daemon=True).start()

    def _may_come_in(self, peer: socket.socket) -> bool:
        _, uid, _ = struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        if uid not in self._uids | self._strangers:
            self._strangers.add(uid)
            log.error("a process of user %d is not let in at the gate; see gate.users", uid)
        return uid in self._uids and len(self._live) < _CONNECTIONS

    def _serve(self, peer: socket.socket) -> None:
        try:
            with peer, suppress(OSError):  # it has gone, or takes too long
                peer.settimeout(_PATIENCE_S)
                with peer.makefile("rb") as lines:
                    while raw := lines.readline(gate.MOST + 1):
                        peer.sendall(self._answered(raw))
                        if not raw.endswith(b"\n"):
                            return  # too long, or cut off: where the next one begins nobody knows
        finally:
            self._live.discard(peer)

    def _answered(self, raw: bytes) -> bytes:
        with self._turn:
            if self._over.wait(max(0.0, self._free_at - time.monotonic())):
                raise OSError("the gate is closed")
            began = time.monotonic()
            try:
                answer = self._answer(gate.read(raw))
            except BadLine as error:
                answer = gate.refused(Code.BAD, str(error))
            self._free_at = time.monotonic() + _pause(time.monotonic() - began, len(raw))
        try:
            return gate.line(answer)
        except BadLine as error:
            return gate.line(gate.refused(Code.FAILED, f"the answer cannot be told: {error}"))


def _pause(took_s: float, octets: int) -> float:
    """So others have the processor at least half of the time; longer for a long line."""
    least, most = _PAUSE_S
    return min(max(least, took_s), most) + octets / _OCTETS_A_SECOND


def _uid(name: str) -> int:
    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError:
        raise OSError(f"gate.users: there is no user {name} on this machine") from None


def _listening(path: Path) -> socket.socket:
    """A socket at `path`, in the place of one that a service before us has left."""
    with suppress(FileNotFoundError):
        if stat.S_ISSOCK(path.lstat().st_mode):
            path.unlink()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with address(path) as where:
            listener.bind(where)
        path.chmod(0o660)
        listener.listen(_CONNECTIONS)
    except OSError:
        listener.close()
        raise
    return listener
