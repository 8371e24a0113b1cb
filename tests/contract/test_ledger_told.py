"""The ledger on a real store: who is told by SMS what became of an alert."""

from dataclasses import replace

import pytest
from book import CALLED, NOON, TEAMS, Book, ManualClock
from postgres import ON_BOTH

from ivr.adapters.audio.recordings import Recordings
from ivr.adapters.store import SqlStore
from ivr.config import Settings
from ivr.domain import facts
from ivr.domain.records import (
    CallingHours,
    DeliveryState,
    Entry,
    Leg,
    Number,
    Severity,
    Sms,
    SmsKind,
    SmsState,
    Source,
    Team,
    Via,
)
from ivr.services.ledger import Ledger

pytestmark = ON_BOTH

D = DeliveryState
BUSY, UNALLOCATED = 17, 1
ABC, DEF, GHI, XYZ = "abc-cert", "def-cert", "ghi-cert", "xyz-cert"
ABC_MOBILE, GHI_MOBILE, XYZ_MOBILE = "+4917100001", "+4917100003", "+4917100004"
OPERATOR, DEPUTY = "+4917100098", "+4917100099"


@pytest.fixture
def book(settings: Settings, store: SqlStore, recordings: Recordings, clock: ManualClock) -> Book:
    """With two operators, and a mobile of the team that raises alerts."""
    with store.write() as tx:
        tx.put(Number(ABC, 1, ABC_MOBILE, sms=True))
    hotline = settings.network.hotline
    ledger = Ledger(store, recordings, settings.policy, hotline, clock, operators=(OPERATOR, DEPUTY))
    return Book(store, ledger, clock, recordings.incoming)


def notices(book: Book) -> list[Sms]:
    return [s for s in book.find(Sms) if s.kind is SmsKind.NOTICE]


def told(book: Book, number: str) -> list[str]:
    """The notices to a number, in their order."""
    return [s.text for s in notices(book) if s.number == number]


def give_up(book: Book, alert: int, team: str) -> None:
    numbers = book.find(Number, team=team)
    for _ in numbers:
        book.calls_in_vain(team, alert, UNALLOCATED)


class TestResponding:
    def test_a_ringing_call_may_end_and_the_next_one_waits_ten_minutes(
        self, book: Book, clock: ManualClock
    ) -> None:
        alert = book.raises()
        call = book.rings(XYZ, alert)
        clock.forward(5)
        book.apply(facts.TeamResponding(alert, XYZ, Via.OPERATOR))
        book.apply(facts.CallCancelled(call))
        book.hangs_up(call)

        held = book.delivery(alert, XYZ)
        assert (held.state, held.due_at, held.held_until) == (D.RESPONDING, NOON + 605, NOON + 605)
        clock.forward(599)
        with pytest.raises(facts.Illegal, match="has just said"):
            book.rings(XYZ, alert)
        clock.forward(1)
        again = book.rings(XYZ, alert)
        assert book.delivery(alert, XYZ).state is D.CALLING
        book.hangs_up(again, BUSY)
        assert (book.delivery(alert, XYZ).state, book.delivery(alert, XYZ).due_at) == (D.WAITING, clock.now)

    def test_an_answered_call_goes_on_and_acknowledges(self, book: Book) -> None:
        alert = book.raises()
        call = book.rings(XYZ, alert)
        book.answers(call)
        book.apply(facts.TeamResponding(alert, XYZ, Via.OPERATOR))
        assert book.delivery(alert, XYZ).state is D.RESPONDING

        book.presses_1(call, alert, XYZ)
        book.hangs_up(call)
        assert book.delivery(alert, XYZ).state is D.ACKNOWLEDGED

    def test_a_team_that_is_held_is_not_called_about_this_alert_by_a_call_about_another(
        self, book: Book
    ) -> None:
        held, fresh = book.raises(), book.raises()
        book.apply(facts.TeamResponding(held, XYZ, Via.OPERATOR))
        call = book.rings(XYZ, fresh)
        book.answers(call)

        assert (book.delivery(held, XYZ).state, book.delivery(fresh, XYZ).state) == (D.RESPONDING, D.CALLING)

    def test_of_an_exhausted_team_leaves_a_line_for_operators(self, book: Book) -> None:
        alert = book.raises()
        give_up(book, alert, XYZ)
        book.apply(facts.TeamResponding(alert, XYZ, Via.OPERATOR))

        assert book.delivery(alert, XYZ).state is D.EXHAUSTED
        assert [e.detail for e in book.find(Entry, what="responding, though exhausted")] == [
            "XYZ-CERT, via operator"
        ]


def test_the_severity_of_an_alert_is_that_of_its_deliveries(book: Book, recordings: Recordings) -> None:
    book.records()
    take = next(recordings.path(".").glob("*.wav"))
    fact = facts.AlertRecorded(ABC, None, Source.OPERATOR, str(take), 2.0, "0" * 64, severity=Severity.HIGH)
    raised = book.apply(fact).alert
    assert raised is not None
    book.apply(facts.AlertReleased(raised.id))

    assert book.alert(raised.id).severity is Severity.HIGH
    assert {book.delivery(raised.id, team).severity for team in CALLED} == {Severity.HIGH}
    assert book.delivery(book.raises(), XYZ).severity is Severity.MEDIUM


class TestATeamIsGivenUp:
    def test_operators_and_originator_are_told_while_others_are_open(self, book: Book) -> None:
        alert = book.raises()
        give_up(book, alert, XYZ)

        text = f"Alert {alert}: XYZ-CERT was not reached (2 calls). Still open: 2 teams."
        assert told(book, OPERATOR) == told(book, DEPUTY) == told(book, ABC_MOBILE) == [text]
        assert told(book, XYZ_MOBILE) == []
        assert {(s.team, s.number) for s in notices(book)} == {
            (None, OPERATOR),
            (None, DEPUTY),
            (ABC, ABC_MOBILE),
        }

    def test_nothing_is_told_twice_by_a_hangup_that_is(self, book: Book) -> None:
        alert = book.raises()
        give_up(book, alert, XYZ)
        last = max(leg.call for leg in book.find(Leg, team=XYZ))
        book.hangs_up(last, UNALLOCATED)

        assert len(told(book, OPERATOR)) == 1

    def test_an_operator_who_is_of_the_originator_is_told_once(
        self, book: Book, store: SqlStore, settings: Settings, recordings: Recordings, clock: ManualClock
    ) -> None:
        ledger = Ledger(
            store, recordings, settings.policy, settings.network.hotline, clock, operators=(ABC_MOBILE,)
        )
        book = Book(store, ledger, clock, recordings.incoming)
        give_up(book, book.raises(), XYZ)

        assert len(told(book, ABC_MOBILE)) == 1

    def test_those_whom_one_deadline_ends_are_in_one_sms(self, book: Book, clock: ManualClock) -> None:
        alert = book.raises()
        book.calls_in_vain(XYZ, alert, BUSY)
        book.calls_in_vain(GHI, alert, BUSY)
        book.rings(DEF, alert)
        clock.forward(4 * 3600)
        book.apply(facts.AlertExpired(alert))

        assert told(book, OPERATOR) == [
            f"Alert {alert}: GHI-CERT (1 call), XYZ-CERT (1 call) were not reached. Still open: 1 team."
        ]


class TestATeamCannotBeCalled:
    def test_those_who_cannot_be_called_at_the_release_are_in_one_sms(
        self, book: Book, store: SqlStore
    ) -> None:
        """A Sunday, 14:03 UTC: one office opens before the deadline, one does not, one team has no number."""
        with store.write() as tx:
            tx.drop(*tx.find(Number, team=XYZ), *tx.find(Number, team=GHI))
            tx.put(replace(TEAMS[3], office_hours="Sun 16:00-17:00"), Team("nnn-cert", "NNN-CERT"))
            tx.put(Number(XYZ, 0, "+4940100004", hours=CallingHours.OFFICE))
            tx.put(Number(GHI, 0, "+4940100003", hours=CallingHours.OFFICE))
        alert = book.raises()

        assert (book.delivery(alert, XYZ).state, book.delivery(alert, GHI).state) == (D.WAITING, D.EXHAUSTED)
        assert told(book, OPERATOR) == [
            f"Alert {alert}: has no number in the directory: NNN-CERT. "
            "no number may be called at this hour: GHI-CERT, XYZ-CERT. Still open: 2 teams."
        ]
        assert told(book, ABC_MOBILE) == told(book, OPERATOR)


class TestTheEnd:
    def test_is_told_with_the_names_of_all_who_are_missing_and_the_last_one_is_not_told_twice(
        self, book: Book
    ) -> None:
        alert = book.raises()
        book.acknowledges(alert, DEF)
        give_up(book, alert, GHI)
        give_up(book, alert, XYZ)

        assert told(book, OPERATOR)[1:] == [
            f"Alert {alert}: 1 of 3 acknowledged; missing GHI-CERT, XYZ-CERT."
        ]
        assert told(book, ABC_MOBILE) == told(book, OPERATOR)
        assert len(told(book, OPERATOR)) == 2

    def test_that_all_have_acknowledged_is_told_too(self, book: Book) -> None:
        alert = book.raises()
        for team in CALLED:
            book.acknowledges(alert, team)

        assert told(book, DEPUTY) == [f"Alert {alert}: all 3 acknowledged."]

    def test_a_late_acknowledgement_is_told_only_where_it_completes_the_alert(self, book: Book) -> None:
        alert = book.raises()
        for team in CALLED:
            book.apply(facts.DeliverySkipped(alert, team))
        before = len(told(book, OPERATOR))
        book.acknowledges(alert, DEF)
        book.acknowledges(alert, GHI)
        assert len(told(book, OPERATOR)) == before

        book.acknowledges(alert, XYZ)
        assert told(book, OPERATOR)[before:] == [f"Alert {alert}: all 3 acknowledged."]

    def test_an_alert_that_was_opened_again_and_ends_as_before_is_not_told_again(
        self, book: Book, clock: ManualClock
    ) -> None:
        alert = book.raises()
        book.acknowledges(alert, DEF)
        book.acknowledges(alert, GHI)
        give_up(book, alert, XYZ)
        before = told(book, OPERATOR)
        clock.forward(1)
        book.apply(facts.DeliveryRetried(alert, XYZ))
        give_up(book, alert, XYZ)

        assert told(book, OPERATOR) == before
        clock.forward(1)
        book.apply(facts.DeliveryRetried(alert, XYZ))
        book.acknowledges(alert, XYZ)
        assert told(book, OPERATOR)[len(before) :] == [f"Alert {alert}: all 3 acknowledged."]


class TestAWithdrawal:
    TEXT = "Alert 1 from ABC-CERT, of 2026-11-22 14:03 UTC, was WITHDRAWN at 2026-11-22 14:10 UTC."

    def withdraw(self, book: Book, alert: int, clock: ManualClock) -> None:
        clock.forward(NOON + 7 * 60 - clock.now)
        book.apply(facts.AlertWithdrawn(alert))

    def sms(self, book: Book, number: str) -> Sms:
        (found,) = [s for s in book.find(Sms, number=number) if s.kind is SmsKind.ALERT]
        return found

    def test_is_told_to_a_team_whose_sms_has_left_and_drops_those_that_have_not(
        self, book: Book, clock: ManualClock
    ) -> None:
        alert = book.raises()
        book.apply(facts.SmsSubmitted(self.sms(book, XYZ_MOBILE).id, ("m-1",)))
        self.withdraw(book, alert, clock)

        assert told(book, XYZ_MOBILE) == [self.TEXT]
        assert told(book, GHI_MOBILE) == []
        assert self.sms(book, GHI_MOBILE).state is SmsState.FAILED
        assert told(book, OPERATOR) == []

    def test_is_told_to_a_team_that_has_picked_up(self, book: Book, clock: ManualClock) -> None:
        alert = book.raises()
        call = book.rings(XYZ, alert)
        book.answers(call)
        book.hangs_up(call)
        book.calls_in_vain(GHI, alert, BUSY)
        self.withdraw(book, alert, clock)

        assert told(book, XYZ_MOBILE) == [self.TEXT]
        assert told(book, GHI_MOBILE) == []

    @pytest.mark.parametrize("said", ["acknowledged", "responding"])
    def test_is_told_to_a_team_that_has_said_a_word(self, said: str, book: Book, clock: ManualClock) -> None:
        alert = book.raises()
        if said == "acknowledged":
            book.acknowledges(alert, XYZ)
        else:
            book.apply(facts.TeamResponding(alert, XYZ, Via.OPERATOR))
        self.withdraw(book, alert, clock)

        assert told(book, XYZ_MOBILE) == [self.TEXT]

    def test_is_told_where_an_sms_may_have_left_without_an_answer(
        self, book: Book, clock: ManualClock
    ) -> None:
        alert = book.raises()
        sms = self.sms(book, XYZ_MOBILE)
        book.apply(facts.SmsDeferred(sms.id, "the link was lost before the answer"))
        self.withdraw(book, alert, clock)

        assert told(book, XYZ_MOBILE) == [self.TEXT]

    def test_follows_an_sms_that_was_on_the_wire_and_once_only(self, book: Book, clock: ManualClock) -> None:
        alert = book.raises()
        sms = self.sms(book, XYZ_MOBILE)
        self.withdraw(book, alert, clock)
        assert told(book, XYZ_MOBILE) == []
        for _ in range(2):
            book.apply(facts.SmsSubmitted(sms.id, ("m-1",)))

        assert told(book, XYZ_MOBILE) == [self.TEXT]
        assert book.find(Sms, text=self.TEXT)[0].team == XYZ

    def test_names_to_operators_those_who_have_no_mobile(self, book: Book, clock: ManualClock) -> None:
        alert = book.raises()
        book.acknowledges(alert, DEF)
        self.withdraw(book, alert, clock)

        text = f"Withdrawn alert {alert}: no mobile to tell: DEF-CERT. Please call them."
        assert told(book, OPERATOR) == told(book, DEPUTY) == [text]
        assert told(book, ABC_MOBILE) == []

    def test_of_a_closed_alert_is_told_too_and_once(self, book: Book, clock: ManualClock) -> None:
        alert = book.raises()
        for team in CALLED:
            book.acknowledges(alert, team)
        self.withdraw(book, alert, clock)
        self.withdraw(book, alert, clock)

        assert told(book, XYZ_MOBILE) == told(book, GHI_MOBILE) == [self.TEXT]

    def test_does_not_drop_what_operators_are_to_know(self, book: Book, clock: ManualClock) -> None:
        alert = book.raises()
        give_up(book, alert, DEF)
        self.withdraw(book, alert, clock)

        assert {s.state for s in book.find(Sms, number=OPERATOR)} == {SmsState.QUEUED}

    def test_of_a_draft_is_told_to_nobody(self, book: Book) -> None:
        book.apply(facts.AlertWithdrawn(book.records()))

        assert book.find(Sms) == []


def test_a_network_without_operators_tells_the_originator(
    store: SqlStore, ledger: Ledger, clock: ManualClock, recordings: Recordings
) -> None:
    with store.write() as tx:
        tx.put(Number(ABC, 1, ABC_MOBILE, sms=True))
    book = Book(store, ledger, clock, recordings.incoming)
    give_up(book, book.raises(), XYZ)

    assert len(told(book, ABC_MOBILE)) == 1
    assert len(notices(book)) == 1


class TestWhoseRingingStopped:
    def test_is_told_who_has_answered(self, parallel: Book) -> None:
        alert = parallel.raises()
        office = parallel.rings(XYZ, alert)
        mobile = parallel.rings(XYZ, alert, number=XYZ_MOBILE)
        parallel.answers(office)
        parallel.apply(facts.KeyPressed(office))
        parallel.apply(facts.CallCancelled(mobile))
        parallel.apply(facts.CallCancelled(mobile))

        assert told(parallel, XYZ_MOBILE) == [
            f"Alert {alert}: your phone stopped ringing because +4940100004 has answered."
        ]
        assert parallel.delivery(alert, XYZ).state is D.CALLING

    def test_is_told_that_the_team_calls_in(self, book: Book) -> None:
        alert = book.raises()
        call = book.rings(XYZ, alert, number=XYZ_MOBILE)
        book.apply(facts.CallCameIn("in-1", "sip-a"))
        book.apply(facts.TeamIdentified("in-1", XYZ))
        book.apply(facts.CallCancelled(call))

        assert told(book, XYZ_MOBILE) == [
            f"Alert {alert}: your phone stopped ringing because somebody of your team is on the hotline."
        ]

    def test_is_not_told_when_nobody_is_on_a_line(self, parallel: Book) -> None:
        """Acknowledged by mail, or a machine has answered the other phone."""
        alert = parallel.raises()
        office, mobile = parallel.rings(XYZ, alert), parallel.rings(XYZ, alert, number=XYZ_MOBILE)
        parallel.answers(office)
        parallel.acknowledges(alert, XYZ)
        parallel.apply(facts.CallCancelled(mobile))

        assert told(parallel, XYZ_MOBILE) == []

    def test_is_not_told_on_a_phone_that_takes_no_sms(self, parallel: Book) -> None:
        alert = parallel.raises()
        office, mobile = parallel.rings(XYZ, alert), parallel.rings(XYZ, alert, number=XYZ_MOBILE)
        parallel.apply(facts.KeyPressed(mobile))
        parallel.apply(facts.CallCancelled(office))

        assert notices(parallel) == []


@pytest.fixture
def parallel(book: Book) -> Book:
    """A team that wants its second phone to ring beside the first."""
    team = book.get(Team, XYZ)
    with book.store.write() as tx:
        tx.put(replace(team, policy='{"parallel_after_s": 0}'))
    return book
