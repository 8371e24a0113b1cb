"""What a fact does to an alert, within one transaction.

Owns: how a recording becomes an alert. What follows from a fact the domain says.
"""

from dataclasses import replace

from ivr.domain import alert as alerts
from ivr.domain import facts
from ivr.domain.effects import Note
from ivr.domain.facts import Illegal
from ivr.domain.records import OPEN, Alert, AlertState, Delivery, Team
from ivr.ports import Records
from ivr.services.transaction.applied import Applied, Archive, Follow, Write
from ivr.services.transaction.mail import Mails


class Alerts:
    def __init__(
        self, tx: Records, archive: Archive, mails: Mails, note: Write, follow: Follow, now: float
    ) -> None:
        self._tx = tx
        self._mails = mails
        self._archive = archive
        self._note = note
        self._follow = follow
        self._now = now

    def recorded(self, fact: facts.AlertRecorded) -> Applied:
        if (known := self._mails.became(fact.message)) is not None:
            return Applied(known)
        team = self._tx.get(Team, fact.team)
        if team is None:
            raise Illegal(f"team {fact.team} is not in the directory")
        fresh = Alert(
            id=0,
            state=AlertState.DRAFT,
            team=team.id,
            team_name=team.name,
            uid=fact.uid,
            source=fact.source,
            audio="",
            recorded_at=self._now,
            duration_s=fact.duration_s,
            sha256=fact.sha256,
            severity=fact.severity,
            confirmed=fact.confirmed,
            tlp=fact.tlp,
            callback=fact.callback,
        )
        if fact.replaces is None:
            draft = self._tx.add(fresh)
        else:
            old = self._tx.get(Alert, fact.replaces)
            if old is None or old.state is not AlertState.DRAFT:
                raise Illegal(f"alert {fact.replaces} is no draft: its recording stays")
            draft = replace(fresh, id=old.id)
        kept = replace(draft, audio=self._archive.keep(draft.id, fact.path))
        for paper in fact.papers:
            self._archive.keep_beside(kept.audio, paper)
        self._tx.put(kept)
        self._mails.becomes(fact.message, kept)
        self._note(
            Note("alert recorded", f"{fact.duration_s:.1f} s, {fact.source}"), alert=kept.id, team=team.id
        )
        return self.apply(facts.AlertReleased(kept.id)) if fact.released else Applied(kept)

    def known(self, number: int) -> Alert:
        found = self._tx.get(Alert, number)
        if found is None:
            raise Illegal(f"there is no alert {number}; `tocsin alert list` shows those there are")
        return found

    def apply(
        self,
        fact: facts.AlertReleased
        | facts.AlertWithdrawn
        | facts.AlertEscalated
        | facts.AlertExpired
        | facts.AlertClosed
        | facts.ReportDue
        | facts.CallerLost
        | facts.AlertErased,
    ) -> Applied:
        before = self.known(fact.alert)
        after, effects = alerts.decide(before, fact, self._now)
        self._tx.put(after)
        self._follow(effects, alert=after)
        return Applied(self._tx.get(Alert, after.id), self._teams(fact))

    def _teams(self, fact: alerts.AlertFact) -> int:
        """How many are being called, or told by mail, now that this was said."""
        match fact:
            case facts.AlertReleased():
                return len(self._tx.find(Delivery, alert=fact.alert))
            case facts.AlertEscalated():
                open_ones = self._tx.find(Delivery, alert=fact.alert, state=OPEN)
                return len(open_ones)
            case _:
                return 0

    def settle(self, alert_id: int) -> None:
        before = self._tx.get(Alert, alert_id)
        assert before is not None
        after, effects = alerts.decide(
            before, alerts.Settled(self._tx.find(Delivery, alert=alert_id)), self._now
        )
        self._tx.put(after)
        self._follow(effects, alert=after)
