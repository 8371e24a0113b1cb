"""What the bridge keeps: which mail came and what became of it, signatures taken, mail that goes out.

Owns: an SQLite file of the bridge alone, and its tables. No content of a mail is in it but what is sealed.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import chain
from pathlib import Path

_WAIT_S = 5.0
_VERSION_1 = (
    """CREATE TABLE incoming (
        id TEXT PRIMARY KEY, received_at REAL NOT NULL, sender TEXT NOT NULL, recipients TEXT NOT NULL,
        octets INTEGER NOT NULL, tries INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL DEFAULT 'waiting',
        address TEXT, team TEXT, signer TEXT, kind TEXT, alert INTEGER, late INTEGER NOT NULL DEFAULT 0,
        reason TEXT, detail TEXT, warnings TEXT, done_at REAL
    )""",
    "CREATE INDEX incoming_by_time ON incoming (received_at)",
    "CREATE TABLE signature (id TEXT PRIMARY KEY, mail TEXT NOT NULL, until REAL NOT NULL)",
    """CREATE TABLE outgoing (
        id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, about TEXT NOT NULL, alert INTEGER,
        team TEXT NOT NULL, address TEXT NOT NULL, message BLOB, state TEXT NOT NULL DEFAULT 'queued',
        tries INTEGER NOT NULL DEFAULT 0, queued_at REAL NOT NULL, due_at REAL NOT NULL, sent_at REAL,
        reason TEXT, told TEXT,
        UNIQUE (kind, about, team)
    )""",
    "CREATE INDEX outgoing_by_state ON outgoing (state, due_at)",
)
_VERSION_2 = (
    "CREATE TABLE failing (what TEXT NOT NULL, team TEXT, days INTEGER NOT NULL, why TEXT NOT NULL)",
)
_VERSIONS = (_VERSION_1, _VERSION_2)
"""What makes each of the one before."""


class BridgeAway(Exception):
    """The bridge's database cannot take or give anything now. The message says why."""


class BridgeStore:
    """Raises BridgeAway. One instance serves all threads; each transaction has a connection of its own."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def make(self) -> None:
        """The tables that are not there yet."""
        with self.write() as db:
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version > len(_VERSIONS):
                raise BridgeAway(f"{self._file}: was made by a newer version of Tocsin; update this one")
            for statement in chain(*_VERSIONS[version:]):
                db.execute(statement)
            if version < len(_VERSIONS):
                db.execute(f"PRAGMA user_version = {len(_VERSIONS)}")

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One transaction, on the disk when it ends, or not at all."""
        with self._connected("BEGIN IMMEDIATE") as db:
            yield db

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        with self._connected("BEGIN") as db:
            yield db

    @contextmanager
    def _connected(self, begin: str) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self._file, timeout=_WAIT_S, isolation_level=None)) as db:
                db.row_factory = sqlite3.Row
                db.execute("PRAGMA journal_mode=WAL")
                db.execute("PRAGMA synchronous=FULL")
                db.execute(begin)
                try:
                    yield db
                except BaseException:
                    if db.in_transaction:
                        db.execute("ROLLBACK")
                    raise
                db.execute("COMMIT")
        except sqlite3.OperationalError as error:
            raise BridgeAway(f"{self._file}: {error}") from error

    def claim(self, signature: str, mail: str, until: float) -> bool:
        """See `ivr.bridge.intake.mail.Context.claim`."""
        with self.write() as db:
            db.execute("INSERT OR IGNORE INTO signature VALUES (?, ?, ?)", (signature, mail, until))
            found = db.execute("SELECT mail FROM signature WHERE id = ?", (signature,)).fetchone()
            return bool(found["mail"] == mail)
