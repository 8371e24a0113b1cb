"""The record of mail that came in: who, when, and what became of it. Nothing of what it says.

Owns: the table `incoming`.
"""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ivr.bridge.intake.mail import Accepted, Mail
from ivr.bridge.store import BridgeStore
from ivr.domain.mail import Refused


class State(StrEnum):
    WAITING = "waiting"
    """On the disk; judged as soon as the hotline answers."""
    ACCEPTED = "accepted"
    REFUSED = "refused"
    BROKEN = "broken"
    """Trouble of our own has come of it again and again: see the log, then `tocsin mail retry`."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One mail."""

    id: str
    received_at: float
    sender: str
    """Of the envelope."""
    recipients: tuple[str, ...]
    octets: int
    tries: int
    state: State
    address: str | None
    """In From; of an accepted mail it is the team's."""
    team: str | None
    """Whose signature it bears, or, where it came to none, whose address it names."""
    signer: str | None
    kind: str | None
    alert: int | None
    late: bool
    reason: str | None
    detail: str | None
    warnings: tuple[str, ...]
    done_at: float | None


class Incoming:
    """Every method raises BridgeAway."""

    def __init__(self, store: BridgeStore) -> None:
        self._store = store

    def begin(self, mail: Mail) -> int:
        """It is about to be judged; how many times it was before."""
        with self._store.write() as db:
            db.execute(
                "INSERT OR IGNORE INTO incoming (id, received_at, sender, recipients, octets)"
                " VALUES (?, ?, ?, ?, ?)",
                (
                    mail.id,
                    mail.envelope.received_at,
                    mail.envelope.sender,
                    json.dumps(mail.envelope.recipients),
                    len(mail.raw),
                ),
            )
            before = db.execute("SELECT tries FROM incoming WHERE id = ?", (mail.id,)).fetchone()["tries"]
            db.execute("UPDATE incoming SET tries = tries + 1 WHERE id = ?", (mail.id,))
            return int(before)

    def put_back(self, key: str) -> None:
        """That the hotline was away is no trouble of the mail's."""
        with self._store.write() as db:
            db.execute("UPDATE incoming SET tries = tries - 1 WHERE id = ?", (key,))

    def accepted(self, mail: Mail, done: Accepted, alert: int, now: float) -> None:
        self._end(
            mail,
            State.ACCEPTED,
            now,
            team=done.team,
            kind=done.kind,
            alert=alert,
            late=done.late,
            warnings=json.dumps(done.warnings),
        )

    def refused(self, mail: Mail, refused: Refused, team: str | None, now: float) -> None:
        self._end(mail, State.REFUSED, now, team=team, reason=refused.reason, detail=refused.detail)

    def broken(self, key: str, detail: str, now: float) -> None:
        with self._store.write() as db:
            db.execute(
                "UPDATE incoming SET state = ?, detail = ?, done_at = ? WHERE id = ?",
                (State.BROKEN, detail, now, key),
            )

    def again(self, key: str) -> None:
        """It is to be judged anew, as if it had just come."""
        with self._store.write() as db:
            db.execute(
                "UPDATE incoming SET state = ?, tries = 0, reason = NULL, detail = NULL, done_at = NULL"
                " WHERE id = ?",
                (State.WAITING, key),
            )

    def all(self, state: str | None = None) -> list[Entry]:
        """In the order that they came."""
        with self._store.read() as db:
            rows = db.execute(
                "SELECT * FROM incoming WHERE ? IN (state, '') ORDER BY id", (state or "",)
            ).fetchall()
        return [_entry(row) for row in rows]

    def get(self, key: str) -> Entry | None:
        with self._store.read() as db:
            row = db.execute("SELECT * FROM incoming WHERE id = ?", (key,)).fetchone()
        return _entry(row) if row else None

    def sweep(self, before: float, now: float) -> None:
        """Forget mail that was dealt with and came before then, and signatures that are too old anyway."""
        with self._store.write() as db:
            db.execute("DELETE FROM incoming WHERE received_at < ? AND state != ?", (before, State.WAITING))
            db.execute("DELETE FROM signature WHERE until < ?", (now,))

    def _end(self, mail: Mail, state: State, now: float, **more: Any) -> None:
        values: dict[str, Any] = {
            "state": state,
            "address": mail.sender or None,
            "signer": mail.opened.signer if mail.opened else None,
            "done_at": now,
            **more,
        }
        names = ", ".join(f"{name} = :{name}" for name in values)
        with self._store.write() as db:
            db.execute(f"UPDATE incoming SET {names} WHERE id = :id", {**values, "id": mail.id})  # noqa: S608


def _entry(row: Any) -> Entry:
    values = dict(row)
    values["recipients"] = tuple(json.loads(values["recipients"]))
    values["warnings"] = tuple(json.loads(values["warnings"] or "[]"))
    values["state"] = State(values["state"])
    values["late"] = bool(values["late"])
    return Entry(**values)
