"""What happened to a telephone call, or to what it is placed for."""

from dataclasses import dataclass

from ivr.domain.records import ErrandKind, Reached


@dataclass(frozen=True, slots=True)
class CallPlaced:
    """A call is about to be originated. Committed before Originate leaves."""

    call: str
    team: str
    number: str
    trunk: str
    alerts: tuple[int, ...]
    probe: bool = False
    """The trunk is not up: the call is to show whether it is again."""


@dataclass(frozen=True, slots=True)
class CallRang:
    """The phone rings: the trunk has done its part."""

    call: str


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
    reached: Reached | None = None
    """How far it got; None: not known."""


@dataclass(frozen=True, slots=True)
class CallCameIn:
    """A call of a caller has reached the hotline."""

    call: str
    trunk: str


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
    probe: bool = False


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
