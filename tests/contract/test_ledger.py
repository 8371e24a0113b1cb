"""The ledger on a real store: the life of an alert, from the recording to its end."""

from dataclasses import replace

import pytest
from book import CALLED, NOON, TEAMS, Book, ManualClock
from postgres import ON_BOTH

from ivr.adapters.audio.recordings import Recordings
from ivr.adapters.store import SqlStore
from ivr.config import Settings
from ivr.domain import facts
from ivr.domain.facts import Illegal
from ivr.domain.records import (
    Account,
    Alert,
    AlertState,
    Delivery,
    DeliveryState,
    Entry,
    Leg,
    Number,
    Outcome,
    ReceiptState,
    Sms,
    SmsState,
    Source,
    Team,
)
from ivr.ports import StoreAway
from ivr.services.ledger import Ledger

pytestmark = ON_BOTH

D = DeliveryState
BUSY, UNALLOCATED = 17, 1
XYZ, XYZ_OFFICE, XYZ_MOBILE = "xyz-cert", "+4940100004", "+4917100004"


class TestRecording:
    def test_is_a_draft_of_the_team_until_it_is_sent(self, book: Book) -> None:
        draft = book.alert(book.records())

        assert (draft.state, draft.team, draft.team_name) == (AlertState.DRAFT, "abc-cert", "ABC-CERT")
        assert (draft.recorded_at, draft.duration_s, draft.uid) == (NOON, 2.0, "40712")
        assert book.find(Delivery) == []

    def test_alerts_are_numbered_in_their_order(self, book: Book) -> None:
        assert [book.records(), book.records(), book.records()] == [1, 2, 3]

    def test_again_takes_the_draft_s_place_and_leaves_the_first_take_on_disk(
        self, book: Book, recordings: Recordings
    ) -> None:
        first = book.records()
        before = book.alert(first)
        again = book.records(replaces=first)

        assert again == first
        after = book.alert(first)
        assert after.sha256 != before.sha256
        assert {before.audio, after.audio} == {"1.wav", "1-2.wav"}
        assert recordings.path(before.audio).exists()

    def test_cannot_take_the_place_of_what_was_sent(self, book: Book) -> None:
        sent = book.raises()
        with pytest.raises(Illegal, match="alert 1 is no draft: its recording stays"):
            book.records(replaces=sent)

    def test_of_a_team_that_is_not_in_the_directory_is_refused(self, book: Book) -> None:
        with pytest.raises(Illegal, match="team nobody is not in the directory"):
            book.records("nobody")

    def test_a_later_renaming_does_not_change_who_raised_it(self, book: Book, store: SqlStore) -> None:
        alert = book.raises()
        with store.write() as tx:
            tx.put(Team("abc-cert", "Renamed"))

        assert book.alert(alert).team_name == "ABC-CERT"


class TestRelease:
    def test_opens_a_delivery_to_every_other_team_due_at_once(self, book: Book) -> None:
        alert = book.raises()

        assert book.states(alert) == dict.fromkeys(CALLED, D.WAITING)
        assert {d.due_at for d in book.find(Delivery)} == {NOON}
        assert book.delivery(alert, XYZ).number == XYZ_OFFICE

    def test_tells_how_many_teams_are_called(self, book: Book) -> None:
        alert = book.records()

        applied = book.apply(facts.AlertReleased(alert))
        assert applied.alert is not None
        assert (applied.alert.state, applied.alert.released_at, applied.teams) == (
            AlertState.RELEASED,
            NOON,
            3,
        )

    def test_does_not_call_the_originator_unless_it_wishes(self, book: Book, store: SqlStore) -> None:
        with store.write() as tx:
            tx.put(replace(TEAMS[0], calls_itself=True))

        assert "abc-cert" in book.states(book.raises("abc-cert"))
        assert "def-cert" not in book.states(book.raises("def-cert"))

    def test_queues_an_sms_for_each_mobile_and_never_the_content(self, book: Book) -> None:
        alert = book.raises()

        sms = book.find(Sms)
        assert {(s.team, s.number) for s in sms} == {("ghi-cert", "+4917100003"), (XYZ, XYZ_MOBILE)}
        assert {s.text for s in sms} == {
            f"ALERT {alert} from ABC-CERT, 2026-11-22 14:03 UTC. Call +4940808077555 to listen."
        }
        assert {(s.state, s.due_at) for s in sms} == {(SmsState.QUEUED, NOON)}

    def test_twice_opens_nothing_twice(self, book: Book) -> None:
        alert = book.raises()
        before = book.everything()

        assert book.apply(facts.AlertReleased(alert)).teams == 3
        assert book.everything() == before
        assert len(book.find(Sms)) == 2

    def test_names_a_team_without_a_number_and_goes_on_for_the_others(
        self, book: Book, store: SqlStore
    ) -> None:
        with store.write() as tx:
            tx.put(Team("aaa-cert", "AAA-CERT"))
        alert = book.raises()

        assert book.alert(alert).state is AlertState.RELEASED
        assert book.delivery(alert, "aaa-cert").reason == "has no number in the directory"
        assert "team not reached" in book.journal()
        assert "alert closed" not in book.journal()

    def test_to_nobody_closes_at_once_and_claims_nothing(self, book: Book, store: SqlStore) -> None:
        with store.write() as tx:
            tx.drop(*tx.find(Number), *tx.find(Account))
            tx.drop(*TEAMS[1:])

        alert = book.alert(book.raises())
        assert (alert.state, alert.outcome) == (AlertState.CLOSED, Outcome.INCOMPLETE)

    def test_of_what_does_not_exist_is_refused(self, book: Book) -> None:
        with pytest.raises(Illegal, match="there is no alert 99"):
            book.apply(facts.AlertReleased(99))


class TestTheEnd:
    def test_everybody_has_acknowledged(self, book: Book, clock: ManualClock) -> None:
        alert = book.raises()
        clock.forward(60)
        for team in CALLED:
            assert book.alert(alert).state is AlertState.RELEASED
            book.acknowledges(alert, team)

        closed = book.alert(alert)
        assert (closed.state, closed.outcome, closed.closed_at) == (
            AlertState.CLOSED,
            Outcome.ALL_ACKNOWLEDGED,
            NOON + 60,
        )

    def test_every_number_was_spent(self, book: Book, clock: ManualClock) -> None:
        alert = book.raises()
        book.acknowledges(alert, "def-cert")
        book.acknowledges(alert, "ghi-cert")
        for _ in range(2):
            book.calls_in_vain(XYZ, alert, UNALLOCATED)

        assert book.delivery(alert, XYZ).reason == "every number is unallocated"
        assert book.alert(alert).outcome is Outcome.INCOMPLETE
        assert book.find(Entry, what="alert closed")[-1].detail == "missing: XYZ-CERT"

    def test_the_deadline_passes(self, book: Book, clock: ManualClock) -> None:
        alert = book.raises()
        book.acknowledges(alert, "def-cert")
        clock.forward(4 * 3600)
        book.apply(facts.AlertExpired(alert))

        assert book.states(alert) == {
            "def-cert": D.ACKNOWLEDGED,
            "ghi-cert": D.EXHAUSTED,
            XYZ: D.EXHAUSTED,
        }
        assert book.delivery(alert, XYZ).reason == "the deadline has passed"
        assert book.alert(alert).outcome is Outcome.INCOMPLETE

    def test_a_deadline_that_wakes_too_early_ends_nothing(self, book: Book, clock: ManualClock) -> None:
        alert = book.raises()
        clock.forward(4 * 3600 - 1)
        book.apply(facts.AlertExpired(alert))

        assert set(book.states(alert).values()) == {D.WAITING}

    def test_a_call_that_is_up_at_the_deadline_may_still_acknowledge(
        self, book: Book, clock: ManualClock
    ) -> None:
        alert = book.raises()
        call = book.rings(XYZ, alert)
        clock.forward(4 * 3600)
        book.apply(facts.AlertExpired(alert))
        assert book.alert(alert).state is AlertState.RELEASED

        book.presses_1(call, alert, XYZ)
        assert book.alert(alert).state is AlertState.CLOSED
        assert book.delivery(alert, XYZ).state is D.ACKNOWLEDGED

    def test_a_call_that_is_up_at_the_deadline_is_the_last_one(self, book: Book, clock: ManualClock) -> None:
        alert = book.raises()
        call = book.rings(XYZ, alert)
        clock.forward(4 * 3600)
        book.apply(facts.AlertExpired(alert))
        book.hangs_up(call, BUSY)

        assert book.delivery(alert, XYZ).reason == "the deadline has passed"
        assert book.alert(alert).state is AlertState.CLOSED

    def test_a_late_acknowledgement_completes_a_closed_alert(self, book: Book, clock: ManualClock) -> None:
        alert = book.raises()
        book.acknowledges(alert, "def-cert")
        book.acknowledges(alert, "ghi-cert")
        clock.forward(4 * 3600)
        book.apply(facts.AlertExpired(alert))
        closed_at = clock.now
        clock.forward(3600)
        book.acknowledges(alert, XYZ)

        done = book.alert(alert)
        assert (done.state, done.outcome, done.closed_at) == (
            AlertState.CLOSED,
            Outcome.ALL_ACKNOWLEDGED,
            closed_at,
        )


class TestOperators:
    def test_a_withdrawal_ends_every_open_delivery_and_leaves_what_was_acknowledged(self, book: Book) -> None:
        alert = book.raises()
        book.acknowledges(alert, "def-cert")
        call = book.rings(XYZ, alert)
        book.apply(facts.AlertWithdrawn(alert))
        book.hangs_up(call)

        assert book.alert(alert).state is AlertState.WITHDRAWN
        assert book.states(alert) == {
            "def-cert": D.ACKNOWLEDGED,
            "ghi-cert": D.WITHDRAWN,
            XYZ: D.WITHDRAWN,
        }

    def test_an_acknowledgement_that_crossed_the_withdrawal_stays_on_record(self, book: Book) -> None:
        alert = book.raises()
        call = book.rings(XYZ, alert)
        book.apply(facts.AlertWithdrawn(alert))
        book.presses_1(call, alert, XYZ)

        assert book.delivery(alert, XYZ).state is D.WITHDRAWN
        assert book.delivery(alert, XYZ).acknowledged_at == NOON

    def test_a_skipped_team_is_called_no_more(self, book: Book) -> None:
        alert = book.raises()
        call = book.rings(XYZ, alert)
        book.apply(facts.DeliverySkipped(alert, XYZ))
        book.hangs_up(call, BUSY)

        after = book.delivery(alert, XYZ)
        assert (after.state, after.reason, after.number) == (D.EXHAUSTED, "skipped by an operator", None)

    def test_an_alert_that_is_closed_calls_nobody_more_and_names_who_is_missing(self, book: Book) -> None:
        alert = book.raises()
        answered = book.rings("def-cert", alert)
        book.answers(answered)
        closed = book.apply(facts.AlertClosed(alert)).alert

        assert closed is not None and (closed.state, closed.outcome) == (
            AlertState.CLOSED,
            Outcome.INCOMPLETE,
        )
        reasons = {team: book.delivery(alert, team).reason for team in book.states(alert)}
        assert reasons == dict.fromkeys(book.states(alert), "closed by an operator")
        book.presses_1(answered, alert, "def-cert")
        assert book.delivery(alert, "def-cert").state is D.ACKNOWLEDGED

    def test_a_retry_reopens_a_closed_alert_with_a_deadline_of_its_own(
        self, book: Book, clock: ManualClock
    ) -> None:
        alert = book.raises()
        clock.forward(4 * 3600)
        book.apply(facts.AlertExpired(alert))
        clock.forward(60)
        book.apply(facts.DeliveryRetried(alert, XYZ))

        assert (book.alert(alert).state, book.alert(alert).outcome) == (AlertState.RELEASED, None)
        again = book.delivery(alert, XYZ)
        assert (again.state, again.number, again.due_at) == (D.WAITING, XYZ_OFFICE, clock.now)
        book.apply(facts.AlertExpired(alert))
        assert book.delivery(alert, XYZ).state is D.WAITING

    def test_a_retry_forgets_the_calls_before_it(self, book: Book, clock: ManualClock) -> None:
        alert = book.raises()
        for _ in range(2):
            book.calls_in_vain(XYZ, alert, UNALLOCATED)
        clock.forward(60)
        book.apply(facts.DeliveryRetried(alert, XYZ))
        book.calls_in_vain(XYZ, alert, BUSY)

        after = book.delivery(alert, XYZ)
        assert (after.number, after.due_at) == (XYZ_MOBILE, clock.now)
        assert [leg.n for leg in book.find(Leg, team=XYZ)] == [1, 2, 3]

    def test_a_retry_while_the_skipped_call_still_rings_waits_for_its_end(
        self, book: Book, clock: ManualClock
    ) -> None:
        alert = book.raises()
        call = book.rings(XYZ, alert)
        clock.forward(1)
        book.apply(facts.DeliverySkipped(alert, XYZ))
        book.apply(facts.DeliveryRetried(alert, XYZ))
        assert book.delivery(alert, XYZ).state is D.CALLING

        book.apply(facts.CallCancelled(call))
        book.hangs_up(call)
        assert book.delivery(alert, XYZ).state is D.WAITING

    def test_what_was_acknowledged_cannot_be_retried(self, book: Book) -> None:
        alert = book.raises()
        book.acknowledges(alert, XYZ)
        with pytest.raises(Illegal, match="acknowledged: DeliveryRetried cannot follow"):
            book.apply(facts.DeliveryRetried(alert, XYZ))


class TestSms:
    def test_goes_its_way_from_the_queue_to_the_receipt(self, book: Book, clock: ManualClock) -> None:
        book.raises()
        first = book.find(Sms)[0]
        book.apply(facts.SmsDeferred(first.id, "throttled"))
        assert book.get(Sms, first.id).due_at == NOON + 5

        clock.forward(5)
        book.apply(facts.SmsSubmitted(first.id, ("id-1", "id-2")))
        clock.forward(7)
        book.apply(facts.SmsReceipt("id-1", ReceiptState.DELIVERED))
        book.apply(facts.SmsReceipt("id-2", ReceiptState.DELIVERED))

        done = book.get(Sms, first.id)
        assert (done.state, done.submitted_at, done.receipt_at) == (SmsState.DELIVERED, NOON + 5, NOON + 12)
        assert [j for j in book.journal() if j.startswith("SMS")] == ["SMS submitted", "SMS delivered"]

    def test_a_receipt_that_belongs_to_none_of_ours_is_passed_over(self, book: Book) -> None:
        book.raises()
        first = book.find(Sms)[0]
        book.apply(facts.SmsSubmitted(first.id, ("id-17",)))
        for message_id in ("id-1", "id", "", "id-17 "):
            book.apply(facts.SmsReceipt(message_id, ReceiptState.DELIVERED))

        assert book.get(Sms, first.id).state is SmsState.SUBMITTED

    def test_an_sms_that_is_none_of_ours_is_passed_over(self, book: Book) -> None:
        book.apply(facts.SmsFailed(4711, "whatever"))


class TestJournal:
    def test_every_change_leaves_a_line_and_no_line_a_secret(self, book: Book) -> None:
        alert = book.raises()
        call = book.rings(XYZ, alert)
        book.hangs_up(call, BUSY)
        for team in CALLED:
            book.acknowledges(alert, team)

        assert book.journal() == [
            "alert recorded",
            "alert released",
            "call ended",
            "acknowledged",
            "acknowledged",
            "acknowledged",
            "alert closed",
        ]
        assert XYZ_OFFICE not in repr(book.find(Entry))

    def test_those_who_wait_are_told_after_each_commit(self, book: Book) -> None:
        seen: list[int] = []
        book.ledger.on_change(lambda: seen.append(len(book.find(Alert))))
        book.records()
        with pytest.raises(Illegal):
            book.apply(facts.AlertReleased(99))

        assert seen == [1]


class PowerCut:
    """Keeps a recording, and everything ends before the commit."""

    def __init__(self, recordings: Recordings) -> None:
        self._recordings = recordings

    def keep(self, alert: int, path: str) -> str:
        self._recordings.keep(alert, path)
        raise SystemExit


class TestCrash:
    """Between the file and the record there is no moment in which one of them lies."""

    def test_when_the_recording_is_gone_there_is_no_draft(self, book: Book, recordings: Recordings) -> None:
        gone = recordings.incoming / "gone.wav"
        with pytest.raises(StoreAway):
            book.apply(facts.AlertRecorded("abc-cert", None, Source.HOTLINE, str(gone), 2.0, "0" * 64))

        assert book.everything() == []

    def test_when_the_power_fails_before_the_commit_the_file_is_nobody_s_and_the_next_draft_does_not_get_it(
        self, settings: Settings, book: Book, recordings: Recordings, clock: ManualClock
    ) -> None:
        dying = Ledger(book.store, PowerCut(recordings), settings.policy, "+4940808077555", clock)
        with pytest.raises(SystemExit):
            Book(book.store, dying, clock, recordings.incoming).records()
        assert book.everything() == []

        orphan = recordings.path("1.wav").read_bytes()
        alert = book.alert(book.records())
        assert alert.audio != "1.wav"  # PostgreSQL has spent the number 1, SQLite has not
        assert recordings.path("1.wav").read_bytes() == orphan

    def test_a_draft_on_record_has_its_file_on_disk(self, book: Book, recordings: Recordings) -> None:
        alert = book.alert(book.records())

        assert recordings.path(alert.audio).exists()
