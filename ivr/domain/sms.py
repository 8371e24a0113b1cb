"""What a link to an SMSC tells: events, as frozen dataclasses.

Owns: the vocabulary between the link and the courier. Knows nothing of SMPP. Every text that a link has taken
ends in exactly one of Submitted, Refused and Unanswered.
"""

from dataclasses import dataclass
from typing import Literal

ReceiptState = Literal["delivered", "expired", "rejected", "unknown"]


@dataclass(frozen=True, slots=True)
class Submitted:
    """The SMSC has taken responsibility for every part."""

    reference: str
    message_ids: tuple[str, ...]
    """One a part, in order; the receipt names the last. Empty where the SMSC gave none that can be read."""


@dataclass(frozen=True, slots=True)
class Refused:
    reference: str
    status: int
    """command_status, SMPP 3.4 section 5.1.3."""
    reason: str
    permanent: bool
    """The same text to the same number would be refused again."""


@dataclass(frozen=True, slots=True)
class Unanswered:
    """The link went down before the answer: the SMSC may have the text, or part of it, or nothing."""

    reference: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a message, as the SMSC tells it."""

    message_id: str
    state: ReceiptState
    at: float
    """When it reached us, in seconds since the epoch: the SMSC's own date comes without a time zone."""


@dataclass(frozen=True, slots=True)
class LinkUp:
    """Bound: texts can be submitted."""


@dataclass(frozen=True, slots=True)
class LinkDown:
    """Not bound. Comes once for each new reason, not once for each try."""

    reason: str
    """One line for an operator."""


SmsEvent = Submitted | Refused | Unanswered | Receipt | LinkUp | LinkDown
