"""The SQL for a question or a write: put together once for each kind of it, then run again and again.

Owns: how a column is compared with a value, and what the driver is given. Knows no connection and no record.

SQLAlchemy takes longer to put a statement together than SQLite takes to run it, and nearly as long to see
that it has done so before. A call costs some thirty of them while a line waits, and a busy SMSC thousands.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import fields
from functools import cache
from operator import attrgetter
from typing import Any, cast

from sqlalchemy import ColumnElement, Dialect, Integer, Table, bindparam, false, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from ivr.adapters.store.schema import TABLES
from ivr.ports import AtLeast, AtMost

Parameters = tuple[Any, ...] | Mapping[str, Any]
"""By position or by name, as the driver wants them."""


class Statement:
    """SQL as a driver takes it. Values are handed over as they are: those of our columns need no change."""

    def __init__(self, statement: Any, dialect: Dialect) -> None:
        compiled = statement.compile(dialect=dialect)
        self.sql = str(compiled)
        self._own = {name: value for name, value in compiled.params.items() if value is not None}
        """What SQLAlchemy has put in, such as the OFFSET of SQLite's LIMIT."""
        self._names: Sequence[str] | None = compiled.positiontup

        self._read = attrgetter(*self._names) if self._names else None

    def parameters(self, given: Mapping[str, Any]) -> Parameters:
        values = {**self._own, **given}
        return values if self._names is None else tuple(values[name] for name in self._names)

    def of_each(self, records: Iterable[Any]) -> list[Any]:
        """The fields of each record as parameters."""
        return list(map(self._read, records)) if self._read else list(map(values, records))


# -- questions -------------------------------------------------------------------------------------------


def query(
    kind: type[Any], where: Mapping[str, Any], dialect: Dialect, most: int | None = None
) -> tuple[str, Parameters]:
    """The statement for the records that match (see ports.Records.find), and its parameters. The columns of
    its rows are in the order of the record's fields."""
    given: dict[str, Any] = {}
    shape = tuple((name, *_compared(name, value, given)) for name, value in where.items())
    if most is not None:
        given[_MOST] = most
    statement = _select(cast(Any, kind), shape, most is not None, dialect)
    return statement.sql, statement.parameters(given)


def count(kind: type[Any], where: Mapping[str, Any], dialect: Dialect) -> tuple[str, Parameters]:
    """The statement for how many records match, and its parameters."""
    given: dict[str, Any] = {}
    shape = tuple((name, *_compared(name, value, given)) for name, value in where.items())
    statement = _count(cast(Any, kind), shape, dialect)
    return statement.sql, statement.parameters(given)


_MOST = "how_many"
"""The parameter of a limit; no column has that name, nor one that ends in a number."""

Shape = tuple[tuple[str, str, int], ...]
"""Name of a column, how it is compared, with how many values."""


def _compared(name: str, value: Any, given: dict[str, Any]) -> tuple[str, int]:
    """How a column is compared with `value`; what it is compared with is put into `given`."""
    match value:
        case AtLeast():
            given[name] = value.value
            return ">=", 1
        case AtMost():
            given[name] = value.value
            return "<=", 1
        case None:
            return "is", 0
        case Collection() if not isinstance(value, str):
            # The last one again and again, up to a power of two: so there are few such statements.
            among = list(value)
            most = 1 << (len(among) - 1).bit_length() if among else 0
            given.update({f"{name}_{n}": among[min(n, len(among) - 1)] for n in range(most)})
            return "in", most
        case _:
            given[name] = value
            return "=", 1


@cache
def _select(kind: type[Any], shape: Shape, limited: bool, dialect: Dialect) -> Statement:
    table = TABLES[kind]
    # Ordered by the key alone, SQLite would go through the whole table in that order.
    since = [table.c[name] for name, how, _ in shape if how == ">="]
    matching = select(*(table.c[field.name] for field in fields(kind))).where(
        *(_matches(table, *one) for one in shape)
    )
    ordered = matching.order_by(*since, *table.primary_key)
    return Statement(ordered.limit(bindparam(_MOST, type_=Integer)) if limited else ordered, dialect)


@cache
def _count(kind: type[Any], shape: Shape, dialect: Dialect) -> Statement:
    table = TABLES[kind]
    counting = select(func.count()).select_from(table).where(*(_matches(table, *one) for one in shape))
    return Statement(counting, dialect)


def _matches(table: Table, name: str, how: str, many: int) -> ColumnElement[bool]:
    """The column compared with the parameters of its name."""
    column = table.c[name]
    given = bindparam(name, type_=column.type)
    among = [bindparam(f"{name}_{n}", type_=column.type) for n in range(many)]
    match how:
        case ">=":
            return column >= given
        case "<=":
            return column <= given
        case "in":
            return column.in_(among) if among else false()
        case "is":
            return column.is_(None)
        case _:
            return column == given


# -- writes ----------------------------------------------------------------------------------------------


_INSERT: dict[str, Callable[[Table], Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
"""SQLAlchemy has ON CONFLICT only in its dialects, although it means the same in both."""


@cache
def upsert(kind: type[Any], dialect: Dialect) -> Statement:
    """Insert a record, or replace the one that has its key."""
    table = TABLES[kind]
    fresh = _INSERT[dialect.name](table)
    rest = {column.name: fresh.excluded[column.name] for column in table.columns if not column.primary_key}
    return Statement(fresh.on_conflict_do_update(index_elements=list(table.primary_key), set_=rest), dialect)


@cache
def unnumbered(kind: type[Any], dialect: Dialect) -> Statement:
    """Insert a record whose key the store gives."""
    table = TABLES[kind]
    rest: dict[str, Any] = {
        column.name: bindparam(column.name) for column in table.columns if not column.primary_key
    }
    return Statement(insert(table).values(rest), dialect)


def values(record: Any) -> dict[str, Any]:
    """As dataclasses.asdict, which copies deeply what is no deeper than a row."""
    return {field.name: getattr(record, field.name) for field in fields(record)}
