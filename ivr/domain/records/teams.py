"""Teams: their numbers, their accounts, and how those get in."""

from dataclasses import dataclass
from enum import StrEnum

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
    mail_sms: bool = False
    """Its mobiles get the SMS also while an alert is out by mail alone."""

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


NETWORK = "network"
"""The budget (scope) of all UIDs together."""


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
