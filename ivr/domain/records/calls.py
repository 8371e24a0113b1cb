"""Telephone calls, what they did for deliveries, and what else they are placed for."""

from dataclasses import dataclass
from enum import StrEnum


class CallState(StrEnum):
    PLACED = "placed"
    ANSWERED = "answered"
    ENDED = "ended"


class Direction(StrEnum):
    OUT = "out"
    IN = "in"


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


class Reached(StrEnum):
    """How far a call out got before it was answered or ended."""

    NOWHERE = "nowhere"
    TAKEN = "taken"
    """The exchange took it on (ISDN: CALL PROCEEDING)."""
    THROUGH = "through"
    """Something was heard of the far end (SIP: 183; ISDN: PROGRESS)."""
    RANG = "rang"
    """The phone rang (SIP: 180; ISDN: ALERTING), or was answered."""


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
    reached: Reached | None = None
    """How far it got; None: not known."""
    probe: bool = False
    """Its trunk was not up when it was placed: it was to show whether it is again."""


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
    avoid_trunk: str | None = None
    """The trunk at whose fault its last call failed: the next one should go over another."""


OPEN_ERRANDS = frozenset({ErrandState.WAITING, ErrandState.CALLING})
"""Errands that somebody waits for."""
