"""Sees to what is kept: seals the journal, and has alerts erased that were kept for long enough.

Owns: when. What an erased alert keeps is for the ledger to say. While teams are called nothing is erased:
then disk and database have other work.
"""

import asyncio
import logging
from datetime import timedelta

from ivr.domain.facts import AlertErased, Illegal
from ivr.domain.records import Alert, AlertState
from ivr.ports import AtMost, Clock, Records, Store, StoreError
from ivr.services import seals
from ivr.services.ledger import Ledger

log = logging.getLogger(__name__)

_LOOK_S = 60.0
_AT_ONCE = 20
"""Alerts erased in one look: what has piled up is worked off over the next ones."""
_ENDED = (AlertState.CLOSED, AlertState.WITHDRAWN)


def past(tx: Records, before: float) -> list[Alert]:
    """The alerts to be erased: those that ended before this moment, and drafts recorded before it."""
    ended = tx.find(Alert, state=_ENDED, erased_at=None, closed_at=AtMost(before))
    drafts = tx.find(Alert, state=AlertState.DRAFT, recorded_at=AtMost(before))
    return sorted([*ended, *drafts], key=lambda alert: alert.id)


class Janitor:
    """Runs in the event loop. `keep_days`: how long an alert is kept; None erases none."""

    def __init__(self, store: Store, ledger: Ledger, keep_days: int | None, clock: Clock) -> None:
        self._store = store
        self._ledger = ledger
        self._keep_s = None if keep_days is None else timedelta(days=keep_days).total_seconds()
        self._clock = clock

    async def run(self) -> None:
        """Look again and again until cancelled."""
        while True:
            await asyncio.to_thread(self.look)
            await asyncio.sleep(_LOOK_S)

    def look(self) -> None:
        """Seal the journal, and erase what is due, a few alerts at a time."""
        try:
            seals.seal(self._store, self._clock())
            for alert in self._due():
                self._erase(alert.id)
        except StoreError as error:
            log.error("%s; the journal is not sealed, or nothing erased, now", error)

    def _erase(self, alert: int) -> None:
        try:
            self._ledger.apply(AlertErased(alert))
        except Illegal as refused:  # an old draft that was sent in this very moment
            log.info("%s", refused)
        except StoreError as error:  # this one alone: the others are not kept for longer than is said
            log.error("alert %d is not erased: %s", alert, error)
        else:
            log.info("alert %d is erased: it was kept for as long as the configuration says", alert)

    def _due(self) -> list[Alert]:
        if self._keep_s is None:
            return []
        with self._store.read() as tx:
            if not all(alert.by_mail_alone for alert in tx.find(Alert, state=AlertState.RELEASED)):
                return []
            return past(tx, self._clock() - self._keep_s)[:_AT_ONCE]
