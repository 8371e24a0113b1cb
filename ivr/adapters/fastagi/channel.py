"""One call as its script sees it: `Channel`, the one corrected subclass of pyst2's AGI.

Owns: the few things that are done with a call, each by a command or two over its wire. Must not know what a
script says or asks.

Seen on Asterisk 22: a digit that arrives while no command runs is thrown away, so a script must not dwell
between two commands while it wants keys.
"""

import logging
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from asterisk.agi import AGI

from ivr.adapters.fastagi.wire import SAMPLES_PER_S, AgiError, HungUp, Wire, quoted
from ivr.domain import spoken

log = logging.getLogger(__name__)

ALL_KEYS = "0123456789*#"
_CONFER_S = 7200.0
"""More than any call lasts."""
_TYPED_AHEAD = 32
_BEEP = "beep"
_SOFT_TONE = "!330/200"
"""330 Hz for 0.2 s, once, as Asterisk's indications write it."""
_TICK = "440/20,0/480"
"""440 Hz for 20 ms, twice a second, again and again."""


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


class Channel(AGI):  # type: ignore[misc]  # pyst2 has no types
    """One call. Every method raises HungUp once the call is over."""

    def __init__(self, connection: socket.socket) -> None:
        # Not super().__init__: it installs a signal handler, which a thread may not, and logs every line.
        self._wire = Wire(connection)
        self.env = self._wire.headers()

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
        reply = self._wire.ask("STREAM FILE", quoted(sound), quoted(escape), start)
        if reply.result > 0:
            return Played("key", reply.endpos_s, chr(reply.result))
        if reply.result == 0:
            return Played("end", reply.endpos_s)
        if self._wire.is_over():
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
        self.execute("EXEC", "PlayTones", quoted(_TICK))

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
        it, or ''. Where it cannot be written the time may be shorter."""
        recorded = self._record(path, seconds, escape)
        if recorded.how == "hangup":
            raise HungUp
        return recorded.key

    def _record(self, path: Path, longest_s: float, end: str, warn_s: float = 0.0) -> Recorded:
        """Silence is sent meanwhile, see `wait`; whatever is played next ends it. A failure is logged here,
        for whoever has asked can do no more about it than go another way."""
        milliseconds = round(longest_s * 1000)
        quiet = f"!0/{milliseconds}"
        if 0 < warn_s < longest_s:
            quiet = f"!0/{round((longest_s - warn_s) * 1000)},{_SOFT_TONE},!0/{round(warn_s * 1000)}"
        self.execute("EXEC", "PlayTones", quoted(quiet))
        reply = self._wire.ask("RECORD FILE", quoted(str(path)), "wav", quoted(end), milliseconds)
        if reply.data == "timeout":  # with a result of 0 or 1, which says nothing
            return Recorded("limit")
        if reply.result > 0:
            return Recorded("key", chr(reply.result))
        if self._wire.is_over():
            return Recorded("hangup")
        log.error("call %s: Asterisk cannot write %s; see that it may, and has room", self.call_id, path)
        return Recorded("failed")

    def confer(self, room: str, role: str) -> None:
        """Speak with whoever else is in `room`, until one of the two leaves. `role`: a user profile of
        confbridge.conf."""
        reply = self._wire.ask("EXEC", "ConfBridge", quoted(f"{room},,{role},leave"), within_s=_CONFER_S)
        if reply.result == -1 and self._wire.is_over():
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
        reply = self._wire.ask(command, *args)
        if reply.result == -1:
            if self._wire.is_over():
                raise HungUp
            raise AgiError(f"{command} failed")
        return {"result": (str(reply.result), reply.data)}

    def _quote(self, value: object) -> str:
        return quoted(value)
