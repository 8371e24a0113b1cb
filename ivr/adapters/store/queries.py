"""The SELECT for a question: put together once for each kind of question, then run again and again.

Owns: how a column is compared with a value. Knows no connection and no record.

SQLAlchemy takes longer to put a statement together than SQLite takes to run it, and a call costs some thirty
them while a line waits.
"""

from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, Table, bindparam, select

from ivr.ports import AtLeast, AtMost


def query(
    table: Table, where: Mapping[str, Any], most: int | None = None
) -> tuple[Select[Any], Mapping[str, Any]]:
    """The statement for the rows that match (see ports.Records.find), and its parameters."""
    shape = tuple((name, _how(value)) for name, value in where.items())
    given = {name: _parameter(value) for name, value in where.items()}
    if most is None:
        return _statement(table, shape), given
    return _first(table, shape), given | {_MOST: most}


_MOST = "how many"
"""The parameter of a limit; no column has a space in its name."""


def _how(value: Any) -> str:
    if isinstance(value, AtLeast):
        return ">="
    if isinstance(value, AtMost):
        return "<="
    if isinstance(value, Collection) and not isinstance(value, str):
        return "in"
    return "is" if value is None else "="


def _parameter(value: Any) -> Any:
    match _how(value):
        case ">=" | "<=":
            return value.value
        case "in":
            return list(value)
        case _:
            return value


@cache
def _statement(table: Table, shape: tuple[tuple[str, str], ...]) -> Select[Any]:
    # Ordered by the key alone, SQLite would go through the whole table in that order.
    since = [table.c[name] for name, how in shape if how == ">="]
    matching = select(table).where(*(_matches(table, *one) for one in shape))
    return matching.order_by(*since, *table.primary_key)


@cache
def _first(table: Table, shape: tuple[tuple[str, str], ...]) -> Select[Any]:
    return _statement(table, shape).limit(bindparam(_MOST, type_=Integer))


def _matches(table: Table, name: str, how: str) -> ColumnElement[bool]:
    """The column compared with the parameter of its name."""
    column = table.c[name]
    given = bindparam(name, type_=column.type, expanding=how == "in")
    match how:
        case ">=":
            return column >= given
        case "<=":
            return column <= given
        case "in":
            return column.in_(given)
        case "is":
            return column.is_(None)
        case _:
            return column == given
