"""The store: records in a relational database through SQLAlchemy.

Owns: transactions, and the mapping of records to rows. Knows nothing of what a record means.
"""

import typing
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Column, ColumnElement, Connection, Engine, Row, Table, delete, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from ivr.adapters.store.engine import READS, connected, trouble
from ivr.adapters.store.schema import TABLES
from ivr.ports import AtLeast, DiskFull, Reserve, StoreAway

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
            with self._told(reads) as records:
                yield records
        except DiskFull:
            if self._reserve is not None:
                self._reserve.give_up()
            raise

    @contextmanager
    def _told(self, reads: bool) -> Iterator["SqlRecords"]:
        """The errors of the database as those that our callers know."""
        try:
            with (
                self._engine.connect().execution_options(**{READS: reads}) as connection,
                connection.begin(),
            ):
                yield SqlRecords(connection)
        except DBAPIError as error:
            raise trouble(error) from None
        except NoConnectionFree as error:
            raise StoreAway("the store does not answer: too many wait for it") from error

    def close(self) -> None:
        self._engine.dispose()

    @property
    def engine(self) -> Engine:
        """For migrations."""
        return self._engine


class SqlRecords:
    """Records (see ports) within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, kind: type[R], *key: Any) -> R | None:
        table = TABLES[kind]
        where = [column == value for column, value in zip(table.primary_key, key, strict=True)]
        row = self._connection.execute(select(table).where(*where)).one_or_none()
        return None if row is None else _record(kind, row)

    def find(self, kind: type[R], **where: Any) -> list[R]:
        table = TABLES[kind]
        # Ordered by the key alone, SQLite would go through the whole table in that order.
        since = [table.c[name] for name, value in where.items() if isinstance(value, AtLeast)]
        query = select(table).order_by(*since, *table.primary_key)
        for name, value in where.items():
            query = query.where(_matches(table.c[name], value))
        return [_record(kind, row) for row in self._connection.execute(query)]

    def put(self, *records: Any) -> None:
        for record in records:
            upsert = _upsert(TABLES[type(record)], self._connection.dialect.name)
            self._connection.execute(upsert, asdict(record))

    def add(self, record: R) -> R:
        table = TABLES[type(record)]
        values = asdict(typing.cast(Any, record))
        del values["id"]
        key = self._connection.execute(insert(table).values(values)).inserted_primary_key
        assert key is not None
        return type(record)(**{**values, "id": key[0]})

    def drop(self, *records: Any) -> None:
        for record in records:
            table = TABLES[type(record)]
            where = [column == getattr(record, column.name) for column in table.primary_key]
            self._connection.execute(delete(table).where(*where))

    def latest(self, kind: type[Any]) -> int:
        return self._connection.execute(select(func.max(TABLES[kind].c.id))).scalar() or 0


_INSERT: dict[str, Callable[[Table], Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
"""SQLAlchemy has ON CONFLICT only in its dialects, although it means the same in both."""


@cache  # to put it together takes longer than to run it
def _upsert(table: Table, dialect: str) -> Any:
    fresh = _INSERT[dialect](table)
    rest = {column.name: fresh.excluded[column.name] for column in table.columns if not column.primary_key}
    return fresh.on_conflict_do_update(index_elements=list(table.primary_key), set_=rest)


def _matches(column: Column[Any], value: Any) -> ColumnElement[bool]:
    matches: ColumnElement[bool]
    if isinstance(value, AtLeast):
        matches = column >= value.value
    elif isinstance(value, Collection) and not isinstance(value, str):
        matches = column.in_(value)
    else:
        matches = column == value
    return matches


def _record(kind: type[R], row: "Row[Any]") -> R:
    return kind(
        **{
            name: _enum(value, into)
            for (name, into), value in zip(_columns(typing.cast(Any, kind)), row, strict=True)
        }
    )


def _enum(value: Any, into: type[StrEnum] | None) -> Any:
    return value if into is None or value is None else into(value)


@cache
def _columns(kind: type[Any]) -> tuple[tuple[str, type[StrEnum] | None], ...]:
    """Each column of a record kind in the table's order, with the enumeration its text stands for."""
    hints = typing.get_type_hints(kind)
    enums = {}
    for field in fields(kind):
        options = typing.get_args(hints[field.name]) or (hints[field.name],)
        enums[field.name] = next((o for o in options if isinstance(o, type) and issubclass(o, StrEnum)), None)
    return tuple((column.name, enums[column.name]) for column in TABLES[kind].columns)
