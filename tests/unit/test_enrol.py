"""The way of a team into the network: its table, what is illegal, what may stand in it, and the letter."""

from itertools import product
from typing import get_args

import pytest

from ivr.domain.enrol import (
    AccessIssued,
    ContactCompleted,
    EnrolFact,
    KeyCertified,
    PolicyAccepted,
    address,
    decide,
    fingerprint,
    missing,
    next_step,
)
from ivr.domain.facts import Illegal
from ivr.domain.letter import Access, letter
from ivr.domain.records import Enrolment, EnrolState, Number, VerificationWord

INVITED, ACCEPTED, COMPLETE, CERTIFIED, ISSUED = EnrolState
FPR = "0123456789ABCDEF0123456789ABCDEF01234567"
POLICY, CONTACT, KEY, ACCESS = (
    PolicyAccepted(),
    ContactCompleted("t@cert.example"),
    KeyCertified(FPR),
    AccessIssued(),
)

MOVES: list[tuple[EnrolState, EnrolFact, EnrolState]] = [
    (INVITED, POLICY, ACCEPTED),
    (ACCEPTED, POLICY, ACCEPTED),
    (ACCEPTED, CONTACT, COMPLETE),
    (COMPLETE, POLICY, COMPLETE),
    (COMPLETE, CONTACT, COMPLETE),
    (COMPLETE, KEY, CERTIFIED),
    (CERTIFIED, POLICY, CERTIFIED),
    (CERTIFIED, CONTACT, CERTIFIED),
    (CERTIFIED, KEY, CERTIFIED),
    (CERTIFIED, ACCESS, ISSUED),
    (ISSUED, POLICY, ISSUED),
    (ISSUED, CONTACT, ISSUED),
    (ISSUED, KEY, ISSUED),
    (ISSUED, ACCESS, ISSUED),
]
ILLEGAL = [
    *((INVITED, fact) for fact in (CONTACT, KEY, ACCESS)),
    *((ACCEPTED, fact) for fact in (KEY, ACCESS)),
    (COMPLETE, ACCESS),
]


@pytest.mark.parametrize(("before", "fact", "after"), MOVES)
def test_move(before: EnrolState, fact: EnrolFact, after: EnrolState) -> None:
    assert decide(Enrolment("t", before), fact).state is after


@pytest.mark.parametrize(("before", "fact"), ILLEGAL)
def test_a_step_before_its_turn_is_refused_and_the_one_whose_turn_it_is_named(
    before: EnrolState, fact: EnrolFact
) -> None:
    with pytest.raises(Illegal, match="first: --"):
        decide(Enrolment("t", before), fact)


def test_every_pair_is_a_move_or_illegal() -> None:
    pairs = {(before, type(fact)) for before, fact, _ in MOVES} | {(b, type(f)) for b, f in ILLEGAL}
    assert pairs == set(product(EnrolState, get_args(EnrolFact)))
    assert next_step(ISSUED) == "nothing"


def test_a_new_key_and_a_new_address_take_the_place_of_the_old() -> None:
    before = Enrolment("t", ISSUED, "old@cert.example", "0" * 40)
    assert decide(decide(before, KEY), CONTACT) == Enrolment("t", ISSUED, "t@cert.example", FPR)


def test_contact_data_are_complete_with_a_mobile() -> None:
    office, mobile = Number("t", 0, "+4940100001"), Number("t", 1, "+4917100001", sms=True)
    assert missing([]) == "a number to call"
    assert missing([office]) == "a mobile that gets the SMS"
    assert missing([office, mobile]) is None


@pytest.mark.parametrize(
    "text", ["", "t", "t@", "@x.y", "t@localhost", "t@x.y\nBcc: z@x.y", "a b@x.y", "-oQ x@y.z"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="mail address"):
        address(text)


def test_a_fingerprint_is_whole_and_may_be_written_in_groups() -> None:
    assert fingerprint("0123 4567 89ab cdef 0123  4567 89AB CDEF 0123 4567") == FPR
    for short in ("89ABCDEF", FPR[:-1], FPR + "0", "x" * 40):
        with pytest.raises(ValueError, match="40 hexadecimal digits"):
            fingerprint(short)


def test_the_letter_has_all_that_one_needs_and_fits_a_page() -> None:
    listed = ("walnut", "zebra", "marmalade", "ferry", "tulip")
    words = [VerificationWord("t", n, word) for n, word in enumerate(listed, 1)]
    access = Access("407123", "94610358", "S", "otpauth://x")
    text = letter("Example Network", "+4940808077555", "T-CERT", access, words)
    for part in ("T-CERT", "Example Network", "+4940808077555", "407123", "94610358", "otpauth://x"):
        assert part in text
    assert "  5  tulip" in text
    assert "Each call about an alert speaks the next of these words" in text
    assert max(map(len, text.splitlines())) <= 100
    alone = letter("Example Network", "+4940808077555", "T-CERT", None, words)
    assert "marmalade" in alone
    assert "PIN:" not in alone
