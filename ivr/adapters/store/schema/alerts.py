"""Alerts, and what became of each for each team."""

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, Text

from ivr.adapters.store.schema.base import metadata

alert = Table(
    "alert",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("state", String(20), nullable=False),
    Column("team", String(30), nullable=False),
    Column("team_name", String(60), nullable=False),
    Column("uid", String(10)),
    Column("source", String(20), nullable=False),
    Column("audio", String(120), nullable=False),
    Column("recorded_at", Float, nullable=False),
    Column("duration_s", Float, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("released_at", Float),
    Column("closed_at", Float),
    Column("outcome", String(20)),
    Column("tlp", String(20)),
    Column("confirmed", Boolean),
    Column("callback", String(16)),
    Column("severity", String(10), nullable=False),
    Column("told", String(20)),
    Column("reported_at", Float),
    Column("erased_at", Float),
    Column("escalated_at", Float),
    Index(None, "state"),
    sqlite_autoincrement=True,  # the number of an alert is never given twice
)

delivery = Table(
    "delivery",
    metadata,
    Column("alert", Integer, ForeignKey("alert.id"), primary_key=True, autoincrement=False),
    Column("team", String(30), primary_key=True),
    Column("team_name", String(60), nullable=False),
    Column("state", String(20), nullable=False),
    Column("due_at", Float, nullable=False),
    Column("number", String(16)),
    Column("attempts", Integer, nullable=False),
    Column("since", Float, nullable=False),
    Column("reason", Text),
    Column("acknowledged_at", Float),
    Column("acknowledged_via", String(20)),
    Column("acknowledged_by", String(254)),
    Column("deadline_at", Float),
    Column("avoid_trunk", String(30)),
    Column("beside", String(16)),
    Column("beside_at", Float, nullable=False),
    Column("severity", String(10), nullable=False),
    Column("held_until", Float),
    Column("holds", Integer, nullable=False),
    Column("promised", String(16)),
    Column("tried", Text, nullable=False),
    Column("afresh_at", Float, nullable=False),
    Index(None, "state"),
)
