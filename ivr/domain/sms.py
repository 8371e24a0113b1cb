"""What a link to an SMSC tells: events, as frozen dataclasses.

Owns: the vocabulary between the link and the courier. Knows nothing of SMPP. Every text that a link has taken
ends in exactly one of Submitted, Refused and Unanswered.

What the SMSC waits for carries `settled`: to be called, from any thread, once the event is on record (or is
known never to be). Only then is a receipt acknowledged, and the place in the window free: so a kill at any
moment loses no receipt, and leaves no more texts in doubt than the window holds. (See Submitted.hurried.)
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from ivr.domain.gsm import Place
from ivr.domain.records import ReceiptState

NUMBERED_SAME_S = 86_400.0
"""For how long an SMS that has a number or a time of its own is known for the same, delivered again."""
ALIKE_SAME_S = 120.0
"""And for how long one that has none is taken for the same as another of the same words."""


def _nobody_waits() -> None:
    pass


Settled = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Submitted:
    """The SMSC has taken responsibility for every part."""

    link: str
    """The name of the SMSC in the configuration, here and below."""
    reference: str
    message_ids: tuple[str, ...]
    """One a part, in order. Empty where the SMSC gave none that can be read."""
    settled: Settled = field(default=_nobody_waits, compare=False, repr=False)
    hurried: bool = field(default=False, compare=False)
    """A place in a window is wanted again: for `settled` it is enough that no kill forgets this."""


@dataclass(frozen=True, slots=True)
class Refused:
    link: str
    reference: str
    status: int
    """command_status, SMPP 3.4 section 5.1.3."""
    reason: str
    permanent: bool
    """The same text to the same number would be refused again."""
    busy: bool = False
    """Nothing is wrong with the text: the SMSC wants to be sent less, and the link has slowed down."""
    settled: Settled = field(default=_nobody_waits, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Unanswered:
    """The link went down before the answer: the SMSC may have the text, or part of it, or nothing."""

    link: str
    reference: str
    sent: bool
    """Whether any of it had left."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a message, or of one part of a longer text, as the SMSC tells it."""

    link: str
    message_id: str
    state: ReceiptState
    settled: Settled = field(default=_nobody_waits, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Received:
    """Somebody has sent us an SMS."""

    link: str
    sender: str
    """As the SMSC tells it, printable: mostly a number without its +."""
    text: str = field(repr=False)
    reference: str
    """The same when the SMSC delivers it again."""
    same_s: float
    """For how long the same reference means the same SMS."""
    place: Place | None = None
    """Where it belongs in a longer text, of which it is a part."""
    settled: Settled = field(default=_nobody_waits, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class LinkUp:
    """Bound: texts can be submitted."""

    link: str


@dataclass(frozen=True, slots=True)
class LinkDown:
    """Not bound. Comes once for each new reason, not once for each try."""

    link: str
    reason: str
    """One line for an operator."""


SmsEvent = Submitted | Refused | Unanswered | Receipt | Received | LinkUp | LinkDown
