"""What is kept of alerts on real databases: for how long, what stays, and whether it is still what it was."""

import asyncio
import re
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest
from book import NOON, Book, ManualClock
from postgres import ON_BOTH

from ivr import bootstrap
from ivr.adapters.audio.recordings import Recordings
from ivr.adapters.store import SqlStore
from ivr.config import Settings
from ivr.domain import facts
from ivr.domain.facts import Illegal
from ivr.domain.records import (
    Account,
    Alert,
    AlertState,
    Call,
    Delivery,
    Entry,
    Leg,
    Outcome,
    Seal,
    Sms,
    SmsState,
    Source,
)
from ivr.ports import Records
from ivr.services import seals
from ivr.services.janitor import Janitor
from ivr.services.report import alert_document
from ivr.services.seals import Span

pytestmark = ON_BOTH

DAY = 86_400.0
KEPT_DAYS = 30
MOBILE = "+4917100003"
DEF, GHI, XYZ = "def-cert", "ghi-cert", "xyz-cert"


@pytest.fixture
def janitor(store: SqlStore, book: Book, clock: ManualClock) -> Janitor:
    return Janitor(store, book.ledger, KEPT_DAYS, clock)


def closed(book: Book) -> int:
    """An alert that has ended: one team heard it by phone, one has called in, one was not reached."""
    alert = book.raises()
    (sms, _) = book.find(Sms, alert=alert)
    book.apply(facts.SmsSubmitted(sms.id, ("m-1",)))
    call = book.rings(DEF, alert)
    book.answers(call)
    book.presses_1(call, alert, DEF)
    book.hangs_up(call)
    book.acknowledges(alert, XYZ)
    book.apply(facts.DeliverySkipped(alert, GHI))
    assert book.alert(alert).state is AlertState.CLOSED
    return alert


def files(recordings: Recordings) -> list[str]:
    return sorted(path.name for path in recordings.path("x").parent.glob("*.*"))


class TestErasure:
    def test_takes_recording_texts_and_whole_numbers_and_leaves_what_came_of_it(
        self, book: Book, recordings: Recordings, store: SqlStore
    ) -> None:
        alert = closed(book)
        delivery = book.delivery(alert, GHI)
        with store.write() as tx:
            tx.put(replace(delivery, number=MOBILE, beside=MOBILE, promised=MOBILE))
            tx.put(replace(book.alert(alert), callback=MOBILE))
        before = replace(book.alert(alert), callback="+4917…003")
        book.clock.forward(DAY)
        book.apply(facts.AlertErased(alert))

        assert book.alert(alert) == replace(before, erased_at=NOON + DAY)
        assert before.outcome is Outcome.INCOMPLETE
        assert files(recordings) == []
        assert {s.text for s in book.find(Sms, alert=alert)} == {""}
        kept = [r for kind in (Alert, Delivery, Call, Leg, Sms, Entry) for r in book.find(kind)]
        assert "+4940…002" in repr(kept)
        assert not re.findall(r"\+\d{6,}", repr(kept))
        assert book.delivery(alert, XYZ).acknowledged_by == "40713"

    def test_masks_the_number_for_questions(self, book: Book) -> None:
        alert = book.records()
        book.apply(facts.AlertReleased(alert, callback="+4940100001"))
        book.apply(facts.AlertWithdrawn(alert))
        book.apply(facts.AlertErased(alert))

        assert book.alert(alert).callback == "+4940…001"

    def test_an_sms_that_never_left_does_not_leave_any_more(self, book: Book) -> None:
        alert = closed(book)
        book.apply(facts.AlertErased(alert))

        assert SmsState.QUEUED not in {s.state for s in book.find(Sms, alert=alert)}
        for sms in book.find(Sms, alert=alert):
            with pytest.raises(Illegal, match="is erased with its alert"):
                book.apply(facts.SmsRepeated(sms.id))

    def test_leaves_other_alerts_alone_and_a_call_that_carried_two_until_both_are_gone(
        self, book: Book, recordings: Recordings
    ) -> None:
        first, second = book.raises(), book.raises()
        call = book.rings(DEF, first, second)
        number = book.call(call).number
        book.hangs_up(call)
        for alert in (first, second):
            book.apply(facts.AlertWithdrawn(alert))
        book.apply(facts.AlertErased(first))

        assert files(recordings) == ["2.wav", "2.wav.sha256"]
        assert book.call(call).number == number
        assert all(s.text for s in book.find(Sms, alert=second))
        book.apply(facts.AlertErased(second))
        assert book.call(call).number == "+4940…002"

    def test_every_take_of_an_alert_goes_and_no_other_alert_s(
        self, book: Book, recordings: Recordings
    ) -> None:
        for _ in range(11):
            draft = book.records()
        (recordings.path("x").parent / "1-level.wav").touch()
        book.records(replaces=1)
        book.apply(facts.AlertWithdrawn(1))
        book.apply(facts.AlertErased(1))

        assert draft == 11
        assert files(recordings) == sorted(f"{n}.wav{end}" for n in range(2, 12) for end in ("", ".sha256"))

    def test_an_open_alert_cannot_be_erased(self, book: Book, recordings: Recordings) -> None:
        alert = book.raises()
        with pytest.raises(Illegal, match="cannot be erased before it ends"):
            book.apply(facts.AlertErased(alert))

        assert files(recordings) == ["1.wav", "1.wav.sha256"]

    def test_an_erased_alert_is_offered_to_nobody_and_cannot_be_sent_again(
        self, book: Book, settings: Settings, store: SqlStore
    ) -> None:
        alert = closed(book)
        desk = bootstrap.desk(settings, store, book.ledger)
        assert [current.alert.id for current in desk.current(GHI)] == [alert]
        book.apply(facts.AlertErased(alert))

        assert desk.current(GHI) == []
        with pytest.raises(Illegal, match="is erased: there is nothing left to hear"):
            book.apply(facts.DeliveryRetried(alert, GHI))
        with store.read() as tx:
            assert alert_document(tx, alert)["erased_at"] == "2026-11-22T14:03:00Z"


class TestTheJanitor:
    def test_erases_what_was_kept_for_long_enough_and_nothing_sooner(
        self, book: Book, janitor: Janitor, clock: ManualClock
    ) -> None:
        alert, draft = closed(book), book.records()
        clock.forward(KEPT_DAYS * DAY - 1)
        janitor.look()
        assert {a.erased_at for a in book.find(Alert)} == {None}
        clock.forward(1)
        janitor.look()

        assert {a.erased_at for a in book.find(Alert)} == {clock.now}
        assert book.alert(alert).state is AlertState.CLOSED
        assert book.alert(draft).state is AlertState.WITHDRAWN
        assert book.journal().count("alert erased") == 2

    def test_does_not_wait_for_an_alert_that_nobody_is_called_about(
        self, book: Book, janitor: Janitor, clock: ManualClock, store: SqlStore
    ) -> None:
        old = closed(book)
        clock.forward(KEPT_DAYS * DAY + 1)
        other = book.records()
        with store.write() as tx:
            tx.put(replace(book.alert(other), source=Source.MAIL))
        book.apply(facts.AlertReleased(other))
        janitor.look()

        assert book.alert(old).erased_at is not None

    def test_waits_until_no_alert_is_open(self, book: Book, janitor: Janitor, clock: ManualClock) -> None:
        old = closed(book)
        clock.forward(KEPT_DAYS * DAY + 1)
        young = book.raises()
        janitor.look()
        assert book.alert(old).erased_at is None
        book.apply(facts.AlertWithdrawn(young))
        janitor.look()

        assert book.alert(old).erased_at is not None
        assert book.alert(young).erased_at is None

    def test_works_off_what_has_piled_up(self, book: Book, janitor: Janitor, clock: ManualClock) -> None:
        for _ in range(25):
            book.records()
        clock.forward(KEPT_DAYS * DAY)
        janitor.look()
        assert len(book.find(Alert, erased_at=None)) == 5
        janitor.look()
        assert book.find(Alert, erased_at=None) == []

    def test_one_that_the_disk_does_not_let_go_keeps_none_of_the_others(
        self,
        book: Book,
        janitor: Janitor,
        clock: ManualClock,
        recordings: Recordings,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        stuck, other = book.records(), book.records()
        recordings.path(f"{stuck}.wav").unlink()
        recordings.path(f"{stuck}.wav").mkdir()  # nothing that can be unlinked
        clock.forward(KEPT_DAYS * DAY)
        janitor.look()

        assert book.alert(other).erased_at is not None
        assert book.alert(stuck).erased_at is None
        assert f"alert {stuck} is not erased: the recording cannot be erased" in caplog.text

    def test_erases_nothing_unless_told_to(self, book: Book, store: SqlStore, clock: ManualClock) -> None:
        alert = closed(book)
        clock.forward(10_000 * DAY)
        Janitor(store, book.ledger, None, clock).look()

        assert book.alert(alert).erased_at is None
        assert book.find(Seal)

    def test_looks_until_it_is_cancelled(self, book: Book, janitor: Janitor, clock: ManualClock) -> None:
        alert = closed(book)
        clock.forward(KEPT_DAYS * DAY)

        async def story() -> None:
            erased = asyncio.Event()
            loop = asyncio.get_running_loop()
            book.ledger.on_change(lambda: loop.call_soon_threadsafe(erased.set))
            task = asyncio.create_task(janitor.run())
            await asyncio.wait_for(erased.wait(), 20)
            task.cancel()

        asyncio.run(story())
        assert book.alert(alert).erased_at is not None


def examine(store: SqlStore) -> seals.Report:
    with store.read() as tx:
        return seals.examine(tx)


class TestSeals:
    def test_a_journal_that_was_left_alone_is_whole_also_after_an_erasure(
        self, book: Book, store: SqlStore, clock: ManualClock
    ) -> None:
        alert = closed(book)
        seals.seal(store, clock())
        early = examine(store)
        book.apply(facts.AlertErased(alert))
        seals.seal(store, clock())
        seals.seal(store, clock())
        late = examine(store)

        assert (early.broken, early.unsealed, early.sealed) == ((), 0, late.sealed - 1)
        assert (late.broken, late.unsealed) == ((), 0)
        assert early.chain in late.chains
        assert len(book.find(Seal)) == 2

    def test_what_is_not_sealed_yet_is_said_so(self, book: Book, store: SqlStore) -> None:
        assert examine(store) == seals.Report(0, 0, (), seals.BEGIN, frozenset())
        book.records()
        assert (examine(store).sealed, examine(store).unsealed) == (0, 1)

    @pytest.mark.parametrize("act", ["change", "remove", "remove the last", "add"])
    def test_every_hand_in_the_journal_shows_and_where(
        self, act: str, book: Book, store: SqlStore, clock: ManualClock
    ) -> None:
        for _ in range(3):
            book.records()
            seals.seal(store, clock())
        book.records()
        with store.write() as tx:
            entry = tx.find(Entry)[1]
            match act:
                case "change":
                    tx.put(replace(entry, detail="never"))
                case "remove":
                    tx.drop(entry)
                case "remove the last":
                    tx.drop(*tx.find(Entry)[2:])
                case "add":
                    tx.drop(entry)
                    tx.put(replace(entry, what="alert closed"))

        assert examine(store).broken == (Span(3, 3) if act == "remove the last" else Span(2, 2),)

    def test_a_long_journal_is_sealed_in_parts(self, book: Book, store: SqlStore, clock: ManualClock) -> None:
        with store.write() as tx:
            tx.append(*(Entry(0, NOON + n, "SMS delivered") for n in range(2500)))
        seals.seal(store, clock())

        assert [seal.last for seal in book.find(Seal)] == [1000, 2000, 2500]
        assert (examine(store).sealed, examine(store).broken) == (2500, ())

    def test_of_two_services_one_seals(self, book: Book, store: SqlStore, clock: ManualClock) -> None:
        class Slow:
            """The store, as a service sees it that another one is quicker than."""

            read = staticmethod(store.read)

            @staticmethod
            def write() -> AbstractContextManager[Records]:
                seals.seal(store, clock())
                return store.write()

        book.records()
        seals.seal(Slow(), clock())

        assert (len(book.find(Seal)), examine(store).broken) == (1, ())

    def test_a_directory_s_lines_are_sealed_too(
        self, book: Book, store: SqlStore, clock: ManualClock
    ) -> None:
        with store.write() as tx:
            tx.add(Entry(0, NOON, "PIN issued", team="abc-cert", detail="UID 40712"))
            tx.put(Account("40799", "abc-cert"))
        seals.seal(store, clock())

        assert examine(store).sealed == 1


class TestCondition:
    def test_of_a_recording(self, recordings: Recordings, book: Book, tmp_path: Path) -> None:
        alert = book.records()
        path = recordings.path(book.alert(alert).audio)
        checksum = path.with_name("1.wav.sha256").read_text(encoding="ascii").split()[0]

        assert recordings.look("1.wav", checksum).condition == "intact"
        data = bytearray(path.read_bytes())
        data[-1] ^= 1
        path.write_bytes(data)
        assert recordings.look("1.wav", checksum).condition == "changed"
        path.unlink()
        assert recordings.look("1.wav", checksum).condition == "missing"
