"""The phones file: which telephones the practice network has and what each does. See docs/practice.md.

Owns: the file's format. What the steps and names mean is the business of `behaviour`.
"""

import difflib
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ivr import yamlfile
from ivr.domain.number import subscriber
from ivr.pstn.behaviour import (
    PAUSE_S,
    PRESETS,
    Behaviour,
    Echo,
    Hangup,
    Listen,
    Play,
    Press,
    Say,
    Step,
    UntilQuiet,
    acknowledging_call,
)

LONGEST_STEP_S = 600.0
LONGEST_RINGING_S = 300.0


@dataclass(frozen=True)
class Phone:
    """One telephone of the practice network."""

    number: str
    """E.164 with +."""
    calls: tuple[Behaviour, ...]
    """What it does when it is called for the first, second, ... time; the last repeats. None: its number is
    unallocated to those who call it."""
    script: tuple[Step, ...] = ()
    """What it does once a call that it made itself is answered."""
    team: str | None = None
    """Id of the team whose phone this is."""
    name: str | None = None
    """Name of that team."""
    sms: bool = False
    """A mobile that wants SMS."""


def read(path: Path) -> tuple[Phone, ...]:
    """The phones that the file declares, in its order, which is the order of a team's numbers too.

    Raises BadFile with file, line and key.
    """
    folder = path.resolve().parent
    return tuple(_phone(entry, folder) for entry in yamlfile.read(path, _File).phones)


def parse(text: str, name: str, folder: Path) -> tuple[Phone, ...]:
    """As `read`, from a text; `folder` is where its audio files are."""
    return tuple(_phone(entry, folder) for entry in yamlfile.parse(text, _File, name).phones)


def by_team(phones: Sequence[Phone]) -> Mapping[str, tuple[Phone, ...]]:
    """The phones of each team, teams and phones in the order of the file; phones of no team are left out."""
    teams: dict[str, tuple[Phone, ...]] = {}
    for phone in phones:
        if phone.team:
            teams[phone.team] = (*teams.get(phone.team, ()), phone)
    return MappingProxyType(teams)


def reachable(phones: Sequence[Phone], calls: int, ring_s: float = math.inf) -> bool:
    """Whether one of these phones acknowledges, each called up to `calls` times, for `ring_s` seconds."""
    nth = (acknowledging_call(phone.calls, ring_s) for phone in phones)
    return any(n is not None and n <= calls for n in nth)


# --- the shape of the file -------------------------------------------------------------------------------


def _checked(check: Callable[[Any], Any], **more: Any) -> Any:
    key = more.pop("key", None)
    return field(metadata={"check": check} | ({"key": key} if key else {}), **more)


def _within(low: float, high: float) -> Callable[[float], float]:
    def check(value: float) -> float:
        if not low <= value <= high:  # also refuses .nan
            raise ValueError(f"must be {low:g} to {high:g} seconds, not {value:g}")
        return value

    return check


def _keys(text: str) -> str:
    keys = text.replace(" ", "").upper()
    if not re.fullmatch(r"[0-9*#A-D]{1,40}", keys):
        raise ValueError('must be 1 to 40 keys of 0-9, * and #, in "quotation marks"')
    return keys


def _team(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,30}", text):
        raise ValueError("must be a team's id: 1 to 30 letters, digits, - or _")
    return text


def _known(words: Mapping[str, object], what: str, text: str) -> str:
    """The word as it is spelled here; capitals, spaces and underscores are forgiven."""
    word = re.sub(r"[\s_]+", "-", text.strip().lower())
    if word not in words:
        close = difflib.get_close_matches(word, words, n=1)
        raise ValueError(
            f"{text!r} is no {what}; "
            + (f"did you mean {close[0]}?" if close else f"known: {', '.join(words)}")
        )
    return word


_WORDS: Mapping[str, Step] = MappingProxyType(
    {
        "hangup": Hangup(),
        "until-quiet": UntilQuiet(PAUSE_S),
        "greeting": Play("greeting"),
        "beep": Play("beep"),
        "echo": Echo(),
    }
)


@dataclass(frozen=True)
class _Step:
    """One step that takes a value: exactly one of these is set."""

    listen: float | None = _checked(_within(0, LONGEST_STEP_S), default=None)
    until_quiet: float | None = _checked(_within(0.3, 30), default=None, key="until-quiet")
    press: str | None = _checked(_keys, default=None)
    say: Path | None = None

    def __post_init__(self) -> None:
        given = [v for v in (self.listen, self.until_quiet, self.press, self.say) if v is not None]
        if len(given) != 1:
            raise ValueError("one step a line: listen, until-quiet, press or say, each with its value")


def _steps(steps: tuple[str | _Step, ...]) -> tuple[str | _Step, ...]:
    if not steps:
        raise ValueError("must have at least one step")
    return tuple(_known(_WORDS, "step", step) if isinstance(step, str) else step for step in steps)


@dataclass(frozen=True)
class _Call:
    """One entry of `calls` that says more than a name."""

    does: str | None = _checked(lambda text: _known(PRESETS, "behaviour", text), default=None)
    answer_after: float | None = _checked(_within(0, LONGEST_RINGING_S), default=None)
    steps: tuple[str | _Step, ...] | None = _checked(_steps, default=None)

    def __post_init__(self) -> None:
        if (self.does is None) == (self.steps is None):
            raise ValueError("give either `does` (a name) or `steps`")


def _calls(calls: str | _Call | tuple[str | _Call, ...]) -> tuple[_Call, ...]:
    entries = calls if isinstance(calls, tuple) else (calls,)
    if not entries:
        raise ValueError("must have at least one entry, such as acknowledges")
    return tuple(
        _Call(does=_known(PRESETS, "behaviour", entry)) if isinstance(entry, str) else entry
        for entry in entries
    )


@dataclass(frozen=True)
class _Phone:
    number: str = _checked(subscriber)
    calls: str | _Call | tuple[str | _Call, ...] = field(default="acknowledges", metadata={"check": _calls})
    script: tuple[str | _Step, ...] = _checked(_steps, default=())
    team: str | None = _checked(_team, default=None)
    name: str | None = None
    sms: bool = False


def _different(phones: tuple[_Phone, ...]) -> tuple[_Phone, ...]:
    seen: set[str] = set()
    for phone in phones:
        if phone.number in seen:
            raise ValueError(f"the number {phone.number} is declared twice")
        seen.add(phone.number)
    if not phones:
        raise ValueError("must have at least one phone")
    return phones


@dataclass(frozen=True)
class _File:
    phones: tuple[_Phone, ...] = _checked(_different)


# --- from the file to the nouns --------------------------------------------------------------------------


def _phone(entry: _Phone, folder: Path) -> Phone:
    calls = tuple(_behaviour(call, folder) for call in _calls(entry.calls))
    script = tuple(_step(step, folder) for step in entry.script)
    return Phone(entry.number, calls, script, entry.team, entry.name, entry.sms)


def _behaviour(call: _Call, folder: Path) -> Behaviour:
    if call.steps is not None:
        behaviour = Behaviour(1.0, tuple(_step(step, folder) for step in call.steps))
    else:
        behaviour = PRESETS[call.does or ""]
    return behaviour if call.answer_after is None else behaviour.after(call.answer_after)


def _step(step: str | _Step, folder: Path) -> Step:
    if isinstance(step, str):
        return _WORDS[step]
    if step.press is not None:
        return Press(step.press)
    if step.listen is not None:
        return Listen(step.listen)
    if step.until_quiet is not None:
        return UntilQuiet(step.until_quiet)
    assert step.say is not None
    return Say(folder / step.say)
