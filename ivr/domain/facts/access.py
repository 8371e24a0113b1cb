"""What happened where somebody asks to be let in."""

from dataclasses import dataclass


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
class PinTried:
    """Who is logged in by `uid` has keyed its PIN once more, as they want to change it. It is not in here."""

    call: str
    uid: str
    right: bool
    mistakes: int = 0
    """Failures at this before, in this call."""


@dataclass(frozen=True, slots=True)
class PinChanged:
    uid: str
    pin_hash: str


@dataclass(frozen=True, slots=True)
class WordWanted:
    """A call out is to speak the next verification word of its team."""

    call: str
    team: str
