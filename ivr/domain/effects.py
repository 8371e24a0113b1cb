"""What is to be done: every effect that a decider may ask for, as frozen dataclasses.

Owns: the vocabulary between the deciders and the one who carries out what they decide, in the transaction of
the fact that brought it about. An effect tells what, never how.
"""

from dataclasses import dataclass

from ivr.domain.facts import AlertClosed, AlertEscalated, AlertExpired, AlertWithdrawn
from ivr.domain.records import Delivery


@dataclass(frozen=True, slots=True)
class OpenDeliveries:
    """Effect: make one delivery per team."""


@dataclass(frozen=True, slots=True)
class TellDeliveries:
    """Effect: every delivery of the alert is to hear of `fact`."""

    fact: AlertWithdrawn | AlertExpired | AlertEscalated | AlertClosed


@dataclass(frozen=True, slots=True)
class TellLegs:
    """Effect: what the call means for each of its deliveries is to be worked out anew."""


@dataclass(frozen=True, slots=True)
class Settle:
    """Effect: a delivery has come to rest or was acknowledged late; see whether the alert has."""

    alert: int


@dataclass(frozen=True, slots=True)
class TeamMissing:
    """Effect: operators and originator are to know that nobody can be called, or reached, there."""

    delivery: Delivery


@dataclass(frozen=True, slots=True)
class TellTeam:
    """Effect: the team is to have an SMS that there is an alert, if it has had none yet."""


@dataclass(frozen=True, slots=True)
class TellProgress:
    """Effect: operators and originator are to know how it goes."""


@dataclass(frozen=True, slots=True)
class RemindTeams:
    """Effect: the teams that have not acknowledged are to be reminded by SMS."""


@dataclass(frozen=True, slots=True)
class TellCaller:
    """Effect: the originator is to know by SMS whether the alert was sent."""


@dataclass(frozen=True, slots=True)
class TellOutcome:
    """Effect: operators and originator are to know how the alert has ended."""


@dataclass(frozen=True, slots=True)
class TellWithdrawal:
    """Effect: whoever had the alert is to know that it was withdrawn; no SMS is to tell of it any more."""


@dataclass(frozen=True, slots=True)
class TellOperators:
    """Effect: operators are to read this."""

    text: str


@dataclass(frozen=True, slots=True)
class EraseTraces:
    """Effect: recording, texts and whole numbers of the alert are to be kept no longer."""


@dataclass(frozen=True, slots=True)
class FlagNumber:
    """Effect: the directory is to say that this number of the team does not exist."""

    number: str


@dataclass(frozen=True, slots=True)
class Note:
    """Effect: a line for the journal. Never a PIN, a text or a whole number."""

    what: str
    detail: str = ""


Effect = (
    OpenDeliveries
    | TellDeliveries
    | TellLegs
    | Settle
    | TeamMissing
    | TellTeam
    | TellProgress
    | RemindTeams
    | TellCaller
    | TellOutcome
    | TellWithdrawal
    | TellOperators
    | EraseTraces
    | FlagNumber
    | Note
)
