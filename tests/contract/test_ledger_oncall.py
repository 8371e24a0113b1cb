"""What a callee asks for besides an acknowledgement: the team's next number, or to be called back."""

from book import Book

from ivr.domain import facts
from ivr.domain.delivery import HOLD_S
from ivr.domain.policy import Policy
from ivr.domain.records import DeliveryState as D
from ivr.domain.records import Disposition

XYZ, DEF = "xyz-cert", "def-cert"
XYZ_OFFICE, XYZ_MOBILE = "+4940100004", "+4917100004"
DEF_ONLY = "+4940100002"


def answered(book: Book, team: str, *alerts: int) -> str:
    call = book.rings(team, *alerts)
    book.answers(call)
    return call


class TestNotMe:
    def test_the_next_number_is_due_as_soon_as_the_line_is_free(self, book: Book) -> None:
        alert = book.raises()
        call = answered(book, XYZ, alert)
        book.apply(facts.CallPassed(call))
        book.clock.forward(4)
        book.hangs_up(call)

        assert book.dispositions(alert, XYZ) == [Disposition.PASSED]
        after = book.delivery(alert, XYZ)
        assert (after.state, after.number, after.due_at) == (D.WAITING, XYZ_MOBILE, book.clock.now)

    def test_is_said_of_every_alert_of_the_call_but_what_was_acknowledged_stays_so(self, book: Book) -> None:
        first, second = book.raises(), book.raises()
        call = answered(book, XYZ, first, second)
        book.presses_1(call, first, XYZ)
        book.apply(facts.CallPassed(call))
        book.hangs_up(call)

        assert book.dispositions(first, XYZ) == [Disposition.ACKNOWLEDGED]
        assert book.dispositions(second, XYZ) == [Disposition.PASSED]

    def test_counts_though_the_alert_was_heard_and_the_hangup_overtook_it(self, book: Book) -> None:
        alert = book.raises()
        call = answered(book, XYZ, alert)
        book.apply(facts.AlertHeard(call, alert, 8.0, whole=True))
        book.hangs_up(call)
        assert book.delivery(alert, XYZ).number == XYZ_OFFICE  # where somebody was there
        book.apply(facts.CallPassed(call))

        assert book.delivery(alert, XYZ).number == XYZ_MOBILE
        assert book.journal().count("not for them") == 1
        book.apply(facts.CallPassed(call))
        assert book.journal().count("not for them") == 1

    def test_by_the_only_number_leaves_the_team_missing_and_it_is_called_again_later(
        self, book: Book
    ) -> None:
        alert = book.raises()
        call = answered(book, DEF, alert)
        book.apply(facts.CallPassed(call))
        book.hangs_up(call)

        after = book.delivery(alert, DEF)
        assert (after.state, after.number, after.due_at) == (D.WAITING, DEF_ONLY, book.clock.now + 900)
        assert after.reason == "whoever answered said that it is not for them"
        assert "team cannot be called now" in book.journal()


class TestCallBack:
    def test_holds_the_team_and_calls_this_very_number_first(self, book: Book) -> None:
        alert = book.raises()
        book.calls_in_vain(XYZ, alert, cause=17)
        call = answered(book, XYZ, alert)
        assert book.call(call).number == XYZ_MOBILE
        granted = book.apply(facts.CallPutOff(call)).held
        book.hangs_up(call)

        assert granted
        after = book.delivery(alert, XYZ)
        assert (after.state, after.number) == (D.RESPONDING, XYZ_MOBILE)
        assert after.due_at == book.clock.now + HOLD_S

    def test_is_about_what_was_not_acknowledged_in_the_call(self, book: Book) -> None:
        first, second = book.raises(), book.raises()
        call = answered(book, XYZ, first, second)
        book.presses_1(call, first, XYZ)
        assert book.apply(facts.CallPutOff(call)).held

        assert book.delivery(first, XYZ).state is D.ACKNOWLEDGED
        assert book.delivery(second, XYZ).state is D.RESPONDING

    def test_is_refused_the_third_time(self, book: Book) -> None:
        alert = book.raises()
        granted = []
        for _ in range(3):
            call = answered(book, DEF, alert)
            granted.append(book.apply(facts.CallPutOff(call)).held)
            book.hangs_up(call)
            book.clock.forward(HOLD_S)

        assert granted == [True, True, False]
        assert book.delivery(alert, DEF).state is D.WAITING

    def test_is_refused_where_the_alert_is_given_up_before(self, book: Book) -> None:
        """Nobody is promised a call that never comes."""
        alert = book.raises()
        call = answered(book, DEF, alert)
        book.clock.forward(Policy().deadline_s - HOLD_S - 1)
        other = answered(book, XYZ, alert)
        assert book.apply(facts.CallPutOff(other)).held
        book.clock.forward(1)

        assert not book.apply(facts.CallPutOff(call)).held
        assert book.delivery(alert, DEF).state is D.CALLING
        book.hangs_up(call)
        assert book.delivery(alert, DEF).due_at < book.clock.now + HOLD_S

    def test_in_a_call_of_which_all_was_acknowledged_there_is_nothing_to_hold(self, book: Book) -> None:
        alert = book.raises()
        call = answered(book, DEF, alert)
        book.presses_1(call, alert, DEF)

        assert not book.apply(facts.CallPutOff(call)).held

    def test_of_a_call_that_is_none_of_ours_changes_nothing(self, book: Book) -> None:
        assert not book.apply(facts.CallPutOff("nobody's")).held
