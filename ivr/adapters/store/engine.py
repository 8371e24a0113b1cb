"""How a database is connected to: what a commit means there, who may write, how long one waits.

Owns: all that differs between SQLite and PostgreSQL. Knows no tables and no records.

Both give the same: one writer at a time, readers that see one moment and wait for nobody, a commit that is on
the disk when it returns, and no wait for others without an end. The database alone holds all of that, nothing
of it this process: any number of processes may share one store, and with PostgreSQL any number of machines.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, NotSupportedError

from ivr.config import BadConfig
from ivr.ports import DiskFull, StoreAway, StoreRefused

READS = "tocsin_reads"
"""Execution option of a connection: its transactions only read."""

_WAIT_S = 5
"""How long a transaction waits for another one, or for a connection; then StoreAway. Callers speak and retry
in between."""

_WRITER = int.from_bytes(b"tocsin")
"""The advisory lock that whoever writes holds; its scope is the one database."""


@dataclass(frozen=True, slots=True)
class _Dialect:
    session: tuple[str, ...]
    """Said once on each new connection."""
    write: str
    """Begins a transaction that may change state."""
    read: str
    """Begins one that only reads."""
    connect: Mapping[str, Any]
    """Arguments of the driver's connect()."""
    engine: Mapping[str, Any] = field(default_factory=dict)


_SQLITE = _Dialect(
    session=("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "PRAGMA foreign_keys=ON"),
    # A transaction that reads first and writes later would fail as soon as another one wrote in between.
    write="BEGIN IMMEDIATE",
    read="BEGIN",
    # isolation_level: the driver must not begin transactions behind our back.
    connect={"timeout": _WAIT_S, "isolation_level": None},
)

_POSTGRESQL = _Dialect(
    session=(
        f"SET lock_timeout = '{_WAIT_S}s'",
        "SET synchronous_commit = on",
        # The lock of a writer whose machine has vanished from the network must not outlive it for long.
        "SET idle_in_transaction_session_timeout = '30s'",
    ),
    # A single lock, taken before anything else, cannot deadlock, and the server queues those who wait for it.
    # SERIALIZABLE would fail transactions to be run again, and ours are not only SQL: a recording gets its
    # final name within one. READ COMMITTED (below) makes each statement see what the writer before committed;
    # a snapshot as old as the wait for the lock would not.
    write=f"SELECT pg_advisory_xact_lock({_WRITER})",
    read="SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY",
    # keepalives: a server that vanished without a word is given up after about ten seconds.
    connect={
        "connect_timeout": _WAIT_S,
        "client_encoding": "utf8",
        "application_name": "tocsin",
        "keepalives_idle": 4,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": 10_000,
    },
    # pool_pre_ping: connections that a restart of the server has cut are replaced before they are used.
    engine={"isolation_level": "READ COMMITTED", "pool_pre_ping": True},
)

_DIALECTS = {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}
_FILE = "sqlite:///"


def connected(url: str) -> Engine:
    """The engine for `url` (SQLAlchemy form); connects when it is first used. Raises BadConfig."""
    parsed = _parsed(url)
    dialect = _DIALECTS[parsed.get_backend_name()]
    try:
        engine = create_engine(
            parsed,
            pool_size=20,
            max_overflow=40,
            pool_timeout=_WAIT_S,
            connect_args=dict(dialect.connect),
            **dialect.engine,
        )
    except ModuleNotFoundError as error:
        raise BadConfig("store: PostgreSQL needs psycopg: pip install 'tocsin[postgresql]'") from error

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, _: Any) -> None:
        for statement in dialect.session:
            connection.execute(statement)
        connection.commit()  # or what was set would end with the first transaction

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        reads = connection.get_execution_options().get(READS, False)
        connection.exec_driver_sql(dialect.read if reads else dialect.write)

    return engine


def _parsed(url: str) -> URL:
    if url.startswith(_FILE):
        # A path is taken as it is: make_url would make something else of a % or a ? in it.
        path = url[len(_FILE) :]
        if path:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        return URL.create("sqlite", database=path)
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # neither is repeated: it may hold a password
        raise BadConfig("store: is no SQLAlchemy URL; such as postgresql+psycopg:///tocsin") from None
    if parsed.get_backend_name() not in _DIALECTS:
        raise BadConfig(f"store: {parsed.get_backend_name()} is not supported; SQLite and PostgreSQL are")
    # SQLAlchemy's default for PostgreSQL is another driver than the one we are made for.
    return parsed.set(drivername="postgresql+psycopg") if "postgresql" in parsed.drivername else parsed


_REFUSALS = (IntegrityError, DataError, NotSupportedError)
"""What lies in the one record that was written. All else lies in the database: locked, gone, broken, or of
another version, and somebody may mend that."""


_FULL = ("SQLITE_FULL", "SQLITE_IOERR")
"""How the names of these errors begin. To SQLite a spent quota, or no room for its files, is an I/O error;
a disk that is really broken is not made worse by what we do about a full one."""


def trouble(error: DBAPIError) -> StoreAway | StoreRefused:
    """What the database said, as the error that our callers know. It tells no values: they may be whole
    numbers."""
    said: Any = error.orig
    if isinstance(error, _REFUSALS):
        name = getattr(said, "sqlite_errorname", type(said).__name__)
        refused = StoreRefused(f"the store does not take this, now or later: {name}")
        return refused.with_traceback(error.__traceback__)  # where it was, without the original's values
    if getattr(said, "sqlite_errorname", "").startswith(_FULL):
        return DiskFull(f"the store cannot write to its disk: {said}")
    # PostgreSQL tells the values of the row in the lines that follow the first.
    return StoreAway(f"the store does not answer: {str(said).strip().partition(chr(10))[0]}")
