"""The nouns, as they are stored: one frozen dataclass a row.

Owns: which facts about a team, an alert, a delivery and a call live longer than a telephone call. Must not
know how they are stored, or what decides about them.
"""

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


class CallState(StrEnum):
    PLACED = "placed"
    ANSWERED = "answered"
    ENDED = "ended"


class EnrolState(StrEnum):
    """How far a team has come on its way into the network."""

    INVITED = "invited"
    ACCEPTED = "accepted"
    """The policy, by the team."""
    COMPLETE = "complete"
    """Its contact data are."""
    CERTIFIED = "certified"
    """Its key is."""
    ISSUED = "issued"
    """Access is."""


class ErrandKind(StrEnum):
    """What a call is for that we place and that carries no alert."""

    CALLBACK = "callback"
    """Lets an account in whose UID is being guessed at."""
    TEST = "test"
    """Shows a team that we reach its number."""
    OPERATOR = "operator"
    """Fetches the duty operator for a caller."""


class ErrandState(StrEnum):
    WAITING = "waiting"
    CALLING = "calling"
    DONE = "done"
    FAILED = "failed"


class Direction(StrEnum):
    OUT = "out"
    IN = "in"


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


class Disposition(StrEnum):
    """What became of one call, for one of the alerts it carried."""

    ACKNOWLEDGED = "acknowledged"
    HEARD = "heard"
    PARTIAL = "partial"
    UNHEARD = "unheard"
    PASSED = "passed"
    """Whoever answered has said that it is not for them."""
    MACHINE = "machine"
    BUSY = "busy"
    NO_ANSWER = "no-answer"
    CONGESTION = "congestion"
    UNALLOCATED = "unallocated"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    FAILED = "failed"
    UNKNOWN = "unknown"


ZONE = "UTC"
OFFICE_HOURS = "Mon-Fri 09:00-17:00"
"""Of a team that says nothing else."""


class NumberKind(StrEnum):
    OFFICE = "office"
    MOBILE = "mobile"
    OTHER = "other"


class CallingHours(StrEnum):
    """When a number may be called, by the office hours of its team."""

    ALWAYS = "always"
    OFFICE = "office-hours"
    OUT = "out-of-hours"


class Listen(StrEnum):
    """How a team hears an alert in a call that we make to it."""

    KEY = "key"
    """Whoever answers and presses 1."""
    PIN = "pin"
    """Whoever keys its listening PIN after that."""
    CALL_IN = "call-in"
    """Not at all: it is told that there is one, and calls the hotline."""


@dataclass(frozen=True, slots=True)
class Team:
    id: str
    name: str
    spoken: str | None = None
    """How the name is to be spoken, where the written form would be read wrongly."""
    calls_itself: bool = False
    """Wants to be called about its own alerts too."""
    trusts_phones: bool = False
    """Hears an alert at once, without a key: anybody and any machine that answers hears it too."""
    zone: str = ZONE
    """Its time zone in the IANA database: the clock that its office hours are read on."""
    office_hours: str = OFFICE_HOURS
    """See domain.hours.week."""
    policy: str | None = None
    """What differs for this team from the network's policy: a JSON object, see domain.policy.for_team."""
    machine_message: bool = False
    """Where nobody presses a key, it wants a message left that there is an alert, and where to hear it."""
    local_time: bool = False
    """Is told the time of an alert by its own clock too, beside UTC."""
    suspended: bool = False
    """Is called about no new alert, and nobody of it gets in."""
    listen: Listen = Listen.KEY

    @property
    def clock(self) -> str | None:
        """The zone of that clock; None where UTC is enough."""
        return self.zone if self.local_time else None


@dataclass(frozen=True, slots=True)
class ListenPin:
    team: str
    pin_hash: str
    """argon2id, PHC string format."""


@dataclass(frozen=True, slots=True)
class Number:
    team: str
    position: int
    """Order of calling, from 0."""
    number: str
    """E.164 with the leading +."""
    sms: bool = False
    """Is a mobile that is to get the SMS."""
    kind: NumberKind = NumberKind.OTHER
    hours: CallingHours = CallingHours.ALWAYS
    unallocated_at: float | None = None
    """When the telephone network said that it does not exist; None once it has answered or was changed."""


@dataclass(frozen=True, slots=True)
class Account:
    uid: str
    team: str
    pin_hash: str | None = None
    """argon2id, PHC string format. None: no PIN issued yet, nobody can log in."""
    callback: str | None = None
    """The number of its team where it is called back; None: the team's numbers in their order."""
    totp: str | None = None
    """Secret of its one-time codes, base32 (RFC 6238); None: it has none."""
    totp_step: int = 0
    """The time step of the last code that was used: no code counts twice."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How many wrong PINs are allowed: see domain.budget."""

    scope: str
    """A UID, the whole network, or one of the shares that all unknown UIDs are dealt to: what was keyed in
    the place of a UID may be a PIN, and is never kept."""
    spent_until: float


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A team's way into the network. A team without one was entered by operators, who vouch for it."""

    team: str
    state: EnrolState = EnrolState.INVITED
    mail: str | None = None
    """Where its letters go."""
    fingerprint: str | None = None
    """Of its OpenPGP key, as the team has confirmed it: 40 hexadecimal digits."""


@dataclass(frozen=True, slots=True)
class VerificationWord:
    """A word of a team's access letter: see domain.words."""

    team: str
    n: int
    """Its place in the letter, from 1."""
    word: str
    call: str | None = None
    """The call that spoke it; None while it is unused."""


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
    """Calls placed since the delivery began or was last retried by an operator."""
    since: float = 0.0
    """Calls placed before this moment no longer count against the policy's limits."""
    reason: str | None = None
    """Why it is exhausted, or waits for a number to open, in words for an operator."""
    acknowledged_at: float | None = None
    acknowledged_via: Via | None = None
    acknowledged_by: str | None = None
    """The number or the UID the acknowledgement came from."""
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


@dataclass(frozen=True, slots=True)
class Call:
    """One telephone call. `id` is also the Asterisk ChannelId (and Uniqueid) of our channel."""

    id: str
    direction: Direction
    state: CallState
    team: str | None
    number: str | None
    trunk: str
    started_at: float
    answered_at: float | None = None
    ended_at: float | None = None
    cause: int | None = None
    """ITU-T Q.850 hangup cause; None while up, or when the end was never seen."""
    cancelled: bool = False
    """We asked for its end because nobody needed it any longer."""
    person: bool = False
    """Somebody has pressed a key in it: no machine answered."""
    message_left: bool = False
    """Nobody pressed a key, and a message was left for whoever listens to it later."""
    errand: int | None = None
    """The errand that it is on; None for a call that came in, and for one that carries alerts."""
    passed: bool = False
    """Whoever answered has said that it is not for them."""


@dataclass(frozen=True, slots=True)
class Leg:
    """What one call did for one delivery: a call serves every current alert of its team."""

    call: str
    alert: int
    team: str
    n: int
    """The how-manieth call of this delivery, from 1."""
    heard_s: float = 0.0
    whole: bool = False
    acknowledged: bool = False
    disposition: Disposition | None = None


@dataclass(frozen=True, slots=True)
class Errand:
    """A call that we are to place to one number, for something else than an alert."""

    id: int
    kind: ErrandKind
    number: str
    team: str | None
    """Whose number it is; None for one of the configuration."""
    uid: str | None
    """The account it is for."""
    due_at: float
    until: float
    """When it is of no more use."""
    state: ErrandState = ErrandState.WAITING
    call: str | None = None
    """The last call that was placed for it."""
    reason: str | None = None
    """Why it has failed, in words for an operator."""


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


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal: what happened, when, to what. Never a PIN, text or whole number."""

    id: int
    at: float
    what: str
    alert: int | None = None
    team: str | None = None
    call: str | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Seal:
    """Vouches for the journal up to its entry `last`: see domain.chain."""

    id: int
    at: float
    last: int
    """The last entry that it takes in; the first one follows the last one of the seal before."""
    chain: str


OPEN = frozenset({DeliveryState.WAITING, DeliveryState.CALLING, DeliveryState.RESPONDING})
"""Deliveries that somebody must still acknowledge."""

NETWORK = "network"
"""The budget (scope) of all UIDs together."""

OPEN_ERRANDS = frozenset({ErrandState.WAITING, ErrandState.CALLING})
"""Errands that somebody waits for."""
