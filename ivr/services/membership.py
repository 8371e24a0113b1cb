"""What operators do to a team or account that is in the directory already: unlock, suspend, remove.

Owns: what must be settled before a team may go. Each change is one transaction with its line in the journal.
"""

from dataclasses import replace

from ivr.domain.facts import Illegal
from ivr.domain.records import (
    NETWORK,
    OPEN,
    Account,
    Budget,
    Delivery,
    Enrolment,
    Entry,
    FailingKey,
    ListenPin,
    MailAddress,
    MailKey,
    Number,
    Team,
    VerificationWord,
)
from ivr.ports import Clock, Records, Store
from ivr.services.report import NotThere


class Membership:
    """Every method raises StoreAway and NotThere."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def unlock(self, uid: str | None) -> None:
        """Give back the failure budget of an account, or (None) of the whole network."""
        with self._store.write() as tx:
            team = _account(tx, uid).team if uid else None
            spent = tx.get(Budget, uid or NETWORK)
            if spent is not None:
                tx.drop(spent)
            self._note(tx, "failure budget given back", team, f"UID {uid}" if uid else "of the network")

    def suspend(self, team: str, is_suspended: bool) -> None:
        """A suspended team is called about no new alert, and nobody of it gets in."""
        with self._store.write() as tx:
            tx.put(replace(_team(tx, team), suspended=is_suspended))
            self._note(tx, "team suspended" if is_suspended else "team is back", team)

    def remove(self, team: str) -> None:
        """Take a team out of the directory, with all that is its own; the alerts and calls of old keep its
        name. Raises Illegal while an alert is open for it."""
        with self._store.write() as tx:
            known = _team(tx, team)
            for delivery in tx.find(Delivery, team=team, state=OPEN):
                raise Illegal(
                    f"alert {delivery.alert} is open for {team}; "
                    f"first: tocsin delivery skip {delivery.alert} {team}"
                )
            for account in tx.find(Account, team=team):
                tx.drop(*tx.find(Budget, scope=account.uid), account)
            for kind in (Number, VerificationWord, Enrolment, ListenPin, MailKey, MailAddress, FailingKey):
                tx.drop(*tx.find(kind, team=team))
            tx.drop(known)
            self._note(tx, "team removed", team)

    def remove_account(self, uid: str) -> str:
        """Take one account out of the directory; its team."""
        with self._store.write() as tx:
            account = _account(tx, uid)
            tx.drop(*tx.find(Budget, scope=uid), account)
            self._note(tx, "account removed", account.team, f"UID {uid}")
        return account.team

    def give_codes(self, uid: str, secret: str | None) -> None:
        """Have the account log in with one-time codes of this secret; None: with its PIN alone."""
        with self._store.write() as tx:
            account = _account(tx, uid)
            tx.put(replace(account, totp=secret, totp_step=0))
            what = "one-time codes issued" if secret else "one-time codes taken away"
            self._note(tx, what, account.team, f"UID {uid}")

    def call_back_at(self, uid: str, number: str | None) -> None:
        """Where the account is called back; None: at the numbers of its team in their order. Raises Illegal
        for a number that is none of its team's."""
        with self._store.write() as tx:
            account = _account(tx, uid)
            if number is not None and not tx.find(Number, team=account.team, number=number):
                raise Illegal(f"{number} is no number of {account.team}; import it first")
            tx.put(replace(account, callback=number))
            self._note(tx, "call back goes elsewhere", account.team, f"UID {uid}")

    def _note(self, tx: Records, what: str, team: str | None, detail: str = "") -> None:
        tx.add(Entry(0, self._clock(), what, team=team, detail=detail))


def _team(tx: Records, team: str) -> Team:
    found = tx.get(Team, team)
    if found is None:
        raise NotThere(f"there is no team {team}; `tocsin team list` shows those there are")
    return found


def _account(tx: Records, uid: str) -> Account:
    found = tx.get(Account, uid)
    if found is None:
        raise NotThere(f"there is no account {uid}; `tocsin team list` shows those there are")
    return found
