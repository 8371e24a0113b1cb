"""What most tests need: a store with its tables, a directory of four teams, a ledger whose clock stands."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from book import ACCOUNTS, CONFIGURATION, NUMBERS, TEAMS, Book, ManualClock
from postgres import HOW, Server, programs

from ivr import bootstrap, config
from ivr.adapters.audio.recordings import Recordings
from ivr.adapters.store import SqlStore, migrate
from ivr.adapters.taken import TakenFile
from ivr.config import Settings
from ivr.services.ledger import Ledger

# A shell that runs the tests in the background has SIGINT ignored; the commands under test would inherit it.
signal.signal(signal.SIGINT, signal.default_int_handler)

hypothesis.settings.register_profile("tocsin", deadline=None)  # a busy machine is no failure
hypothesis.settings.load_profile("tocsin")


MEMORY = Path("/dev/shm")  # noqa: S108 - only to make a folder of our own in it
ROOM = 4 << 30
"""Bytes that must be free there."""


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Keep what tests write in memory, where there is room: thousands of stores are synced to the disk, and a
    disk that stalls for seconds stalls calls, which are judged by what was heard in them."""
    if "PYTEST_XDIST_WORKER" in os.environ or not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < ROOM:
        return
    folder = tempfile.mkdtemp(prefix="t", dir=MEMORY)
    os.environ["TMPDIR"], tempfile.tempdir = folder, None
    config.stash[_FOLDER] = folder


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Memory is given back, but where there is something to look at."""
    folder = session.config.stash.get(_FOLDER, None)
    if folder and not exitstatus:
        shutil.rmtree(folder, ignore_errors=True)


_FOLDER = pytest.StashKey[str]()


def migrate_and_fill(url: str) -> None:
    store = SqlStore(url)
    migrate.upgrade(store)
    with store.write() as tx:
        tx.put(*TEAMS)
        tx.put(*NUMBERS, *ACCOUNTS)
    store.close()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that has run all migrations and holds the directory; to be copied, never opened."""
    path = tmp_path_factory.mktemp("migrated") / "tocsin.db"
    migrate_and_fill(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL that runs."""
    found = programs()
    if found is None:
        pytest.skip(HOW)
    server = Server(found)
    server.start()
    yield server
    server.stop()
    server.remove()


@pytest.fixture(scope="session")
def migrated_on_postgres(postgres: Server) -> str:
    """The name of a database as `migrated` is; to be copied, never opened."""
    name = postgres.create()
    migrate_and_fill(postgres.url(name))
    return name


@pytest.fixture
def backend(request: pytest.FixtureRequest) -> str:
    """What the store is on; postgres.ON_BOTH makes a test run on each."""
    return getattr(request, "param", "sqlite")


@pytest.fixture
def database(backend: str, request: pytest.FixtureRequest) -> Iterator[str | None]:
    """For PostgreSQL, the name of the database that the store is in."""
    if backend == "sqlite":
        yield None
        return
    server: Server = request.getfixturevalue("postgres")
    name = server.create(request.getfixturevalue("migrated_on_postgres"))
    yield name
    server.drop(name)


@pytest.fixture
def settings(tmp_path: Path, database: str | None, request: pytest.FixtureRequest) -> Settings:
    folder = tmp_path / "an install"
    folder.mkdir()
    file = folder / "tocsin.yaml"
    where = f"store: {request.getfixturevalue('postgres').url(database)}\n" if database else ""
    file.write_text(CONFIGURATION + where, encoding="utf-8")
    return config.load(file)


@pytest.fixture
def store(settings: Settings, database: str | None, migrated: Path) -> Iterator[SqlStore]:
    """With all tables, and the directory of book.TEAMS."""
    settings.state.mkdir()
    if database is None:
        shutil.copy(migrated, settings.state / "tocsin.db")
    opened = bootstrap.open_store(settings)
    yield opened
    opened.close()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def recordings(settings: Settings) -> Recordings:
    return bootstrap.recordings(settings)


@pytest.fixture
def ledger(settings: Settings, store: SqlStore, recordings: Recordings, clock: ManualClock) -> Ledger:
    return Ledger(store, recordings, settings.policy, settings.network.hotline, clock)


@pytest.fixture
def book(store: SqlStore, ledger: Ledger, clock: ManualClock, recordings: Recordings) -> Book:
    return Book(store, ledger, clock, recordings.incoming)


@pytest.fixture
def taken(settings: Settings) -> TakenFile:
    return bootstrap.taken(settings)
