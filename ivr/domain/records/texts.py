"""SMS, out and in."""

from dataclasses import dataclass
from enum import StrEnum


class SmsState(StrEnum):
    QUEUED = "queued"
    SUBMITTED = "submitted"
    DELIVERED = "delivered"
    FAILED = "failed"


class SmsKind(StrEnum):
    ALERT = "alert"
    """Says to a team that there is an alert."""
    NOTICE = "notice"
    """Says what became of one: to operators and originator, and on its withdrawal to the teams."""
    ANSWER = "answer"
    """Answers an SMS that came in."""
    WRITTEN = "written"
    """Was written by an operator."""


class ReceiptState(StrEnum):
    """What an SMSC says became of a message, SMPP 3.4 section 5.2.28 made short."""

    DELIVERED = "delivered"
    EXPIRED = "expired"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Sms:
    id: int
    alert: int | None
    """None where it is about no alert: some answers, and what operators write."""
    team: str | None
    """Whose number it is; None for an operator's and for one that is not in the directory."""
    number: str
    text: str
    state: SmsState = SmsState.QUEUED
    queued_at: float = 0.0
    due_at: float = 0.0
    submitted_at: float | None = None
    receipt_at: float | None = None
    message_ids: str = ""
    """Message ids of the SMSC, one a part, separated by spaces: to ask its operator about."""
    tries: int = 0
    reason: str | None = None
    kind: SmsKind = SmsKind.ALERT
    link: str | None = None
    """The SMSC it was last handed to, by its name in the configuration."""
    handed_at: float | None = None
    """Since when it is with that SMSC without an answer; None while it is not."""
    repeated: bool = False
    """It was sent again after a try without an answer: it may have come twice."""
    rank: int = 3
    """Its place in the order of leaving, from 0, smaller is sooner; see domain.shortmessage.rank."""


@dataclass(frozen=True, slots=True)
class SmsPart:
    """One short message of an SMS, as an SMSC knows it: what a receipt is about."""

    link: str
    message_id: str
    sms: int
    attempt: int
    """Which handing over of the SMS it belongs to."""
    parts: int
    """How many there are in that attempt, those without an id left out."""
    state: ReceiptState | None = None
    """What its last receipt said."""


@dataclass(frozen=True, slots=True)
class EarlyReceipt:
    """A receipt that came while an answer was due that may tell whose it is."""

    link: str
    message_id: str
    state: ReceiptState
    at: float


@dataclass(frozen=True, slots=True)
class Received:
    """An SMS that came in. Not its text: what was understood is in the journal."""

    id: int
    reference: str
    """The same for the same SMS delivered again; see domain.answers.known_by."""
    sender: str
    """E.164 with the leading +."""
    at: float


@dataclass(frozen=True, slots=True)
class ReceivedPart:
    """A part of a longer text that came in, until the others have come or are given up."""

    sender: str
    """E.164 with the leading +."""
    reference: int
    total: int
    number: int
    """Its place; see domain.gsm.Place."""
    text: str
    at: float
