"""The door of the hotline: UID, PIN and one-time code.

Owns: that an unknown UID costs the same work as a wrong PIN, and that no digit which was keyed goes any
further than here, but the UID of an account that exists. Whether the caller is let in, the ledger says.
"""

import secrets
from dataclasses import dataclass
from hashlib import blake2b
from typing import Protocol

from ivr.domain import pin as rules
from ivr.domain.budget import Login
from ivr.domain.facts import LoginTried, PinChanged, PinTried
from ivr.domain.records import Account, ListenPin
from ivr.ports import Store
from ivr.services.ledger import Ledger

_SHARES = 1000
"""Budgets that unknown UIDs are dealt to: to a guesser each of them behaves as one that exists."""


class PinCheck(Protocol):
    def hash(self, pin: str) -> str: ...

    def matches(self, pin_hash: str | None, pin: str) -> bool:
        """Whether `pin` is the one; None stands for no account and takes the same time to be false."""
        ...


class CodeCheck(Protocol):
    def step_of(self, secret: str, code: str, now: float) -> int | None:
        """The time step that `code` is of; None where it is of none near `now`."""
        ...


@dataclass(frozen=True, slots=True)
class Entrance:
    """How an attempt went."""

    login: Login
    account: Account | None = None
    """Where it is IN."""


class Door:
    """Every method raises StoreAway. From any thread."""

    def __init__(self, store: Store, ledger: Ledger, pins: PinCheck, codes: CodeCheck) -> None:
        self._store = store
        self._ledger = ledger
        self._pins = pins
        self._codes = codes
        self._salt = secrets.token_bytes(16)

    def asks_code(self, uid: str) -> bool:
        """Whether this account logs in with a one-time code too. It is asked for whatever the PIN was."""
        account = self._account(uid)
        return account is not None and account.totp is not None

    def knock(self, call: str, uid: str, pin: str, code: str, mistakes: int) -> Entrance:
        """One attempt. `mistakes`: failures with this UID before, in this call."""
        account = self._account(uid)
        right = self._pins.matches(account.pin_hash if account else None, pin)
        step = None
        if account is not None and account.totp is not None:
            step = self._codes.step_of(account.totp, code, self._ledger.now())
            right = right and step is not None
        scope = account.uid if account else self._share(uid)
        tried = LoginTried(call, scope, account.uid if account else None, right, step, mistakes)
        login = self._ledger.apply(tried).login
        assert login is not None
        return Entrance(login, account if login is Login.IN else None)

    def may_listen(self, team: str, pin: str) -> bool:
        """Whether this is the team's listening PIN: whoever answers its phone may hear alerts by it."""
        with self._store.read() as tx:
            issued = tx.get(ListenPin, team)
        return self._pins.matches(issued.pin_hash if issued else None, pin)

    def confirm(self, call: str, account: Account, pin: str, mistakes: int) -> Login:
        """The PIN of somebody who is logged in, once more: who guesses at it here has the same budgets as at
        the log-in. `mistakes`: failures at this before, in this call."""
        current = self._account(account.uid)
        right = self._pins.matches(current.pin_hash if current else None, pin)
        login = self._ledger.apply(PinTried(call, account.uid, right, mistakes)).login
        assert login is not None
        return login

    def may_be_pin(self, account: Account, pin: str) -> bool:
        """Whether `change_pin` would take this one."""
        try:
            rules.pin(pin, account.uid)
        except ValueError:
            return False
        return True

    def change_pin(self, account: Account, pin: str) -> None:
        """Give the account another PIN. Raises ValueError with a sentence for one that may not be issued."""
        chosen = rules.pin(pin, account.uid)
        self._ledger.apply(PinChanged(account.uid, self._pins.hash(chosen)))

    def _account(self, uid: str) -> Account | None:
        with self._store.read() as tx:
            return tx.get(Account, uid)

    def _share(self, uid: str) -> str:
        """A UID that does not exist has a budget as well, or its absence would show. What was keyed may be a
        PIN in the wrong place, so that nothing of it is kept."""
        digest = blake2b(uid.encode(), key=self._salt, digest_size=4).digest()
        return f"?{int.from_bytes(digest) % _SHARES}"
