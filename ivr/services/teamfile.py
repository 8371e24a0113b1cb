"""The team file: teams, their numbers and accounts, as an operator writes them down. See docs/cli.md.

Owns: the file's format and what may stand in it. Does not know the directory that it is imported into.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ivr import yamlfile
from ivr.domain import pin
from ivr.domain.number import subscriber
from ivr.domain.records import Team


@dataclass(frozen=True, slots=True)
class TeamEntry:
    """A team as the directory is to have it."""

    team: Team
    numbers: tuple[tuple[str, bool], ...] = ()
    """E.164, in the order of calling; each with whether it is a mobile that is to get the SMS."""
    accounts: tuple[str, ...] | None = None
    """UIDs. None: the team's accounts stay as they are."""


def read(path: Path, taken: Mapping[str, str] | None = None) -> tuple[TeamEntry, ...]:
    """The teams in the file, in its order. Raises BadFile with file, line and key.

    `taken` are numbers and UIDs that may not stand in it, each with the id of the team it belongs to.
    """
    file = yamlfile.read(path, _shape(taken or {}))
    return tuple(
        TeamEntry(
            Team(team.id, team.name, team.spoken, team.calls_itself, team.trusts_phones),
            tuple((number.number, number.sms) for number in team.numbers),
            None if team.accounts is None else tuple(account.uid for account in team.accounts),
        )
        for team in file.teams
    )


def team_id(text: str) -> str:
    """A team's short id, or ValueError with a sentence."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,29}", text):
        raise ValueError(f"{text!r} is no team id: 1 to 30 of a-z, 0-9 and -, such as abc-cert")
    return text


def _printable(longest: int) -> Callable[[str], str]:
    def check(text: str) -> str:
        if not text.strip() or not text.isprintable() or len(text) > longest:
            raise ValueError(f"must be 1 to {longest} printable characters")
        return text.strip()

    return check


team_name = _printable(60)
spoken_name = _printable(120)


def _checked(check: Callable[[str], str], **kw: Any) -> Any:
    return field(metadata={"check": check}, **kw)


def _shape(taken: Mapping[str, str]) -> type[Any]:
    """The shape for one reading of one file: its checks remember what they have seen, so that what stands
    there twice is reported at its own line."""

    def once(check: Callable[[str], str]) -> Any:
        seen: set[str] = set()

        def checked(text: str) -> str:
            value = check(text)
            if value in taken:
                raise ValueError(f"{value} belongs to team {taken[value]} already")
            if value in seen:
                raise ValueError(f"{value} is given twice in this file, and can belong to one team alone")
            seen.add(value)
            return value

        return _checked(checked)

    @dataclass(frozen=True)
    class NumberShape:
        number: str = once(subscriber)
        sms: bool = False

    @dataclass(frozen=True)
    class AccountShape:
        uid: str = once(pin.uid)

    @dataclass(frozen=True)
    class TeamShape:
        id: str = once(team_id)
        name: str = _checked(team_name)
        spoken: str | None = _checked(spoken_name, default=None)
        numbers: tuple[NumberShape, ...] = ()
        accounts: tuple[AccountShape, ...] | None = None
        calls_itself: bool = field(default=False, metadata={"key": "calls-itself"})
        trusts_phones: bool = field(default=False, metadata={"key": "trusts-phones"})

    @dataclass(frozen=True)
    class FileShape:
        teams: tuple[TeamShape, ...]

    return FileShape
