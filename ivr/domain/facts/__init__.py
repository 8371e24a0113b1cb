"""What happened: every fact the ledger accepts, as frozen dataclasses.

Owns: the vocabulary between the edges (telephone, shell, SMS) and the deciders. A fact tells what was seen,
never what is to be done about it. Facts may come twice, late, or in another order than they happened.
"""

from ivr.domain.facts.access import (
    CallBackDenied,
    LoginTried,
    PinChanged,
    PinTried,
    TeamIdentified,
    WordWanted,
)
from ivr.domain.facts.alerts import (
    Acknowledged,
    AlertClosed,
    AlertErased,
    AlertEscalated,
    AlertExpired,
    AlertHeard,
    AlertRecorded,
    AlertReleased,
    AlertWithdrawn,
    CallerLost,
    DeliveryRetried,
    DeliverySkipped,
    ReportDue,
    TeamResponding,
)
from ivr.domain.facts.calls import (
    CallAnswered,
    CallCameIn,
    CallCancelled,
    CallEnded,
    CallPassed,
    CallPlaced,
    CallPutOff,
    CallRang,
    ErrandDone,
    ErrandDropped,
    ErrandExpired,
    ErrandPlaced,
    ErrandWanted,
    KeyPressed,
    ListenRefused,
    MessageLeft,
)
from ivr.domain.facts.ceiling import CeilingReached
from ivr.domain.facts.mail import KeysLookedAt, MailMoved
from ivr.domain.facts.room import (
    ReserveGivenUp,
    ReserveMade,
)
from ivr.domain.facts.texts import (
    SmsDeferred,
    SmsFailed,
    SmsReceipt,
    SmsReceived,
    SmsRepeated,
    SmsRestMissing,
    SmsSubmitted,
    SmsTraffic,
    SmsUnanswered,
    SmsWritten,
)
from ivr.domain.facts.trunks import ChannelTaken, SpanSeen, TrunkReported

Fact = (
    AlertRecorded
    | AlertReleased
    | AlertWithdrawn
    | AlertClosed
    | AlertExpired
    | AlertEscalated
    | ReportDue
    | CallerLost
    | AlertErased
    | CallPlaced
    | CallRang
    | CallAnswered
    | KeyPressed
    | CallCancelled
    | CallEnded
    | CallCameIn
    | TeamIdentified
    | LoginTried
    | CallBackDenied
    | PinTried
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
    | MailMoved
    | KeysLookedAt
    | CeilingReached
    | ReserveGivenUp
    | ReserveMade
    | TrunkReported
    | ChannelTaken
)


class Illegal(Exception):
    """A fact that cannot happen in this state: the caller is wrong, and nothing was changed."""


__all__ = [
    "Acknowledged",
    "AlertClosed",
    "AlertErased",
    "AlertEscalated",
    "AlertExpired",
    "AlertHeard",
    "AlertRecorded",
    "AlertReleased",
    "AlertWithdrawn",
    "CallAnswered",
    "CallBackDenied",
    "CallCameIn",
    "CallCancelled",
    "CallEnded",
    "CallPassed",
    "CallPlaced",
    "CallPutOff",
    "CallRang",
    "CallerLost",
    "CeilingReached",
    "ChannelTaken",
    "DeliveryRetried",
    "DeliverySkipped",
    "ErrandDone",
    "ErrandDropped",
    "ErrandExpired",
    "ErrandPlaced",
    "ErrandWanted",
    "Fact",
    "Illegal",
    "KeyPressed",
    "KeysLookedAt",
    "ListenRefused",
    "LoginTried",
    "MailMoved",
    "MessageLeft",
    "PinChanged",
    "PinTried",
    "ReportDue",
    "ReserveGivenUp",
    "ReserveMade",
    "SmsDeferred",
    "SmsFailed",
    "SmsReceipt",
    "SmsReceived",
    "SmsRepeated",
    "SmsRestMissing",
    "SmsSubmitted",
    "SmsTraffic",
    "SmsUnanswered",
    "SmsWritten",
    "SpanSeen",
    "TeamIdentified",
    "TeamResponding",
    "TrunkReported",
    "WordWanted",
]
