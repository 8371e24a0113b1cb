"""Sees to the reserve of the disk: made at start, made again when there is room, and its loss told.

Owns: when operators hear of it. The reserve is given up elsewhere, by whoever finds the disk full; also by
another process.
"""

import asyncio
import logging

from ivr.domain.facts import ReserveGivenUp, ReserveMade
from ivr.ports import Reserve, StoreError
from ivr.services.ledger import Ledger

log = logging.getLogger(__name__)

_LOOK_S = 5.0


class Keeper:
    """Runs in the event loop."""

    def __init__(self, reserve: Reserve, ledger: Ledger) -> None:
        self._reserve = reserve
        self._ledger = ledger

    async def run(self) -> None:
        """Look after the reserve until cancelled."""
        was_whole = True
        while True:
            is_whole = await asyncio.to_thread(self._reserve.renew)
            if is_whole is not was_whole:
                await asyncio.to_thread(self._tell, is_whole)
            was_whole = is_whole
            await asyncio.sleep(_LOOK_S)

    def _tell(self, is_whole: bool) -> None:
        if is_whole:
            log.warning("there is room on the disk again: new recordings are taken")
        else:
            log.error(
                "the disk is full: no new recordings are taken until there is room; see `tocsin doctor`"
            )
        try:
            self._ledger.apply(ReserveMade() if is_whole else ReserveGivenUp())
        except StoreError as error:
            log.error("%s; this is not in the journal", error)
