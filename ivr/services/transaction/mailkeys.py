"""What the mail bridge tells of keys, within one transaction.

Owns: which keys fail, as it is on record, and that operators hear of each step once. What is worth telling,
and its words, the domain says.
"""

from collections.abc import Iterable

from ivr.domain import facts, wording
from ivr.domain.effects import Note
from ivr.domain.keywatch import DAYS, news
from ivr.domain.records import FailingKey, Team
from ivr.ports import Records
from ivr.services.outbox import Outbox
from ivr.services.transaction.applied import Write


class MailKeys:
    def __init__(self, tx: Records, outbox: Outbox, note: Write) -> None:
        self._tx = tx
        self._outbox = outbox
        self._note = note

    def looked_at(self, fact: facts.KeysLookedAt) -> None:
        """Told again it changes nothing. Of a team that has left the directory nothing is told."""
        names = {team.id: team.name for team in self._tx.find(Team)}
        found = [key for key in fact.failing if key.team is None or key.team in names]
        before = self._tx.find(FailingKey)
        fresh = news(before, found)
        self._tx.drop(*before)
        self._tx.put(*found)
        for days in DAYS:
            of_these = [key for key in fresh if key.days == days]
            for key in of_these:
                self._note(Note("mail key fails", f"{days} days: {key.why}"), team=key.team)
            if of_these:
                self._outbox.to_operators(wording.keys_fail(days, _whose(of_these, names)))


def _whose(keys: Iterable[FailingKey], names: dict[str, str]) -> list[str]:
    """Names of teams; of what is the list's own, what is wrong."""
    return [key.why if key.team is None else names[key.team] for key in keys]
