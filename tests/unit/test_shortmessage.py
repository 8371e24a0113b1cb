"""The life of an SMS: accepted is never lost, and the first final receipt counts."""

from itertools import product
from typing import get_args

import pytest
from book import NOON

from ivr.domain import shortmessage
from ivr.domain.facts import SmsDeferred, SmsFailed, SmsReceipt, SmsSubmitted, SmsUnanswered
from ivr.domain.records import ReceiptState, Sms, SmsState
from ivr.domain.shortmessage import SmsFact, decide, handed, route

QUEUED, SUBMITTED = SmsState.QUEUED, SmsState.SUBMITTED
DELIVERED, FAILED = SmsState.DELIVERED, SmsState.FAILED


def sms(state: SmsState, tries: int = 0) -> Sms:
    return Sms(5, 17, "xyz-cert", "+4917100004", "ALERT 17", state, NOON, NOON, tries=tries)


TAKEN = SmsSubmitted(5, ("a1", "a2"))
NOT_NOW = SmsDeferred(5, "throttled")
LOST = SmsUnanswered(5)
REFUSED = SmsFailed(5, "invalid destination")
ARRIVED = SmsReceipt("a2", ReceiptState.DELIVERED)
EXPIRED = SmsReceipt("a2", ReceiptState.EXPIRED)
UNCLEAR = SmsReceipt("a2", ReceiptState.UNKNOWN)

MOVES: list[tuple[SmsState, SmsFact, SmsState]] = [
    (QUEUED, TAKEN, SUBMITTED),
    (QUEUED, NOT_NOW, QUEUED),
    (QUEUED, LOST, QUEUED),
    (QUEUED, REFUSED, FAILED),
    (QUEUED, ARRIVED, DELIVERED),
    (QUEUED, EXPIRED, QUEUED),
    (SUBMITTED, TAKEN, SUBMITTED),
    (SUBMITTED, NOT_NOW, SUBMITTED),
    (SUBMITTED, LOST, SUBMITTED),
    (SUBMITTED, REFUSED, FAILED),
    (SUBMITTED, ARRIVED, DELIVERED),
    (SUBMITTED, EXPIRED, FAILED),
    (SUBMITTED, UNCLEAR, SUBMITTED),
    (DELIVERED, TAKEN, DELIVERED),
    (DELIVERED, NOT_NOW, DELIVERED),
    (DELIVERED, LOST, DELIVERED),
    (DELIVERED, REFUSED, DELIVERED),
    (DELIVERED, EXPIRED, DELIVERED),
    (FAILED, TAKEN, FAILED),
    (FAILED, NOT_NOW, FAILED),
    (FAILED, LOST, FAILED),
    (FAILED, REFUSED, FAILED),
    (FAILED, ARRIVED, DELIVERED),
    (FAILED, EXPIRED, FAILED),
]


@pytest.mark.parametrize(("state", "fact", "expected"), MOVES)
def test_moves(state: SmsState, fact: SmsFact, expected: SmsState) -> None:
    assert decide(sms(state), fact, NOON).state is expected


def test_every_fact_may_come_in_every_state() -> None:
    pairs = set(product(SmsState, get_args(SmsFact)))

    assert set(shortmessage.TABLE) == pairs
    assert {(state, type(fact)) for state, fact, _ in MOVES} == pairs


def test_the_ids_of_every_part_are_kept_for_the_receipt() -> None:
    after = decide(sms(QUEUED), TAKEN, NOON + 1)

    assert (after.message_ids, after.submitted_at) == ("a1 a2", NOON + 1)


def test_what_is_sent_again_after_a_drop_waits_for_the_newer_receipt() -> None:
    after = decide(decide(sms(QUEUED), TAKEN, NOON), SmsSubmitted(5, ("b1",)), NOON + 9)

    assert after.message_ids == "b1"


@pytest.mark.parametrize(("tries", "pause_s"), [(0, 5), (1, 10), (2, 20), (3, 40), (4, 60), (50, 60)])
def test_a_message_not_taken_waits_longer_each_time_up_to_a_minute(tries: int, pause_s: float) -> None:
    after = decide(sms(QUEUED, tries), NOT_NOW, NOON)

    assert (after.due_at, after.tries, after.reason) == (NOON + pause_s, tries + 1, "throttled")


def test_an_smsc_that_is_dead_for_days_is_still_tried_each_minute() -> None:
    after = decide(sms(QUEUED, tries=5000), NOT_NOW, NOON)

    assert after.due_at == NOON + 60


@pytest.mark.parametrize(("receipt", "reason"), [(ARRIVED, None), (EXPIRED, "expired")])
def test_a_receipt_is_kept_with_its_time(receipt: SmsReceipt, reason: str | None) -> None:
    after = decide(sms(SUBMITTED), receipt, NOON + 30)

    assert (after.receipt_at, after.reason) == (NOON + 30, reason)


@pytest.mark.parametrize(
    ("one", "other"), [(ARRIVED, EXPIRED), (REFUSED, ARRIVED), (NOT_NOW, ARRIVED), (UNCLEAR, ARRIVED)]
)
def test_whatever_crosses_a_delivery_it_was_delivered(one: SmsFact, other: SmsFact) -> None:
    for first, second in ((one, other), (other, one)):
        after = decide(decide(sms(SUBMITTED), first, NOON), second, NOON)

        assert after.state is DELIVERED


@pytest.mark.parametrize(("after_s", "due"), [(-3600, True), (0, True), (1, False), (60, False), (61, True)])
def test_a_moment_further_ahead_than_any_pause_binds_nothing(after_s: float, due: bool) -> None:
    """It was written before the clock was set back."""
    assert shortmessage.is_due(sms(QUEUED), NOON - after_s) is due


def test_what_the_link_was_too_busy_for_is_due_at_once() -> None:
    after = decide(sms(QUEUED, tries=3), SmsDeferred(5, "throttled", rests=False), NOON)

    assert (after.due_at, after.tries) == (NOON, 4)


def test_what_was_lost_with_its_link_goes_on_at_once_and_is_marked() -> None:
    after = decide(handed(sms(QUEUED), "a", NOON), LOST, NOON + 1)

    assert (after.due_at, after.repeated, after.handed_at) == (NOON + 1, True, None)


def test_what_is_lost_again_and_again_rests_longer_each_time() -> None:
    after = sms(QUEUED)
    rests = []
    for _ in range(4):
        after = decide(handed(after, "a", NOON), LOST, NOON)
        rests.append(after.due_at - NOON)

    assert rests == [0, 10, 20, 40]


@pytest.mark.parametrize("fact", [TAKEN, NOT_NOW, LOST, REFUSED, ARRIVED])
def test_whatever_becomes_of_it_it_is_no_longer_with_the_smsc(fact: SmsFact) -> None:
    before = handed(sms(QUEUED), "a", NOON)

    assert (before.link, before.handed_at) == ("a", NOON)
    assert decide(before, fact, NOON + 1).handed_at is None


@pytest.mark.parametrize(("tries", "link"), [(0, "a"), (1, "b"), (2, "c"), (3, "a")])
def test_each_try_goes_to_the_next_smsc_the_first_one_to_the_preferred(tries: int, link: str) -> None:
    assert route(sms(QUEUED, tries), ["a", "b", "c"]) == link


def test_with_one_smsc_every_try_goes_there() -> None:
    assert {route(sms(QUEUED, tries), ["a"]) for tries in range(5)} == {"a"}
