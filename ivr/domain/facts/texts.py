"""What happened to an SMS, out or in."""

from dataclasses import dataclass

from ivr.domain.gsm import Place
from ivr.domain.records import ReceiptState
from ivr.domain.sms import NUMBERED_SAME_S


@dataclass(frozen=True, slots=True)
class SmsSubmitted:
    """The SMSC has taken responsibility."""

    sms: int
    message_ids: tuple[str, ...]
    """One a part, in order; empty where the SMSC gave none that can be read."""
    link: str = ""
    """The SMSC's name in the configuration: message ids are its own, and another may give the same."""


@dataclass(frozen=True, slots=True)
class SmsDeferred:
    """Not taken now; the courier tries again."""

    sms: int
    reason: str
    rests: bool = True
    """Whether the SMS waits before its next try; not where nothing is wrong with it but the link was busy."""


@dataclass(frozen=True, slots=True)
class SmsUnanswered:
    """It may have left, and no answer came: it is sent again, and may arrive twice."""

    sms: int


@dataclass(frozen=True, slots=True)
class SmsFailed:
    sms: int
    reason: str


@dataclass(frozen=True, slots=True)
class SmsReceipt:
    """Of one part of an SMS. It may come before the answer that tells whose message id it is."""

    message_id: str
    state: ReceiptState
    link: str = ""


@dataclass(frozen=True, slots=True)
class SmsTraffic:
    """What the links have told since the last time, in its order; and how many SMS they take now.

    One fact, so that a busy link waits for one commit and not for one an SMS.
    """

    told: "tuple[SmsSubmitted | SmsDeferred | SmsUnanswered | SmsFailed | SmsReceipt, ...]"
    room: tuple[tuple[str, int], ...] = ()
    """The SMSCs we are bound to, in order of preference, each with how many it takes. That many are handed
    over: put on record before they leave."""


@dataclass(frozen=True, slots=True)
class SmsReceived:
    """Somebody has sent us an SMS. Nothing in it can be believed but that an answer reaches `sender`.

    `reference` is the same when the SMSC delivers the same SMS again: an id of the SMSC's, or a hash.
    """

    sender: str
    """As the SMSC tells it: E.164, with or without the +. Anything else gets no answer."""
    text: str
    reference: str
    same_s: float = NUMBERED_SAME_S
    """For how long the same reference means the same SMS."""
    place: Place | None = None
    """Where it belongs in a longer text, of which it is a part."""


@dataclass(frozen=True, slots=True)
class SmsRestMissing:
    """Parts of longer texts have waited for their rest for too long; see domain.parts."""


@dataclass(frozen=True, slots=True)
class SmsWritten:
    """An operator has written to a number."""

    number: str
    text: str


@dataclass(frozen=True, slots=True)
class SmsRepeated:
    """An operator has asked that this SMS be sent once more."""

    sms: int
