"""The one way to the hotline, as the bridge uses it.

Owns: what the bridge may ask for, and how it is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ivr.bridge.intake.mail import Said
from ivr.bridge.members import Members
from ivr.domain.records import FailingKey, Severity, Tlp


class GateAway(Exception):
    """The hotline does not answer. What was asked may have been done or not; asked again in the same words,
    it is done once."""


class GateRefused(Exception):
    """The hotline will not do this. The message is a sentence for the team that asked."""


@dataclass(frozen=True, slots=True)
class Current:
    """An alert that the hotline has released lately, as much as the hotline tells of it."""

    alert: int
    team: str
    """Its originator."""
    name: str
    """Of the originator, as it is written."""
    released_at: float
    by_mail: bool
    tlp: Tlp | None = None
    severity: Severity | None = None
    callback: str | None = None
    """The number for questions."""
    is_withdrawn: bool = False
    is_reported: bool = False
    """It is time to tell the originator who is missing."""
    is_escalated: bool = False
    missing: tuple[str, ...] = ()
    """Names of the teams that have not acknowledged."""


class Gate(Protocol):
    """Every method raises GateAway and GateRefused. Asked twice, each does once. For one thread at a time."""

    def close(self) -> None: ...

    def members(self) -> Members: ...

    def submit(self, request: str, team: str, said: Said, iodef: bytes | None) -> int:
        """Make it an alert; its number. `request` names the mail."""
        ...

    def acknowledge(self, alert: int, team: str, address: str) -> None: ...

    def escalate(self, alert: int, team: str) -> None: ...

    def current(self) -> list[Current]: ...

    def audio(self, alert: int) -> bytes:
        """The recording, a WAV file."""
        ...

    def mailed(self, alert: int, team: str, address: str, state: str, reason: str | None) -> None:
        """What became of the alert in this mailbox: queued, sent or failed."""
        ...

    def keys(self, failing: Sequence[FailingKey]) -> None:
        """Operators hear of keys that fail, of each step once. All that do, each time."""
        ...
