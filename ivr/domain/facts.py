"""What happened: every fact the ledger accepts, as frozen dataclasses.

Owns: the vocabulary between the edges (telephone, shell, SMS) and the deciders. A fact tells what was seen,
never what is to be done about it. Facts may come twice, late, or in another order than they happened.
"""

from dataclasses import dataclass

from ivr.domain.gsm import Place
from ivr.domain.records import ErrandKind, ReceiptState, Severity, Source, Tlp, Via
from ivr.domain.sms import NUMBERED_SAME_S


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
class AlertExpired:
    """The deadline of the policy has passed."""

    alert: int


@dataclass(frozen=True, slots=True)
class ReportDue:
    """The alert has been open for so long that people are to be told how it goes."""

    alert: int


@dataclass(frozen=True, slots=True)
class CallerLost:
    """The line of the caller who was raising this alert has dropped: they may not know what became of it."""

    alert: int


@dataclass(frozen=True, slots=True)
class AlertErased:
    """The alert has been kept for as long as it is to be."""

    alert: int


@dataclass(frozen=True, slots=True)
class CallPlaced:
    """A call is about to be originated. Committed before Originate leaves."""

    call: str
    team: str
    number: str
    trunk: str
    alerts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CallAnswered:
    call: str


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """The callee has asked to hear the alert: a person, no machine."""

    call: str


@dataclass(frozen=True, slots=True)
class CallCancelled:
    """We have asked Asterisk to end it, because nobody needs it any longer."""

    call: str


@dataclass(frozen=True, slots=True)
class CallEnded:
    call: str
    cause: int | None
    """ITU-T Q.850; None when the call is gone and its end was never seen."""


@dataclass(frozen=True, slots=True)
class CallCameIn:
    """A call of a caller has reached the hotline."""

    call: str
    trunk: str


@dataclass(frozen=True, slots=True)
class TeamIdentified:
    """The caller of an inbound call has proved to be of `team`."""

    call: str
    team: str


@dataclass(frozen=True, slots=True)
class LoginTried:
    """A caller has keyed a UID and a PIN. Neither is in here, but the UID of an account that exists."""

    call: str
    scope: str
    """The budget it counts against: see records.Budget."""
    uid: str | None
    right: bool
    """PIN and one-time code are those of the account."""
    step: int | None = None
    """The time step of the one-time code, where the account has one and it was right."""
    mistakes: int = 0
    """Failures with this UID before, in this call."""


@dataclass(frozen=True, slots=True)
class CallBackDenied:
    """Whoever was called back has not asked for it: somebody else knows the PIN."""

    errand: int


@dataclass(frozen=True, slots=True)
class PinChanged:
    uid: str
    pin_hash: str


@dataclass(frozen=True, slots=True)
class WordWanted:
    """A call out is to speak the next verification word of its team."""

    call: str
    team: str


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
class MessageLeft:
    """Nobody pressed a key in this call; a message without any content was said, for a machine to record."""

    call: str


@dataclass(frozen=True, slots=True)
class CallPassed:
    """The callee has said "not me": the team's next number is to be called, and this one not for a while."""

    call: str


@dataclass(frozen=True, slots=True)
class CallPutOff:
    """The callee wants to be called again in ten minutes, at this number."""

    call: str


@dataclass(frozen=True, slots=True)
class ListenRefused:
    """Whoever answered did not know the team's listening PIN, and heard nothing of the alert."""

    call: str


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


@dataclass(frozen=True, slots=True)
class ErrandWanted:
    """A call is wanted that carries no alert, to a number of the directory or of the configuration."""

    kind: ErrandKind
    number: str
    team: str | None = None
    uid: str | None = None
    """The account it is for."""


@dataclass(frozen=True, slots=True)
class ErrandPlaced:
    """A call is about to be originated for this errand. Committed before Originate leaves."""

    errand: int
    call: str
    trunk: str


@dataclass(frozen=True, slots=True)
class ErrandDone:
    """What the errand was for has come about."""

    errand: int


@dataclass(frozen=True, slots=True)
class ErrandDropped:
    """Nobody wants it any more. A phone that rings for it is rung off; an answered call goes on."""

    errand: int


@dataclass(frozen=True, slots=True)
class ErrandExpired:
    """No line was free for it while it was of use."""

    errand: int


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


@dataclass(frozen=True, slots=True)
class ReserveGivenUp:
    """The disk is full: the room that was kept on it is what facts are now written to."""


@dataclass(frozen=True, slots=True)
class ReserveMade:
    """There is room on the disk again, and some of it is kept."""


Fact = (
    AlertRecorded
    | AlertReleased
    | AlertWithdrawn
    | AlertExpired
    | ReportDue
    | CallerLost
    | AlertErased
    | CallPlaced
    | CallAnswered
    | KeyPressed
    | CallCancelled
    | CallEnded
    | CallCameIn
    | TeamIdentified
    | LoginTried
    | CallBackDenied
    | PinChanged
    | WordWanted
    | AlertHeard
    | Acknowledged
    | TeamResponding
    | MessageLeft
    | CallPassed
    | CallPutOff
    | ListenRefused
    | DeliveryRetried
    | DeliverySkipped
    | ErrandWanted
    | ErrandPlaced
    | ErrandDone
    | ErrandDropped
    | ErrandExpired
    | SmsSubmitted
    | SmsDeferred
    | SmsUnanswered
    | SmsFailed
    | SmsReceipt
    | SmsTraffic
    | SmsReceived
    | SmsRestMissing
    | SmsWritten
    | SmsRepeated
    | ReserveGivenUp
    | ReserveMade
)


class Illegal(Exception):
    """A fact that cannot happen in this state: the caller is wrong, and nothing was changed."""
