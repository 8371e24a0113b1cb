"""What the mail bridge tells of an alert."""

from dataclasses import dataclass

from ivr.domain.records import MailState


@dataclass(frozen=True, slots=True)
class MailMoved:
    """An alert in one mailbox of a team is queued, sent or given up."""

    alert: int
    team: str
    address: str
    state: MailState
    reason: str | None = None
