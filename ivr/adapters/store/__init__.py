"""The store: records in a relational database through SQLAlchemy.

Owns: transactions, and the mapping of records to rows. Knows nothing of what a record means.
"""

import typing
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import fields
from enum import StrEnum
from functools import cache
from itertools import groupby
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Row, delete, func, insert, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from ivr.adapters.store.engine import READS, connected, trouble
from ivr.adapters.store.queries import Statement, count, query, unnumbered, upsert, values
from ivr.adapters.store.schema import TABLES
from ivr.ports import DiskFull, Reserve, StoreAway, StoreRefused

R = TypeVar("R")


class SqlStore:
    """A Store (see ports) on the database at `url` (SQLAlchemy form). One instance serves all threads.

    `reserve` is given up as soon as the disk is full.

    Raises BadConfig when there can be no database at `url`. StoreAway at the very end of a write, when the
    server was lost during the commit, leaves open whether it was committed: facts may be told twice.
    """

    def __init__(self, url: str, reserve: Reserve | None = None) -> None:
        self._engine = connected(url)
        self._reserve = reserve

    @contextmanager
    def write(self) -> Iterator["SqlRecords"]:
        """One transaction that may change state; it alone writes until it ends."""
        with self._transaction(reads=False) as records:
            yield records

    @contextmanager
    def read(self) -> Iterator["SqlRecords"]:
        """One transaction that only reads, from one consistent moment."""
        with self._transaction(reads=True) as records:
            yield records

    @contextmanager
    def _transaction(self, reads: bool) -> Iterator["SqlRecords"]:
        try:
            with (
                _told(),
                self._engine.connect().execution_options(**{READS: reads}) as connection,
                connection.begin(),
                # Of the driver itself: SQLAlchemy would do more about each statement than the database does.
                # Closed at the end, or it would keep the database open after `close`.
                closing(connection.connection.cursor()) as cursor,
            ):
                yield SqlRecords(connection, cursor)
        except DiskFull:
            if self._reserve is not None:
                self._reserve.give_up()
            raise

    def close(self) -> None:
        self._engine.dispose()

    @property
    def engine(self) -> Engine:
        """For migrations."""
        return self._engine


@contextmanager
def _told() -> Iterator[None]:
    """The errors of the database as those that our callers know."""
    try:
        yield
    except DBAPIError as error:
        raise trouble(error) from None
    except NoConnectionFree as error:
        raise StoreAway("the store does not answer: too many wait for it") from error


_UNHEARD_OF = (OverflowError, UnicodeEncodeError)
"""Of a number beyond 64 bits, and of half a character: a driver refuses these before the database does."""


class SqlRecords:
    """Records (see ports) within one transaction."""

    def __init__(self, connection: Connection, cursor: Any) -> None:
        self._connection = connection
        self._dialect = connection.dialect
        self._cursor = cursor

    def get(self, kind: type[R], *key: Any) -> R | None:
        names = (column.name for column in TABLES[kind].primary_key)
        return next(iter(self.find(kind, **dict(zip(names, key, strict=True)))), None)

    def find(self, kind: type[R], /, **where: Any) -> list[R]:
        return self._found(kind, where, None)

    def first(self, most: int, kind: type[R], /, **where: Any) -> list[R]:
        return self._found(kind, where, most)

    def _found(self, kind: type[R], where: Mapping[str, Any], most: int | None) -> list[R]:
        sql, parameters = query(kind, where, self._dialect, most)
        with self._told():
            self._cursor.execute(sql, parameters)
            return _records(kind, self._cursor.fetchall())

    def count(self, kind: type[Any], /, **where: Any) -> int:
        sql, parameters = count(kind, where, self._dialect)
        with self._told():
            self._cursor.execute(sql, parameters)
            return int(self._cursor.fetchone()[0])

    def put(self, *records: Any) -> None:
        for kind, alike in groupby(records, type):
            self._write(upsert(kind, self._dialect), alike)

    def add(self, record: R) -> R:
        table = TABLES[type(record)]
        rest = values(record)
        del rest["id"]
        with self._told():
            key = self._connection.execute(insert(table).values(rest)).inserted_primary_key
        assert key is not None
        return type(record)(**{**rest, "id": key[0]})

    def append(self, *records: Any) -> None:
        for kind, alike in groupby(records, type):
            self._write(unnumbered(kind, self._dialect), alike)

    def _write(self, statement: Statement, records: Iterable[Any]) -> None:
        with self._told():
            self._cursor.executemany(statement.sql, statement.of_each(records))

    @contextmanager
    def _told(self) -> Iterator[None]:
        """The driver's errors as SQLAlchemy tells them."""
        driver: Any = self._dialect.loaded_dbapi
        try:
            yield
        except driver.Error as error:
            raise DBAPIError.instance(None, None, error, driver.Error, dialect=self._dialect) from error
        except _UNHEARD_OF as error:  # its text might repeat the value
            name = type(error).__name__
            raise StoreRefused(f"the store does not take this, now or later: {name}") from None

    def drop(self, *records: Any) -> None:
        for record in records:
            table = TABLES[type(record)]
            where = [column == getattr(record, column.name) for column in table.primary_key]
            self._connection.execute(delete(table).where(*where))

    def latest(self, kind: type[Any]) -> int:
        return self._connection.execute(select(func.max(TABLES[kind].c.id))).scalar() or 0

    @contextmanager
    def part(self) -> Iterator[None]:
        saved = self._connection.begin_nested()
        try:
            with _told():
                yield
                saved.commit()
        except StoreAway:
            raise  # and nothing to go back to: on a full disk SQLite may have undone the whole transaction
        except BaseException:
            saved.rollback()
            raise


def _records(kind: type[R], rows: "Iterable[Row[Any]]") -> list[R]:
    meanings = _meanings(typing.cast(Any, kind))
    found = []
    for row in rows:
        values = list(row)
        for place, meaning in meanings:
            if values[place] is not None:
                values[place] = meaning[values[place]]
        found.append(kind(*values))
    return found


@cache
def _meanings(kind: type[Any]) -> tuple[tuple[int, Mapping[Any, Any]], ...]:
    """Where a record kind holds no plain value, and what a value of the column stands for there: the member
    of an enumeration, or a truth value, which SQLite keeps as a number."""
    hints = typing.get_type_hints(kind)
    meanings: list[tuple[int, Mapping[Any, Any]]] = []
    for place, field in enumerate(fields(kind)):
        for option in typing.get_args(hints[field.name]) or (hints[field.name],):
            if option is bool:
                meanings.append((place, {0: False, 1: True}))
            elif isinstance(option, type) and issubclass(option, StrEnum):
                meanings.append((place, {member.value: member for member in option}))
    return tuple(meanings)
