"""The directory: which teams there are, their numbers and accounts, and how that changes.

Owns: the rules across teams (a number and a UID belong to one team), and the issue of PINs. A change is one
transaction with its lines in the journal, which never hold a number or a PIN. PINs are in no file: they are
issued, and only their hashes are kept.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Protocol

from ivr.domain.mail import Standard
from ivr.domain.numberclass import Refusal, emergency
from ivr.domain.pin import pin as issuable
from ivr.domain.pin import random_pin
from ivr.domain.records import Account, Enrolment, Entry, MailAddress, MailKey, Number, Team
from ivr.ports import Clock, Records, Store
from ivr.services import teamfile
from ivr.services.report import NotThere
from ivr.services.teamfile import TeamEntry


class BadEntry(Exception):
    """What was to be entered cannot stand in the directory. The message says what to change."""


class PinHash(Protocol):
    def hash(self, pin: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Changes:
    """What became of the entries."""

    added: tuple[Team, ...]
    changed: tuple[Team, ...]
    unchanged: tuple[Team, ...]
    renamed: tuple[Team, ...]
    """Those among them that are to be called by another name than before, or for the first time."""


class Directory:
    """Every method raises StoreAway; then nothing was changed."""

    def __init__(self, store: Store, pins: PinHash, clock: Clock, refusal: Refusal = emergency) -> None:
        self._refusal = refusal
        self._store = store
        self._pins = pins
        self._clock = clock

    def import_file(self, path: Path) -> Changes:
        """Take over the teams of the file, all or none; teams that are not in it stay. Raises BadFile."""
        entries = teamfile.read(path, refusal=self._refusal)
        with self._store.write() as tx:
            if taken := _taken(tx, entries):
                teamfile.read(path, taken)  # says at which line
            return self._put(tx, entries)

    def add(self, entry: TeamEntry) -> Changes:
        """Enter a new team. Raises BadEntry."""
        values = [number.number for number in entry.numbers] + list(entry.accounts or ())
        for value in values:
            if values.count(value) > 1:
                raise BadEntry(f"{value} is given twice")
        for number in entry.numbers:
            if (why := self._refusal(number.number)) is not None:
                raise BadEntry(f"{number.number} {why}")
        with self._store.write() as tx:
            if tx.get(Team, entry.team.id):
                raise BadEntry(f"team {entry.team.id} is there already; change it with `tocsin team import`")
            for value, owner in _taken(tx, [entry]).items():
                raise BadEntry(f"{value} belongs to team {owner} already")
            return self._put(tx, [entry])

    def issue_pin(self, uid: str, chosen: str | None = None) -> tuple[str, str]:
        """Give the account `uid` a new PIN, random unless chosen. Its team, and the PIN: kept nowhere else.

        Raises NotThere, and BadEntry for a PIN that may not be issued.
        """
        try:
            pin = random_pin(secrets.randbelow, uid) if chosen is None else issuable(chosen, uid)
        except ValueError as error:
            raise BadEntry(str(error)) from error
        pin_hash = self._pins.hash(pin)
        with self._store.write() as tx:
            account = tx.get(Account, uid)
            if account is None:
                raise NotThere(f"there is no account {uid}; `tocsin team list` shows those there are")
            tx.put(replace(account, pin_hash=pin_hash))
            self._note(tx, "PIN issued", account.team, f"UID {uid}")
        return account.team, pin

    def _put(self, tx: Records, entries: Sequence[TeamEntry]) -> Changes:
        before = {team.id: team for team in tx.find(Team)}
        done = {entry.team.id: _put_team(tx, entry, before.get(entry.team.id)) for entry in entries}
        for entry in entries:
            done[entry.team.id] += _put_numbers(tx, entry) + _put_mail(tx, entry)
        _put_accounts(tx, entries, done)
        for team, changes in done.items():
            if changes or team not in before:
                what = "team changed" if team in before else "team added"
                self._note(tx, what, team, ", ".join(changes))
        teams = [entry.team for entry in entries]
        return Changes(
            added=tuple(team for team in teams if team.id not in before),
            changed=tuple(team for team in teams if team.id in before and done[team.id]),
            unchanged=tuple(team for team in teams if team.id in before and not done[team.id]),
            renamed=tuple(team for team in teams if _called(team) != _called(before.get(team.id))),
        )

    def _note(self, tx: Records, what: str, team: str, detail: str) -> None:
        tx.add(Entry(0, self._clock(), what, team=team, detail=detail))


def _called(team: Team | None) -> str | None:
    return None if team is None else team.spoken or team.name


def _put_team(tx: Records, entry: TeamEntry, before: Team | None) -> list[str]:
    team = replace(entry.team, suspended=before.suspended if before else False)
    if team == before:
        return []
    tx.put(team)
    names = [field.name for field in fields(Team)] if before else []
    return [n.replace("_", "-") for n in names if getattr(team, n) != getattr(before, n)]


def _put_numbers(tx: Records, entry: TeamEntry) -> list[str]:
    """Make the team's numbers those of the entry. What is known of a number that stays is kept."""
    present = tx.find(Number, team=entry.team.id)
    flags = {number.number: number.unallocated_at for number in present}
    wanted = [replace(number, unallocated_at=flags.get(number.number)) for number in entry.numbers]
    if wanted == present:
        return []
    tx.drop(*present)
    tx.put(*wanted)
    return ["numbers"]


def _put_mail(tx: Records, entry: TeamEntry) -> list[str]:
    """Make key and addresses those of the entry. Raises BadEntry for another OpenPGP key than the team's
    letters are encrypted to: a team has one."""
    team = entry.team.id
    present = [*tx.find(MailKey, team=team), *tx.find(MailAddress, team=team)]
    wanted = [entry.mail.key, *entry.mail.addresses] if entry.mail else []
    if wanted == present:
        return []
    enrolled = tx.get(Enrolment, team)
    certified = enrolled.fingerprint if enrolled else None
    key = entry.mail.key if entry.mail else None
    if certified and key and key.standard is Standard.OPENPGP and key.fingerprint != certified:
        raise BadEntry(
            f"{team} is enrolled with the key {certified}; certify the other one first: "
            f"tocsin team enrol {team} --key FILE --fingerprint FINGERPRINT"
        )
    tx.drop(*present)
    tx.put(*wanted)
    return ["mail"]


def _put_accounts(tx: Records, entries: Sequence[TeamEntry], done: dict[str, list[str]]) -> None:
    """Make the teams' accounts those of the entries, and write into `done` what that changed.

    An account that comes to another team comes without its PIN: those who knew it stay behind.
    """
    wanted = {uid: entry.team.id for entry in entries for uid in entry.accounts or ()}
    present = {account.uid: account for account in tx.find(Account)}
    for entry in entries:
        if entry.accounts is not None:
            for account in present.values():
                if account.team == entry.team.id and wanted.get(account.uid) != entry.team.id:
                    tx.drop(account)
                    done[entry.team.id].append(f"account {account.uid} removed")
    for uid, team in wanted.items():
        if uid not in present or present[uid].team != team:
            tx.put(Account(uid, team))
            done[team].append(f"account {uid} added")


def _taken(tx: Records, entries: Sequence[TeamEntry]) -> dict[str, str]:
    """Which numbers and UIDs of the entries belong to another team, and stay with it."""
    numbers_go = {entry.team.id for entry in entries}
    accounts_go = {entry.team.id for entry in entries if entry.accounts is not None}
    numbers = {number.number for entry in entries for number in entry.numbers}
    uids = {uid: entry.team.id for entry in entries for uid in entry.accounts or ()}
    taken = {n.number: n.team for n in tx.find(Number) if n.number in numbers and n.team not in numbers_go}
    for account in tx.find(Account):
        if uids.get(account.uid, account.team) != account.team and account.team not in accounts_go:
            taken[account.uid] = account.team
    return taken | _taken_by_mail(tx, entries)


def _taken_by_mail(tx: Records, entries: Sequence[TeamEntry]) -> dict[str, str]:
    """Which addresses and fingerprints of the entries are pinned for a team that is not among them."""
    go = {entry.team.id for entry in entries}
    others = {a.address: a.team for a in tx.find(MailAddress) if a.team not in go}
    others |= {key.fingerprint: key.team for key in tx.find(MailKey) if key.team not in go}
    mails = [entry.mail for entry in entries if entry.mail]
    wanted = {m.key.fingerprint for m in mails} | {a.address for m in mails for a in m.addresses}
    return {value: team for value, team in others.items() if value in wanted}
