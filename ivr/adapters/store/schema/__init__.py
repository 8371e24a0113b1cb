"""The tables, by noun. Owns: names, types and keys of the columns, one table a kind of ivr.domain.records.

Column names are the field names of the records, so that one generic mapping serves all tables. Changing a
table asks for a migration beside it; a test compares the two.
"""

from sqlalchemy import Table

from ivr.adapters.store.schema import alerts, calls, journal, mail, teams, texts
from ivr.adapters.store.schema.base import metadata
from ivr.domain import records

__all__ = ["TABLES", "metadata"]

TABLES: dict[type, Table] = {
    records.Team: teams.team,
    records.ListenPin: teams.listen_pin,
    records.Number: teams.number,
    records.Account: teams.account,
    records.Budget: teams.budget,
    records.Enrolment: teams.enrolment,
    records.VerificationWord: teams.verification_word,
    records.MailKey: mail.mail_key,
    records.MailAddress: mail.mail_address,
    records.FailingKey: mail.failing_key,
    records.Alert: alerts.alert,
    records.Delivery: alerts.delivery,
    records.Call: calls.call,
    records.TrunkState: calls.trunk,
    records.SpanState: calls.span,
    records.Leg: calls.leg,
    records.Errand: calls.errand,
    records.Mail: mail.mail,
    records.Submission: mail.submission,
    records.Sms: texts.sms,
    records.SmsPart: texts.sms_part,
    records.EarlyReceipt: texts.early_receipt,
    records.Received: texts.received,
    records.ReceivedPart: texts.received_part,
    records.Entry: journal.journal,
    records.Seal: journal.seal,
}
