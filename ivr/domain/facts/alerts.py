"""What happened to an alert, or to its delivery to one team."""

from dataclasses import dataclass

from ivr.domain.records import Severity, Source, Tlp, Via


@dataclass(frozen=True, slots=True)
class AlertRecorded:
    """A recording was made and stands on disk at `path`. The alert is a draft until it is released."""

    team: str
    uid: str | None
    source: Source
    path: str
    duration_s: float
    sha256: str
    replaces: int | None = None
    """The draft this recording takes the place of, when the caller recorded again."""
    severity: Severity = Severity.MEDIUM
    confirmed: bool | None = None
    tlp: Tlp | None = None
    callback: str | None = None
    """The number for questions, E.164."""
    papers: tuple[str, ...] = ()
    """Files on disk that are kept beside the recording, each with the suffix it has: what it is read from."""
    message: str | None = None
    """The mail that it came in (records.Submission)."""
    released: bool = False
    """It is sent as well, at once: whoever has written it is not there to say so."""


@dataclass(frozen=True, slots=True)
class AlertReleased:
    """What is None here stays as it was recorded."""

    alert: int
    confirmed: bool | None = None
    tlp: Tlp | None = None
    severity: Severity | None = None
    callback: str | None = None


@dataclass(frozen=True, slots=True)
class AlertWithdrawn:
    """Also how a draft is thrown away."""

    alert: int
    only_draft: bool = False
    """Refused once the alert is released: who throws a draft away does not mean to withdraw an alert."""


@dataclass(frozen=True, slots=True)
class AlertEscalated:
    """An alert that is out by mail is to be telephoned as well. That is its originator's to say, or the
    operators'; it never happens by itself."""

    alert: int
    via: Via
    team: str | None = None
    """Who asks; None for the operators."""


@dataclass(frozen=True, slots=True)
class AlertClosed:
    """An operator has asked that nobody be called any more: who has not acknowledged counts as missed."""

    alert: int


@dataclass(frozen=True, slots=True)
class AlertExpired:
    """The deadline of the policy has passed."""

    alert: int


@dataclass(frozen=True, slots=True)
class ReportDue:
    """The alert has been open for so long that people are to be told how it goes."""

    alert: int


@dataclass(frozen=True, slots=True)
class CallerLost:
    """The line of the caller who was raising this alert has dropped, or nobody answers there any more. They
    may not know what became of it."""

    alert: int


@dataclass(frozen=True, slots=True)
class AlertErased:
    """The alert has been kept for as long as it is to be."""

    alert: int


@dataclass(frozen=True, slots=True)
class AlertHeard:
    """A callee heard `heard_s` seconds of an alert in this call; `whole` when to its end."""

    call: str
    alert: int
    heard_s: float
    whole: bool


@dataclass(frozen=True, slots=True)
class Acknowledged:
    alert: int
    team: str
    via: Via
    by: str | None
    call: str | None = None


@dataclass(frozen=True, slots=True)
class TeamResponding:
    """Somebody of the team has said "I am on it", without having acknowledged."""

    alert: int
    team: str
    via: Via


@dataclass(frozen=True, slots=True)
class DeliveryRetried:
    """An operator has asked for a new start."""

    alert: int
    team: str


@dataclass(frozen=True, slots=True)
class DeliverySkipped:
    """An operator has asked that this team be called no more about this alert."""

    alert: int
    team: str
