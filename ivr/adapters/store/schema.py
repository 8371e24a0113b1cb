"""The tables. Owns: names, types and keys of the columns, one table a record kind of ivr.domain.records.

Column names are the field names of the records, so that one generic mapping serves all tables. Changing this
file asks for a migration beside it; a test compares the two.
"""

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, MetaData, String, Table, Text

from ivr.domain import records

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
    }
)

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
    Index(None, "state"),
    Index(None, "ended_at"),
    Index(None, "direction", "started_at"),
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

TABLES: dict[type, Table] = {
    records.Team: team,
    records.ListenPin: listen_pin,
    records.Number: number,
    records.Account: account,
    records.Budget: budget,
    records.Enrolment: enrolment,
    records.VerificationWord: verification_word,
    records.MailKey: mail_key,
    records.MailAddress: mail_address,
    records.FailingKey: failing_key,
    records.Alert: alert,
    records.Delivery: delivery,
    records.Call: call,
    records.TrunkState: trunk,
    records.Leg: leg,
    records.Errand: errand,
    records.Mail: mail,
    records.Submission: submission,
    records.Sms: sms,
    records.SmsPart: sms_part,
    records.EarlyReceipt: early_receipt,
    records.Received: received,
    records.ReceivedPart: received_part,
    records.Entry: journal,
    records.Seal: seal,
}
