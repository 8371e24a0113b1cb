"""Alerts, and their deliveries: one alert on its way to one team."""

from dataclasses import dataclass
from enum import StrEnum


class AlertState(StrEnum):
    DRAFT = "draft"
    RELEASED = "released"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class Outcome(StrEnum):
    ALL_ACKNOWLEDGED = "all-acknowledged"
    INCOMPLETE = "incomplete"


class Source(StrEnum):
    """Where an alert came in."""

    HOTLINE = "hotline"
    OPERATOR = "operator"
    MAIL = "mail"
    WEB = "web"


class Severity(StrEnum):
    """How bad it is, in the words of IODEF (RFC 7970, the severity of an impact)."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def rank(self) -> int:
        """Its place in the order of work, from 0: smaller is sooner."""
        return (Severity.HIGH, Severity.MEDIUM, Severity.LOW).index(self)


class Tlp(StrEnum):
    """With whom it may be shared: the labels of the Traffic Light Protocol, FIRST standard 2.0."""

    RED = "RED"
    AMBER_STRICT = "AMBER+STRICT"
    AMBER = "AMBER"
    GREEN = "GREEN"
    CLEAR = "CLEAR"


class DeliveryState(StrEnum):
    MAILED = "mailed"
    """By mail alone: nobody is called before the originator wants it."""
    WAITING = "waiting"
    CALLING = "calling"
    RESPONDING = "responding"
    ACKNOWLEDGED = "acknowledged"
    EXHAUSTED = "exhausted"
    WITHDRAWN = "withdrawn"


class Via(StrEnum):
    """How an acknowledgement, or another word of a team, came in."""

    KEYPRESS = "keypress"
    HOTLINE = "hotline"
    MAIL = "mail"
    WEB = "web"
    OPERATOR = "operator"
    SMS = "sms"
    """Never an acknowledgement: who writes has not heard the alert."""


@dataclass(frozen=True, slots=True)
class Alert:
    id: int
    state: AlertState
    team: str
    team_name: str
    """As it was when the alert was recorded: a later renaming does not change who raised it."""
    uid: str | None
    source: Source
    audio: str
    """File name in the recordings folder."""
    recorded_at: float
    duration_s: float
    sha256: str
    released_at: float | None = None
    closed_at: float | None = None
    outcome: Outcome | None = None
    tlp: Tlp | None = None
    confirmed: bool | None = None
    """Whether the originator calls the information confirmed; None where nobody said so or otherwise."""
    callback: str | None = None
    """The number for questions, E.164. It is spoken, and never called."""
    severity: Severity = Severity.MEDIUM
    told: Outcome | None = None
    """The outcome that operators and originator were told last: it may be opened again, and close again."""
    reported_at: float | None = None
    """When they were told how it goes, and the teams that had not acknowledged were reminded."""
    erased_at: float | None = None
    """Since when its recording, the texts of its SMS and whole numbers are no longer kept."""
    escalated_at: float | None = None
    """Since when the teams are called about an alert that came by mail."""

    @property
    def by_mail_alone(self) -> bool:
        """It came by mail, and nobody is called about it (yet)."""
        return self.source is Source.MAIL and self.escalated_at is None


@dataclass(frozen=True, slots=True)
class Delivery:
    alert: int
    team: str
    team_name: str
    state: DeliveryState = DeliveryState.WAITING
    due_at: float = 0.0
    """When the next call may be placed; meaningless once settled."""
    number: str | None = None
    """The number the next call goes to; None when no number may be called."""
    attempts: int = 0
    """Attempts since the delivery began or was last retried by an operator. One that is to go on over another
    trunk counts only while it is called."""
    since: float = 0.0
    """When it began, or was last retried: calls that had ended by then do not count for the policy."""
    reason: str | None = None
    """Why it is exhausted, or waits for a number to open, in words for an operator."""
    acknowledged_at: float | None = None
    acknowledged_via: Via | None = None
    acknowledged_by: str | None = None
    """The number, the UID or the mail address the acknowledgement came from."""
    deadline_at: float | None = None
    """When it is given up; None: at the deadline of the network, reckoned from `since`."""
    avoid_trunk: str | None = None
    """The trunk over which the next call should not go, where there is another."""
    beside: str | None = None
    """While calling: the number that may ring beside the one that does; None where none may."""
    beside_at: float = 0.0
    """When it may ring, at the earliest."""
    severity: Severity = Severity.MEDIUM
    """The alert's."""
    held_until: float | None = None
    """Until when calls are held back, because the team has said that it is on it; also when that is over."""
    holds: int = 0
    """How often they were held back since the delivery began or was last retried by an operator."""
    promised: str | None = None
    """The number where somebody wants to be called once the hold is over, before any other."""
    tried: str = ""
    """The trunks over which the attempt under way has failed before anything rang, separated by commas."""
    afresh_at: float = 0.0
    """When the next call may go over one of them again, at the earliest: as a new attempt."""


OPEN = frozenset(
    {DeliveryState.MAILED, DeliveryState.WAITING, DeliveryState.CALLING, DeliveryState.RESPONDING}
)
"""Deliveries that somebody must still acknowledge."""
