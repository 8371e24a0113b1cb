"""What the hotline keeps of alerts by mail. The mail itself is with the bridge."""

from dataclasses import dataclass
from enum import StrEnum


class MailState(StrEnum):
    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Submission:
    """Which alert a mail has become: the same mail handed in again is the same alert."""

    message: str
    """As the bridge names the mail, whatever is in its Message-ID."""
    alert: int


@dataclass(frozen=True, slots=True)
class FailingKey:
    """A key or certificate for mail that cannot be used, or soon will not be, as the bridge told last."""

    what: str
    """Names it: a fingerprint, or what else is wrong."""
    team: str | None
    """None: the list's own."""
    days: int
    """It fails within so many: one of ivr.domain.keywatch.DAYS. 0: it has failed."""
    why: str
    """For an operator, and for the team."""


@dataclass(frozen=True, slots=True)
class Mail:
    """One alert in one mailbox of a team, as far as the bridge has told."""

    alert: int
    team: str
    address: str
    state: MailState
    sent_at: float | None = None
    """When a mail server has taken it."""
    reason: str | None = None
    """Why it failed, for an operator."""
