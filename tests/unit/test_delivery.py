"""The life of a delivery: its table, what is illegal, and facts that cross each other."""

from dataclasses import replace
from itertools import permutations, product
from typing import get_args

import pytest
from book import NOON

from ivr.domain import delivery as deliveries
from ivr.domain.attempts import Past
from ivr.domain.delivery import (
    HOLD_S,
    CallsChanged,
    DeliveryFact,
    History,
    MobileNotReached,
    NumberClosed,
    PutOff,
    decide,
    opened,
)
from ivr.domain.effects import Note, Settle, TeamMissing, TellTeam
from ivr.domain.facts import (
    Acknowledged,
    AlertClosed,
    AlertEscalated,
    AlertExpired,
    AlertWithdrawn,
    CallPlaced,
    DeliveryRetried,
    DeliverySkipped,
    Illegal,
    TeamResponding,
)
from ivr.domain.hours import Hours
from ivr.domain.nextcall import Phone
from ivr.domain.policy import Policy, Rule, SmsTime
from ivr.domain.records import CallingHours, Delivery, DeliveryState, Disposition, Via

S = DeliveryState
POLICY = Policy()
OFFICE, MOBILE = "+4940100004", "+4917100004"
LATER = NOON + 60
PHONES = (Phone(OFFICE), Phone(MOBILE))

PLACED = CallPlaced("c", "xyz-cert", OFFICE, "sip-a", (17,))
BESIDE = CallPlaced("d", "xyz-cert", MOBILE, "sip-a", (17,))
CHANGED = CallsChanged()
CLOSED = NumberClosed()
UNREAD = MobileNotReached()
ACKNOWLEDGED = Acknowledged(17, "xyz-cert", Via.KEYPRESS, OFFICE, "c")
WITHDRAWN = AlertWithdrawn(17)
EXPIRED = AlertExpired(17)
RESPONDING = TeamResponding(17, "xyz-cert", Via.OPERATOR)
PUT_OFF = PutOff(MOBILE)
ESCALATED = AlertEscalated(17, Via.OPERATOR)
SKIPPED = DeliverySkipped(17, "xyz-cert")
ENDED = AlertClosed(17)
RETRIED = DeliveryRetried(17, "xyz-cert")


def history(*past: Past, live: bool = False, expired: bool = False) -> History:
    return History(PHONES, past, {OFFICE: NOON} if live else {}, expired)


NO_CALLS = history()
LIVE = history(live=True)
TOO_LATE = history(expired=True)
BUSY = history(Past(OFFICE, Disposition.BUSY, NOON + 10))
DEAD = history(
    Past(OFFICE, Disposition.UNALLOCATED, NOON + 1), Past(MOBILE, Disposition.UNALLOCATED, NOON + 2)
)


def delivery(state: DeliveryState) -> Delivery:
    at = NOON + 5 if state is S.ACKNOWLEDGED else None
    return Delivery(
        17,
        "xyz-cert",
        "XYZ-CERT",
        state,
        NOON,
        OFFICE,
        attempts=1,
        since=NOON,
        acknowledged_at=at,
        beside=MOBILE if state is S.CALLING else None,
    )


MOVES: list[tuple[DeliveryState, DeliveryFact, History, DeliveryState]] = [
    (S.MAILED, UNREAD, NO_CALLS, S.MAILED),
    (S.MAILED, ACKNOWLEDGED, NO_CALLS, S.ACKNOWLEDGED),
    (S.MAILED, RESPONDING, NO_CALLS, S.MAILED),
    (S.MAILED, WITHDRAWN, NO_CALLS, S.WITHDRAWN),
    (S.MAILED, ESCALATED, NO_CALLS, S.WAITING),
    (S.MAILED, ESCALATED, TOO_LATE, S.WAITING),
    (S.MAILED, ESCALATED, History((), (), {}, expired=False), S.EXHAUSTED),
    (S.MAILED, EXPIRED, NO_CALLS, S.MAILED),
    (S.MAILED, EXPIRED, TOO_LATE, S.EXHAUSTED),
    (S.MAILED, SKIPPED, NO_CALLS, S.EXHAUSTED),
    (S.MAILED, ENDED, NO_CALLS, S.EXHAUSTED),
    (S.WAITING, ESCALATED, BUSY, S.WAITING),
    (S.CALLING, ESCALATED, LIVE, S.CALLING),
    (S.RESPONDING, ESCALATED, BUSY, S.RESPONDING),
    (S.ACKNOWLEDGED, ESCALATED, NO_CALLS, S.ACKNOWLEDGED),
    (S.EXHAUSTED, ESCALATED, NO_CALLS, S.EXHAUSTED),
    (S.WAITING, PLACED, NO_CALLS, S.CALLING),
    (S.WAITING, CLOSED, NO_CALLS, S.WAITING),
    (S.WAITING, CHANGED, BUSY, S.WAITING),
    (S.WAITING, CHANGED, DEAD, S.EXHAUSTED),
    (S.WAITING, CHANGED, LIVE, S.CALLING),
    (S.WAITING, UNREAD, BUSY, S.WAITING),
    (S.WAITING, ACKNOWLEDGED, BUSY, S.ACKNOWLEDGED),
    (S.WAITING, RESPONDING, BUSY, S.RESPONDING),
    (S.WAITING, RESPONDING, TOO_LATE, S.EXHAUSTED),
    (S.WAITING, PUT_OFF, BUSY, S.RESPONDING),
    (S.WAITING, PUT_OFF, TOO_LATE, S.EXHAUSTED),
    (S.WAITING, WITHDRAWN, BUSY, S.WITHDRAWN),
    (S.WAITING, EXPIRED, TOO_LATE, S.EXHAUSTED),
    (S.WAITING, EXPIRED, NO_CALLS, S.WAITING),
    (S.WAITING, SKIPPED, NO_CALLS, S.EXHAUSTED),
    (S.WAITING, ENDED, NO_CALLS, S.EXHAUSTED),
    (S.WAITING, RETRIED, BUSY, S.WAITING),
    (S.CALLING, BESIDE, LIVE, S.CALLING),
    (S.CALLING, CLOSED, LIVE, S.CALLING),
    (S.CALLING, CHANGED, LIVE, S.CALLING),
    (S.CALLING, CHANGED, BUSY, S.WAITING),
    (S.CALLING, CHANGED, DEAD, S.EXHAUSTED),
    (S.CALLING, CHANGED, TOO_LATE, S.EXHAUSTED),
    (S.CALLING, UNREAD, LIVE, S.CALLING),
    (S.CALLING, ACKNOWLEDGED, LIVE, S.ACKNOWLEDGED),
    (S.CALLING, RESPONDING, LIVE, S.RESPONDING),
    (S.CALLING, PUT_OFF, LIVE, S.RESPONDING),
    (S.CALLING, WITHDRAWN, LIVE, S.WITHDRAWN),
    (S.CALLING, EXPIRED, history(live=True, expired=True), S.CALLING),
    (S.CALLING, SKIPPED, LIVE, S.EXHAUSTED),
    (S.CALLING, ENDED, LIVE, S.EXHAUSTED),
    (S.CALLING, RETRIED, LIVE, S.CALLING),
    (S.RESPONDING, PLACED, NO_CALLS, S.CALLING),
    (S.RESPONDING, CLOSED, NO_CALLS, S.WAITING),
    (S.RESPONDING, CHANGED, BUSY, S.WAITING),  # the hold was over
    (S.RESPONDING, CHANGED, DEAD, S.EXHAUSTED),
    (S.RESPONDING, UNREAD, BUSY, S.RESPONDING),
    (S.RESPONDING, ACKNOWLEDGED, BUSY, S.ACKNOWLEDGED),
    (S.RESPONDING, RESPONDING, BUSY, S.RESPONDING),
    (S.RESPONDING, PUT_OFF, BUSY, S.RESPONDING),
    (S.RESPONDING, WITHDRAWN, BUSY, S.WITHDRAWN),
    (S.RESPONDING, EXPIRED, TOO_LATE, S.EXHAUSTED),
    (S.RESPONDING, SKIPPED, NO_CALLS, S.EXHAUSTED),
    (S.RESPONDING, ENDED, NO_CALLS, S.EXHAUSTED),
    (S.RESPONDING, RETRIED, BUSY, S.WAITING),
    (S.ACKNOWLEDGED, CHANGED, BUSY, S.ACKNOWLEDGED),
    (S.ACKNOWLEDGED, UNREAD, BUSY, S.ACKNOWLEDGED),
    (S.ACKNOWLEDGED, ACKNOWLEDGED, LIVE, S.ACKNOWLEDGED),
    (S.ACKNOWLEDGED, RESPONDING, BUSY, S.ACKNOWLEDGED),
    (S.ACKNOWLEDGED, PUT_OFF, BUSY, S.ACKNOWLEDGED),
    (S.ACKNOWLEDGED, WITHDRAWN, NO_CALLS, S.ACKNOWLEDGED),
    (S.ACKNOWLEDGED, EXPIRED, TOO_LATE, S.ACKNOWLEDGED),
    (S.ACKNOWLEDGED, SKIPPED, NO_CALLS, S.ACKNOWLEDGED),
    (S.ACKNOWLEDGED, ENDED, NO_CALLS, S.ACKNOWLEDGED),
    (S.EXHAUSTED, CHANGED, BUSY, S.EXHAUSTED),
    (S.EXHAUSTED, UNREAD, BUSY, S.EXHAUSTED),
    (S.EXHAUSTED, ACKNOWLEDGED, DEAD, S.ACKNOWLEDGED),
    (S.EXHAUSTED, RESPONDING, DEAD, S.EXHAUSTED),
    (S.EXHAUSTED, PUT_OFF, BUSY, S.EXHAUSTED),
    (S.EXHAUSTED, WITHDRAWN, DEAD, S.WITHDRAWN),
    (S.EXHAUSTED, EXPIRED, TOO_LATE, S.EXHAUSTED),
    (S.EXHAUSTED, SKIPPED, DEAD, S.EXHAUSTED),
    (S.EXHAUSTED, ENDED, DEAD, S.EXHAUSTED),
    (S.EXHAUSTED, RETRIED, DEAD, S.WAITING),
    (S.EXHAUSTED, RETRIED, LIVE, S.CALLING),
    (S.EXHAUSTED, RETRIED, History((), (), {}, expired=False), S.EXHAUSTED),
    (S.WITHDRAWN, CHANGED, BUSY, S.WITHDRAWN),
    (S.WITHDRAWN, UNREAD, BUSY, S.WITHDRAWN),
    (S.WITHDRAWN, ACKNOWLEDGED, LIVE, S.WITHDRAWN),
    (S.WITHDRAWN, RESPONDING, BUSY, S.WITHDRAWN),
    (S.WITHDRAWN, PUT_OFF, BUSY, S.WITHDRAWN),
    (S.WITHDRAWN, WITHDRAWN, NO_CALLS, S.WITHDRAWN),
    (S.WITHDRAWN, EXPIRED, TOO_LATE, S.WITHDRAWN),
    (S.WITHDRAWN, SKIPPED, NO_CALLS, S.WITHDRAWN),
    (S.WITHDRAWN, ENDED, NO_CALLS, S.WITHDRAWN),
]

ILLEGAL: list[tuple[DeliveryState, DeliveryFact]] = [
    (S.MAILED, PLACED),
    (S.MAILED, CLOSED),
    (S.MAILED, CHANGED),
    (S.MAILED, PUT_OFF),
    (S.MAILED, RETRIED),
    (S.WITHDRAWN, ESCALATED),
    (S.ACKNOWLEDGED, CLOSED),
    (S.EXHAUSTED, CLOSED),
    (S.WITHDRAWN, CLOSED),
    (S.ACKNOWLEDGED, PLACED),
    (S.ACKNOWLEDGED, RETRIED),
    (S.EXHAUSTED, PLACED),
    (S.WITHDRAWN, PLACED),
    (S.WITHDRAWN, RETRIED),
]


@pytest.mark.parametrize(("state", "fact", "so_far", "expected"), MOVES)
def test_moves(state: DeliveryState, fact: DeliveryFact, so_far: History, expected: DeliveryState) -> None:
    after, _ = decide(delivery(state), fact, so_far, POLICY, LATER)

    assert after.state is expected


@pytest.mark.parametrize(("state", "fact"), ILLEGAL)
def test_refuses(state: DeliveryState, fact: DeliveryFact) -> None:
    with pytest.raises(Illegal, match=f"alert 17 to xyz-cert is {state}: {type(fact).__name__}"):
        decide(delivery(state), fact, NO_CALLS, POLICY, LATER)


def test_every_pair_of_state_and_fact_is_named_above() -> None:
    illegal = {(state, type(fact)) for state, fact in ILLEGAL}

    assert set(product(DeliveryState, get_args(DeliveryFact))) - set(deliveries.TABLE) == illegal
    assert {(state, type(fact)) for state, fact, _, _ in MOVES} == set(deliveries.TABLE)


def test_a_new_delivery_is_due_at_once_at_the_first_number() -> None:
    fresh, effects = opened(17, "xyz-cert", "XYZ-CERT", PHONES, POLICY, NOON)

    assert (fresh.state, fresh.number, fresh.due_at) == (S.WAITING, OFFICE, NOON)
    assert effects == (TellTeam(),)


def test_a_team_without_a_number_is_named_as_missing_from_the_beginning() -> None:
    fresh, effects = opened(17, "xyz-cert", "XYZ-CERT", [], POLICY, NOON)

    assert (fresh.state, fresh.reason) == (S.EXHAUSTED, "has no number in the directory")
    assert Settle(17) in effects


def test_after_busy_the_next_number_is_due_at_once_and_an_only_one_after_the_pause() -> None:
    after, _ = decide(delivery(S.CALLING), CHANGED, BUSY, POLICY, LATER)
    assert (after.number, after.due_at) == (MOBILE, NOON + 10)

    only = replace(BUSY, numbers=PHONES[:1])
    after, _ = decide(delivery(S.CALLING), CHANGED, only, POLICY, LATER)
    assert (after.number, after.due_at) == (OFFICE, NOON + 10 + POLICY.busy.pause_s)


class TestCallBack:
    """Somebody at the mobile, which is the second number, wants to be called back in ten minutes."""

    UP = History(PHONES, (Past(OFFICE, Disposition.BUSY, NOON + 1),), {MOBILE: NOON + 2}, expired=False)
    OVER = history(Past(OFFICE, Disposition.BUSY, NOON + 1), Past(MOBILE, Disposition.UNHEARD, LATER + 5))

    def asked(self, before: Delivery | None = None) -> Delivery:
        calling = before or delivery(S.CALLING)
        return decide(calling, PUT_OFF, self.UP, POLICY, LATER)[0]

    def test_nobody_of_the_team_is_called_before_and_then_this_number_first(self) -> None:
        after, _ = decide(self.asked(), CHANGED, self.OVER, POLICY, LATER + 5)

        assert (after.state, after.number, after.due_at) == (S.RESPONDING, MOBILE, LATER + HOLD_S)
        with pytest.raises(Illegal, match="no call now"):
            decide(after, PLACED, self.OVER, POLICY, LATER + HOLD_S - 1)

    def test_is_the_same_when_the_hangup_is_told_first(self) -> None:
        ended, _ = decide(delivery(S.CALLING), CHANGED, self.OVER, POLICY, LATER)
        crossed, _ = decide(ended, PUT_OFF, self.OVER, POLICY, LATER)

        assert crossed == decide(self.asked(), CHANGED, self.OVER, POLICY, LATER)[0]

    def test_told_twice_is_told_once(self) -> None:
        assert decide(self.asked(), PUT_OFF, self.UP, POLICY, LATER + 9) == (self.asked(), ())

    def test_is_kept_although_all_calls_are_spent(self) -> None:
        spent = replace(POLICY, max_calls=2)
        after, _ = decide(self.asked(), CHANGED, self.OVER, spent, LATER + 5)
        assert (after.state, after.number) == (S.RESPONDING, MOBILE)

        placed, _ = decide(after, BESIDE, self.OVER, spent, LATER + HOLD_S)
        assert (placed.state, placed.promised) == (S.CALLING, None)
        assert decide(placed, CHANGED, self.OVER, spent, LATER + HOLD_S + 9)[0].state is S.EXHAUSTED

    def test_gives_way_to_the_other_numbers_when_its_own_is_closed_by_then(self) -> None:
        closed = Phone(MOBILE, hours=Hours(CallingHours.OFFICE, "Sat 09:00-10:00"))
        shut = replace(self.OVER, numbers=(PHONES[0], closed))
        after, _ = decide(self.asked(), CHANGED, shut, POLICY, LATER + 5)

        assert (after.state, after.number, after.due_at) == (S.RESPONDING, OFFICE, LATER + HOLD_S)

    def test_is_granted_twice_and_then_calls_go_on(self) -> None:
        twice = replace(delivery(S.CALLING), holds=2)
        after, effects = decide(twice, PUT_OFF, self.UP, POLICY, LATER)

        assert after == twice
        assert effects == (Note("put off too often, calls go on", "XYZ-CERT"),)

    def test_makes_a_hold_that_is_under_way_its_own(self) -> None:
        on_it, _ = decide(replace(delivery(S.CALLING), holds=1), RESPONDING, self.UP, POLICY, NOON)
        after = self.asked(on_it)

        assert (after.holds, after.held_until, after.promised) == (2, LATER + HOLD_S, MOBILE)

    def test_is_forgotten_at_a_new_start(self) -> None:
        held, _ = decide(self.asked(), CHANGED, self.OVER, POLICY, LATER + 5)

        assert decide(held, RETRIED, NO_CALLS, POLICY, LATER + 9)[0].promised is None


def test_a_number_whose_answerer_passed_is_not_called_sooner_for_an_sms_that_failed() -> None:
    passed = replace(history(Past(OFFICE, Disposition.PASSED, NOON + 10)), numbers=PHONES[:1])
    waiting, effects = decide(delivery(S.CALLING), CHANGED, passed, POLICY, LATER)

    assert any(isinstance(e, TeamMissing) for e in effects)
    assert decide(waiting, UNREAD, passed, POLICY, LATER) == (waiting, ())


PARALLEL = replace(POLICY, parallel_after_s=4)


class TestSecondPhone:
    def test_may_ring_beside_the_first_after_the_stagger(self) -> None:
        after, _ = decide(delivery(S.WAITING), PLACED, NO_CALLS, PARALLEL, LATER)

        assert (after.state, after.beside, after.beside_at) == (S.CALLING, MOBILE, LATER + 4)

    def test_is_the_wish_of_the_team(self) -> None:
        after, _ = decide(delivery(S.WAITING), PLACED, NO_CALLS, POLICY, LATER)

        assert after.beside is None

    def test_is_one_that_is_open_now(self) -> None:
        closed = Phone(MOBILE, hours=Hours(CallingHours.OFFICE, "Sat 09:00-10:00"))
        so_far = replace(NO_CALLS, numbers=(PHONES[0], closed))

        assert decide(delivery(S.WAITING), PLACED, so_far, PARALLEL, LATER)[0].beside is None

    def test_does_not_follow_the_deadline(self) -> None:
        so_far = replace(LIVE, past=(Past(MOBILE, Disposition.BUSY, LATER),), expired=True)

        assert decide(delivery(S.CALLING), CHANGED, so_far, PARALLEL, LATER)[0].beside is None

    def test_counts_as_a_call_and_no_third_one_follows(self) -> None:
        after, _ = decide(delivery(S.CALLING), BESIDE, LIVE, PARALLEL, LATER)

        assert (after.state, after.attempts, after.beside) == (S.CALLING, 2, None)

    def test_is_not_called_when_it_is_not_the_one_that_was_meant(self) -> None:
        with pytest.raises(Illegal, match="is being called"):
            decide(replace(delivery(S.CALLING), beside=None), BESIDE, LIVE, PARALLEL, LATER)

    def test_that_was_not_reached_may_ring_again_while_the_first_still_does(self) -> None:
        so_far = replace(LIVE, past=(Past(MOBILE, Disposition.BUSY, LATER),))
        after, _ = decide(delivery(S.CALLING), CHANGED, so_far, PARALLEL, LATER)

        assert (after.state, after.beside, after.beside_at) == (S.CALLING, MOBILE, LATER + 5)

    def test_alone_still_ringing_keeps_the_delivery_calling(self) -> None:
        so_far = replace(
            history(Past(OFFICE, Disposition.NO_ANSWER, LATER)), up={MOBILE: NOON}, numbers=PHONES
        )
        after, _ = decide(delivery(S.CALLING), CHANGED, so_far, PARALLEL, LATER)

        assert (after.state, after.beside) == (S.CALLING, OFFICE)


def test_the_same_hangup_told_twice_makes_no_second_retry() -> None:
    once, _ = decide(delivery(S.CALLING), CHANGED, BUSY, POLICY, LATER)

    assert decide(once, CHANGED, BUSY, POLICY, LATER + 9) == (once, ())


def test_each_call_counts_as_an_attempt() -> None:
    after, _ = decide(delivery(S.WAITING), PLACED, NO_CALLS, POLICY, LATER)

    assert after.attempts == 2


def test_an_acknowledgement_is_kept_with_when_how_and_from_where() -> None:
    after, effects = decide(delivery(S.CALLING), ACKNOWLEDGED, LIVE, POLICY, LATER)

    assert (after.acknowledged_at, after.acknowledged_via, after.acknowledged_by) == (
        LATER,
        Via.KEYPRESS,
        OFFICE,
    )
    assert after.number is None
    assert effects == (Note("acknowledged", "XYZ-CERT, via keypress"), Settle(17))


def test_the_first_acknowledgement_counts() -> None:
    first, _ = decide(delivery(S.CALLING), ACKNOWLEDGED, LIVE, POLICY, LATER)

    assert decide(first, ACKNOWLEDGED, LIVE, POLICY, LATER + 9) == (first, ())


def test_an_acknowledgement_that_crossed_the_withdrawal_is_kept_on_record_once() -> None:
    kept, effects = decide(delivery(S.WITHDRAWN), ACKNOWLEDGED, LIVE, POLICY, LATER)

    assert (kept.state, kept.acknowledged_at) == (S.WITHDRAWN, LATER)
    assert effects == (Note("acknowledged after the withdrawal", "XYZ-CERT"),)
    assert decide(kept, ACKNOWLEDGED, LIVE, POLICY, LATER + 9) == (kept, ())


def test_a_retry_starts_anew_whatever_was_before() -> None:
    after, effects = decide(delivery(S.EXHAUSTED), RETRIED, DEAD, POLICY, LATER)

    assert (after.number, after.due_at, after.since, after.attempts) == (OFFICE, LATER, LATER, 0)
    assert after.reason is None
    assert Settle(17) in effects


def test_a_retry_has_a_deadline_of_its_own() -> None:
    after, _ = decide(delivery(S.EXHAUSTED), RETRIED, TOO_LATE, POLICY, LATER)

    assert after.state is S.WAITING


def test_a_retry_while_the_skipped_call_is_up_waits_for_its_end() -> None:
    again, _ = decide(delivery(S.EXHAUSTED), RETRIED, LIVE, POLICY, LATER)
    after, _ = decide(again, CHANGED, NO_CALLS, POLICY, LATER + 20)

    assert again.state is S.CALLING
    assert (after.state, after.number, after.due_at) == (S.WAITING, OFFICE, LATER)


class TestResponding:
    """A team has said "I am on it" at LATER: its calls are held until HELD."""

    HELD = LATER + 600

    def held(self, so_far: History = NO_CALLS) -> Delivery:
        after, _ = decide(delivery(S.CALLING), RESPONDING, so_far, POLICY, LATER)
        return after

    def test_holds_the_calls_for_ten_minutes(self) -> None:
        held, effects = decide(delivery(S.WAITING), RESPONDING, NO_CALLS, POLICY, LATER)

        assert (held.state, held.number, held.due_at) == (S.RESPONDING, OFFICE, self.HELD)
        assert effects == (Note("responding", "XYZ-CERT, via operator"),)

    def test_a_pause_that_is_longer_is_kept(self) -> None:
        slow = Policy(busy=Rule(tries=2, pause_s=3600))
        held, _ = decide(delivery(S.WAITING), RESPONDING, replace(BUSY, numbers=PHONES[:1]), slow, LATER)

        assert held.due_at == NOON + 10 + 3600

    def test_said_during_a_call_or_right_after_it_is_the_same(self) -> None:
        ended, _ = decide(delivery(S.CALLING), CHANGED, BUSY, POLICY, LATER)
        after, _ = decide(ended, RESPONDING, BUSY, POLICY, LATER)

        assert decide(self.held(LIVE), CHANGED, BUSY, POLICY, LATER) == (after, ())

    def test_a_call_that_ends_leaves_it_responding_until_the_hold_is_over(self) -> None:
        early, _ = decide(self.held(LIVE), CHANGED, BUSY, POLICY, self.HELD - 1)
        late, _ = decide(self.held(LIVE), CHANGED, BUSY, POLICY, self.HELD)

        assert (early.state, early.number, early.due_at) == (S.RESPONDING, MOBILE, self.HELD)
        assert (late.state, late.due_at) == (S.WAITING, NOON + 10)

    def test_no_call_is_placed_before_that_whatever_was_planned(self) -> None:
        with pytest.raises(Illegal, match="has just said that it is on alert 17"):
            decide(self.held(), PLACED, NO_CALLS, POLICY, self.HELD - 1)

        assert decide(self.held(), PLACED, NO_CALLS, POLICY, self.HELD)[0].state is S.CALLING

    def test_said_twice_at_once_it_is_one_hold(self) -> None:
        assert decide(self.held(), RESPONDING, NO_CALLS, POLICY, LATER + 300) == (self.held(), ())

    def test_calls_are_held_twice_and_no_more(self) -> None:
        again, _ = decide(self.held(), RESPONDING, NO_CALLS, POLICY, self.HELD)
        third, effects = decide(again, RESPONDING, NO_CALLS, POLICY, self.HELD + 600)

        assert (again.state, again.due_at, again.holds) == (S.RESPONDING, self.HELD + 600, 2)
        assert third == again
        assert effects == (Note("responding again, calls go on", "XYZ-CERT, via operator"),)

    def test_a_retry_calls_at_once_and_may_be_held_anew(self) -> None:
        again, _ = decide(self.held(), RETRIED, NO_CALLS, POLICY, LATER + 5)

        assert (again.state, again.due_at, again.holds, again.held_until) == (S.WAITING, LATER + 5, 0, None)

    def test_a_clock_set_back_ends_the_hold(self) -> None:
        after, _ = decide(self.held(), PLACED, NO_CALLS, POLICY, LATER - 3600)

        assert after.state is S.CALLING

    def test_the_deadline_bounds_it(self) -> None:
        after, _ = decide(self.held(LIVE), CHANGED, history(*BUSY.past, expired=True), POLICY, LATER + 1)

        assert (after.state, after.reason) == (S.EXHAUSTED, "the deadline has passed")

    def test_of_an_exhausted_team_is_for_the_operators_to_know(self) -> None:
        before = delivery(S.EXHAUSTED)

        assert decide(before, RESPONDING, DEAD, POLICY, LATER) == (
            before,
            (Note("responding, though exhausted", "XYZ-CERT, via operator"),),
        )


def test_a_team_that_is_given_up_is_news() -> None:
    after, effects = decide(delivery(S.CALLING), CHANGED, DEAD, POLICY, LATER)

    assert TeamMissing(after) in effects


@pytest.mark.parametrize("ending", [WITHDRAWN, SKIPPED, ACKNOWLEDGED])
def test_a_delivery_at_rest_has_no_number_to_call(ending: DeliveryFact) -> None:
    after, _ = decide(delivery(S.WAITING), ending, NO_CALLS, POLICY, LATER)

    assert after.number is None


@pytest.mark.parametrize("order", list(permutations([CHANGED, RESPONDING, ACKNOWLEDGED, EXPIRED])))
def test_whatever_crosses_an_acknowledgement_it_was_acknowledged(order: tuple[DeliveryFact, ...]) -> None:
    now = delivery(S.CALLING)
    for fact in order:
        now, _ = decide(now, fact, history(*BUSY.past, expired=True), POLICY, LATER)

    assert now.state is S.ACKNOWLEDGED


@pytest.mark.parametrize("order", list(permutations([CHANGED, RESPONDING, WITHDRAWN, EXPIRED])))
def test_whatever_crosses_a_withdrawal_it_was_withdrawn(order: tuple[DeliveryFact, ...]) -> None:
    now = delivery(S.CALLING)
    for fact in order:
        now, _ = decide(now, fact, history(*BUSY.past, expired=True), POLICY, LATER)

    assert now.state is S.WITHDRAWN


class TestAnSmsThatDoesNotArrive:
    BUSY_ONE = replace(BUSY, numbers=PHONES[:1])

    def waiting(self, due_at: float) -> Delivery:
        return replace(delivery(S.WAITING), due_at=due_at)

    def test_makes_the_next_call_due_now(self) -> None:
        after, effects = decide(self.waiting(LATER + 50), UNREAD, self.BUSY_ONE, POLICY, LATER)

        assert (after.state, after.number, after.due_at) == (S.WAITING, OFFICE, LATER)
        assert [type(effect) for effect in effects] == [Note]

    def test_leaves_one_that_is_due_already_in_its_place(self) -> None:
        due = self.waiting(LATER - 5)

        assert decide(due, UNREAD, self.BUSY_ONE, POLICY, LATER) == (due, ())

    def test_calls_nobody_out_of_hours_even_where_the_number_opens_before_the_call_was_due(self) -> None:
        """A Sunday, 14:04 UTC: it opens at 14:05, and its pause lasts until 14:06."""
        phone = Phone(OFFICE, hours=Hours(CallingHours.OFFICE, "Sun 14:05-15:00"))
        past = (Past(OFFICE, Disposition.MACHINE, NOON + 60),)
        so_far = History((phone,), past, {}, expired=False)
        waits = self.waiting(NOON + 180)

        assert phone.hours.open_at(NOON + 180)
        assert decide(waits, UNREAD, so_far, Policy(machine=Rule(pause_s=120)), LATER) == (waits, ())

    @pytest.mark.parametrize("state", sorted(set(S) - {S.WAITING}))
    def test_changes_nothing_where_a_phone_rings_calls_are_held_or_nobody_is_to_be_called(
        self, state: DeliveryState
    ) -> None:
        held = replace(delivery(state), due_at=LATER + 600, held_until=LATER + 600)

        assert decide(held, UNREAD, self.BUSY_ONE, POLICY, LATER) == (held, ())


class TestWhenTheTeamIsTextedOfAnAlert:
    AFTER = Policy(sms=SmsTime.AFTER_FIRST_CALL)

    def open(self, policy: Policy, numbers: tuple[Phone, ...] = PHONES) -> bool:
        return TellTeam() in opened(17, "xyz-cert", "XYZ-CERT", numbers, policy, NOON)[1]

    def test_at_the_release_unless_it_wishes_otherwise(self) -> None:
        assert self.open(POLICY)
        assert not self.open(self.AFTER)
        assert not self.open(Policy(sms=SmsTime.NEVER))

    def test_after_the_first_call_that_has_not_reached_it(self) -> None:
        assert TellTeam() in decide(delivery(S.CALLING), CHANGED, BUSY, self.AFTER, LATER)[1]
        for policy in (POLICY, Policy(sms=SmsTime.NEVER)):
            assert TellTeam() not in decide(delivery(S.CALLING), CHANGED, BUSY, policy, LATER)[1]

    def test_not_after_a_call_that_we_ended_ourselves_nor_while_one_is_up(self) -> None:
        cancelled = history(Past(OFFICE, Disposition.CANCELLED, NOON))
        up = replace(BUSY, up={MOBILE: NOON})

        assert TellTeam() not in decide(delivery(S.CALLING), CHANGED, cancelled, self.AFTER, LATER)[1]
        assert TellTeam() not in decide(delivery(S.CALLING), CHANGED, up, self.AFTER, LATER)[1]

    def test_at_once_where_there_can_be_no_call(self) -> None:
        shut = (Phone(OFFICE, hours=Hours(CallingHours.OFFICE, "Sun 16:00-17:00")),)

        assert self.open(self.AFTER, shut)
        assert self.open(self.AFTER, ())

    def test_at_the_deadline_where_no_line_was_free_before(self) -> None:
        assert TellTeam() in decide(delivery(S.WAITING), EXPIRED, TOO_LATE, self.AFTER, LATER)[1]
