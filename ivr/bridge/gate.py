"""The one way to the hotline, as the bridge uses it.

Owns: what the bridge may ask for, and how it is refused.
"""

from dataclasses import dataclass
from typing import Protocol

from ivr.bridge.intake.mail import Said
from ivr.bridge.members import Members


class GateAway(Exception):
    """The hotline does not answer. What was asked may have been done or not; asked again in the same words,
    it is done once."""


class GateRefused(Exception):
    """The hotline will not do this. The message is a sentence for the team that asked."""


@dataclass(frozen=True, slots=True)
class Current:
    """An alert that is current on the hotline, and goes to every member."""

    alert: int
    team: str
    """Its originator."""
    name: str
    """Of the originator, as it is written."""
    released_at: float
    said: Said
    iodef: bytes | None = None
    by_mail: bool = False
    has_audio: bool = False


class Gate(Protocol):
    """Every method raises GateAway and GateRefused. `request` names one: asked twice, it is done once."""

    def members(self) -> Members: ...

    def submit(self, request: str, team: str, said: Said, iodef: bytes | None) -> int:
        """The number of the alert."""
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
