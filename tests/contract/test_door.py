"""The door over a real store: who is let in, who is called back, and that nobody can tell which."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pyotp
import pytest
from book import ACCOUNTS, Book, ManualClock

from ivr.adapters.pins import Pins
from ivr.adapters.store import SqlStore
from ivr.adapters.totp import Codes
from ivr.domain.budget import Guessing, Login
from ivr.domain.facts import CallBackDenied, Illegal
from ivr.domain.records import Account, Budget, Entry, Errand, ErrandKind, Number, Sms, Team
from ivr.services.door import Door
from ivr.services.ledger import Ledger

PIN, WRONG = "271828", "271829"
UID, WITHOUT_A_PIN = (account.uid for account in ACCOUNTS)
IN, REFUSED, HELD = Login
POLICY = Guessing()
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
OPERATOR = "+4917199999"


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


@pytest.fixture(scope="module")
def pin_hash() -> str:
    return Pins().hash(PIN)


@pytest.fixture
def door(store: SqlStore, ledger: Ledger, pins: Counted, pin_hash: str) -> Door:
    with store.write() as tx:
        tx.put(Account(UID, ACCOUNTS[0].team, pin_hash))
        tx.put(Number("abc-cert", 1, "+4917100001", sms=True))
    return Door(store, ledger, pins, Codes())


def knock(door: Door, pin: str = PIN, uid: str = UID, code: str = "", mistakes: int = 0) -> Login:
    return door.knock("c1", uid, pin, code, mistakes).login


def spend(door: Door, uid: str = UID) -> None:
    """Guess until the UID's budget is spent."""
    assert [knock(door, WRONG, uid) for _ in range(POLICY.uid.burst)] == [REFUSED] * POLICY.uid.burst


def called_back(book: Book) -> list[str]:
    return [errand.number for errand in book.find(Errand) if errand.kind is ErrandKind.CALLBACK]


def test_uid_and_pin_name_the_account(door: Door) -> None:
    entrance = door.knock("c1", UID, PIN, "", 0)
    assert entrance.account is not None
    assert (entrance.login, entrance.account.uid, entrance.account.team) == (IN, UID, "abc-cert")


@pytest.mark.parametrize(
    ("uid", "pin"), [(UID, WRONG), (UID, ""), (WITHOUT_A_PIN, PIN), ("99999", PIN), ("", "")]
)
def test_everybody_else_is_refused_by_the_same_work(door: Door, pins: Counted, uid: str, pin: str) -> None:
    entrance = door.knock("c1", uid, pin, "", 0)
    assert (entrance.login, entrance.account) == (REFUSED, None)
    assert pins.checks == 1


class TestBudgets:
    def test_a_spent_budget_says_the_same_to_the_right_pin_and_a_wrong_one_and_calls_back(
        self, door: Door, book: Book
    ) -> None:
        spend(door)
        assert knock(door, WRONG) is HELD
        assert called_back(book) == []
        entrance = door.knock("c1", UID, PIN, "", 0)
        assert (entrance.login, entrance.account) == (HELD, None)
        assert called_back(book) == ["+4940100001"]

    def test_another_account_gets_in_meanwhile(self, door: Door, book: Book, pin_hash: str) -> None:
        with book.store.write() as tx:
            tx.put(Account("40714", "abc-cert", pin_hash))
        spend(door)
        assert knock(door, uid="40714") is IN

    def test_twice_an_hour_each_time_at_the_next_number(
        self, door: Door, book: Book, clock: ManualClock
    ) -> None:
        spend(door)
        for _ in range(4):
            assert knock(door) is HELD
        assert called_back(book) == ["+4940100001", "+4917100001"]
        clock.forward(POLICY.calls_back_s)
        assert knock(door) is HELD
        assert len(called_back(book)) == 3

    def test_an_account_that_has_a_number_of_its_own_is_called_there(self, door: Door, book: Book) -> None:
        with book.store.write() as tx:
            tx.put(replace(book.get(Account, UID), callback="+4917100001"))
        spend(door)
        knock(door)
        assert called_back(book) == ["+4917100001"]

    def test_it_comes_back_one_by_one(self, door: Door, clock: ManualClock) -> None:
        spend(door)
        clock.forward(POLICY.uid.every_s - 1)
        assert knock(door, WRONG) is HELD
        clock.forward(2)
        assert [knock(door, WRONG), knock(door, WRONG)] == [REFUSED, HELD]

    def test_whoever_knows_the_pin_after_all_has_not_spent_anything(self, door: Door, book: Book) -> None:
        for _ in range(3 * POLICY.uid.burst):
            assert [knock(door, WRONG), knock(door, WRONG, mistakes=1)] == [REFUSED, REFUSED]
            assert knock(door, mistakes=2) is IN
        assert all(b.spent_until <= book.clock.now for b in book.find(Budget))

    def test_the_whole_network_has_one_that_unknown_uids_spend_too(
        self, door: Door, book: Book, ledger: Ledger
    ) -> None:
        told = [knock(door, WRONG, f"9{n:04}") for n in range(POLICY.network.burst + 1)]
        assert told == [*[REFUSED] * POLICY.network.burst, HELD]
        assert knock(door) is HELD
        assert called_back(book) == ["+4940100001"]

    def test_an_unknown_uid_is_held_as_one_that_exists_and_nothing_of_it_is_kept(
        self, door: Door, book: Book
    ) -> None:
        spend(door, "271828")
        assert knock(door, WRONG, "271828") is HELD
        assert "271828" not in repr([*book.find(Budget), *book.find(Entry)])

    def test_50_at_once_spend_it_to_the_last_count(self, door: Door, book: Book) -> None:
        with ThreadPoolExecutor(50) as callers:
            told = list(callers.map(lambda _: knock(door, WRONG), range(50)))
        assert (told.count(REFUSED), told.count(HELD)) == (POLICY.uid.burst, 50 - POLICY.uid.burst)
        assert knock(door) is HELD
        assert len(called_back(book)) == 1

    def test_operators_hear_of_it_once(self, store: SqlStore, door: Door, book: Book, ledger: Ledger) -> None:
        ledger._network = replace(ledger._network, operators=(OPERATOR,))
        spend(door)
        spend(door, "99999")
        knock(door, WRONG)
        told = [(sms.number, sms.text) for sms in book.find(Sms)]
        assert [number for number, _ in told] == [OPERATOR]
        assert UID in told[0][1]

    def test_who_was_called_and_did_not_ask_for_it_has_operators_told(
        self, door: Door, book: Book, ledger: Ledger
    ) -> None:
        ledger._network = replace(ledger._network, operators=(OPERATOR,))
        spend(door)
        knock(door)
        (errand,) = book.find(Errand)
        book.apply(CallBackDenied(errand.id))
        assert f"tocsin team pin {UID}" in book.find(Sms)[-1].text
        with pytest.raises(Illegal):
            book.apply(CallBackDenied(errand.id + 1))


def test_a_suspended_team_gets_no_alert_and_nobody_of_it_in(door: Door, book: Book) -> None:
    with book.store.write() as tx:
        tx.put(replace(book.get(Team, "abc-cert"), suspended=True))
    assert knock(door) is REFUSED
    assert set(book.states(book.raises("xyz-cert"))) == {"def-cert", "ghi-cert"}


class TestCodes:
    @pytest.fixture(autouse=True)
    def with_codes(self, door: Door, store: SqlStore, pin_hash: str) -> None:
        with store.write() as tx:
            tx.put(Account(UID, "abc-cert", pin_hash, totp=SECRET))

    def code(self, clock: ManualClock, later_s: float = 0) -> str:
        return pyotp.TOTP(SECRET).at(int(clock.now + later_s))

    def test_it_is_asked_for_where_the_account_has_one(self, door: Door) -> None:
        assert door.asks_code(UID)
        assert not door.asks_code(WITHOUT_A_PIN)
        assert not door.asks_code("99999")

    def test_pin_and_code_together_log_in(self, door: Door, clock: ManualClock) -> None:
        assert knock(door, code=self.code(clock)) is IN

    @pytest.mark.parametrize("code", ["", "000000", "12345", "1234567", "２７１８２８", "27182*"])
    def test_no_other_code_does(self, door: Door, code: str) -> None:
        assert knock(door, code=code) is REFUSED

    def test_a_right_code_does_not_make_up_for_a_wrong_pin(self, door: Door, clock: ManualClock) -> None:
        assert knock(door, WRONG, code=self.code(clock)) is REFUSED

    @pytest.mark.parametrize(("off_s", "login"), [(-60, REFUSED), (-30, IN), (30, IN), (60, REFUSED)])
    def test_the_clock_may_be_off_by_a_step(
        self, door: Door, clock: ManualClock, off_s: int, login: Login
    ) -> None:
        assert knock(door, code=self.code(clock, off_s)) is login

    def test_no_code_counts_twice_nor_does_an_older_one(self, door: Door, clock: ManualClock) -> None:
        assert knock(door, code=self.code(clock)) is IN
        assert knock(door, code=self.code(clock)) is REFUSED
        assert knock(door, code=self.code(clock, -30)) is REFUSED
        clock.forward(30)
        assert knock(door, code=self.code(clock)) is IN

    def test_of_50_at_once_with_the_same_code_one_gets_in(self, door: Door, clock: ManualClock) -> None:
        with ThreadPoolExecutor(50) as callers:
            told = list(callers.map(lambda _: knock(door, code=self.code(clock)), range(50)))
        assert told.count(IN) == 1


class TestChange:
    def test_the_new_pin_logs_in_and_the_old_one_does_not(self, door: Door, book: Book) -> None:
        account = book.get(Account, UID)
        assert door.confirm("c1", account, PIN, 0) is IN
        door.change_pin(account, "94610358")
        assert (knock(door, "94610358"), knock(door)) == (IN, REFUSED)
        assert door.confirm("c1", account, PIN, 0) is REFUSED
        assert "PIN changed by phone" in book.journal()

    def test_a_guess_at_the_present_pin_spends_the_budgets_of_the_log_in(
        self, door: Door, book: Book, pin_hash: str
    ) -> None:
        account = book.get(Account, UID)
        told = [door.confirm("c1", account, WRONG, n) for n in range(POLICY.uid.burst + 1)]
        assert told == [*[REFUSED] * POLICY.uid.burst, HELD]
        assert {b.scope for b in book.find(Budget)} == {UID, "network"}
        assert called_back(book) == []
        assert (door.confirm("c1", account, PIN, 0), knock(door)) == (HELD, HELD)
        assert called_back(book) == ["+4940100001", "+4917100001"]
        assert [what for what in book.journal() if "PIN" in what][:6] == [
            *["change of PIN failed"] * POLICY.uid.burst,
            "change of PIN held",
        ]

    def test_who_keys_it_right_after_all_has_not_spent_anything(self, door: Door, book: Book) -> None:
        account = book.get(Account, UID)
        assert (door.confirm("c1", account, WRONG, 0), door.confirm("c1", account, PIN, 1)) == (REFUSED, IN)
        assert all(b.spent_until <= book.clock.now for b in book.find(Budget))

    @pytest.mark.parametrize("weak", ["123456", "241265", "27182", UID + "99"])
    def test_a_weak_one_is_refused_and_the_old_one_stays(self, door: Door, book: Book, weak: str) -> None:
        with pytest.raises(ValueError, match="PIN"):
            door.change_pin(book.get(Account, UID), weak)
        assert knock(door) is IN
