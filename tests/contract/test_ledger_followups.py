"""The ledger on a real store: when the SMS leaves, reminders, and what follows a receipt or a lost line."""

import asyncio
import contextlib
from dataclasses import replace

import pytest
from book import NOON, Book, ManualClock
from postgres import ON_BOTH

from ivr.adapters.audio.recordings import Recordings
from ivr.adapters.store import SqlStore
from ivr.config import Settings
from ivr.domain import facts
from ivr.domain.facts import Illegal
from ivr.domain.policy import Policy, Rule, SmsTime
from ivr.domain.records import CallingHours, DeliveryState, Entry, Number, Sms, SmsKind, SmsState, Team, Via
from ivr.ports import StoreAway
from ivr.services.followup import FollowUp
from ivr.services.ledger import Ledger

pytestmark = ON_BOTH

D = DeliveryState
BUSY = 17
ABC, DEF, GHI, XYZ = "abc-cert", "def-cert", "ghi-cert", "xyz-cert"
ABC_MOBILE, GHI_MOBILE, XYZ_MOBILE = "+4917100001", "+4917100003", "+4917100004"
OPERATOR = "+4917100098"


@pytest.fixture
def book(settings: Settings, store: SqlStore, recordings: Recordings, clock: ManualClock) -> Book:
    """Pauses are long, so that a call that comes sooner is seen to."""
    with store.write() as tx:
        tx.put(Number(ABC, 1, ABC_MOBILE, sms=True))
    policy = Policy(busy=Rule(pause_s=600), no_answer=Rule(pause_s=600))
    ledger = Ledger(store, recordings, policy, settings.network.hotline, clock, operators=(OPERATOR,))
    return Book(store, ledger, clock, recordings.incoming)


def texts(book: Book, number: str, kind: SmsKind | None = None) -> list[str]:
    return [s.text for s in book.find(Sms, number=number) if kind in (None, s.kind)]


def leave(book: Book) -> None:
    """The SMSC takes all there is."""
    for sms in book.find(Sms, state=SmsState.QUEUED):
        book.apply(facts.SmsSubmitted(sms.id, (f"m-{sms.id}",)))


def receipt(book: Book, number: str, state: str) -> None:
    sms = book.find(Sms, number=number)[-1]
    book.apply(facts.SmsReceipt(f"m-{sms.id}", state))  # type: ignore[arg-type]


class TestWhenTheSmsLeaves:
    def network(self, book: Book, store: SqlStore, recordings: Recordings, sms: SmsTime) -> Book:
        ledger = Ledger(store, recordings, Policy(sms=sms), "+4940808077555", book.clock)
        return Book(store, ledger, book.clock, recordings.incoming)

    def test_after_the_first_call_of_each_team_and_once(
        self, book: Book, store: SqlStore, recordings: Recordings, clock: ManualClock
    ) -> None:
        book = self.network(book, store, recordings, SmsTime.AFTER_FIRST_CALL)
        alert = book.raises()
        assert book.find(Sms) == []
        for _ in range(3):
            book.calls_in_vain(XYZ, alert, BUSY)
            clock.forward(600)

        assert len(texts(book, XYZ_MOBILE)) == 1
        assert texts(book, GHI_MOBILE) == []

    def test_never(self, book: Book, store: SqlStore, recordings: Recordings, clock: ManualClock) -> None:
        book = self.network(book, store, recordings, SmsTime.NEVER)
        alert = book.raises()
        book.calls_in_vain(XYZ, alert, BUSY)
        clock.forward(900)
        book.apply(facts.ReportDue(alert))

        assert texts(book, XYZ_MOBILE) == texts(book, GHI_MOBILE) == []

    def test_as_the_team_wishes(self, book: Book, store: SqlStore) -> None:
        with store.write() as tx:
            tx.put(Team(XYZ, "XYZ-CERT", policy='{"sms": "never"}'))
        alert = book.raises()
        book.apply(facts.ReportDue(alert))

        assert texts(book, XYZ_MOBILE) == []
        assert len(texts(book, GHI_MOBILE)) == 1

    def test_in_the_words_of_the_network(
        self, book: Book, store: SqlStore, recordings: Recordings, settings: Settings, clock: ManualClock
    ) -> None:
        words = "{originator}: Alarm {number} um {time}{confirmed}. Bitte {hotline} anrufen"
        ledger = Ledger(store, recordings, settings.policy, "+4940808077555", clock, sms_text=words)
        book = Book(store, ledger, clock, recordings.incoming)
        confirmed = replace(book.alert(book.records()), confirmed=True)
        with store.write() as tx:
            tx.put(confirmed)
        book.apply(facts.AlertReleased(confirmed.id))

        assert texts(book, XYZ_MOBILE) == [
            "ABC-CERT: Alarm 1 um 2026-11-22 14:03 UTC (confirmed). Bitte +4940808077555 anrufen"
        ]


class TestAMobileThatIsNotReached:
    def waits(self, book: Book) -> int:
        """Both phones of XYZ were busy, and the next call is due in ten minutes."""
        alert = book.raises()
        leave(book)
        for _ in range(2):
            book.calls_in_vain(XYZ, alert, BUSY)
        assert book.delivery(alert, XYZ).due_at == NOON + 600
        return alert

    @pytest.mark.parametrize("state", ["expired", "rejected"])
    def test_brings_the_next_call_of_its_team_forward(
        self, state: str, book: Book, clock: ManualClock
    ) -> None:
        alert = self.waits(book)
        other = book.delivery(alert, GHI)
        clock.forward(60)
        receipt(book, XYZ_MOBILE, state)

        assert book.delivery(alert, XYZ).due_at == NOON + 60
        assert book.delivery(alert, GHI) == other
        assert len(book.find(Entry, what="called sooner, an SMS does not arrive")) == 1
        book.rings(XYZ, alert)

    def test_does_so_once(self, book: Book, clock: ManualClock) -> None:
        alert = self.waits(book)
        clock.forward(60)
        receipt(book, XYZ_MOBILE, "expired")
        book.calls_in_vain(XYZ, alert, BUSY)
        due_at = book.delivery(alert, XYZ).due_at
        receipt(book, XYZ_MOBILE, "expired")

        assert book.delivery(alert, XYZ).due_at == due_at > clock.now

    @pytest.mark.parametrize("state", ["delivered", "unknown"])
    def test_is_not_what_such_a_receipt_says(self, state: str, book: Book, clock: ManualClock) -> None:
        alert = self.waits(book)
        clock.forward(60)
        receipt(book, XYZ_MOBILE, state)

        assert book.delivery(alert, XYZ).due_at == NOON + 600

    def test_that_the_smsc_refuses_for_good_is_not_reached_either(
        self, book: Book, clock: ManualClock
    ) -> None:
        alert = book.raises()
        for _ in range(2):
            book.calls_in_vain(XYZ, alert, BUSY)
        clock.forward(60)
        (sms,) = book.find(Sms, number=XYZ_MOBILE)
        book.apply(facts.SmsFailed(sms.id, "no such subscriber"))

        assert book.delivery(alert, XYZ).due_at == NOON + 60

    def test_leaves_a_hold_as_it_is(self, book: Book, clock: ManualClock) -> None:
        alert = self.waits(book)
        clock.forward(60)
        book.apply(facts.TeamResponding(alert, XYZ, Via.SMS))
        before = book.delivery(alert, XYZ)
        receipt(book, XYZ_MOBILE, "expired")

        assert book.delivery(alert, XYZ) == before

    def test_leaves_a_closed_number_alone(self, book: Book, store: SqlStore, clock: ManualClock) -> None:
        with store.write() as tx:
            tx.drop(*tx.find(Number, team=XYZ))
            tx.put(replace(Team(XYZ, "XYZ-CERT"), office_hours="Sun 15:00-17:00"))
            tx.put(Number(XYZ, 0, XYZ_MOBILE, sms=True, hours=CallingHours.OFFICE))
        alert = book.raises()
        leave(book)
        before = book.delivery(alert, XYZ)
        clock.forward(60)
        receipt(book, XYZ_MOBILE, "expired")

        assert book.delivery(alert, XYZ) == before

    def test_that_was_to_read_of_something_else_moves_no_call(self, book: Book, clock: ManualClock) -> None:
        alert = self.waits(book)
        clock.forward(60)
        book.apply(facts.SmsReceived(XYZ_MOBILE, f"status {alert}", "r"))
        leave(book)
        receipt(book, XYZ_MOBILE, "expired")

        assert book.delivery(alert, XYZ).due_at == NOON + 600


class TestWhileItIsOpen:
    def test_originator_and_operators_hear_how_it_goes_and_the_missing_are_reminded_once(
        self, book: Book, clock: ManualClock
    ) -> None:
        alert = book.raises()
        leave(book)
        book.acknowledges(alert, GHI)
        book.apply(facts.DeliverySkipped(alert, DEF))
        before = len(book.find(Sms))
        clock.forward(900)
        for _ in range(2):
            book.apply(facts.ReportDue(alert))

        told = f"Alert {alert}: 1 of 3 acknowledged; not reached: DEF-CERT; still open: XYZ-CERT."
        assert [texts(book, n)[-1] for n in (OPERATOR, ABC_MOBILE)] == [told, told]
        first, again = texts(book, XYZ_MOBILE, SmsKind.ALERT)
        assert again == f"REMINDER: {first}"
        assert len(texts(book, GHI_MOBILE)) == 1
        assert len(book.find(Sms)) == before + 3

    def test_an_sms_that_has_not_left_is_reminder_enough(self, book: Book) -> None:
        alert = book.raises()
        book.apply(facts.ReportDue(alert))

        assert len(texts(book, XYZ_MOBILE)) == 1

    def test_a_reminder_that_has_not_left_is_dropped_with_the_alert(self, book: Book) -> None:
        alert = book.raises()
        leave(book)
        book.apply(facts.ReportDue(alert))
        book.apply(facts.AlertWithdrawn(alert))

        assert [s.state for s in book.find(Sms, number=XYZ_MOBILE, text=texts(book, XYZ_MOBILE)[1])] == [
            SmsState.FAILED
        ]

    def test_nothing_is_told_of_an_alert_that_has_closed(self, book: Book) -> None:
        alert = book.raises()
        for team in (DEF, GHI, XYZ):
            book.acknowledges(alert, team)
        before = book.find(Sms)
        book.apply(facts.ReportDue(alert))

        assert book.find(Sms) == before


class TestTheTimer:
    def test_tells_when_it_is_time_and_once_also_after_a_restart(
        self, book: Book, store: SqlStore, clock: ManualClock
    ) -> None:
        alert = book.raises()
        leave(book)
        clock.forward(899)
        FollowUp(store, book.ledger, 900, clock).look()
        assert book.alert(alert).reported_at is None
        clock.forward(1)
        for _ in range(2):
            FollowUp(store, book.ledger, 900, clock).look()

        assert book.alert(alert).reported_at == NOON + 900
        assert len(texts(book, XYZ_MOBILE)) == 2

    def test_an_alert_that_cannot_be_told_of_does_not_hold_up_the_next(
        self, book: Book, store: SqlStore, clock: ManualClock, caplog: pytest.LogCaptureFixture
    ) -> None:
        first, second = book.raises(), book.raises()
        with store.write() as tx:  # a moment that no calendar has
            tx.put(replace(book.alert(first), released_at=-1e18))
        leave(book)
        clock.forward(900)
        followup = FollowUp(store, book.ledger, 900, clock)
        followup.look()
        followup.look()

        assert book.alert(second).reported_at == NOON + 900
        assert caplog.text.count("ReportDue(alert=1) failed") == 1

    def test_outlives_a_store_that_is_away(
        self, book: Book, store: SqlStore, clock: ManualClock, caplog: pytest.LogCaptureFixture
    ) -> None:
        class Away:
            def read(self) -> contextlib.AbstractContextManager[None]:
                raise StoreAway("the database is locked")

            write = read

        FollowUp(Away(), book.ledger, 900, clock).look()  # type: ignore[arg-type]
        assert "the database is locked" in caplog.text

    def test_looks_until_it_is_cancelled(self, book: Book, store: SqlStore, clock: ManualClock) -> None:
        alert = book.raises()
        clock.forward(900)

        async def until_told() -> None:
            told, loop = asyncio.Event(), asyncio.get_running_loop()
            book.ledger.on_change(lambda: loop.call_soon_threadsafe(told.set))
            task = asyncio.create_task(FollowUp(store, book.ledger, 900, clock).run())
            await asyncio.wait_for(told.wait(), 20)
            task.cancel()

        asyncio.run(until_told())
        assert book.alert(alert).reported_at == NOON + 900


class TestACallerWhoseLineDropped:
    def test_hears_that_it_was_not_sent_and_how_to_go_on(self, book: Book) -> None:
        draft = book.records()
        for _ in range(2):
            book.apply(facts.CallerLost(draft))

        assert texts(book, ABC_MOBILE) == [
            f"The line dropped: alert {draft} of 2026-11-22 14:03 UTC was NOT sent. "
            "Call +4940808077555 and record it again, or ask the operators to release it."
        ]
        assert texts(book, OPERATOR) == []

    def test_hears_that_it_was_sent(self, book: Book) -> None:
        alert = book.raises()
        book.apply(facts.CallerLost(alert))

        assert texts(book, ABC_MOBILE) == [f"The line dropped: alert {alert} WAS sent, to 3 teams."]

    def test_of_a_team_without_a_mobile_is_known_to_the_operators(self, book: Book) -> None:
        draft = book.records(DEF)
        book.apply(facts.CallerLost(draft))

        assert ["was NOT sent" in text for text in texts(book, OPERATOR)] == [True]

    def test_who_had_cancelled_hears_nothing(self, book: Book) -> None:
        draft = book.records()
        book.apply(facts.AlertWithdrawn(draft))
        book.apply(facts.CallerLost(draft))

        assert book.find(Sms) == []


class TestWhatOperatorsSend:
    def test_goes_to_numbers_of_the_directory_and_to_operators_alone(self, book: Book) -> None:
        (sent,) = book.apply(facts.SmsWritten(XYZ_MOBILE, "Please call us")).sms
        assert (sent.team, sent.alert, sent.kind, sent.state) == (
            XYZ,
            None,
            SmsKind.WRITTEN,
            SmsState.QUEUED,
        )
        book.apply(facts.SmsWritten(OPERATOR, "A test"))
        with pytest.raises(Illegal, match="is neither in the directory nor an operator's"):
            book.apply(facts.SmsWritten("+4917199999", "Hello"))
        assert [s.number for s in book.find(Sms)] == [XYZ_MOBILE, OPERATOR]

    def test_again_is_a_new_sms_and_the_first_one_stays_on_record(self, book: Book) -> None:
        book.raises()
        (first,) = book.find(Sms, number=XYZ_MOBILE)
        book.apply(facts.SmsFailed(first.id, "refused"))
        (again,) = book.apply(facts.SmsRepeated(first.id)).sms

        assert (again.number, again.text, again.alert, again.kind, again.state) == (
            first.number,
            first.text,
            first.alert,
            first.kind,
            SmsState.QUEUED,
        )
        assert book.get(Sms, first.id).state is SmsState.FAILED

    def test_again_is_what_has_no_receipt_too_and_never_what_was_delivered(self, book: Book) -> None:
        book.raises()
        leave(book)
        (sent,) = book.find(Sms, number=XYZ_MOBILE)
        assert book.apply(facts.SmsRepeated(sent.id)).sms[0].state is SmsState.QUEUED
        book.apply(facts.SmsReceipt(f"m-{sent.id}", "delivered"))

        with pytest.raises(Illegal, match="is delivered: there is nothing to send again"):
            book.apply(facts.SmsRepeated(sent.id))

    def test_again_is_refused_where_there_is_nothing_to_say(self, book: Book, store: SqlStore) -> None:
        alert = book.raises()
        xyz, ghi = (book.find(Sms, number=n)[0].id for n in (XYZ_MOBILE, GHI_MOBILE))
        with pytest.raises(Illegal, match="there is no SMS 99; "):
            book.apply(facts.SmsRepeated(99))
        with pytest.raises(Illegal, match="is queued: there is nothing to send again"):
            book.apply(facts.SmsRepeated(xyz))
        book.apply(facts.SmsFailed(xyz, "refused"))
        book.apply(facts.SmsFailed(ghi, "refused"))
        with store.write() as tx:
            tx.drop(*tx.find(Number, number=GHI_MOBILE))
        with pytest.raises(Illegal, match="is neither in the directory nor"):
            book.apply(facts.SmsRepeated(ghi))
        book.apply(facts.AlertWithdrawn(alert))
        with pytest.raises(Illegal, match="which is withdrawn"):
            book.apply(facts.SmsRepeated(xyz))
