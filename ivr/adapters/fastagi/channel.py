"""One call as its script sees it: `Channel`, the one corrected subclass of pyst2's AGI.

Owns: the AGI protocol on a socket, and the few things that are done with a call. Must not know what a script
says or asks. Commands hold PINs, so that none is ever logged.

Seen on Asterisk 22: a digit that arrives while no command runs is thrown away, so a script must not dwell
between two commands while it wants keys. A missing file and a hangup both give result -1; after a hangup the
line HANGUP comes before the reply to the next command, and after that 511 for whatever needs a live channel.
"""

import logging
import re
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from asterisk.agi import AGI

from ivr.domain import spoken

log = logging.getLogger(__name__)

ALL_KEYS = "0123456789*#"
SAMPLES_PER_S = 8000
"""Rate of every sound and recording; Asterisk counts positions in samples."""

_COMMAND_S = 300.0
"""Longest time a command may take, seconds: more than any recording or sound. Beyond it, the peer is dead."""
_CONFER_S = 7200.0
"""More than any call lasts."""
_HEADERS_S = 5.0
_HEADERS = 100
_LINE = 8192
_COMMAND = 2000
"""Bytes. Asterisk cuts a command at 2048 and reads the rest as another one."""
_TYPED_AHEAD = 32
_BEEP = "beep"
_SOFT_TONE = "!330/200"
"""330 Hz for 0.2 s, once, as Asterisk's indications write it."""
_TICK = "440/20,0/480"
"""440 Hz for 20 ms, twice a second, again and again."""

_REPLY = re.compile(r"200 result=(-?\d+)(?: \((.*)\))?(?: endpos=(\d+))?")


class HungUp(Exception):
    """The call is over: the caller hung up, or Asterisk is gone."""


class AgiError(Exception):
    """Asterisk refused a command, or did not speak AGI. Names the command, never its arguments."""


@dataclass(frozen=True, slots=True)
class Played:
    """How the playing of one file ended, and at which second of it."""

    how: Literal["end", "key", "hangup", "missing"]
    at_s: float
    key: str = ""


@dataclass(frozen=True, slots=True)
class Recorded:
    """How a recording ended; `failed` when Asterisk could not write it."""

    how: Literal["key", "limit", "hangup", "failed"]
    key: str = ""


@dataclass(frozen=True, slots=True)
class _Reply:
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


class Channel(AGI):  # type: ignore[misc]  # pyst2 has no types
    """One call. Every method raises HungUp once the call is over."""

    def __init__(self, connection: socket.socket) -> None:
        # Not super().__init__: it installs a signal handler, which a thread may not, and logs every line.
        self._connection = connection
        self._lines = _Lines(connection)
        self._over = False
        self.env = self._headers()

    @property
    def call_id(self) -> str:
        """The channel's Uniqueid; for a call that we originated, the id we gave it."""
        return self.env.get("agi_uniqueid", "")

    @property
    def name(self) -> str:
        """Such as PJSIP/carrier-00000017."""
        return self.env.get("agi_channel", "")

    @property
    def account(self) -> str:
        """Its account code: of an ISDN channel the trunk's name (chan_dahdi.conf)."""
        return self.env.get("agi_accountcode", "")

    @property
    def script(self) -> str:
        return self.env.get("agi_network_script", "")

    def stream(self, sound: str, escape: str = "", start_s: float = 0.0) -> Played:
        """Play one file (name without suffix) from second `start_s`, until its end or a key of `escape`."""
        start = round(start_s * SAMPLES_PER_S)
        reply = self._ask("STREAM FILE", self._quote(sound), self._quote(escape), start)
        if reply.result > 0:
            return Played("key", reply.endpos_s, chr(reply.result))
        if reply.result == 0:
            return Played("end", reply.endpos_s)
        if self._is_over():
            return Played("hangup", reply.endpos_s)
        log.error("call %s: the sound %s is missing or cannot be played", self.call_id, sound)
        return Played("missing", 0.0)

    def play(self, sounds: Iterable[str], escape: str = "") -> str:
        """Play sounds one after another; the key of `escape` that interrupted, or ''.

        A sound that is missing is logged and left out: a call must not end for the want of a word.
        """
        for sound in sounds:
            played = self.stream(sound, escape)
            if played.how == "hangup":
                raise HungUp
            if played.key:
                return played.key
        return ""

    def say(self, sounds: Iterable[str], keys: str) -> str:
        """Play sounds in full, come what may; the last key of `keys` that was pressed meanwhile, or ''."""
        pressed = ""
        for sound in sounds:
            played = self.stream(sound, keys)
            while played.how == "key":
                pressed = played.key
                played = self.stream(sound, keys, played.at_s)
            if played.how == "hangup":
                raise HungUp
        return pressed

    def wait(self, seconds: int) -> str:
        """The next key, or '' after 1 to 10 `seconds`.

        A soft tick is played meanwhile, twice a second: a line on which nothing comes sounds dead, and
        carriers end one without packets. Where that sound is missing, silence: a script must not run through
        its waits.
        """
        played = self.stream(spoken.WAITING, ALL_KEYS, spoken.WAITING_S - seconds)
        if played.how == "missing":
            return self.play([f"silence/{seconds}"], ALL_KEYS)
        if played.how == "hangup":
            raise HungUp
        return played.key

    def tick(self) -> None:
        """Have a tick heard from now on, twice a second, until the next sound: the script works meanwhile."""
        self.execute("EXEC", "PlayTones", self._quote(_TICK))

    def collect(self, sounds: Iterable[str], most: int, timeout_s: int, end: str = "#") -> str:
        """Ask for digits: up to `most`, until the key `end` or `timeout_s` without a key.

        The first key interrupts the sounds and counts. The result is without `end`.
        """
        digits = ""
        key = self.play(sounds, ALL_KEYS) or self.wait(timeout_s)
        while key and key != end:
            digits += key
            if len(digits) >= most:
                break
            key = self.wait(timeout_s)
        return digits

    def flush(self) -> None:
        """Throw away the keys that were pressed and not yet asked for."""
        for _ in range(_TYPED_AHEAD):
            if not self.wait_for_digit(10):  # milliseconds
                return

    def record(self, path: Path, longest_s: float, warn_s: float = 0.0, end: str = "#") -> Recorded:
        """Beep, then record to `path` (without suffix; becomes .wav) until a key of `end` or `longest_s`.

        A soft tone is heard `warn_s` before the end, unless that is before the beginning. It comes from a
        generator beside the recording, which stays in one piece and holds no tone.
        """
        if self.stream(_BEEP).how == "hangup":  # the beep of the recording itself would end the generator
            return Recorded("hangup")
        return self._record(path, longest_s, end, warn_s)

    def overhear(self, path: Path, seconds: float, escape: str) -> str:
        """Write what the line says for `seconds` to `path`, as `record` does. The key of `escape` that ended
        it, or ''. That it cannot be written is logged; the time may then be shorter."""
        recorded = self._record(path, seconds, escape)
        if recorded.how == "hangup":
            raise HungUp
        if recorded.how == "failed":
            log.error("call %s: what the line says cannot be written to %s", self.call_id, path)
        return recorded.key

    def _record(self, path: Path, longest_s: float, end: str, warn_s: float = 0.0) -> Recorded:
        """Silence is sent meanwhile, see `wait`; whatever is played next ends it."""
        milliseconds = round(longest_s * 1000)
        quiet = f"!0/{milliseconds}"
        if 0 < warn_s < longest_s:
            quiet = f"!0/{round((longest_s - warn_s) * 1000)},{_SOFT_TONE},!0/{round(warn_s * 1000)}"
        self.execute("EXEC", "PlayTones", self._quote(quiet))
        reply = self._ask("RECORD FILE", self._quote(str(path)), "wav", self._quote(end), milliseconds)
        if reply.data == "timeout":  # with a result of 0 or 1, which says nothing
            return Recorded("limit")
        if reply.result > 0:
            return Recorded("key", chr(reply.result))
        return Recorded("hangup" if self._is_over() else "failed")

    def confer(self, room: str, role: str) -> None:
        """Speak with whoever else is in `room`, until one of the two leaves. `role`: a user profile of
        confbridge.conf."""
        reply = self._ask("EXEC", "ConfBridge", self._quote(f"{room},,{role},leave"), within_s=_CONFER_S)
        if reply.result == -1 and self._is_over():
            raise HungUp

    def variable(self, name: str) -> str:
        """The value of a channel variable; '' when it is not set."""
        return str(self.get_variable(name))

    def set(self, name: str, value: str) -> None:
        self.set_variable(name, value)

    def hang_up_after(self, seconds: int) -> None:
        """Have Asterisk end the call `seconds` from now, whatever happens."""
        self.set_autohangup(seconds)

    def execute(self, command: str, *args: object) -> dict[str, tuple[str, str]]:
        """What pyst2's own methods go through."""
        reply = self._ask(command, *args)
        if reply.result == -1:
            if self._is_over():
                raise HungUp
            raise AgiError(f"{command} failed")
        return {"result": (str(reply.result), reply.data)}

    def _quote(self, value: object) -> str:
        text = str(value)
        if not text.isprintable():
            raise AgiError("an argument with a control character was refused")
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'

    def _ask(self, command: str, *args: object, within_s: float = _COMMAND_S) -> _Reply:
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
                return _Reply(int(result), data or "", int(endpos or 0) / SAMPLES_PER_S)
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

    def _is_over(self) -> bool:
        """Whether a result of -1 meant a hangup: then HANGUP comes before the reply to a further command."""
        if not self._over:
            self._ask("NOOP")
        return self._over

    def _headers(self) -> dict[str, str]:
        deadline = time.monotonic() + _HEADERS_S
        env: dict[str, str] = {}
        for _ in range(_HEADERS):
            key, _, value = self._lines.read(deadline).partition(":")
            if not key:
                return env
            env.setdefault(key.strip(), value.strip())  # what callers say of themselves comes after the rest
        raise AgiError(f"more than {_HEADERS} headers came instead of AGI")
