"""The store on real databases: what goes in comes out, whole transactions, and a commit that lasts."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from book import NOON, TEAMS
from postgres import ON_BOTH
from sqlalchemy import event

from ivr import bootstrap, config
from ivr.adapters.store import SqlStore, migrate
from ivr.adapters.store.engine import READS
from ivr.adapters.store.schema import TABLES, metadata
from ivr.config import Settings
from ivr.domain.mail import Standard
from ivr.domain.records import (
    Account,
    Alert,
    AlertState,
    Budget,
    Call,
    CallingHours,
    CallState,
    Delivery,
    DeliveryState,
    Direction,
    Disposition,
    EarlyReceipt,
    Enrolment,
    Entry,
    Errand,
    ErrandKind,
    ErrandState,
    FailingKey,
    Leg,
    Listen,
    ListenPin,
    Mail,
    MailAddress,
    MailKey,
    MailState,
    Number,
    NumberKind,
    Outcome,
    Reached,
    ReceiptState,
    Received,
    ReceivedPart,
    Seal,
    Severity,
    Sms,
    SmsKind,
    SmsPart,
    SmsState,
    Source,
    SpanState,
    Submission,
    Team,
    Tlp,
    TrunkHealth,
    TrunkState,
    VerificationWord,
    Via,
)
from ivr.ports import AtLeast, Records, StoreAway, StoreRefused
from ivr.services.traffic import due

NEW = Team("new-cert", "Größer & Söhne 'CERT' \"%\" \\ 🔔")

RECORDS: list[Any] = [
    NEW,
    ListenPin("new-cert", "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA"),
    Team(
        "all-cert",
        "ALL-CERT",
        "all cert",
        True,
        True,
        "Europe/Berlin",
        "Sat 10:00-12:00",
        '{"ring_s": 45}',
        True,
        True,
        True,
        Listen.CALL_IN,
    ),
    Number("new-cert", 0, "+4940808077555"),
    Number("new-cert", 1, "+4917100000", True, NumberKind.MOBILE, CallingHours.OUT, NOON),
    Account("50000", "new-cert", None, "+4917100000", "JBSWY3DPEHPK3PXP", 59845206),
    Account("50001", "new-cert", "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA"),
    Alert(1, AlertState.DRAFT, "new-cert", NEW.name, None, Source.OPERATOR, "", NOON, 0.1, ""),
    Alert(
        17,
        AlertState.CLOSED,
        "new-cert",
        NEW.name,
        "50001",
        Source.HOTLINE,
        "17-2.wav",
        NOON + 0.123456,
        93.4,
        "f" * 64,
        released_at=NOON + 60.5,
        closed_at=NOON + 600,
        outcome=Outcome.INCOMPLETE,
        tlp=Tlp.AMBER_STRICT,
        confirmed=False,
        callback="+494066969301",
        severity=Severity.LOW,
        told=Outcome.INCOMPLETE,
        reported_at=NOON + 900,
        erased_at=NOON + 9000,
    ),
    Delivery(17, "new-cert", NEW.name),
    Delivery(
        17,
        "gone-cert",
        "GONE-CERT",
        DeliveryState.ACKNOWLEDGED,
        NOON + 1,
        "+4940808077555",
        3,
        NOON - 1,
        "said so",
        NOON + 9,
        Via.KEYPRESS,
        "+4940808077555",
        NOON + 3600,
        "sip-b",
        "+4917100000",
        NOON + 9,
        Severity.HIGH,
        NOON + 600,
        2,
        tried="sip-a,sip-b",
        afresh_at=NOON + 5,
    ),
    Call("id-1", Direction.IN, CallState.ANSWERED, None, None, "sip-a", NOON),
    Call(
        "id-2",
        Direction.OUT,
        CallState.ENDED,
        "new-cert",
        "+4940808077555",
        "sip-a",
        NOON,
        NOON + 1,
        NOON + 2,
        16,
        cancelled=True,
        person=True,
        message_left=True,
        errand=1,
        reached=Reached.RANG,
        probe=True,
    ),
    Budget("network", NOON),
    Enrolment("new-cert"),
    VerificationWord("new-cert", 1, "marmalade"),
    VerificationWord("new-cert", 2, "zebra", "id-2"),
    MailKey("new-cert", Standard.SMIME, "F" * 64, "-----BEGIN CERTIFICATE-----\n", True),
    MailAddress("new-cert", 1, "alerts@cert.example"),
    FailingKey("A" * 64, "new-cert", 7, "the certificate ends"),
    FailingKey("the revocation list is out of date", None, 0, "the revocation list is out of date"),
    Errand(1, ErrandKind.CALLBACK, "+4917100000", "new-cert", "40799", NOON, NOON + 300),
    Errand(
        *(
            2,
            ErrandKind.TEST,
            "+4917100000",
            None,
            None,
            NOON,
            NOON + 300,
            ErrandState.FAILED,
            "id-2",
            "busy",
            "sip-a",
        )
    ),
    Leg("id-1", 17, "new-cert", 1),
    Leg("id-2", 17, "new-cert", 2, 9.25, True, True, Disposition.NO_ANSWER),
    Received(1, "0" * 64, "+4917100000", NOON),
    ReceivedPart("+4917100000", 65535, 2, 1, "ON IT", NOON),
    Sms(1, 17, "new-cert", "+4917100000", "ALERT 17"),
    Sms(3, None, "new-cert", "+4917100000", "Please send", kind=SmsKind.ANSWER),
    Sms(
        2,
        17,
        None,
        "+4917100000",
        "ALERT 17",
        SmsState.SUBMITTED,
        NOON,
        NOON + 1,
        NOON + 2,
        NOON + 3,
        "a b",
        4,
        "because",
        SmsKind.NOTICE,
        "sms-b",
        NOON + 4,
        True,
    ),
    SmsPart("sms-b", "a", 2, 0, 2),
    SmsPart("sms-b", "b", 2, 0, 2, ReceiptState.EXPIRED),
    EarlyReceipt("sms-b", "c", ReceiptState.DELIVERED, NOON + 5),
    Entry(1, NOON, "began"),
    Entry(2, NOON, "ended", 17, "new-cert", "id-2", "+4940…555, cause 16"),
    Seal(1, NOON, 2, "0f" * 32),
    Mail(17, "new-cert", "duty@new-cert.example", MailState.SENT, NOON, "slow"),
    Submission("<1@new-cert.example>", 17),
    SpanState(2, "isdn-a", False, "D-channel of span 2 down", NOON),
    TrunkState("sip-a"),
    TrunkState("sip-b", TrunkHealth.DOWN, 0, "OPTIONS not answered", NOON, NOON + 5, 5.0, NOON, 1),
]


def key(record: Any) -> list[Any]:
    return [getattr(record, column.name) for column in TABLES[type(record)].primary_key]


@contextmanager
def another_process(code: str, *arguments: object) -> Iterator["subprocess.Popen[str]"]:
    """A Python process that runs `code`; waited for until it has printed a line."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, encoding="utf-8") as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline(), "the other process did not get so far"
            yield process
        finally:
            process.kill()


WRITE_AND_STAY = """
import sys
from ivr.adapters.store import SqlStore
from ivr.domain.records import Team
store = SqlStore(sys.argv[1])
with store.write() as tx:
    tx.put(Team("done-cert", "DONE"))
with store.write() as tx:
    tx.put(Team("half-cert", "HALF"))
    print("one is committed, the other is not", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def file(settings: Settings, store: SqlStore) -> Path:
    """The database, where it is SQLite."""
    return settings.state / "tocsin.db"


@pytest.fixture
def impatient(store: SqlStore, backend: str) -> SqlStore:
    """The store, waiting for others a tenth of a second instead of five seconds."""

    @event.listens_for(store.engine, "connect")
    def _(connection: Any, _: Any) -> None:
        patience = {"sqlite": "PRAGMA busy_timeout = 100", "postgresql": "SET lock_timeout = 100"}
        connection.execute(patience[backend])
        connection.commit()

    return store


@ON_BOTH
class TestRecords:
    def test_every_kind_comes_out_as_it_went_in(self, store: SqlStore) -> None:
        assert {type(record) for record in RECORDS} == set(TABLES)
        with store.write() as tx:
            tx.put(*RECORDS)

        with store.read() as tx:
            for record in RECORDS:
                found = tx.get(type(record), *key(record))
                assert found == record
                types = [type(getattr(record, f.name)) for f in fields(record)]
                assert [type(getattr(found, f.name)) for f in fields(record)] == types

    def test_put_replaces_what_has_the_same_key(self, store: SqlStore) -> None:
        with store.write() as tx:
            tx.put(NEW)
            tx.put(replace(NEW, name="renamed"))
        with store.read() as tx:
            assert [t.name for t in tx.find(Team, id="new-cert")] == ["renamed"]

    def test_add_gives_a_key_that_was_never_given_before(self, store: SqlStore) -> None:
        with store.write() as tx:
            first = tx.add(Entry(0, NOON, "one"))
            tx.drop(first)
            second = tx.add(Entry(0, NOON, "two"))
        with store.read() as tx:
            assert second.id == first.id + 1
            assert tx.find(Entry) == [Entry(second.id, NOON, "two")]

    def test_find_by_values_by_collections_and_by_none(self, store: SqlStore) -> None:
        with store.write() as tx:
            tx.put(*RECORDS)
        with store.read() as tx:
            assert [t.id for t in tx.find(Team, id=["new-cert", "abc-cert", "zzz"])] == [
                "abc-cert",
                "new-cert",
            ]
            assert [c.id for c in tx.find(Call, team=None)] == ["id-1"]
            assert [c.id for c in tx.find(Call, ended_at=AtLeast(NOON + 2))] == ["id-2"]
            assert tx.find(Call, ended_at=AtLeast(NOON + 2.1)) == []
            assert [a.id for a in tx.find(Alert, state=frozenset({AlertState.CLOSED}))] == [17]
            assert tx.find(Alert, state=AlertState.CLOSED, team="zzz") == []
            assert tx.find(Team, id=[]) == []

    def test_find_gives_them_in_the_order_of_their_keys(self, store: SqlStore) -> None:
        with store.read() as tx:
            numbers = [(n.team, n.position) for n in tx.find(Number)]

        assert numbers == sorted(numbers)

    def test_what_ended_lately_comes_in_the_order_of_its_end(self, store: SqlStore) -> None:
        ends = {"a": NOON + 9, "b": NOON + 5, "c": NOON + 7, "d": NOON}
        with store.write() as tx:
            for call, ended_at in ends.items():
                ended = Call(call, Direction.OUT, CallState.ENDED, None, None, "sip-a", NOON)
                tx.put(replace(ended, ended_at=ended_at))
        with store.read() as tx:
            assert [c.id for c in tx.find(Call, ended_at=AtLeast(NOON + 5))] == ["b", "c", "a"]

    def test_what_is_not_there_is_none(self, store: SqlStore) -> None:
        with store.write() as tx:
            tx.drop(NEW)
            assert tx.get(Team, "new-cert") is None
            assert tx.get(Leg, "id-1", 17) is None

    def test_what_no_column_holds_is_refused(self, store: SqlStore) -> None:
        for kind, key in ((Alert, 10**30), (Team, "half \udcff")):
            with pytest.raises(StoreRefused), store.read() as tx:
                tx.get(kind, key)
        for record in (Sms(0, None, None, "+4915228817302", "half \ud83d"), Team("half", "half \ud83d")):
            with pytest.raises(StoreRefused) as refused, store.write() as tx:
                (tx.add if isinstance(record, Sms) else tx.put)(record)
            assert "ud83d" not in str(refused.value)
            assert refused.value.__cause__ is None

    def test_a_leg_belongs_to_a_call_that_is_on_record(self, store: SqlStore) -> None:
        with pytest.raises(StoreRefused), store.write() as tx:
            tx.put(Leg("never placed", 17, "new-cert", 1))


def plan_of(store: SqlStore, ask: Callable[[Records], object]) -> list[str]:
    """How SQLite goes about the last query of `ask`."""
    asked: list[str] = []

    @event.listens_for(store.engine, "checkout")
    def _(connection: Any, *_: Any) -> None:
        connection.set_trace_callback(asked.append)

    with store.read() as tx:
        ask(tx)
        query = asked[-1]
    with store.engine.connect() as connection:
        return [row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}")]


class TestIndexes:
    def test_what_ended_lately_is_found_without_a_look_at_all_calls(self, store: SqlStore) -> None:
        plan = plan_of(store, lambda tx: tx.find(Call, ended_at=AtLeast(NOON)))
        assert plan[0] == "SEARCH call USING INDEX ix_call_ended_at (ended_at>?)"

    def test_the_sms_that_leave_next_are_found_in_their_order_without_sorting_all(
        self, store: SqlStore
    ) -> None:
        index = "SEARCH sms USING INDEX ix_sms_state_handed_at_rank (state=? AND handed_at=? AND rank>?)"
        assert plan_of(store, lambda tx: due(tx, NOON, 0)) == [index]


@ON_BOTH
class TestTransactions:
    def test_what_fails_leaves_nothing_behind(self, store: SqlStore) -> None:
        with pytest.raises(ZeroDivisionError), store.write() as tx:
            tx.put(NEW)
            _ = 1 / 0

        with store.read() as tx:
            assert tx.get(Team, "new-cert") is None

    def test_a_part_that_fails_leaves_nothing_behind_and_all_before_it(self, store: SqlStore) -> None:
        unplaced = Leg("never placed", 17, "new-cert", 1)
        with store.write() as tx:
            tx.put(NEW)
            with pytest.raises(StoreRefused), tx.part():
                tx.drop(NEW)
                tx.put(unplaced)
            with pytest.raises(ZeroDivisionError), tx.part():
                tx.drop(NEW)
                _ = 1 / 0
            with tx.part():
                tx.put(Team("other-cert", "OTHER-CERT"))

        with store.read() as tx:
            assert tx.get(Team, "new-cert") == NEW
            assert tx.get(Team, "other-cert")

    def test_a_reader_sees_one_moment(self, store: SqlStore) -> None:
        with store.read() as before:
            assert before.get(Team, "new-cert") is None
            with store.write() as tx:
                tx.put(NEW)
            assert before.get(Team, "new-cert") is None
        with store.read() as after:
            assert after.get(Team, "new-cert") == NEW

    def test_writers_take_turns_and_lose_nothing(self, store: SqlStore) -> None:
        """Each reads what is there and writes one more: two at once would write the same."""
        together = Barrier(8)

        def count_up() -> None:
            together.wait()
            for _ in range(5):
                with store.write() as tx:
                    seen = tx.find(Call)
                    new = Call(f"{len(seen):03}", Direction.IN, CallState.ENDED, None, None, "sip-a", NOON)
                    assert tx.get(Call, new.id) is None
                    tx.put(new)

        threads = [Thread(target=count_up) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with store.read() as tx:
            assert [c.id for c in tx.find(Call)] == [f"{n:03}" for n in range(40)]


class TestAway:
    @ON_BOTH
    def test_another_process_holds_the_lock(self, impatient: SqlStore, settings: Settings) -> None:
        with another_process(WRITE_AND_STAY, settings.store):
            with (
                pytest.raises(StoreAway, match=r"the store does not answer: .*(is locked|lock timeout)"),
                impatient.write() as tx,
            ):
                tx.put(NEW)
            with impatient.read() as tx:  # which does not keep anybody from reading
                assert [t.id for t in tx.find(Team)] == sorted([*(t.id for t in TEAMS), "done-cert"])
            assert migrate.is_current(impatient)

        with impatient.write() as tx:
            tx.put(NEW)

    def test_the_tables_are_missing(self, tmp_path: Path) -> None:
        fresh = SqlStore(f"sqlite:///{tmp_path}/fresh.db")
        with pytest.raises(StoreAway, match="no such table"), fresh.read() as tx:
            tx.find(Team)
        fresh.close()

    def test_the_file_is_no_database(self, tmp_path: Path) -> None:
        (tmp_path / "broken.db").write_bytes(b"nonsense" * 1000)
        broken = SqlStore(f"sqlite:///{tmp_path}/broken.db")
        for ask in (migrate.upgrade, migrate.is_current):
            with pytest.raises(StoreAway, match="not a database"):
                ask(broken)
        with pytest.raises(StoreAway, match="not a database"), broken.read() as tx:
            tx.find(Team)
        broken.close()

    def test_the_folder_is_gone(self, settings: Settings, store: SqlStore, file: Path) -> None:
        store.close()
        file.unlink()
        settings.state.rename(settings.state.with_name("elsewhere"))
        with pytest.raises(StoreAway, match="unable to open database file"), store.read() as tx:
            tx.find(Team)


class TestDurability:
    def test_every_connection_has_a_write_ahead_log_that_is_flushed(self, store: SqlStore) -> None:
        with (
            store.engine.connect() as one,
            store.engine.connect().execution_options(**{READS: True}) as two,
        ):
            for connection in (one, two):
                modes = {
                    pragma: connection.exec_driver_sql(f"PRAGMA {pragma}").scalar_one()
                    for pragma in ("journal_mode", "synchronous", "foreign_keys")
                }
                assert modes == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}

    @ON_BOTH
    def test_what_was_committed_outlives_a_killed_process_and_what_was_not_does_not(
        self, settings: Settings, store: SqlStore
    ) -> None:
        with another_process(WRITE_AND_STAY, settings.store) as process:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()

        with store.write() as tx:  # its lock is gone with it
            assert tx.get(Team, "done-cert") == Team("done-cert", "DONE")
            assert tx.get(Team, "half-cert") is None

    def test_a_commit_is_seen_by_a_process_that_knows_nothing_of_us(
        self, store: SqlStore, file: Path
    ) -> None:
        with store.write() as tx:
            tx.put(NEW)

        other = sqlite3.connect(file)
        found = other.execute("SELECT name FROM team WHERE id = 'new-cert'").fetchall()
        other.close()
        assert found == [(NEW.name,)]


class TestMigrations:
    @ON_BOTH
    def test_lead_to_the_tables_of_the_schema(self, store: SqlStore) -> None:
        with store.engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            assert compare_metadata(context, metadata) == []

            connection.exec_driver_sql("ALTER TABLE team ADD COLUMN colour TEXT")
            assert compare_metadata(context, metadata) != []

    def test_the_number_of_an_alert_and_of_a_journal_line_is_never_given_twice(self, file: Path) -> None:
        other = sqlite3.connect(file)
        tables = other.execute("SELECT name FROM sqlite_master WHERE sql LIKE '%AUTOINCREMENT%'").fetchall()
        other.close()
        assert {name for (name,) in tables} >= {"alert", "journal"}

    def test_tell_whether_they_are_done(self, tmp_path: Path) -> None:
        fresh = SqlStore(f"sqlite:///{tmp_path}/fresh.db")
        assert not migrate.is_current(fresh)
        migrate.upgrade(fresh)
        assert migrate.is_current(fresh)
        fresh.close()

    @ON_BOTH
    def test_a_second_run_does_nothing(self, store: SqlStore) -> None:
        with store.write() as tx:
            tx.put(*RECORDS)
        migrate.upgrade(store)
        with store.read() as tx:
            assert tx.get(Team, "new-cert") == NEW

    @ON_BOTH
    def test_alerts_and_sms_of_the_second_version_are_kept(self, store: SqlStore) -> None:
        with store.engine.connect() as connection, connection.begin():
            metadata.drop_all(connection)
            connection.exec_driver_sql("DROP TABLE alembic_version")
            command.upgrade(migrate._config(connection), "0002")
            for statement in (
                "INSERT INTO alert VALUES (1, 'released', 'abc', 'ABC', NULL, 'hotline', '1.wav', 1, 2, '00',"
                " NULL, NULL, NULL, NULL, NULL)",
                "INSERT INTO delivery (alert, team, team_name, state, due_at, attempts, since)"
                " VALUES (1, 'xyz', 'XYZ', 'calling', 3, 1, 3)",
                "INSERT INTO sms (alert, team, number, text, state, queued_at, due_at, message_ids, tries)"
                " VALUES (1, 'xyz', '+4917100000', 'ALERT 1', 'submitted', 3, 3, 'm-1', 0)",
                "INSERT INTO team VALUES ('abc', 'ABC', NULL, false, false, 'UTC', 'Mon 09:00-10:00',"
                """ '{"rounds": 3, "ring_s": 45.0}')""",
                "INSERT INTO team VALUES ('xyz', 'XYZ', NULL, false, false, 'UTC', 'Mon 09:00-10:00',"
                """ '{"round_pause_s": 9}')""",
            ):
                connection.exec_driver_sql(statement)
        migrate.upgrade(store)
        with store.write() as tx:
            assert tx.find(Alert) == [
                Alert(1, AlertState.RELEASED, "abc", "ABC", None, Source.HOTLINE, "1.wav", 1, 2, "00")
            ]
            kept = Delivery(1, "xyz", "XYZ", DeliveryState.CALLING, 3, attempts=1, since=3)
            assert tx.find(Delivery) == [kept]
            sent = SmsState.SUBMITTED
            sms = Sms(1, 1, "xyz", "+4917100000", "ALERT 1", sent, 3, 3, message_ids="m-1", rank=1)
            assert tx.find(Sms) == [sms]
            assert tx.add(replace(sms, team=None)).id == 2
            policies = {team.id: team.policy for team in tx.find(Team)}
            assert policies == {"abc": '{"ring_s": 45.0}', "xyz": None}, "rounds are no more"

    def test_a_directory_of_the_first_version_is_kept_and_may_be_called_at_any_hour(
        self, tmp_path: Path
    ) -> None:
        old = SqlStore(f"sqlite:///{tmp_path}/old.db")
        with old.engine.connect() as connection, connection.begin():
            command.upgrade(migrate._config(connection), "0001")
            for statement in (
                "INSERT INTO team VALUES ('old-cert', 'OLD-CERT', NULL, 1, 0)",
                "INSERT INTO number VALUES ('old-cert', 0, '+4940808077555', 0)",
                "INSERT INTO number VALUES ('old-cert', 1, '+4917100000', 1)",
            ):
                connection.exec_driver_sql(statement)
        assert not migrate.is_current(old)
        migrate.upgrade(old)
        with old.read() as tx:
            assert tx.find(Team) == [Team("old-cert", "OLD-CERT", calls_itself=True)]
            assert tx.find(Number) == [
                Number("old-cert", 0, "+4940808077555"),
                Number("old-cert", 1, "+4917100000", sms=True, kind=NumberKind.MOBILE),
            ]
        old.close()

    @ON_BOTH
    def test_a_database_of_a_newer_version_is_not_current(self, store: SqlStore) -> None:
        with store.engine.connect() as connection, connection.begin():
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

        assert not migrate.is_current(store)
        with pytest.raises(StoreAway, match="made by a newer version of Tocsin"):
            migrate.upgrade(store)


@pytest.mark.parametrize("name", ["with a space", "100%", "a%20b", "why?", "Größe", "#1"])
def test_the_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    file = folder / "tocsin.yaml"
    file.write_text(
        'network: {name: N, hotline: "+4940808077555"}\ntrunks: [{name: a, host: h, lines: 1}]',
        encoding="utf-8",
    )
    opened = bootstrap.open_store(config.load(file))
    migrate.upgrade(opened)
    opened.close()

    assert (folder / "state" / "tocsin.db").exists()
