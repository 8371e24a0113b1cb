"""What the mail bridge tells, within one transaction.

Owns: that one mail becomes one alert, and what is kept of an alert's mail to a team.
"""

from ivr.domain import facts
from ivr.domain.effects import Note
from ivr.domain.facts import Illegal
from ivr.domain.records import Alert, Delivery, Mail, MailState, Submission
from ivr.ports import Records
from ivr.services.transaction.applied import Write


class Mails:
    def __init__(self, tx: Records, note: Write, now: float) -> None:
        self._tx = tx
        self._note = note
        self._now = now

    def became(self, message: str | None) -> Alert | None:
        """The alert that this mail has become already."""
        known = self._tx.get(Submission, message) if message else None
        return self._tx.get(Alert, known.alert) if known else None

    def becomes(self, message: str | None, alert: Alert) -> None:
        if message:
            self._tx.put(Submission(message, alert.id))

    def moved(self, fact: facts.MailMoved) -> None:
        """What the bridge has told before, and tells again, changes nothing. What was sent may come back."""
        if self._tx.get(Delivery, fact.alert, fact.team) is None:
            raise Illegal(f"alert {fact.alert} is not addressed to team {fact.team}")
        before = self._tx.get(Mail, fact.alert, fact.team, fact.address)
        late = (MailState.SENT, MailState.QUEUED)
        if before is not None and (before.state is fact.state or (before.state, fact.state) == late):
            return
        sent_at = self._now if fact.state is MailState.SENT else before.sent_at if before else None
        self._tx.put(Mail(fact.alert, fact.team, fact.address, fact.state, sent_at, fact.reason))
        if fact.state is MailState.FAILED:
            self._note(Note("mail failed"), alert=fact.alert, team=fact.team)
