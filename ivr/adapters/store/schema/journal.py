"""The journal, and its seals."""

from sqlalchemy import Column, Float, Index, Integer, String, Table, Text

from ivr.adapters.store.schema.base import metadata

journal = Table(
    "journal",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", Float, nullable=False),
    Column("what", String(60), nullable=False),
    Column("alert", Integer),
    Column("team", String(30)),
    Column("call", String(40)),
    Column("detail", Text, nullable=False),
    Index(None, "alert"),
    sqlite_autoincrement=True,
)

seal = Table(
    "seal",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", Float, nullable=False),
    Column("last", Integer, nullable=False),
    Column("chain", String(64), nullable=False),
)
