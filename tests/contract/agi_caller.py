"""A scripted caller: speaks AGI over a socket as Asterisk 22 does, with a person at the other end.

What it answers was seen on a real Asterisk: the position on a hangup, the line HANGUP before the reply to the
next command, 511 after that, result -1 at position 0 for a sound that is missing. Time is the line's own: a
sound of a minute is over at once.
"""

import math
import random
import shlex
import socket
import struct
import time
import wave
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

RATE = 8000
_SILENCE_S = 0.7
"""After this, seconds of the real clock, a script may ask to hold: less than it waits itself."""
_NEEDS_A_CALL = ("STREAM FILE", "WAIT FOR DIGIT", "RECORD FILE", "ANSWER", "SET AUTOHANGUP", "EXEC")


@dataclass(frozen=True)
class Press:
    key: str
    at_s: float = 0.0


@dataclass(frozen=True)
class HangUp:
    at_s: float = 0.0


@dataclass(frozen=True)
class Speech:
    """What a person says into a recording, and how it ends."""

    seconds: float
    end: str
    """A key, 'hangup', or 'unwritten': Asterisk cannot write what is said."""
    amplitude: int = 8000


class Person(Protocol):
    def hears(self, sound: str, seconds: float, start_s: float) -> Press | HangUp | None:
        """A sound plays on from `start_s`. None: listens to its end."""
        ...

    def waits(self, timeout_s: float) -> str | HangUp:
        """A key, or '' for none in this time."""
        ...

    def speaks(self, longest_s: float) -> Speech: ...


@dataclass
class Call:
    """One call to the FastAGI server, and what became of it."""

    port: int
    script: str
    person: Person
    call_id: str = "1795326379.1"
    channel: str = "PJSIP/to@sip-a-00000017"
    account: str = ""
    sound_s: Callable[[str], float | None] = lambda sound: 1.0
    """Length of a sound; None when there is no such file."""
    caller: tuple[str, str] = ("+4940808077555", 'x"; DROP TABLE alert; ${SHELL(id)}')
    """Number and name that the caller gives, as they stand in the headers."""
    parties: int = 0
    """How many are in the room where a caller meets the duty operator."""
    waiting: bool = True
    """Whether the sound is there that is heard while a key is awaited."""
    stayed_s: float = 0.0
    """For how long the call lasts already when its script begins: it ends when it may last no longer."""
    line: list[str] = field(default_factory=list)
    """What the line says when it is overheard for the first, second, ... time: speech, beep; then silence."""
    variables: dict[str, str] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)
    keyed: list[tuple[str, str]] = field(default_factory=list)
    """Every key that Asterisk told of, with the sound that was heard last before it."""
    _heard: str = ""
    _beeped: bool = False
    """Whether the person has been asked to speak."""
    _left_s: float = math.inf
    """Until Asterisk ends the call."""
    _over: bool = False
    _told: bool = False

    def run(self) -> "Call":
        """Make the call; returns when the script has closed the connection."""
        with (
            socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection,
            connection.makefile("rb") as lines,
        ):
            connection.sendall(self._headers())
            for line in lines:
                connection.sendall(self._reply(line.decode().rstrip("\n")))
        return self

    def _headers(self) -> bytes:
        headers = {
            "agi_network": "yes",
            "agi_network_script": self.script,
            "agi_request": f"agi://127.0.0.1:{self.port}/{self.script}",
            "agi_channel": self.channel,
            "agi_language": "en",
            "agi_uniqueid": self.call_id,
            "agi_callerid": self.caller[0],
            "agi_calleridname": self.caller[1],
            "agi_accountcode": self.account,
        }
        return "".join(f"{k}: {v}\n" for k, v in headers.items()).encode() + b"\n"

    def _reply(self, line: str) -> bytes:
        self.commands.append(line)
        command = next(
            (c for c in (*_NEEDS_A_CALL, "SET VARIABLE", "GET VARIABLE", "NOOP") if line.startswith(c)), ""
        )
        if command == "SET AUTOHANGUP":
            self._left_s = int(line.removeprefix(command)) - self.stayed_s
        if self._over and not self._told:
            self._told = True
            return b"HANGUP\n" + self._reply_to(command, line)
        return self._reply_to(command, line)

    def _reply_to(self, command: str, line: str) -> bytes:
        if self._over and command in _NEEDS_A_CALL:
            return b"511 Command Not Permitted on a dead channel or intercept routine\n"
        args = shlex.split(line[len(command) :])
        match command:
            case "STREAM FILE" if args[0] == "beep":
                self._beeped = True
                return _result(0, 0.2)
            case "STREAM FILE" if args[0].startswith("silence/"):
                return self._wait(float(args[0].removeprefix("silence/")))
            case "STREAM FILE" if args[0] == "tocsin/waiting" and self.waiting:
                return self._wait(10 - int(args[2]) / RATE)
            case "STREAM FILE":
                self._heard = args[0]
                return self._stream(args[0], args[1], int(args[2]) / RATE)
            case "WAIT FOR DIGIT":
                return self._wait(int(args[0]) / 1000)
            case "RECORD FILE":
                record = self._record if self._beeped else self._overheard
                self._beeped = False
                return record(Path(args[0]).with_suffix(".wav"), args[2], int(args[3]) / 1000)
            case "SET VARIABLE":
                self.variables[args[0]] = args[1]
                return b"200 result=1\n"
            case "EXEC" if args[0] == "ConfBridge":
                return self._confer()
            case "GET VARIABLE":
                in_room = args[0].startswith("CONFBRIDGE_INFO(parties,")
                value = str(self.parties) if in_room else self.variables.get(args[0])
                return b"200 result=0\n" if value is None else f"200 result=1 ({value})\n".encode()
            case "":
                return b"510 Invalid or unknown command\n"
            case _:
                return b"200 result=0\n"

    def _stream(self, sound: str, escape: str, start_s: float) -> bytes:
        seconds = self.sound_s(sound)
        if seconds is None:
            return _result(-1, 0.0)
        while True:
            act = self.person.hears(sound, seconds, start_s)
            until_s = seconds if act is None else max(start_s, act.at_s)
            passed_s = self._pass(until_s - start_s)
            if self._over or isinstance(act, HangUp):
                self._over = True
                return _result(-1, start_s + passed_s)
            if act is None:
                return _result(0, seconds)
            start_s = until_s
            if act.key in escape:
                self.keyed.append((self._heard, act.key))
                return _result(ord(act.key), start_s)

    def _confer(self) -> bytes:
        if isinstance(self.person.hears("conference", 60.0, 0.0), HangUp):
            self._over = True
            return b"200 result=-1\n"
        return b"200 result=0\n"

    def _pass(self, seconds: float) -> float:
        """How much of this time passes before Asterisk ends the call."""
        self._over = self._over or seconds >= self._left_s
        seconds = min(seconds, self._left_s)
        self._left_s -= seconds
        return seconds

    def _wait(self, timeout_s: float) -> bytes:
        key = self.person.waits(timeout_s)
        self._pass(0.0 if key else timeout_s)
        if self._over or isinstance(key, HangUp):
            self._over = True
            return b"200 result=-1\n"
        self.keyed += [(self._heard, key)] if key else []
        return f"200 result={ord(key) if key else 0}\n".encode()

    def _record(self, path: Path, end: str, longest_s: float) -> bytes:
        speech = self.person.speaks(longest_s)
        if speech.end == "unwritten":
            return b"200 result=-1 (writefile)\n"
        seconds = self._pass(min(speech.seconds, longest_s))
        write_wav(path, seconds, speech.amplitude)
        frames = round(seconds * RATE)
        if self._over:
            return f"200 result=-1 (hangup) endpos={frames}\n".encode()
        if speech.seconds > longest_s or (speech.end != "hangup" and speech.end not in end):
            return f"200 result=1 (timeout) endpos={frames}\n".encode()
        if speech.end == "hangup":
            self._over = True
            return f"200 result=-1 (hangup) endpos={frames}\n".encode()
        return f"200 result={ord(speech.end)} (dtmf) endpos={frames}\n".encode()

    def _overheard(self, path: Path, end: str, longest_s: float) -> bytes:
        write_line(path, self.line.pop(0) if self.line else "silence", longest_s)
        key = self.person.waits(longest_s)
        frames = round(longest_s * RATE)
        if isinstance(key, HangUp):
            self._over = True
            return f"200 result=-1 (hangup) endpos={frames}\n".encode()
        how = f"{ord(key)} (dtmf)" if key else "0 (timeout)"
        return f"200 result={how} endpos={frames}\n".encode()


def _result(value: int, at_s: float) -> bytes:
    return f"200 result={value} endpos={round(at_s * RATE)}\n".encode()


def write_wav(path: Path, seconds: float, amplitude: int = 8000) -> None:
    """Noise, which stands for speech, or silence; what is beyond full scale is cut."""
    noise = random.Random(1)
    samples = (noise.randint(-amplitude, amplitude) for _ in range(RATE))
    second = struct.pack(f"<{RATE}h", *(max(-32768, min(32767, sample)) for sample in samples))
    frames = round(seconds * RATE)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((second * (frames // RATE + 1))[: frames * 2])


def write_line(path: Path, what: str, seconds: float) -> None:
    """A line for so long: half a second of speech (for which noise stands) or of a beep, then silence."""
    noise = random.Random(1)
    samples = [0] * round(seconds * RATE)
    for n in range(RATE // 2 if what != "silence" else 0):
        beep = round(5000 * math.sin(2 * math.pi * 1000 * n / RATE))
        samples[n] = beep if what == "beep" else noise.randint(-3000, 3000)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(struct.pack(f"<{len(samples)}h", *samples))


class Misheard(AssertionError):
    """The call went another way than the journey tells."""


@dataclass
class Follows:
    """A person who follows the steps of a journey, and hangs up where the call goes another way.

    A step is a mapping: `heard` (sounds, in order), then `meanwhile` (an event), then one of `press` (keys;
    with `at`, at that second of the last sound; with `every_s`, so many seconds apart), `speak` or `hangup`
    (true, or a second of the last sound). A sound that goes on after a press is `...`, and `from` tells the
    second at which the last sound begins or goes on; `name*` stands for any number of it.
    """

    steps: list[dict]
    name: Callable[[str], str]
    event: Callable[[str], None]
    well: Callable[[], bool] = lambda: True
    """Whether the house works as it should: then a caller is asked to hold only by a machine that is slow."""
    heard: list[str] = field(default_factory=list)
    problem: str = ""
    _step: int = 0
    _token: int = 0
    _keys: str = ""
    _every_s: float = 0.0
    _cut: str = ""
    _since: float = field(default_factory=time.monotonic)
    """When something came last."""

    @property
    def gone_through(self) -> int:
        """How many steps are behind."""
        return self._step

    @property
    def _now(self) -> dict:
        return self.steps[self._step] if self._step < len(self.steps) else {"heard": []}

    def hears(self, sound: str, seconds: float, start_s: float) -> Press | HangUp | None:
        silent_s = self._silence_s()
        if self._keys:
            return self._typed(sound, start_s)
        self._turn_over()
        name = self.name(sound)
        if name != self._expected and self._is_asked_to_hold(name, silent_s):
            return None  # said while the machine is slow, which is no matter of this journey
        self._match("..." if start_s and name == self._cut else name)
        if self._token < len(self._now["heard"]):
            return None
        step = self._now
        if step.get("from", start_s) != start_s:
            self._fail(f"{name} began at {start_s} s (step {self._step + 1})")
        self._meanwhile(step)
        if "at" in step:
            self._next(step["press"])
            return self._typed(sound, step["at"])
        if isinstance(step.get("hangup"), float | int) and step["hangup"] is not True:
            self._next()
            return HangUp(step["hangup"])
        return None

    def waits(self, timeout_s: float) -> str | HangUp:
        self._silence_s()
        step = self._now
        done = self._token >= len(step["heard"])
        if not self._keys and done and step.get("hangup") is True:
            self._next()
            return HangUp()
        if not self._keys and done and "press" in step:
            self._every_s = step.get("every_s", 0.0)
            self._next(step["press"])
        if self._every_s > timeout_s:
            return ""
        key, self._keys = self._keys[:1], self._keys[1:]
        return key

    def speaks(self, longest_s: float) -> Speech:
        step = self._now
        if self._token < len(step["heard"]) or "speak" not in step:
            return self._fail("a recording began")
        self._next()
        said = step["speak"]
        return Speech(said["seconds"], said["end"], said.get("amplitude", 8000))

    def __post_init__(self) -> None:
        self.steps = [{"heard": [], **step} for step in self.steps]

    def finished(self) -> None:
        """Raises Misheard unless every step has been gone through."""
        self._turn_over()
        if not self.problem and self._step < len(self.steps):
            self.problem = f"the call ended before {self._now}"
        if self.problem:
            raise Misheard(f"{self.problem}; heard so far: {self.heard}")

    def _silence_s(self) -> float:
        """How long nothing came, by the real clock: sounds and waits are over at once."""
        before, self._since = self._since, time.monotonic()
        return self._since - before

    @property
    def _expected(self) -> str:
        """What the journey tells to be heard next."""
        return "".join(self._now["heard"][self._token : self._token + 1]).removesuffix("*")

    def _is_asked_to_hold(self, name: str, silent_s: float) -> bool:
        """Whether somebody waits who would wait in silence otherwise: see agi.listen.Clerk."""
        return name.endswith(("one-moment", "-hold")) and self.well() and silent_s >= _SILENCE_S

    def _typed(self, sound: str, at_s: float) -> Press:
        key, self._keys = self._keys[0], self._keys[1:]
        self._cut = self.name(sound)
        return Press(key, at_s)

    def _match(self, name: str) -> None:
        self.heard.append(name)
        expected = self._now["heard"]
        while self._token < len(expected) and expected[self._token].endswith("*"):
            if expected[self._token] == f"{name}*":
                return
            self._token += 1
        if self._token >= len(expected) or expected[self._token] != name:
            wanted = expected[self._token] if self._token < len(expected) else "the end"
            self._fail(f"expected {wanted}, heard {name} (step {self._step + 1})")
        self._token += 1

    def _meanwhile(self, step: dict) -> None:
        if "meanwhile" in step:
            self.event(step["meanwhile"])

    def _turn_over(self) -> None:
        """Go past steps in which nothing is left to hear or to do."""
        while (
            self._step < len(self.steps)
            and self._token >= len(self._now["heard"])
            and not self._acts(self._now)
        ):
            self._next()

    def _next(self, keys: str = "") -> None:
        self._step += 1
        self._token = 0
        self._keys = keys

    def _acts(self, step: dict) -> bool:
        return any(act in step for act in ("press", "speak", "hangup"))

    def _fail(self, problem: str) -> Speech:
        self.problem = problem
        raise Misheard(problem)


@dataclass
class Cut:
    """A person who hangs up in the middle of the n-th thing that happens in a call (from 0)."""

    person: Person
    n: int
    happened: int = 0
    at: str = ""
    """What it was."""

    def hears(self, sound: str, seconds: float, start_s: float) -> Press | HangUp | None:
        if self._now(sound):
            return HangUp(start_s + (seconds - start_s) / 2)
        return self.person.hears(sound, seconds, start_s)

    def waits(self, timeout_s: float) -> str | HangUp:
        return HangUp() if self._now("waiting for a key") else self.person.waits(timeout_s)

    def speaks(self, longest_s: float) -> Speech:
        said = self.person.speaks(longest_s)
        return Speech(said.seconds / 2, "hangup", said.amplitude) if self._now("recording") else said

    def _now(self, at: str) -> bool:
        self.happened += 1
        if self.happened - 1 == self.n:
            self.at = at
        return self.happened - 1 == self.n
