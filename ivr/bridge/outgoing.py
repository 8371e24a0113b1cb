"""The queue of mail that goes out: one row a recipient, so that one's failure is nobody else's.

Owns: the table `outgoing`, and when a mail is tried again.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ivr.bridge.store import BridgeStore

_FIRST_PAUSE_S = 30.0
_LONGEST_PAUSE_S = 1800.0
_GIVEN_UP_S = 2 * 86_400.0
"""RFC 5321 (4.5.4.1) would have four days; an alert of so long ago is no alert."""

_CAME_BACK = "it has come back; look at the mail server's report"


class Kind(StrEnum):
    ALERT = "alert"
    NOTICE = "notice"
    """That there is an alert, without content: to a member whose key cannot be used."""
    ANSWER = "answer"
    """What became of a mail that was taken."""
    REFUSAL = "refusal"
    """Why one was not."""
    REPORT = "report"
    """Who is missing, to the originator."""
    WITHDRAWAL = "withdrawal"
    """That an alert does not hold any more, to those who had it."""
    KEY = "key"
    """That the team's key fails, or soon will."""


class State(StrEnum):
    QUEUED = "queued"
    SENT = "sent"
    """A mail server has it."""
    FAILED = "failed"


def pause_s(tries: int) -> float:
    """After so many tries that came to nothing: twice as long each time."""
    return min(_FIRST_PAUSE_S * 2.0 ** min(tries, 16), _LONGEST_PAUSE_S)


@dataclass(frozen=True, slots=True)
class Line:
    """One mail to one member."""

    id: int
    kind: Kind
    about: str
    """What it is about: of one kind, a member gets one mail about one thing."""
    alert: int | None
    team: str
    address: str
    state: State
    tries: int
    queued_at: float
    due_at: float
    sent_at: float | None
    reason: str | None


class Outgoing:
    """Every method raises BridgeAway."""

    def __init__(self, store: BridgeStore) -> None:
        self._store = store

    def add(
        self, kind: Kind, about: str, alert: int | None, team: str, address: str, message: bytes, now: float
    ) -> bool:
        """Queue a whole message; False when there is one of this kind, about this and to this team."""
        return self._insert(kind, about, alert, team, address, message, State.QUEUED, None, now)

    def add_failed(
        self, kind: Kind, about: str, alert: int | None, team: str, address: str, reason: str, now: float
    ) -> bool:
        """One that cannot even be written, on record."""
        return self._insert(kind, about, alert, team, address, None, State.FAILED, reason, now)

    def teams(self, kind: Kind, about: str, state: State | None = None) -> set[str]:
        """Who has, or will have, one of this kind about this; or whose is in this state."""
        with self._store.read() as db:
            rows = db.execute(
                "SELECT team FROM outgoing WHERE kind = ? AND about = ? AND ? IN (state, '')",
                (kind, about, state or ""),
            )
            return {str(row["team"]) for row in rows}

    def count(self, kind: Kind, team: str, since: float) -> int:
        """How many of this kind the team was written since then."""
        with self._store.read() as db:
            row = db.execute(
                "SELECT count(*) FROM outgoing WHERE kind = ? AND team = ? AND queued_at >= ?",
                (kind, team, since),
            ).fetchone()
            return int(row[0])

    def due(self, now: float, most: int) -> list[Line]:
        """What is to be sent now: alerts first."""
        with self._store.read() as db:
            rows = db.execute(
                "SELECT * FROM outgoing WHERE state = ? AND due_at <= ? ORDER BY kind != 'alert', id LIMIT ?",
                (State.QUEUED, now, most),
            ).fetchall()
        return [_line(row) for row in rows]

    def message(self, line: Line) -> bytes | None:
        """The whole message, as long as it waits; None if it does no longer."""
        with self._store.read() as db:
            where = (line.id, State.QUEUED)
            row = db.execute("SELECT message FROM outgoing WHERE id = ? AND state = ?", where).fetchone()
        return row["message"] if row else None

    def next_due(self) -> float | None:
        """When there is something to send; None for nothing."""
        with self._store.read() as db:
            row = db.execute("SELECT min(due_at) FROM outgoing WHERE state = ?", (State.QUEUED,)).fetchone()
            return None if row[0] is None else float(row[0])

    def sent(self, key: int, now: float) -> None:
        """A mail server has it: its content is not kept any longer. It may have come back before that is on
        the disk."""
        with self._store.write() as db:
            db.execute("UPDATE outgoing SET sent_at = ?, message = NULL WHERE id = ?", (now, key))
            db.execute(
                "UPDATE outgoing SET state = ?, reason = NULL WHERE id = ? AND reason IS NOT ?",
                (State.SENT, key, _CAME_BACK),
            )

    def failed(self, key: int, reason: str) -> None:
        self._update(key, state=State.FAILED, message=None, reason=reason)

    def put_off(self, line: Line, reason: str, now: float) -> None:
        """It is tried again, or given up after two days."""
        if now - line.queued_at > _GIVEN_UP_S:
            self.failed(line.id, f"given up: {reason}")
        else:
            self._update(line.id, tries=line.tries + 1, due_at=now + pause_s(line.tries), reason=reason)

    def recall(self, alert: str) -> None:
        """The alert is withdrawn: what waits of it is not sent any more."""
        with self._store.write() as db:
            db.execute(
                "UPDATE outgoing SET state = ?, message = NULL, reason = ?"
                " WHERE kind IN (?, ?) AND about = ? AND state = ?",
                (State.FAILED, "the alert was withdrawn", Kind.ALERT, Kind.NOTICE, alert, State.QUEUED),
            )

    def came_back(self, key: int) -> None:
        """A mail has come back (RFC 3464)."""
        with self._store.write() as db:
            db.execute(
                "UPDATE outgoing SET state = ?, message = NULL, reason = ? WHERE id = ? AND state != ?",
                (State.FAILED, _CAME_BACK, key, State.FAILED),
            )

    def untold(self, most: int) -> list[Line]:
        """Mail about alerts whose state the hotline does not know yet."""
        with self._store.read() as db:
            rows = db.execute(
                "SELECT * FROM outgoing WHERE kind = ? AND told IS NOT state ORDER BY id LIMIT ?",
                (Kind.ALERT, most),
            ).fetchall()
        return [_line(row) for row in rows]

    def told(self, line: Line) -> None:
        """The hotline knows that it was in the state of `line`."""
        self._update(line.id, told=line.state)

    def all(self, alert: int | None = None, state: str | None = None) -> list[Line]:
        with self._store.read() as db:
            rows = db.execute(
                "SELECT * FROM outgoing WHERE ? IN (alert, -1) AND ? IN (state, '') ORDER BY id",
                (-1 if alert is None else alert, state or ""),
            ).fetchall()
        return [_line(row) for row in rows]

    def sweep(self, before: float) -> None:
        """Forget what was queued before then and waits no longer; but not what was told of a key: it would be
        told again."""
        with self._store.write() as db:
            db.execute(
                "DELETE FROM outgoing WHERE queued_at < ? AND state != ? AND kind != ?",
                (before, State.QUEUED, Kind.KEY),
            )

    def _insert(self, *values: Any) -> bool:
        kind, about, alert, team, address, message, state, reason, now = values
        with self._store.write() as db:
            done = db.execute(
                "INSERT OR IGNORE INTO outgoing (kind, about, alert, team, address, message, state, reason,"
                " queued_at, due_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (kind, about, alert, team, address, message, state, reason, now, now),
            )
            return done.rowcount == 1

    def _update(self, key: int, **values: Any) -> None:
        names = ", ".join(f"{name} = :{name}" for name in values)
        with self._store.write() as db:
            db.execute(f"UPDATE outgoing SET {names} WHERE id = :key", {**values, "key": key})  # noqa: S608


def _line(row: Any) -> Line:
    return Line(
        row["id"],
        Kind(row["kind"]),
        row["about"],
        row["alert"],
        row["team"],
        row["address"],
        State(row["state"]),
        row["tries"],
        row["queued_at"],
        row["due_at"],
        row["sent_at"],
        row["reason"],
    )
