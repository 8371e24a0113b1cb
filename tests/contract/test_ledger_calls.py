"""The ledger on a real store: calls, what was heard in them, and acknowledgements."""

from collections.abc import Callable
from functools import partial
from itertools import permutations

import pytest
from book import CALLED, NOON, Book, ManualClock
from postgres import ON_BOTH

from ivr.adapters.store import SqlStore
from ivr.domain import facts
from ivr.domain.facts import Illegal
from ivr.domain.records import (
    AlertState,
    Call,
    CallState,
    DeliveryState,
    Disposition,
    Leg,
    Via,
)

pytestmark = ON_BOTH

D = DeliveryState
BUSY, NO_ANSWER, UNALLOCATED = 17, 19, 1
XYZ, XYZ_OFFICE, XYZ_MOBILE = "xyz-cert", "+4940100004", "+4917100004"


class TestCalls:
    def test_are_numbered_by_delivery(self, book: Book) -> None:
        alert = book.raises()
        for _ in range(3):
            book.calls_in_vain(XYZ, alert, BUSY)

        legs = sorted(book.find(Leg, team=XYZ), key=lambda leg: leg.n)
        assert [leg.n for leg in legs] == [1, 2, 3]
        assert book.delivery(alert, XYZ).attempts == 3

    def test_an_only_number_that_is_busy_is_called_again_after_the_pause(
        self, book: Book, clock: ManualClock
    ) -> None:
        alert = book.raises()
        book.calls_in_vain("def-cert", alert, BUSY, rings_s=4)

        after = book.delivery(alert, "def-cert")
        assert (after.state, after.number, after.due_at) == (D.WAITING, "+4940100002", NOON + 4 + 5)
        assert book.dispositions(alert, "def-cert") == [Disposition.BUSY]

    def test_no_answer_is_followed_by_the_next_number_at_once(self, book: Book, clock: ManualClock) -> None:
        alert = book.raises()
        book.calls_in_vain(XYZ, alert, NO_ANSWER, rings_s=30)

        after = book.delivery(alert, XYZ)
        assert (after.number, after.due_at) == (XYZ_MOBILE, clock.now)

    def test_an_unallocated_number_is_never_called_again(self, book: Book) -> None:
        alert = book.raises()
        book.calls_in_vain(XYZ, alert, UNALLOCATED)
        for _ in range(3):
            assert book.delivery(alert, XYZ).number == XYZ_MOBILE
            book.calls_in_vain(XYZ, alert, NO_ANSWER)

    def test_a_hangup_told_twice_schedules_no_second_retry(self, book: Book, clock: ManualClock) -> None:
        alert = book.raises()
        call = book.rings(XYZ, alert)
        book.hangs_up(call, BUSY)
        before = book.everything()
        clock.forward(5)
        book.hangs_up(call, BUSY)

        assert book.everything() == before

    def test_a_hangup_told_late_does_not_disturb_the_next_call(self, book: Book, clock: ManualClock) -> None:
        alert = book.raises()
        first = book.rings(XYZ, alert)
        book.hangs_up(first, BUSY)
        clock.forward(20)
        second = book.rings(XYZ, alert)
        book.hangs_up(first, BUSY)

        assert book.delivery(alert, XYZ).state is D.CALLING
        assert book.call(second).state is CallState.PLACED

    def test_a_channel_that_is_none_of_ours_changes_nothing(self, book: Book) -> None:
        book.raises()
        before = book.everything()
        for fact in (facts.CallAnswered("x"), facts.CallEnded("x", 16), facts.CallCancelled("x")):
            book.apply(fact)

        assert book.everything() == before

    def test_the_end_that_was_never_seen_is_unknown_and_called_again(self, book: Book) -> None:
        alert = book.raises()
        call = book.rings(XYZ, alert)
        book.hangs_up(call, cause=None)

        assert book.dispositions(alert, XYZ) == [Disposition.UNKNOWN]
        assert (book.delivery(alert, XYZ).number, book.delivery(alert, XYZ).due_at) == (XYZ_OFFICE, NOON + 5)

    def test_the_end_that_was_seen_after_all_decides(self, book: Book) -> None:
        alert = book.raises()
        call = book.rings(XYZ, alert)
        book.hangs_up(call, cause=None)
        book.hangs_up(call, UNALLOCATED)

        assert book.dispositions(alert, XYZ) == [Disposition.UNALLOCATED]
        assert book.delivery(alert, XYZ).number == XYZ_MOBILE

    def test_a_machine_with_a_message_was_not_reached_and_the_next_number_is_called(self, book: Book) -> None:
        alert = book.raises()
        call = book.rings(XYZ, alert)
        book.answers(call)
        book.apply(facts.MessageLeft(call))
        book.hangs_up(call)

        assert book.dispositions(alert, XYZ) == [Disposition.MACHINE]
        assert (book.delivery(alert, XYZ).state, book.delivery(alert, XYZ).number) == (D.WAITING, XYZ_MOBILE)

    def test_a_message_that_the_hangup_overtook_was_left_all_the_same(self, book: Book) -> None:
        alert = book.raises()
        call = book.rings(XYZ, alert)
        book.answers(call)
        book.hangs_up(call)
        assert book.dispositions(alert, XYZ) == [Disposition.UNHEARD]
        book.apply(facts.MessageLeft(call))

        assert book.dispositions(alert, XYZ) == [Disposition.MACHINE]

    def test_an_id_is_used_once(self, book: Book) -> None:
        alert = book.raises()
        call = book.rings(XYZ, alert)
        book.hangs_up(call, BUSY)
        with pytest.raises(Illegal, match=f"call {call} was placed before"):
            book.apply(facts.CallPlaced(call, XYZ, XYZ_OFFICE, "sip-a", (alert,)))

    def test_one_that_was_cancelled_does_not_count_against_the_team(self, book: Book) -> None:
        alert = book.raises()
        call = book.rings(XYZ, alert)
        book.apply(facts.CallCancelled(call))
        book.hangs_up(call)

        assert book.dispositions(alert, XYZ) == [Disposition.CANCELLED]
        assert (book.delivery(alert, XYZ).number, book.delivery(alert, XYZ).due_at) == (XYZ_OFFICE, NOON)

    def test_a_caller_is_identified_on_the_call_they_made(self, book: Book) -> None:
        book.apply(facts.CallCameIn("in-1", "sip-a"))
        book.apply(facts.CallCameIn("in-1", "sip-a"))
        book.apply(facts.TeamIdentified("in-1", XYZ))
        assert (book.call("in-1").team, book.call("in-1").state) == (XYZ, CallState.ANSWERED)

        book.hangs_up("in-1")
        assert book.call("in-1").state is CallState.ENDED
        assert book.journal() == ["hotline called", "caller identified", "hotline call ended"]


class TestAcknowledgement:
    def test_settles_the_delivery_and_the_call(self, book: Book) -> None:
        alert = book.raises()
        call = book.rings(XYZ, alert)
        book.answers(call)
        book.presses_1(call, alert, XYZ)
        book.hangs_up(call)

        done = book.delivery(alert, XYZ)
        assert (done.state, done.acknowledged_at, done.acknowledged_via) == (
            D.ACKNOWLEDGED,
            NOON,
            Via.KEYPRESS,
        )
        assert book.dispositions(alert, XYZ) == [Disposition.ACKNOWLEDGED]

    def test_tells_the_alert_as_it_is_then(self, book: Book, store: SqlStore) -> None:
        alert = book.raises()
        for team in CALLED[:-1]:
            book.acknowledges(alert, team)
        applied = book.apply(facts.Acknowledged(alert, CALLED[-1], Via.HOTLINE, "40713"))

        assert applied.alert is not None
        assert applied.alert.state is AlertState.CLOSED

    def test_and_its_hangup_tell_the_same_story_in_every_order(self, book: Book) -> None:
        for order in sorted(set(permutations(["answer", "heard", "key", "hangup", "hangup"]))):
            alert = book.raises()
            call = book.rings(XYZ, alert)
            happen: dict[str, Callable[[], object]] = {
                "answer": partial(book.answers, call),
                "heard": partial(book.apply, facts.AlertHeard(call, alert, 1.5, whole=False)),
                "key": partial(book.presses_1, call, alert, XYZ),
                "hangup": partial(book.hangs_up, call),
            }
            for event in order:
                happen[event]()

            done = book.delivery(alert, XYZ)
            assert (done.state, done.number) == (D.ACKNOWLEDGED, None), order
            assert book.dispositions(alert, XYZ) == [Disposition.ACKNOWLEDGED], order
            assert book.get(Leg, call, alert).heard_s == 1.5, order
            assert book.call(call).answered_at is not None, order

    def test_without_a_key_what_was_heard_decides_in_every_order(self, book: Book) -> None:
        for order in permutations(["answer", "part", "whole", "hangup"]):
            alert = book.raises()
            call = book.rings(XYZ, alert)
            happen: dict[str, Callable[[], object]] = {
                "answer": partial(book.answers, call),
                "part": partial(book.apply, facts.AlertHeard(call, alert, 3.0, whole=False)),
                "whole": partial(book.apply, facts.AlertHeard(call, alert, 9.0, whole=True)),
                "hangup": partial(book.hangs_up, call),
            }
            for event in order:
                happen[event]()

            assert book.dispositions(alert, XYZ) == [Disposition.HEARD], order
            assert book.get(Leg, call, alert).heard_s == 9.0, order
            after = book.delivery(alert, XYZ)
            assert (after.state, after.number, after.due_at) == (D.WAITING, XYZ_OFFICE, NOON + 20), order

    def test_an_answer_that_nobody_reacted_to_is_no_acknowledgement(self, book: Book) -> None:
        alert = book.raises()
        call = book.rings(XYZ, alert)
        book.answers(call)
        book.hangs_up(call)

        assert book.dispositions(alert, XYZ) == [Disposition.UNHEARD]
        assert book.delivery(alert, XYZ).state is D.WAITING

    def test_of_two_the_first_counts(self, book: Book, clock: ManualClock) -> None:
        alert = book.raises()
        book.acknowledges(alert, XYZ)
        clock.forward(9)
        book.apply(facts.Acknowledged(alert, XYZ, Via.OPERATOR, "somebody else"))

        done = book.delivery(alert, XYZ)
        assert (done.acknowledged_at, done.acknowledged_via) == (NOON, Via.HOTLINE)

    def test_through_a_call_that_does_not_carry_the_alert_is_refused(self, book: Book) -> None:
        one, other = book.raises(), book.raises()
        call = book.rings(XYZ, one)
        before = book.everything()

        for alert, team in ((other, XYZ), (one, "def-cert")):
            with pytest.raises(Illegal, match=f"call {call} does not carry alert {alert} to team {team}"):
                book.presses_1(call, alert, team)
        assert book.everything() == before

    def test_by_a_team_that_was_not_asked_is_refused(self, book: Book) -> None:
        alert = book.raises()
        with pytest.raises(Illegal, match=f"alert {alert} is not addressed to team abc-cert"):
            book.acknowledges(alert, "abc-cert")

    def test_a_call_for_what_was_acknowledged_meanwhile_is_refused_and_leaves_nothing(
        self, book: Book
    ) -> None:
        first, second = book.raises(), book.raises()
        book.acknowledges(second, XYZ)
        before = book.everything()

        with pytest.raises(Illegal, match=f"alert {second} to xyz-cert is acknowledged: CallPlaced"):
            book.apply(facts.CallPlaced("late", XYZ, XYZ_OFFICE, "sip-a", (first, second)))
        assert book.everything() == before
        assert book.find(Call) == []


class TestTwoAlertsInOneCall:
    def test_of_which_the_later_was_released_while_it_rang_is_an_attempt_for_both(
        self, book: Book, clock: ManualClock
    ) -> None:
        one = book.raises()
        call = book.rings(XYZ, one)
        clock.forward(3)
        two = book.raises()
        clock.forward(3)
        book.answers(call)
        book.apply(facts.CallPassed(call))
        book.hangs_up(call)

        for alert in (one, two):  # whoever said "not me" is not called again at once
            assert book.dispositions(alert, XYZ) == [Disposition.PASSED]
            assert book.delivery(alert, XYZ).number == XYZ_MOBILE

    def test_does_not_take_on_what_is_released_when_it_has_begun_to_speak(
        self, book: Book, clock: ManualClock
    ) -> None:
        """Its script has read by then what it says, and nobody would hear of the later one."""
        call = book.rings(XYZ, book.raises())
        book.answers(call)
        later = book.raises()
        book.answers(call)  # script and exchange both tell of it
        book.apply(facts.KeyPressed(call))
        book.hangs_up(call)

        assert book.dispositions(later, XYZ) == []
        after = book.delivery(later, XYZ)
        assert (after.state, after.number, after.due_at) == (D.WAITING, XYZ_OFFICE, clock.now)

    def test_each_has_its_own_end(self, book: Book) -> None:
        one, two = book.raises(), book.raises()
        call = book.rings(XYZ, one, two)
        book.answers(call)
        book.apply(facts.AlertHeard(call, one, 9.0, whole=True))
        book.presses_1(call, one, XYZ)
        book.apply(facts.AlertHeard(call, two, 2.0, whole=False))
        book.hangs_up(call)

        assert book.dispositions(one, XYZ) == [Disposition.ACKNOWLEDGED]
        assert book.dispositions(two, XYZ) == [Disposition.PARTIAL]
        assert book.delivery(one, XYZ).state is D.ACKNOWLEDGED
        assert book.delivery(two, XYZ).state is D.WAITING

    def test_busy_counts_for_both(self, book: Book) -> None:
        one, two = book.raises(), book.raises()
        book.hangs_up(book.rings(XYZ, one, two), BUSY)

        for alert in (one, two):
            assert book.delivery(alert, XYZ).number == XYZ_MOBILE
            assert book.dispositions(alert, XYZ) == [Disposition.BUSY]
