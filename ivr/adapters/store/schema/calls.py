"""Calls, what each did for an alert, errands, and the trunks they go over."""

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, Text

from ivr.adapters.store.schema.base import metadata

call = Table(
    "call",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("direction", String(3), nullable=False),
    Column("state", String(20), nullable=False),
    Column("team", String(30)),
    Column("number", String(16)),
    Column("trunk", String(30), nullable=False),
    Column("started_at", Float, nullable=False),
    Column("answered_at", Float),
    Column("ended_at", Float),
    Column("cause", Integer),
    Column("cancelled", Boolean, nullable=False),
    Column("person", Boolean, nullable=False),
    Column("message_left", Boolean, nullable=False),
    Column("errand", Integer),
    Column("passed", Boolean, nullable=False),
    Column("reached", String(10)),
    Column("probe", Boolean, nullable=False),
    Column("channel", String(10)),
    Index(None, "state"),
    Index(None, "ended_at"),
    Index(None, "direction", "started_at"),
)

leg = Table(
    "leg",
    metadata,
    Column("call", String(40), ForeignKey("call.id"), primary_key=True),
    Column("alert", Integer, ForeignKey("alert.id"), primary_key=True, autoincrement=False),
    Column("team", String(30), nullable=False),
    Column("n", Integer, nullable=False),
    Column("heard_s", Float, nullable=False),
    Column("whole", Boolean, nullable=False),
    Column("acknowledged", Boolean, nullable=False),
    Column("disposition", String(20)),
    Index(None, "alert", "team"),
)

errand = Table(
    "errand",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("kind", String(10), nullable=False),
    Column("number", String(16), nullable=False),
    Column("team", String(30)),
    Column("uid", String(10)),
    Column("due_at", Float, nullable=False),
    Column("until", Float, nullable=False),
    Column("state", String(10), nullable=False),
    Column("call", String(40)),
    Column("reason", Text),
    Column("avoid_trunk", String(30)),
    Index(None, "state"),
)

trunk = Table(
    "trunk",
    metadata,
    Column("name", String(30), primary_key=True),
    Column("health", String(10), nullable=False),
    Column("lines", Integer),
    Column("why", String(120), nullable=False),
    Column("since", Float, nullable=False),
    Column("probe_at", Float, nullable=False),
    Column("pause_s", Float, nullable=False),
    Column("told_at", Float, nullable=False),
    Column("told", Integer, nullable=False),
)

span = Table(
    "span",
    metadata,
    Column("span", Integer, primary_key=True, autoincrement=False),
    Column("trunk", String(30), nullable=False),
    Column("up", Boolean, nullable=False),
    Column("why", String(120), nullable=False),
    Column("since", Float, nullable=False),
)
