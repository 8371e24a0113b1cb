"""The team file: teams, their numbers and accounts, as an operator writes them down. See docs/cli.md.

Owns: the file's format and what may stand in it. Does not know the directory that it is imported into.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import Field, asdict, dataclass, field, fields, is_dataclass, make_dataclass
from pathlib import Path
from typing import Any

from ivr import yamlfile
from ivr.domain import hours, pin
from ivr.domain.number import subscriber
from ivr.domain.numberclass import Refusal, emergency
from ivr.domain.policy import Policy
from ivr.domain.records import OFFICE_HOURS, ZONE, CallingHours, Listen, Number, NumberKind, Team
from ivr.services import teammail
from ivr.services.teammail import MailEntry


@dataclass(frozen=True, slots=True)
class TeamEntry:
    """A team as the directory is to have it."""

    team: Team
    numbers: tuple[Number, ...] = ()
    """In the order of the team's list."""
    accounts: tuple[str, ...] | None = None
    """UIDs. None: the team's accounts stay as they are."""
    mail: MailEntry | None = None


def read(
    path: Path, taken: Mapping[str, str] | None = None, refusal: Refusal = emergency
) -> tuple[TeamEntry, ...]:
    """The teams in the file, in its order. Raises BadFile with file, line and key; also for a number that is
    never called.

    `taken` are numbers, UIDs, mail addresses and fingerprints that may not stand in it, each with the id of
    the team it belongs to.
    """
    file = yamlfile.read(path, _shape(taken or {}, path.parent, refusal))
    return tuple(
        TeamEntry(
            Team(
                team.id,
                team.name,
                team.spoken,
                team.calls_itself,
                team.trusts_phones,
                team.zone or ZONE,
                team.office_hours,
                _difference(team.policy),
                team.machine_message,
                team.local_time,
                listen=team.listen,
                mail_sms=team.mail_sms,
            ),
            tuple(
                Number(
                    team.id, n, entry.number, entry.sms, entry.kind or default_kind(entry.sms), entry.hours
                )
                for n, entry in enumerate(team.numbers)
            ),
            None if team.accounts is None else tuple(account.uid for account in team.accounts),
            teammail.entry(team.id, team.mail),
        )
        for team in file.teams
    )


def team_id(text: str) -> str:
    """A team's short id, or ValueError with a sentence."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,29}", text):
        raise ValueError(f"{text!r} is no team id: 1 to 30 of a-z, 0-9 and -, such as abc-cert")
    return text


def default_kind(sms: bool) -> NumberKind:
    """What a number is taken for where nothing is said."""
    return NumberKind.MOBILE if sms else NumberKind.OTHER


def _printable(longest: int) -> Callable[[str], str]:
    def check(text: str) -> str:
        if not text.strip() or not text.isprintable() or len(text) > longest:
            raise ValueError(f"must be 1 to {longest} printable characters")
        return text.strip()

    return check


CONTRADICTION = "has both listen and trusts-phones: one asks for secrecy, the other speaks at once"

team_name = _printable(60)
spoken_name = _printable(120)


def _partial(shape: type[Any]) -> type[Any]:
    """The same keys with the same checks, none of which must be there."""

    def optional(key: "Field[Any]") -> tuple[str, Any, Any]:
        kind: Any = _partial(key.type) if is_dataclass(key.type) and isinstance(key.type, type) else key.type
        return key.name, kind | None, field(default=None, metadata=key.metadata)

    return make_dataclass(shape.__name__, [optional(key) for key in fields(shape)], frozen=True)


_PolicyShape: Any = _partial(Policy)


def _difference(policy: Any) -> str | None:
    """What is given of a policy, as JSON; None for nothing. See ivr.domain.policy.for_team."""

    def given(values: Mapping[str, Any]) -> dict[str, Any]:
        found = {k: given(v) if isinstance(v, dict) else v for k, v in values.items() if v is not None}
        return {key: value for key, value in found.items() if value != {}}

    found = given(asdict(policy)) if policy is not None else {}
    return json.dumps(found, sort_keys=True) if found else None


def _checked(check: Callable[[str], str], **kw: Any) -> Any:
    return field(metadata={"check": check}, **kw)


def may_be_called(text: str, refusal: Refusal) -> str:
    """The number in E.164 form, or ValueError with a sentence."""
    number = subscriber(text)
    if (why := refusal(number)) is not None:
        raise ValueError(f"{number} {why}")
    return number


def _shape(taken: Mapping[str, str], folder: Path, refusal: Refusal) -> type[Any]:
    """The shape for one reading of one file in `folder`: its checks remember what they have seen, so that
    what stands there twice is reported at its own line."""

    def once(check: Callable[[str], str]) -> Callable[[str], str]:
        seen: set[str] = set()

        def checked(text: str) -> str:
            value = check(text)
            if value in taken:
                raise ValueError(f"{value} belongs to team {taken[value]} already")
            if value in seen:
                raise ValueError(f"{value} is given twice in this file, and can belong to one team alone")
            seen.add(value)
            return value

        return checked

    MailShape: Any = teammail.shape_of(folder, once)

    @dataclass(frozen=True)
    class NumberShape:
        number: str = _checked(once(lambda text: may_be_called(text, refusal)))
        sms: bool = False
        kind: NumberKind | None = None
        hours: CallingHours = CallingHours.ALWAYS

    @dataclass(frozen=True)
    class AccountShape:
        uid: str = _checked(once(pin.uid))

    @dataclass(frozen=True)
    class TeamShape:
        id: str = _checked(once(team_id))
        name: str = _checked(team_name)
        spoken: str | None = _checked(spoken_name, default=None)
        numbers: tuple[NumberShape, ...] = ()
        accounts: tuple[AccountShape, ...] | None = None
        calls_itself: bool = field(default=False, metadata={"key": "calls-itself"})
        trusts_phones: bool = field(default=False, metadata={"key": "trusts-phones"})
        machine_message: bool = field(default=False, metadata={"key": "machine-message"})
        listen: Listen = Listen.KEY
        mail_sms: bool = field(default=False, metadata={"key": "mail-sms"})
        local_time: bool = field(default=False, metadata={"key": "local-time"})
        zone: str | None = _checked(hours.zone, default=None)
        office_hours: str = field(
            default=OFFICE_HOURS, metadata={"key": "office-hours", "check": hours.office_hours}
        )
        policy: _PolicyShape | None = None
        mail: MailShape | None = None

        def __post_init__(self) -> None:
            if self.machine_message and self.trusts_phones:
                raise ValueError(
                    "has both machine-message and trusts-phones: a machine that is told the alert at once "
                    "needs no message; choose one"
                )
            if self.listen is not Listen.KEY and self.trusts_phones:
                raise ValueError(CONTRADICTION)
            if self.zone is None and self.local_time:
                raise ValueError("has local-time; give the team's time zone, such as zone: Europe/Berlin")
            if self.zone is None and any(n.hours is not CallingHours.ALWAYS for n in self.numbers):
                raise ValueError(
                    "has a number with calling hours; give the team's time zone, such as zone: Europe/Berlin"
                )

    @dataclass(frozen=True)
    class FileShape:
        teams: tuple[TeamShape, ...]

    return FileShape
