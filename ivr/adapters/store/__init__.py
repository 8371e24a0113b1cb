"""The store: records in a relational database through SQLAlchemy.

Owns: transactions, and the mapping of records to rows. Knows nothing of what a record means.
"""

import typing
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from enum import StrEnum
from functools import cache
from itertools import groupby
from operator import attrgetter
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Row, Table, delete, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from ivr.adapters.store.engine import READS, connected, trouble
from ivr.adapters.store.queries import query
from ivr.adapters.store.schema import TABLES
from ivr.ports import DiskFull, Reserve, StoreAway

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
            ):
                yield SqlRecords(connection)
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


class SqlRecords:
    """Records (see ports) within one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, kind: type[R], *key: Any) -> R | None:
        names = (column.name for column in TABLES[kind].primary_key)
        return next(iter(self.find(kind, **dict(zip(names, key, strict=True)))), None)

    def find(self, kind: type[R], /, **where: Any) -> list[R]:
        return [_record(kind, row) for row in self._connection.execute(*query(TABLES[kind], where))]

    def first(self, most: int, kind: type[R], /, **where: Any) -> list[R]:
        return [_record(kind, row) for row in self._connection.execute(*query(TABLES[kind], where, most))]

    def put(self, *records: Any) -> None:
        for kind, alike in groupby(records, type):
            upsert = _upsert(TABLES[kind], self._connection.dialect.name)
            self._connection.execute(upsert, [_values(record) for record in alike])

    def add(self, record: R) -> R:
        table = TABLES[type(record)]
        values = _values(record)
        del values["id"]
        key = self._connection.execute(insert(table).values(values)).inserted_primary_key
        assert key is not None
        return type(record)(**{**values, "id": key[0]})

    def append(self, *records: Any) -> None:
        for kind, alike in groupby(records, type):
            rows = [{k: v for k, v in _values(record).items() if k != "id"} for record in alike]
            self._connection.execute(insert(TABLES[kind]), rows)

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


_INSERT: dict[str, Callable[[Table], Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
"""SQLAlchemy has ON CONFLICT only in its dialects, although it means the same in both."""


@cache  # to put it together takes longer than to run it
def _upsert(table: Table, dialect: str) -> Any:
    fresh = _INSERT[dialect](table)
    rest = {column.name: fresh.excluded[column.name] for column in table.columns if not column.primary_key}
    return fresh.on_conflict_do_update(index_elements=list(table.primary_key), set_=rest)


def _values(record: Any) -> dict[str, Any]:
    """As dataclasses.asdict, which copies deeply what is no deeper than a row."""
    names, read = _reader(typing.cast(Any, type(record)))
    return dict(zip(names, read(record), strict=True))


@cache
def _reader(kind: type[Any]) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
    names = tuple(field.name for field in fields(kind))
    return names, attrgetter(*names)


def _record(kind: type[R], row: "Row[Any]") -> R:
    values = row._asdict()
    for name, members in _enums(typing.cast(Any, kind)):
        if values[name] is not None:
            values[name] = members[values[name]]
    return kind(**values)


@cache
def _enums(kind: type[Any]) -> tuple[tuple[str, Mapping[str, StrEnum]], ...]:
    """The columns of a record kind that hold the text of an enumeration, with its members."""
    hints = typing.get_type_hints(kind)
    enums = []
    for field in fields(kind):
        options = typing.get_args(hints[field.name]) or (hints[field.name],)
        for option in options:
            if isinstance(option, type) and issubclass(option, StrEnum):
                enums.append((field.name, {member.value: member for member in option}))
    return tuple(enums)
