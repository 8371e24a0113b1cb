"""A longer text that comes in several SMS: when it is whole, and what of it counts when it never is.

Owns: how long its parts wait for each other, and how many may. What the words mean is the business of
domain.answers.
"""

from collections.abc import Sequence

from ivr.domain.gsm import Place
from ivr.domain.records import ReceivedPart

WAIT_S = 60.0
"""Parts come within seconds of each other. Whoever writes that they are on it wants silence soon."""
_MOST_PARTS = 10
"""Of one text. What we are asked fits into one part; nobody writes a letter to a bell."""
_MOST_WAITING = 30
"""Of one sender: whoever floods us under a number of the directory does not fill the store."""


def may_wait(place: Place, waiting: int) -> bool:
    """Whether a part is kept until the others come, where so many parts of its sender wait already."""
    return place.total <= _MOST_PARTS and waiting < _MOST_WAITING


def alone(place: Place, text: str) -> str | None:
    """What counts of a part that does not wait: the first one stands for the whole, others for nothing."""
    return text if place.number == 1 else None


def whole(parts: Sequence[ReceivedPart]) -> str | None:
    """The text of these parts of one text, in the order of their numbers; None while one is missing."""
    if len(parts) < parts[0].total:
        return None
    return "".join(part.text for part in parts)


def given_up(parts: Sequence[ReceivedPart]) -> str:
    """What counts of a text that will not be whole: its first part. Without that, nothing can be understood,
    and the sender is to hear so."""
    return next((part.text for part in parts if part.number == 1), "")
