"""A team's verification words, within one transaction.

Owns: that no word is spoken in two calls, and who hears that they run out.
"""

from dataclasses import replace

from ivr.domain import facts, wording, words
from ivr.domain.records import Call, Entry, VerificationWord
from ivr.ports import Records
from ivr.services.outbox import Outbox


class Words:
    def __init__(self, tx: Records, outbox: Outbox, now: float) -> None:
        self._tx = tx
        self._outbox = outbox
        self._now = now

    def next(self, fact: facts.WordWanted) -> VerificationWord | None:
        """The word that a call is to speak, the same again where it asks again; None for a team that has no
        unused one."""
        listed = self._tx.find(VerificationWord, team=fact.team)
        for word in listed:
            if word.call == fact.call:
                return word
        unused = [word for word in listed if word.call is None]
        if not unused or self._tx.get(Call, fact.call) is None:
            return None
        taken = replace(unused[0], call=fact.call)
        self._tx.put(taken)
        if (left := len(unused) - 1) in (words.LOW, 0):
            self._note("verification words run out", fact.team, f"{left} left")
            self._outbox.to_operators(wording.words_run_out(fact.team, left))
            self._outbox.to_team(fact.team, wording.your_words_run_out(left))
        return taken

    def _note(self, what: str, team: str, detail: str) -> None:
        self._tx.add(Entry(0, self._now, what, team=team, detail=detail))
