"""The enrolment of teams: each step with its check, and the access letter at its end.

Owns: what is issued, and that it is in the letter and, but for its hash, nowhere else. Which step follows
which the domain says.
"""

import secrets
from dataclasses import dataclass, replace
from typing import Protocol

from ivr.domain import enrol, words
from ivr.domain.enrol import AccessIssued, ContactCompleted, EnrolFact, KeyCertified
from ivr.domain.facts import Illegal
from ivr.domain.letter import Access, letter
from ivr.domain.mail import Standard
from ivr.domain.pin import random_pin, random_uid
from ivr.domain.publickey import openpgp_fingerprint
from ivr.domain.records import Account, Enrolment, Entry, MailKey, Number, Team, VerificationWord
from ivr.ports import Clock, Records, Store
from ivr.services.directory import BadEntry, PinHash
from ivr.services.report import NotThere

_FEW = 20
"""With fewer unused words, a letter brings new ones."""


class CodeIssue(Protocol):
    def secret(self) -> str: ...

    def uri(self, secret: str, uid: str, network: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter that is written, and of which nothing is on record yet."""

    team: Team
    to: Enrolment
    """As it is once the letter is issued."""
    text: str
    account: Account | None
    words: tuple[VerificationWord, ...]
    """Those that take the place of the team's; empty where they stay."""


class Enrolments:
    """`network` and `hotline`: as they stand in a letter. Every method raises StoreAway and NotThere."""

    def __init__(
        self, store: Store, pins: PinHash, codes: CodeIssue, network: str, hotline: str, clock: Clock
    ) -> None:
        self._store = store
        self._pins = pins
        self._codes = codes
        self._network = network
        self._hotline = hotline
        self._clock = clock

    def of(self, team: str) -> Enrolment:
        with self._store.read() as tx:
            return _enrolment(tx, team)

    def take(self, team: str, fact: EnrolFact) -> Enrolment:
        """One step. Raises Illegal where it is not its turn, BadEntry where its check fails."""
        with self._store.write() as tx:
            before = _enrolment(tx, team)
            if isinstance(fact, ContactCompleted) and (lacks := enrol.missing(tx.find(Number, team=team))):
                raise BadEntry(f"the contact data of {team} lack {lacks}; import them first")
            self._put(tx, enrol.decide(before, fact))
            if isinstance(fact, KeyCertified):
                _pin(tx, team, fact)
            return _enrolment(tx, team)

    def write(self, team: str, account: bool = True, with_code: bool = False) -> Letter:
        """Write a letter: with an account of a random UID and PIN, and one-time codes where they are wanted;
        or with new verification words alone. Raises Illegal.

        Nothing of it holds before `issue`: what cannot be sealed must not leave an account behind.
        """
        with self._store.read() as tx:
            to = enrol.decide(_enrolment(tx, team), AccessIssued())
            known = tx.get(Team, team)
            unused = [word for word in tx.find(VerificationWord, team=team) if word.call is None]
            uids = {account.uid for account in tx.find(Account)}
        assert known is not None
        fresh: tuple[VerificationWord, ...] = ()
        if not account or len(unused) < _FEW:
            drawn = words.drawn(secrets.randbelow)
            fresh = tuple(VerificationWord(team, n, word) for n, word in enumerate(drawn, 1))
        access = self._access(uids, with_code) if account else None
        text = letter(self._network, self._hotline, known.name, access, fresh or unused)
        return Letter(known, to, text, self._account(team, access), fresh)

    def issue(self, written: Letter) -> None:
        """What the letter says holds from now on. Raises Illegal where another letter was faster."""
        team, account = written.team.id, written.account
        with self._store.write() as tx:
            if account is not None and tx.get(Account, account.uid) is not None:
                raise Illegal(f"the UID {account.uid} was issued meanwhile; write the letter again")
            self._put(tx, enrol.decide(_enrolment(tx, team), AccessIssued()))
            if account is not None:
                tx.put(account)
                self._note(tx, "account issued", team, f"UID {account.uid}")
            if written.words:
                tx.drop(*tx.find(VerificationWord, team=team))
                tx.put(*written.words)
                self._note(tx, "verification words issued", team)

    def _access(self, taken: set[str], with_code: bool) -> Access:
        uid = random_uid(secrets.randbelow, taken)
        secret = self._codes.secret() if with_code else None
        uri = self._codes.uri(secret, uid, self._network) if secret else None
        return Access(uid, random_pin(secrets.randbelow, uid), secret, uri)

    def _account(self, team: str, access: Access | None) -> Account | None:
        if access is None:
            return None
        return Account(access.uid, team, self._pins.hash(access.pin), totp=access.totp)

    def _put(self, tx: Records, after: Enrolment) -> None:
        tx.put(after)
        self._note(tx, f"team is {after.state}", after.team)

    def _note(self, tx: Records, what: str, team: str, detail: str = "") -> None:
        tx.add(Entry(0, self._clock(), what, team=team, detail=detail))


def _enrolment(tx: Records, team: str) -> Enrolment:
    if tx.get(Team, team) is None:
        raise NotThere(f"there is no team {team}; `tocsin team list` shows those there are")
    return tx.get(Enrolment, team) or Enrolment(team)


def _pin(tx: Records, team: str, fact: KeyCertified) -> None:
    """A team has one OpenPGP key: where it takes part by mail, its alerts go to the new one as well. Raises
    BadEntry for a key that is not in ASCII armour."""
    before = tx.get(MailKey, team)
    if before is None or before.standard is not Standard.OPENPGP:
        return
    try:
        found = openpgp_fingerprint(fact.key)
    except ValueError as error:
        raise BadEntry(f"the key of {team}, which takes part by mail, {error}") from error
    if found != fact.fingerprint:
        raise BadEntry(f"the first key of the file has the fingerprint {found}; give a file with one key")
    tx.put(replace(before, fingerprint=found, key=fact.key))
