"""SMS, out and in."""

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, Text

from ivr.adapters.store.schema.base import metadata

sms = Table(
    "sms",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("alert", Integer, ForeignKey("alert.id")),
    Column("team", String(30)),
    Column("number", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("state", String(20), nullable=False),
    Column("queued_at", Float, nullable=False),
    Column("due_at", Float, nullable=False),
    Column("submitted_at", Float),
    Column("receipt_at", Float),
    Column("message_ids", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("reason", Text),
    Column("kind", String(10), nullable=False),
    Column("link", String(30)),
    Column("handed_at", Float),
    Column("repeated", Boolean, nullable=False),
    Column("rank", Integer, nullable=False),
    Index(None, "state", "handed_at", "rank"),
    Index(None, "alert"),
    Index(None, "kind", "queued_at"),
)

sms_part = Table(
    "sms_part",
    metadata,
    Column("message_id", String(64), primary_key=True),
    Column("link", String(30), primary_key=True),
    Column("sms", Integer, nullable=False),  # no foreign key: SQLite may make the table anew in a migration
    Column("attempt", Integer, nullable=False),
    Column("parts", Integer, nullable=False),
    Column("state", String(10)),
    Index(None, "sms"),
)

early_receipt = Table(
    "early_receipt",
    metadata,
    Column("message_id", String(64), primary_key=True),
    Column("link", String(30), primary_key=True),
    Column("state", String(10), nullable=False),
    Column("at", Float, nullable=False),
    Index(None, "at"),
)

received = Table(
    "received",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("reference", String(64), nullable=False),
    Column("sender", String(16), nullable=False),
    Column("at", Float, nullable=False),
    Index(None, "sender", "at"),
)

received_part = Table(
    "received_part",
    metadata,
    Column("sender", String(16), primary_key=True),
    Column("reference", Integer, primary_key=True, autoincrement=False),
    Column("total", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),
    Column("at", Float, nullable=False),
    Index(None, "at"),
)
