"""How a team comes into the network: policy, contact data, key, access. One table of transitions.

Owns: which step may follow which, and what makes contact data complete.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from ivr.domain.facts import Illegal
from ivr.domain.records import Enrolment, EnrolState, Number

_INVITED, _ACCEPTED, _COMPLETE, _CERTIFIED, _ISSUED = EnrolState


@dataclass(frozen=True, slots=True)
class PolicyAccepted:
    """The team has accepted the rules of the network."""


@dataclass(frozen=True, slots=True)
class ContactCompleted:
    """Its numbers were checked with the team."""

    mail: str


@dataclass(frozen=True, slots=True)
class KeyCertified:
    """Its key is on our ring, and its fingerprint was read out by the team."""

    fingerprint: str
    key: str = ""
    """As the file held it. A team that takes part by mail needs it in ASCII armour."""


@dataclass(frozen=True, slots=True)
class AccessIssued:
    """An access letter was written."""


EnrolFact = PolicyAccepted | ContactCompleted | KeyCertified | AccessIssued

_NEXT = {
    _INVITED: "--policy-accepted",
    _ACCEPTED: "--contact MAIL",
    _COMPLETE: "--key FILE --fingerprint FINGERPRINT",
    _CERTIFIED: "--issue",
    _ISSUED: "nothing",
}


def next_step(state: EnrolState) -> str:
    """The option of `tocsin team enrol` that comes next."""
    return _NEXT[state]


def decide(before: Enrolment, fact: EnrolFact) -> Enrolment:
    """The enrolment after `fact`. Raises Illegal for a pair the table does not have."""
    handler = TABLE.get((before.state, type(fact)))
    if handler is None:
        raise Illegal(f"team {before.team} is {before.state}; first: {next_step(before.state)}")
    return handler(before, fact)


def _to(state: EnrolState) -> "Handler":
    def move(before: Enrolment, fact: EnrolFact) -> Enrolment:
        return replace(_stay(before, fact), state=state)

    return move


def _stay(before: Enrolment, fact: EnrolFact) -> Enrolment:
    """A step that was taken before may be taken again: an address and a key change."""
    match fact:
        case ContactCompleted():
            return replace(before, mail=fact.mail)
        case KeyCertified():
            return replace(before, fingerprint=fact.fingerprint)
        case _:
            return before


Handler = Callable[[Enrolment, EnrolFact], Enrolment]

TABLE: dict[tuple[EnrolState, type], Handler] = {
    (_INVITED, PolicyAccepted): _to(_ACCEPTED),
    (_ACCEPTED, PolicyAccepted): _stay,
    (_ACCEPTED, ContactCompleted): _to(_COMPLETE),
    (_COMPLETE, PolicyAccepted): _stay,
    (_COMPLETE, ContactCompleted): _stay,
    (_COMPLETE, KeyCertified): _to(_CERTIFIED),
    (_CERTIFIED, PolicyAccepted): _stay,
    (_CERTIFIED, ContactCompleted): _stay,
    (_CERTIFIED, KeyCertified): _stay,
    (_CERTIFIED, AccessIssued): _to(_ISSUED),
    (_ISSUED, PolicyAccepted): _stay,
    (_ISSUED, ContactCompleted): _stay,
    (_ISSUED, KeyCertified): _stay,
    (_ISSUED, AccessIssued): _stay,
}
"""Not in the table, so illegal: a step before the one that it rests on."""


def missing(numbers: Iterable[Number]) -> str | None:
    """What contact data still lack, in words for an operator; None when they are complete."""
    listed = list(numbers)
    if not listed:
        return "a number to call"
    return None if any(number.sms for number in listed) else "a mobile that gets the SMS"


def address(text: str) -> str:
    """A mail address (RFC 5321, dot-string and domain), or ValueError with a sentence."""
    if len(text) > 254 or not re.fullmatch(r"[\w.+=/-]+@[a-zA-Z0-9-]+(\.[a-zA-Z0-9-]+)+", text, re.ASCII):
        raise ValueError(f"{text!r} is no mail address, such as team@cert.example")
    return text


def fingerprint(text: str) -> str:
    """An OpenPGP fingerprint of version 4 (RFC 9580, 5.5.4.2), or ValueError with a sentence."""
    compact = re.sub(r"[\s:]", "", text).upper()
    if not re.fullmatch(r"[0-9A-F]{40}", compact):
        raise ValueError("a fingerprint has 40 hexadecimal digits; a key id is not enough")
    return compact
