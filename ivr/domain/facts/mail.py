"""What the mail bridge tells."""

from dataclasses import dataclass

from ivr.domain.records import FailingKey, MailState


@dataclass(frozen=True, slots=True)
class MailMoved:
    """An alert in one mailbox of a team is queued, sent or given up."""

    alert: int
    team: str
    address: str
    state: MailState
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class KeysLookedAt:
    """How the keys and certificates for mail stand: those that fail, or soon will, and no others."""

    failing: tuple[FailingKey, ...]
