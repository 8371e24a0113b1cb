"""What most tests need: a store with its tables, a directory of four teams, a ledger whose clock stands."""

import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from book import ACCOUNTS, CONFIGURATION, NUMBERS, TEAMS, Book, ManualClock

from ivr import bootstrap, config
from ivr.adapters.audio import Recordings
from ivr.adapters.store import SqlStore, migrate
from ivr.config import Settings
from ivr.services.ledger import Ledger

# A shell that runs the tests in the background has SIGINT ignored; the commands under test would inherit it.
signal.signal(signal.SIGINT, signal.default_int_handler)

hypothesis.settings.register_profile("tocsin", deadline=None)  # a busy machine is no failure
hypothesis.settings.load_profile("tocsin")


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that has run all migrations and holds the directory; to be copied, never opened."""
    path = tmp_path_factory.mktemp("migrated") / "tocsin.db"
    store = SqlStore(f"sqlite:///{path}")
    migrate.upgrade(store)
    with store.write() as tx:
        tx.put(*TEAMS)
        tx.put(*NUMBERS, *ACCOUNTS)
    store.close()
    return path


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    folder = tmp_path / "an install"
    folder.mkdir()
    file = folder / "tocsin.yaml"
    file.write_text(CONFIGURATION, encoding="utf-8")
    return config.load(file)


@pytest.fixture
def store(settings: Settings, migrated: Path) -> Iterator[SqlStore]:
    """With all tables, and the directory of book.TEAMS."""
    settings.state.mkdir()
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
