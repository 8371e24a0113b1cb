"""Wakes up when an alert has been open for so long that people are to be told how it goes, and when an SMS
has waited for its rest for so long that it is taken as it is.

Owns: the waiting. Whether it is time the domain says, and what is told then the ledger. What is due is read
from the store at every look, so a restart forgets nothing.
"""

import asyncio
import logging

from ivr.domain.alert import report_is_due
from ivr.domain.facts import ReportDue, SmsRestMissing
from ivr.domain.parts import WAIT_S
from ivr.domain.records import Alert, AlertState, ReceivedPart
from ivr.ports import AtMost, Clock, Store, StoreAway, StoreError
from ivr.services.ledger import Ledger

log = logging.getLogger(__name__)

_LOOK_S = 5.0


class FollowUp:
    """Runs in the event loop. `after_s`: seconds from the release, or from the escalation of an alert that
    came by mail; `by_mail_s`: from the release of one that is out by mail alone."""

    def __init__(
        self, store: Store, ledger: Ledger, after_s: float, clock: Clock, by_mail_s: float = 3600.0
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._after_s = after_s
        self._by_mail_s = by_mail_s
        self._clock = clock
        self._beyond_us: set[ReportDue | SmsRestMissing] = set()
        """What a look has failed at; not looked at again until a restart, and not logged again."""

    async def run(self) -> None:
        """Look again and again until cancelled."""
        while True:
            await asyncio.to_thread(self.look)
            await asyncio.sleep(_LOOK_S)

    def look(self) -> None:
        """Tell of every alert that is due, and of SMS without their rest."""
        now = self._clock()
        try:
            with self._store.read() as tx:
                released = tx.find(Alert, state=AlertState.RELEASED)
                waiting = tx.first(1, ReceivedPart, at=AtMost(now - WAIT_S))
        except StoreError as error:
            log.error("%s; nobody is reminded now", error)
            return
        due: list[ReportDue | SmsRestMissing] = [
            ReportDue(alert.id)
            for alert in released
            if report_is_due(alert, self._after_s, self._by_mail_s, now)
        ]
        for fact in [*due, SmsRestMissing()] if waiting else due:
            if fact not in self._beyond_us:
                self._tell(fact)

    def _tell(self, fact: ReportDue | SmsRestMissing) -> None:
        try:
            self._ledger.apply(fact)
        except StoreAway as error:
            log.error("%s; nobody is reminded now", error)
        except Exception:  # of this one alone: neither the others nor the telephones wait for it
            log.exception("%s failed, and is not tried again before a restart", fact)
            self._beyond_us.add(fact)
