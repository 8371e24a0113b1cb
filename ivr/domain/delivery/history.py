"""What a delivery's next step depends on: what has happened to it, and the history of its calls."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ivr.domain.attempts import Past
from ivr.domain.effects import Effect
from ivr.domain.facts import (
    Acknowledged,
    AlertClosed,
    AlertEscalated,
    AlertExpired,
    AlertWithdrawn,
    CallPlaced,
    DeliveryRetried,
    DeliverySkipped,
    TeamResponding,
)
from ivr.domain.nextcall import Phone
from ivr.domain.records import Delivery


@dataclass(frozen=True, slots=True)
class CallsChanged:
    """A call for this delivery has ended, or more became known of one that had."""


@dataclass(frozen=True, slots=True)
class NumberClosed:
    """The call that was due came so late that its number may not be called any more."""


@dataclass(frozen=True, slots=True)
class MobileNotReached:
    """An SMS that tells of the alert is known not to arrive at a mobile of the team."""


@dataclass(frozen=True, slots=True)
class PutOff:
    """Somebody who was called at `number` wants to be called back there."""

    number: str


@dataclass(frozen=True, slots=True)
class History:
    """What a delivery's next step depends on besides its own row."""

    numbers: Sequence[Phone]
    """The team's numbers, in the order of its list."""
    past: Sequence[Past]
    """The ended calls since `delivery.since`, in the order of their end."""
    up: Mapping[str, float]
    """The numbers of the calls that serve this delivery and are placed or up, and when each was placed."""
    expired: bool
    """The delivery's deadline has passed."""
    trunks: int = 1
    """How many trunks there are to call over."""


DeliveryFact = (
    CallPlaced
    | NumberClosed
    | CallsChanged
    | MobileNotReached
    | Acknowledged
    | TeamResponding
    | PutOff
    | AlertWithdrawn
    | AlertEscalated
    | AlertExpired
    | AlertClosed
    | DeliverySkipped
    | DeliveryRetried
)
Result = tuple[Delivery, tuple[Effect, ...]]
