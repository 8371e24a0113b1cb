"""Who gets in, within one transaction: an attempt is checked against its budgets and charged to them at once.

Owns: which budgets an attempt counts against, and where an account is called back. What is decided, the
domain says. Knows no PIN.
"""

from dataclasses import replace

from ivr.domain import budget, facts, wording
from ivr.domain.budget import Attempt, Decision, Guessing, Login, Spent
from ivr.domain.errand import asked_at
from ivr.domain.facts import Illegal
from ivr.domain.records import NETWORK, Account, Budget, Entry, Errand, ErrandKind, Team
from ivr.ports import AtLeast, Records
from ivr.services.errands import Errands
from ivr.services.history import Network, phones
from ivr.services.outbox import Outbox

_POLICY = Guessing()

AccessFact = facts.LoginTried | facts.CallBackDenied | facts.PinTried | facts.PinChanged


class Access:
    def __init__(self, tx: Records, network: Network, errands: Errands, outbox: Outbox, now: float) -> None:
        self._tx = tx
        self._network = network
        self._errands = errands
        self._outbox = outbox
        self._now = now

    def apply(self, fact: AccessFact) -> Login | None:
        """What the caller is told, where one has tried to get in. Raises Illegal."""
        match fact:
            case facts.LoginTried():
                return self._tried(fact)
            case facts.PinTried():
                return self._pin_tried(fact)
            case facts.CallBackDenied():
                self._denied(fact)
            case facts.PinChanged():
                self._pin_changed(fact)
        return None

    def _tried(self, fact: facts.LoginTried) -> Login:
        account = self._tx.get(Account, fact.uid) if fact.uid is not None else None
        right = account is not None and fact.right and self._may_enter(account) and _is_fresh(account, fact)
        if account is not None and right and fact.step is not None:
            self._tx.put(replace(account, totp_step=fact.step))
        return self._judge(fact.call, "login", fact.scope, account, Attempt(right, fact.mistakes))

    def _pin_tried(self, fact: facts.PinTried) -> Login:
        account = self._tx.get(Account, fact.uid)
        right = account is not None and fact.right and self._may_enter(account)
        return self._judge(fact.call, "change of PIN", fact.uid, account, Attempt(right, fact.mistakes))

    def _judge(self, call: str, what: str, scope: str, account: Account | None, attempt: Attempt) -> Login:
        """Of 50 attempts at once, each is judged by what those before it have left."""
        calls_back = self._calls_back(account)
        before = Spent(self._spent(scope), self._spent(NETWORK), calls_back)
        decided = budget.decide(before, attempt, _POLICY, self._now)
        for of, was, is_now in (
            (scope, before.uid, decided.spent.uid),
            (NETWORK, before.network, decided.spent.network),
        ):
            if is_now != was:
                self._tx.put(Budget(of, is_now))
        if account is not None and decided.call_back:
            self._call_back(account, len(calls_back))
        self._tell(call, what, account, decided)
        return decided.login

    def _denied(self, fact: facts.CallBackDenied) -> None:
        """Somebody knows the PIN of an account, and it is not its owner."""
        errand = self._tx.get(Errand, fact.errand)
        account = self._tx.get(Account, errand.uid) if errand else None
        if account is None:
            raise Illegal(f"errand {fact.errand} is no call back to an account")
        self._note("call back was not asked for", account.team, f"UID {account.uid}")
        self._outbox.to_operators(wording.pin_known(account.uid, account.team))

    def _pin_changed(self, fact: facts.PinChanged) -> None:
        account = self._tx.get(Account, fact.uid)
        if account is None:
            raise Illegal(f"there is no account {fact.uid}")
        self._tx.put(replace(account, pin_hash=fact.pin_hash))
        self._note("PIN changed by phone", account.team, f"UID {account.uid}")

    def _may_enter(self, account: Account) -> bool:
        team = self._tx.get(Team, account.team)
        return team is not None and not team.suspended

    def _spent(self, scope: str) -> float:
        found = self._tx.get(Budget, scope)
        return found.spent_until if found else 0.0

    def _calls_back(self, account: Account | None) -> list[float]:
        """When this account was to be called back lately."""
        if account is None:
            return []
        since = self._now - _POLICY.calls_back_s
        asked = self._tx.find(Errand, kind=ErrandKind.CALLBACK, uid=account.uid, until=AtLeast(since))
        return [at for at in map(asked_at, asked) if at > since]

    def _call_back(self, account: Account, before: int) -> None:
        team = self._tx.get(Team, account.team)
        listed = phones(self._tx, self._network, team)
        open_now = [p.number for p in listed if p.hours.open_at(self._now)] or [p.number for p in listed]
        own = account.callback
        number = own if own in {p.number for p in listed} else budget.rings(open_now, before)
        if number is not None:
            self._errands.want(facts.ErrandWanted(ErrandKind.CALLBACK, number, account.team, account.uid))

    def _tell(self, call: str, what: str, account: Account | None, decided: Decision) -> None:
        if decided.login is Login.IN:
            return
        team = account.team if account else None
        of = f"UID {account.uid}" if account else "unknown UID"
        how = "failed" if decided.login is Login.WRONG else "held"
        self._tx.add(Entry(0, self._now, f"{what} {how}", team=team, call=call, detail=of))
        if decided.ran_out:
            every = _POLICY.network.left(decided.spent.network, self._now) == 0
            if every or account is not None:
                about = None if every or account is None else account.uid
                self._outbox.to_operators(wording.guessed_at(about, team))

    def _note(self, what: str, team: str, detail: str) -> None:
        self._tx.add(Entry(0, self._now, what, team=team, detail=detail))


def _is_fresh(account: Account, fact: facts.LoginTried) -> bool:
    """Whether its one-time code, where it has them, has not been used before."""
    return account.totp is None or (fact.step is not None and fact.step > account.totp_step)
