"""What somebody writes to us by SMS, and what they are answered.

Owns: how words become a wish, which alert is meant, the words of the answers, and how many of them there may
be. An SMS proves nothing about who wrote it: it is answered to the number it claims to come from, and all it
can do is hold the calls of one team for a while. It never acknowledges: who writes has not heard the alert.
"""

import hashlib
import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from ivr.domain import wording
from ivr.domain.number import subscriber
from ivr.domain.records import Alert, AlertState, Delivery, DeliveryState

WITHIN_S = 3600.0
"""The time in which answers are counted."""
_MOST_TO_ONE = 20
"""Answers to one number of the directory, with those to what was not understood."""
_MOST_HELPFUL = 3
"""Answers to one number after which it hears no more that it was not understood."""
_MOST_TO_STRANGERS = 20
"""Answers to all numbers together that are not in the directory."""


class Wish(StrEnum):
    ON_IT = "on it"
    STATUS = "status"
    STOP = "stop"
    UNCLEAR = "not understood"


@dataclass(frozen=True, slots=True)
class Said:
    wish: Wish
    alert: int | None = None
    """The number that was written, if one was."""


_READ = 1600
"""Characters that are read: more than an SMS of ten parts has. An SMSC may hand over 64 KB in one piece, and
to look through that takes seconds, for which the store would wait."""
_NUMBER = r"(?<!\d)(\d{1,9})(?!\d)"
_FILLER = r"(?:\s|\b(?:alert|number|no|nr|for|about|with|re|the)\b)*"
_ON_IT = r"\bon\s?it\b"
_STATUS = r"\bstatus\b"
_STOP = r"(?:please )?stop\b"
_DENIED = (
    r"\b(?:not|no(?! \d)|never|nobody|none|anyone|anybody|who|whos|when|why|if|unless|"
    r"can|cant|cannot|dont|don|wont|won|isnt|isn|arent|aren|wasnt|wasn)\b"
)
"""Where one of these stands before "on it", nobody may be: their phones go on ringing."""


def understood(text: str) -> Said:
    """What `text` wishes. Forgives case, spaces, punctuation and the words around it; a denial and a question
    are not taken for "on it", which would keep phones from ringing."""
    if len(text) > _READ:
        text = text[:_READ].rpartition(" ")[0]  # or half a number would be another alert's
    plain = unicodedata.normalize("NFKC", text).casefold()
    words = re.sub(r"[^a-z0-9]+", " ", plain)
    words = " ".join(re.sub(r"(?<=[a-z])(?=\d)|(?<=\d)(?=[a-z])", " ", words).split())
    if re.match(_STOP, words):
        return Said(Wish.STOP, _number(words, _STOP))
    if re.search(_STATUS, words):
        return Said(Wish.STATUS, _number(words, _STATUS))
    claim = re.search(_ON_IT, words)
    if claim and "?" not in plain and not re.search(_DENIED, words[: claim.start()]):
        return Said(Wish.ON_IT, _number(words, _ON_IT))
    return Said(Wish.UNCLEAR)


def _number(words: str, keyword: str) -> int | None:
    """The number behind the keyword, else one that is called an alert, else the one that it begins with."""
    for pattern in (keyword + _FILLER + _NUMBER, r"\balert" + _FILLER + _NUMBER, "^" + _NUMBER):
        if found := re.search(pattern, words):
            return int(found[1])
    return None


def sender(address: str) -> str | None:
    """The number an SMS comes from, in E.164 form; None for what can be no telephone of a person."""
    try:
        return subscriber("+" + re.sub(r"^(\+|00)", "", address.strip()))
    except ValueError:
        return None


def known_by(reference: str) -> str:
    """A reference of an SMSC's as the store may keep it, whatever characters and length it has."""
    return hashlib.sha256(reference.encode("utf-8", "surrogatepass")).hexdigest()


def meant(said: Said, current: Sequence[int]) -> int | None:
    """Which alert: the one that was named, else the only one there is."""
    if said.alert is None and len(current) == 1:
        return current[0]
    return said.alert


def may_answer(wish: Wish, known: bool, to_them: int, to_strangers: int) -> bool:
    """Whether there is to be an answer, after so many to this number and to all strangers `WITHIN_S`: nobody
    is to make us send SMS at will."""
    if not known:
        return to_them < _MOST_HELPFUL and to_strangers < _MOST_TO_STRANGERS
    return to_them < (_MOST_TO_ONE if wish in (Wish.ON_IT, Wish.STATUS) else _MOST_HELPFUL)


# -- the words -----------------------------------------------------------------------------------------------


def stranger(hotline: str) -> str:
    """To a number that is not in the directory."""
    return f"This number is not known to the alert hotline {hotline}, so nothing was done. Please call."


def helpful(current: Collection[int], hotline: str) -> str:
    """To one of us who was not understood. `current`: the alerts there are for them."""
    which = f"Current alerts: {_numbers(current)}." if current else "There is no current alert for you."
    return f"Please send ON IT, STATUS or STOP with the alert's number. {which} To listen, call {hotline}."


def stopped(hotline: str) -> str:
    """To one of us who wants no more SMS."""
    return f"The operators were told. Calls about alerts go on. Hotline: {hotline}."


def wants_stop(team: str, number: str) -> str:
    """To operators. `team`: its name."""
    return f"{team} ({number}) has sent STOP. Calls and SMS go on; please ask them."


def heard_on_it(alert: Alert, delivery: Delivery, hotline: str, now: float) -> str:
    """To a team that has said that it is on it, as its delivery is now."""
    lead, listen = f"Alert {alert.id}: ", f"Call {hotline}, listen, and press 1 to acknowledge."
    if alert.state is AlertState.WITHDRAWN:
        return wording.withdrawal(alert)
    match delivery.state:
        case DeliveryState.ACKNOWLEDGED:
            return f"{lead}{delivery.team_name} has acknowledged already. Thank you."
        case DeliveryState.RESPONDING if (delivery.held_until or 0.0) > now:
            until = _clock(delivery.held_until)
            return f"{lead}noted, your calls pause until {until}. This is no acknowledgement. {listen}"
        case DeliveryState.EXHAUSTED | DeliveryState.MAILED:
            return f"{lead}noted. This is no acknowledgement. {listen}"
        case _:
            return f"{lead}noted before, so your calls go on. This is no acknowledgement. {listen}"


def standing(alert: Alert, deliveries: Sequence[Delivery]) -> str:
    """To the originator and to operators: how an alert stands."""
    match alert.state:
        case AlertState.DRAFT:
            return f"Alert {alert.id} is a draft: it was NOT sent."
        case AlertState.WITHDRAWN:
            return f"Alert {alert.id} was withdrawn."
        case AlertState.CLOSED:
            lost = [d.team_name for d in deliveries if d.state is not DeliveryState.ACKNOWLEDGED]
            return wording.closing(alert.id, len(deliveries), lost)
        case AlertState.RELEASED:
            return wording.progress(alert.id, deliveries)


def own_standing(alert: Alert, delivery: Delivery, hotline: str, now: float) -> str:
    """To a team: how it stands itself. How others do is not its business."""
    lead, listen = f"Alert {alert.id}: {delivery.team_name} ", f"Call {hotline}, listen, and press 1."
    if alert.state is AlertState.WITHDRAWN:
        return wording.withdrawal(alert)
    match delivery.state:
        case DeliveryState.ACKNOWLEDGED:
            return f"{lead}acknowledged at {_clock(delivery.acknowledged_at)}."
        case DeliveryState.RESPONDING if (delivery.held_until or 0.0) > now:
            return f"{lead}has not acknowledged. Calls pause until {_clock(delivery.held_until)}. {listen}"
        case DeliveryState.EXHAUSTED:
            return f"{lead}has not acknowledged, and is not called any more. {listen}"
        case DeliveryState.MAILED:
            return f"{lead}has not acknowledged. It came by mail, and nobody is called. {listen}"
        case _:
            return f"{lead}has not acknowledged. Calls go on. {listen}"


def _numbers(alerts: Iterable[int]) -> str:
    return ", ".join(map(str, sorted(alerts)[-9:]))


def _clock(at: float | None) -> str:
    return f"{datetime.fromtimestamp(at or 0.0, UTC):%H:%M} UTC"
