"""The desk over a real store: who is calling."""

import pytest
from book import ACCOUNTS, Book, ManualClock

from ivr.adapters.audio import Recordings
from ivr.adapters.pins import Pins
from ivr.adapters.store import SqlStore
from ivr.config import Settings
from ivr.domain import facts
from ivr.domain.records import Account, Number, Sms
from ivr.services.desk import Desk
from ivr.services.ledger import Ledger

PIN = "271828"
UID, WITHOUT_A_PIN = (account.uid for account in ACCOUNTS)


class Counted(Pins):
    """Pins that keep count of the checks they made."""

    def __init__(self) -> None:
        super().__init__()
        self.checks = 0

    def matches(self, pin_hash: str | None, pin: str) -> bool:
        self.checks += 1
        return super().matches(pin_hash, pin)


@pytest.fixture
def pins() -> Counted:
    return Counted()


@pytest.fixture
def desk(settings: Settings, store: SqlStore, ledger: Ledger, recordings: Recordings, pins: Counted) -> Desk:
    with store.write() as tx:
        tx.put(Account(UID, ACCOUNTS[0].team, pins.hash(PIN)))
    return Desk(settings, store, ledger, recordings, pins)


def test_uid_and_pin_name_the_account(desk: Desk) -> None:
    account = desk.identify(UID, PIN)
    assert account is not None
    assert (account.uid, account.team) == (UID, "abc-cert")


@pytest.mark.parametrize(
    ("uid", "pin"), [(UID, "271829"), (UID, ""), (WITHOUT_A_PIN, PIN), ("99999", PIN), ("", "")]
)
def test_everybody_else_is_refused_by_the_same_work(desk: Desk, pins: Counted, uid: str, pin: str) -> None:
    assert desk.identify(uid, pin) is None
    assert pins.checks == 1


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

    def test_is_told_once_that_the_draft_was_not_sent(self, desk: Desk, book: Book, caller: str) -> None:
        book.clock.forward(30)
        draft = book.records()
        for _ in range(2):
            desk.adopt()
        assert self.told(book) == [f"The line dropped: alert {draft} of 2026-11-22 14:03 UTC was NOT sent"]

    def test_is_told_that_it_was_sent_if_it_was(self, desk: Desk, book: Book, caller: str) -> None:
        alert = book.raises()
        desk.adopt()
        assert self.told(book) == [f"The line dropped: alert {alert} WAS sent, to 3 teams"]

    def test_hears_nothing_of_older_drafts_and_of_those_of_others(
        self, desk: Desk, book: Book, clock: ManualClock
    ) -> None:
        book.records()
        clock.forward(30)
        for call, team in (("in-1", "abc-cert"), ("in-2", "xyz-cert")):
            book.apply(facts.CallCameIn(call, "sip-a"))
            book.apply(facts.TeamIdentified(call, team))
        desk.adopt()
        assert book.find(Sms) == []

    def test_who_had_hung_up_before_knows_already(self, desk: Desk, book: Book, caller: str) -> None:
        book.records()
        book.hangs_up(caller)
        desk.adopt()
        assert book.find(Sms) == []
