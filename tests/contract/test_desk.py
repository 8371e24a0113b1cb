"""The desk over a real store: who is calling."""

import pytest
from book import ACCOUNTS

from ivr.adapters.audio import Recordings
from ivr.adapters.pins import Pins
from ivr.adapters.store import SqlStore
from ivr.config import Settings
from ivr.domain.records import Account
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
