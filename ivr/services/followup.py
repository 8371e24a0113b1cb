"""Wakes up when an alert has been open for so long that people are to be told how it goes.

Owns: the waiting. Whether it is time the domain says, and what is told then the ledger. What is due is read
from the store at every look, so a restart forgets nothing.
"""

import asyncio
import logging

from ivr.domain.alert import report_is_due
from ivr.domain.facts import ReportDue
from ivr.domain.records import Alert, AlertState
from ivr.ports import Clock, Store, StoreAway, StoreError
from ivr.services.ledger import Ledger

log = logging.getLogger(__name__)

_LOOK_S = 5.0


class FollowUp:
    """Runs in the event loop. `after_s`: seconds from the release."""

    def __init__(self, store: Store, ledger: Ledger, after_s: float, clock: Clock) -> None:
        self._store = store
        self._ledger = ledger
        self._after_s = after_s
        self._clock = clock
        self._beyond_us: set[int] = set()
        """Alerts that a look has failed at; not looked at again until a restart, and not logged again."""

    async def run(self) -> None:
        """Look again and again until cancelled."""
        while True:
            await asyncio.to_thread(self.look)
            await asyncio.sleep(_LOOK_S)

    def look(self) -> None:
        """Tell of every alert that is due."""
        try:
            with self._store.read() as tx:
                released = tx.find(Alert, state=AlertState.RELEASED)
        except StoreError as error:
            log.error("%s; nobody is reminded now", error)
            return
        for alert in released:
            if alert.id not in self._beyond_us and report_is_due(alert, self._after_s, self._clock()):
                self._tell(alert.id)

    def _tell(self, alert: int) -> None:
        try:
            self._ledger.apply(ReportDue(alert))
        except StoreAway as error:
            log.error("%s; nobody is reminded now", error)
        except Exception:  # of this alert alone: neither the others nor the telephones wait for it
            log.exception("alert %d: nobody is reminded of it", alert)
            self._beyond_us.add(alert)
