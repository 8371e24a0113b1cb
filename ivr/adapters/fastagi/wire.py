"""The AGI protocol on one socket: the headers of a call, then a command out and its reply in.

Owns: lines with a deadline and a limit, the replies, and how a hangup shows among them. Must not know what a
command does. Commands hold PINs, so that none is ever logged.

Seen on Asterisk 22: a missing file and a hangup both give result -1; after a hangup the line HANGUP comes
before the reply to the next command, and after that 511 for whatever needs a live channel.
"""

import re
import socket
import time
from dataclasses import dataclass

SAMPLES_PER_S = 8000
"""Rate of every sound and recording; Asterisk counts positions in samples."""

_COMMAND_S = 300.0
"""Longest time a command may take, seconds: more than any recording or sound. Beyond it, the peer is dead."""
_HEADERS_S = 5.0
_HEADERS = 100
_LINE = 8192
_COMMAND = 2000
"""Bytes. Asterisk cuts a command at 2048 and reads the rest as another one."""

_REPLY = re.compile(r"200 result=(-?\d+)(?: \((.*)\))?(?: endpos=(\d+))?")


class HungUp(Exception):
    """The call is over: the caller hung up, or Asterisk is gone."""


class AgiError(Exception):
    """Asterisk refused a command, or did not speak AGI. Names the command, never its arguments."""


@dataclass(frozen=True, slots=True)
class Reply:
    result: int
    data: str
    endpos_s: float


class _Lines:
    """Reads lines with a deadline and a limit, whatever the peer does."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._buffer = bytearray()

    def read(self, deadline: float) -> str:
        """The next line. Raises HungUp at the end, on an error and when `deadline` (monotonic) has passed."""
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > _LINE:
                raise AgiError(f"a line longer than {_LINE} bytes came instead of AGI")
            try:
                self._connection.settimeout(max(0.001, deadline - time.monotonic()))
                # Asterisk writes HANGUP and the reply behind it apart, and by Nagle's rule (RFC 1122,
                # 4.2.3.4) the second leaves only once the first is acknowledged. The kernel takes 40 ms over
                # that, and the line of a call that is over stays idle meanwhile. To be set each time.
                self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
                data = self._connection.recv(4096)
            except OSError as error:
                raise HungUp("Asterisk does not answer") from error
            if not data:
                raise HungUp("Asterisk closed the connection")
            self._buffer += data
        line = self._buffer[:end].decode("utf-8", "replace").rstrip("\r")
        del self._buffer[: end + 1]
        return line


class Wire:
    """One call's connection. Every method raises HungUp once the call is over."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._lines = _Lines(connection)
        self._over = False

    def headers(self) -> dict[str, str]:
        """What Asterisk says of the call before anything else: agi_uniqueid and others."""
        deadline = time.monotonic() + _HEADERS_S
        env: dict[str, str] = {}
        for _ in range(_HEADERS):
            key, _, value = self._lines.read(deadline).partition(":")
            if not key:
                return env
            env.setdefault(key.strip(), value.strip())  # what callers say of themselves comes after the rest
        raise AgiError(f"more than {_HEADERS} headers came instead of AGI")

    def ask(self, command: str, *args: object, within_s: float = _COMMAND_S) -> Reply:
        """What came of a command; `args` are sent as they are, see `quoted`. Raises AgiError when refused."""
        if self._over:
            raise HungUp
        self._send(command, *args)
        deadline = time.monotonic() + within_s
        while True:
            line = self._lines.read(deadline)
            code = line[:3]
            if line == "HANGUP":
                self._over = True  # the reply to our command still follows
            elif code == "200" and (found := _REPLY.match(line)):
                result, data, endpos = found.groups()
                return Reply(int(result), data or "", int(endpos or 0) / SAMPLES_PER_S)
            elif code == "511":
                self._over = True
                raise HungUp
            elif line.startswith("520-"):
                while not self._lines.read(deadline).startswith("520 "):
                    pass
                raise AgiError(f"{command} was not understood by Asterisk")
            elif not code.startswith("1"):  # 100 Trying announces a reply
                raise AgiError(f"Asterisk answered {command} with {code if code.isdigit() else 'no code'}")

    def _send(self, command: str, *args: object) -> None:
        line = " ".join([command, *map(str, args)]).strip().encode() + b"\n"
        if len(line) > _COMMAND:
            raise AgiError(f"{command} with more than {_COMMAND} bytes was refused")
        try:
            self._connection.sendall(line)
        except OSError as error:
            raise HungUp("Asterisk does not take a command") from error

    def is_over(self) -> bool:
        """Whether a result of -1 meant a hangup: then HANGUP comes before the reply to a further command."""
        if not self._over:
            self.ask("NOOP")
        return self._over


def quoted(value: object) -> str:
    """An argument of a command. Raises AgiError for control characters, which would end it."""
    text = str(value)
    if not text.isprintable():
        raise AgiError("an argument with a control character was refused")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
