"""Members by mail, and the mail of alerts."""

from sqlalchemy import Boolean, Column, Float, ForeignKey, Integer, String, Table, Text

from ivr.adapters.store.schema.base import metadata

mail_key = Table(
    "mail_key",
    metadata,
    Column("team", String(30), ForeignKey("team.id"), primary_key=True),
    Column("standard", String(10), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("key", Text, nullable=False),
    Column("gcm", Boolean, nullable=False),
)

mail_address = Table(
    "mail_address",
    metadata,
    Column("team", String(30), ForeignKey("team.id"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("address", String(254), nullable=False),
)

failing_key = Table(
    "failing_key",
    metadata,
    Column("what", String(200), primary_key=True),
    Column("team", String(30)),
    Column("days", Integer, nullable=False),
    Column("why", String(200), nullable=False),
)

mail = Table(
    "mail",
    metadata,
    Column("alert", Integer, ForeignKey("alert.id"), primary_key=True, autoincrement=False),
    Column("team", String(30), primary_key=True),
    Column("address", String(254), primary_key=True),
    Column("state", String(10), nullable=False),
    Column("sent_at", Float),
    Column("reason", Text),
)

submission = Table(
    "submission",
    metadata,
    Column("message", String(200), primary_key=True),
    Column("alert", Integer, ForeignKey("alert.id"), nullable=False),
)
