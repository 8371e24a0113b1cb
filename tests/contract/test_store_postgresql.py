"""The store on PostgreSQL, where it differs from SQLite: a server that comes and goes, sessions, URLs."""

import json
import sys
import traceback
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest
from book import CONFIGURATION, TEAMS
from postgres import ON_POSTGRESQL, WITH_PASSWORD, Server
from sqlalchemy import event

from ivr.adapters.store import SqlStore, migrate
from ivr.adapters.store.engine import READS
from ivr.cli import main
from ivr.config import BadConfig
from ivr.domain.records import Number, Team
from ivr.ports import StoreAway, StoreRefused

pytestmark = ON_POSTGRESQL

NEW = Team("new-cert", "NEW-CERT")


def works(store: SqlStore) -> bool:
    with store.write() as tx:
        tx.put(NEW)
    with store.read() as tx:
        return tx.get(Team, "new-cert") == NEW


class TestTheServerIsAway:
    def test_then_nothing_works_until_it_is_back_and_then_everything_does(
        self, store: SqlStore, postgres: Server
    ) -> None:
        assert works(store)
        postgres.stop()
        try:
            with pytest.raises(StoreAway, match="the store does not answer"), store.read() as tx:
                tx.find(Team)
            with pytest.raises(StoreAway, match="the store does not answer"), store.write() as tx:
                tx.put(NEW)
            for ask in (migrate.upgrade, migrate.is_current):
                with pytest.raises(StoreAway, match="the store does not answer"):
                    ask(store)
        finally:
            postgres.start()

        assert works(store)

    def test_a_restart_between_two_transactions_is_not_noticed(
        self, store: SqlStore, postgres: Server
    ) -> None:
        assert works(store)
        postgres.stop()
        postgres.start()

        assert works(store)

    @pytest.mark.parametrize(
        "and_asks", [True, False], ids=["before the next statement", "before the commit"]
    )
    def test_what_it_takes_with_it_was_not_recorded(
        self, store: SqlStore, postgres: Server, and_asks: bool
    ) -> None:
        with ExitStack() as back, pytest.raises(StoreAway), store.write() as tx:
            tx.put(NEW)
            postgres.stop()
            back.callback(postgres.start)
            if and_asks:
                tx.find(Team)

        with store.read() as tx:
            assert tx.find(Team) == list(TEAMS)
        assert works(store)

    def test_it_has_no_connection_left(self, store: SqlStore, postgres: Server, database: str) -> None:
        with ExitStack() as others:
            with pytest.raises(psycopg.OperationalError):
                while True:
                    others.enter_context(postgres.connect(database))
            with pytest.raises(StoreAway, match="too many clients"), store.read() as tx:
                tx.find(Team)

        assert works(store)

    def test_somebody_works_on_a_table(self, store: SqlStore, postgres: Server, database: str) -> None:
        @event.listens_for(store.engine, "connect")
        def _(connection: "psycopg.Connection[object]", _: object) -> None:
            connection.execute("SET lock_timeout = 100")
            connection.commit()

        with postgres.connect(database) as other, other.transaction():
            other.execute("LOCK TABLE team")
            with pytest.raises(StoreAway, match="lock timeout"), store.read() as tx:
                tx.find(Team)
            with pytest.raises(StoreAway, match="lock timeout"), store.write() as tx:
                tx.put(NEW)

        assert works(store)

    def test_a_refusal_tells_nothing_of_what_was_refused(self, store: SqlStore) -> None:
        with pytest.raises(StoreRefused, match="ForeignKeyViolation") as refused, store.write() as tx:
            tx.put(Number("secret-cert", 0, "+4940808077555"))

        logged = "".join(traceback.format_exception(refused.value))
        assert "tx.put(Number(" in logged
        assert "4940808077555" not in logged.replace('tx.put(Number("secret-cert", 0, "+4940808077555"))', "")


class TestSessions:
    @pytest.mark.parametrize("reads", [True, False])
    def test_are_ours_whatever_the_server_prefers(self, store: SqlStore, reads: bool) -> None:
        with store.engine.connect().execution_options(**{READS: reads}) as connection:
            said = {
                name: connection.exec_driver_sql(f"SHOW {name}").scalar_one()
                for name in (
                    "synchronous_commit",
                    "lock_timeout",
                    "client_encoding",
                    "idle_in_transaction_session_timeout",
                    "transaction_isolation",
                    "transaction_read_only",
                )
            }
        assert said == {
            "synchronous_commit": "on",
            "lock_timeout": "5s",
            "client_encoding": "UTF8",
            "idle_in_transaction_session_timeout": "30s",
            "transaction_isolation": "repeatable read" if reads else "read committed",
            "transaction_read_only": "on" if reads else "off",
        }


class TestAddress:
    def test_names_no_other_driver_than_ours(self, postgres: Server, database: str) -> None:
        plain = SqlStore(postgres.url(database).replace("+psycopg", ""))
        assert works(plain)
        plain.close()

    def test_may_name_a_file_with_the_password(self, postgres: Server, database: str, tmp_path: Path) -> None:
        with postgres.connect(database) as own:
            own.execute(f"DROP ROLE IF EXISTS {WITH_PASSWORD}".encode())
            own.execute(f"CREATE ROLE {WITH_PASSWORD} SUPERUSER LOGIN PASSWORD 'p@ss:word'".encode())
        file = tmp_path / "pgpass"
        file.write_text(f"*:*:*:{WITH_PASSWORD}:p@ss\\:word\n", encoding="ascii")
        file.chmod(0o600)
        url = postgres.url(database, WITH_PASSWORD)

        knows, guesses = SqlStore(f"{url}&passfile={file}"), SqlStore(f"{url}&passfile=/nonexistent")
        assert works(knows)
        with pytest.raises(StoreAway, match="no password"), guesses.read() as tx:
            tx.find(Team)
        knows.close()
        guesses.close()

    @pytest.mark.parametrize(
        ("url", "why"),
        [
            ("mysql://tocsin:secret@/tocsin", "mysql is not supported"),
            ("postgresql://tocsin:secret@host:port/tocsin", "no SQLAlchemy URL"),
            ("secret", "no SQLAlchemy URL"),
        ],
    )
    def test_that_cannot_be_is_refused_and_not_repeated(self, url: str, why: str, backend: str) -> None:
        with pytest.raises(BadConfig, match=why) as refused:
            SqlStore(url)
        assert "secret" not in str(refused.value)

    def test_without_psycopg_is_refused(self, backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "psycopg", None)  # as where it is not installed
        with pytest.raises(BadConfig, match="pip install"):
            SqlStore("postgresql+psycopg:///tocsin")


def test_an_operator_sets_it_up_with_init(
    postgres: Server, backend: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = postgres.create()
    file = tmp_path / "tocsin.yaml"
    file.write_text(f"{CONFIGURATION}store: {postgres.url(empty)}\n", encoding="utf-8")
    tocsin = ("--config", str(file))

    assert main([*tocsin, "team", "list", "--json"]) == 78
    assert "run `tocsin init`" in capsys.readouterr().err
    assert main([*tocsin, "init"]) == 0
    capsys.readouterr()
    assert main([*tocsin, "team", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    postgres.drop(empty)
