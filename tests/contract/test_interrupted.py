"""Who is told, at the next start, what became of a call that was up when the service went down."""

import sqlite3
from contextlib import closing

import pytest
from book import Book, ManualClock

from ivr import bootstrap
from ivr.adapters.store import SqlStore
from ivr.config import Settings
from ivr.domain import facts
from ivr.domain.records import Number, Sms
from ivr.services.interrupted import Interrupted
from ivr.services.ledger import Ledger


@pytest.fixture
def interrupted(settings: Settings, store: SqlStore, ledger: Ledger) -> Interrupted:
    return bootstrap.interrupted(settings, store, bootstrap.desk(settings, store, ledger))


class TestWhoWasOnTheLineWhenTheServiceWentDown:
    """What `adopt` tells them at the next start."""

    @pytest.fixture(autouse=True)
    def mobile(self, book: Book) -> None:
        with book.store.write() as tx:
            tx.put(Number("abc-cert", 1, "+4917100001", sms=True))

    @pytest.fixture
    def caller(self, book: Book) -> str:
        """A call to the hotline, logged in as abc-cert."""
        book.apply(facts.CallCameIn("in-1", "sip-a"))
        book.apply(facts.TeamIdentified("in-1", "abc-cert"))
        return "in-1"

    def told(self, book: Book) -> list[str]:
        return [sms.text.partition(".")[0] for sms in book.find(Sms, number="+4917100001")]

    def test_is_told_once_that_the_draft_was_not_sent(
        self, interrupted: Interrupted, book: Book, caller: str
    ) -> None:
        book.clock.forward(30)
        draft = book.records()
        for _ in range(2):
            interrupted.adopt()
        assert self.told(book) == [f"The line dropped: alert {draft} of 2026-11-22 14:03 UTC was NOT sent"]

    def test_is_told_that_it_was_sent_if_it_was(
        self, interrupted: Interrupted, book: Book, caller: str
    ) -> None:
        alert = book.raises()
        interrupted.adopt()
        assert self.told(book) == [f"The line dropped: alert {alert} WAS sent, to 3 teams"]

    def test_hears_nothing_of_older_drafts_and_of_those_of_others(
        self, interrupted: Interrupted, book: Book, clock: ManualClock
    ) -> None:
        book.records()
        clock.forward(30)
        for call, team in (("in-1", "abc-cert"), ("in-2", "xyz-cert")):
            book.apply(facts.CallCameIn(call, "sip-a"))
            book.apply(facts.TeamIdentified(call, team))
        interrupted.adopt()
        assert book.find(Sms) == []

    def test_who_had_hung_up_before_knows_already(
        self, interrupted: Interrupted, book: Book, caller: str
    ) -> None:
        book.records()
        book.hangs_up(caller)
        interrupted.adopt()
        assert book.find(Sms) == []

    def test_where_the_store_takes_no_sms_nobody_is_told_and_the_service_starts(
        self,
        interrupted: Interrupted,
        book: Book,
        caller: str,
        settings: Settings,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        book.records()
        with closing(sqlite3.connect(settings.state / "tocsin.db")) as other:
            other.execute("ALTER TABLE sms RENAME TO gone")
        interrupted.adopt()
        assert "who was on the line is not told by SMS" in caplog.text
