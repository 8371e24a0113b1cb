"""The directory: teams, their numbers and accounts, and how they prove who they are."""

from sqlalchemy import Boolean, Column, Float, ForeignKey, Integer, String, Table, Text

from ivr.adapters.store.schema.base import metadata

team = Table(
    "team",
    metadata,
    Column("id", String(30), primary_key=True),
    Column("name", String(60), nullable=False),
    Column("spoken", String(120)),
    Column("calls_itself", Boolean, nullable=False),
    Column("trusts_phones", Boolean, nullable=False),
    Column("zone", String(60), nullable=False),
    Column("office_hours", String(200), nullable=False),
    Column("policy", Text),
    Column("machine_message", Boolean, nullable=False),
    Column("local_time", Boolean, nullable=False),
    Column("suspended", Boolean, nullable=False),
    Column("listen", String(10), nullable=False),
    Column("mail_sms", Boolean, nullable=False),
)

listen_pin = Table(
    "listen_pin",
    metadata,
    Column("team", String(30), ForeignKey("team.id"), primary_key=True),
    Column("pin_hash", String(200), nullable=False),
)

number = Table(
    "number",
    metadata,
    Column("team", String(30), ForeignKey("team.id"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("number", String(16), nullable=False),
    Column("sms", Boolean, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("hours", String(20), nullable=False),
    Column("unallocated_at", Float),
)

account = Table(
    "account",
    metadata,
    Column("uid", String(10), primary_key=True),
    Column("team", String(30), ForeignKey("team.id"), nullable=False),
    Column("pin_hash", String(200)),
    Column("callback", String(16)),
    Column("totp", String(64)),
    Column("totp_step", Integer, nullable=False),
)

budget = Table(
    "budget",
    metadata,
    Column("scope", String(12), primary_key=True),
    Column("spent_until", Float, nullable=False),
)

enrolment = Table(
    "enrolment",
    metadata,
    Column("team", String(30), ForeignKey("team.id"), primary_key=True),
    Column("state", String(20), nullable=False),
    Column("mail", String(254)),
    Column("fingerprint", String(40)),
)

verification_word = Table(
    "verification_word",
    metadata,
    Column("team", String(30), ForeignKey("team.id"), primary_key=True),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("word", String(20), nullable=False),
    Column("call", String(40)),
)
