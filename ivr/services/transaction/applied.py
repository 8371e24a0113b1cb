"""What a fact needs from outside, and what comes of it. Owns: both shapes, and no behaviour."""

from dataclasses import dataclass
from typing import Protocol

from ivr.domain.budget import Login
from ivr.domain.effects import Effect, Note
from ivr.domain.records import Alert, Call, Errand, Sms, VerificationWord


class Archive(Protocol):
    """Where recordings are kept."""

    def keep(self, alert: int, path: str) -> str:
        """Make the recording at `path` durable under a name of the alert's, never over another; the name."""
        ...

    def keep_beside(self, name: str, path: str) -> None:
        """Make the file at `path` durable beside the recording `name`, under its own suffix."""
        ...

    def erase(self, alert: int) -> None:
        """Delete every recording of the alert; those that are gone already are no error."""
        ...


class Follow(Protocol):
    """Carries out what a machine of the domain has asked for, about what it was asked."""

    def __call__(
        self,
        effects: tuple[Effect, ...],
        alert: Alert | int | None = None,
        team: str | None = None,
        call: Call | None = None,
    ) -> None: ...


class Write(Protocol):
    """Writes a line into the journal."""

    def __call__(
        self, note: Note, alert: int | None = None, team: str | None = None, call: str | None = None
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of a fact."""

    alert: Alert | None = None
    """The alert as it is now, where the fact was about one."""
    teams: int = 0
    """For AlertReleased and AlertEscalated: how many teams are being called, or have it by mail."""
    call: Call | None = None
    """The call as it is now, where the fact was about one of ours. For CallPlaced: None when it must not be
    made, because its number has closed; the delivery then waits for another."""
    ring_s: float = 0.0
    """For CallPlaced: how long the phone is to ring."""
    held: bool = False
    """For CallPutOff: whether it was granted."""
    sms: tuple[Sms, ...] = ()
    """For SmsTraffic: those that leave now, each for the link it names. For SmsWritten and SmsRepeated: the
    one that was queued."""
    word: VerificationWord | None = None
    """For WordWanted: the word to be spoken, if the team has one."""
    login: Login | None = None
    """For LoginTried: what the caller is told."""
    errand: Errand | None = None
    """The errand as it is now, where the fact was about one."""
    is_routine: bool = False
    """For SmsTraffic: SMS moved and nothing else. That concerns only the courier, who knows; a dialler that
    made a plan for each would have no time for calls."""
