"""What calls were doing when the service went down: at the next start it is not lost, and nobody is in doubt.

Owns: which files among the incoming become drafts, which go, and who is told.
"""

import json
import logging
from pathlib import Path

from ivr.domain.facts import CallerLost, Illegal
from ivr.domain.recording import Verdict
from ivr.domain.records import Account, Alert, AlertState, Call, CallState, Direction, Source
from ivr.ports import Store, StoreAway, StoreError, StoreRefused
from ivr.services.desk import OVERHEARD, Desk, Recordings

log = logging.getLogger(__name__)

_HEADER = 44
"""Octets of a WAV file in which nothing was recorded."""


class Interrupted:
    def __init__(self, store: Store, recordings: Recordings, desk: Desk) -> None:
        self._store = store
        self._incoming = recordings.incoming
        self._desk = desk

    def adopt(self) -> int:
        """Keep as drafts what was being recorded; how many. What the store or the disk does not take now is
        logged and left to the next start: no recording may keep the hotline from being there."""
        for overheard in self._incoming.glob(f"{OVERHEARD}*"):
            overheard.unlink()
        adopted = sum(self._adopted(note.with_suffix("")) for note in sorted(self._incoming.glob("*.json")))
        if adopted:
            log.warning("%d recordings of interrupted calls were kept as drafts", adopted)
        try:
            self._tell()
        except StoreError as error:
            log.error("%s; who was on the line is not told by SMS whether their alert was sent", error)
        return adopted

    def _adopted(self, path: Path) -> bool:
        """Whether the recording at `path`, without suffix, became a draft."""
        verdict, wav = self._desk.inspect(path), path.with_suffix(".wav")
        if verdict.problem == "empty" and wav.exists() and wav.stat().st_size > _HEADER:
            log.error("%s cannot be read; it stays where it is", wav)
            return False
        try:
            if not verdict.ok or self._is_kept(verdict):
                self._desk.forget(path)
                return False
            owner = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
            kept = self._desk.keep(path, Account(owner["uid"], owner["team"]), verdict, None)
            self._desk.ledger.apply(CallerLost(kept.id))
        except (ValueError, Illegal, StoreRefused) as error:  # the note was cut, or the team is no more
            log.error("%s stays where it is, nobody's: %s", wav, error)
            return False
        except StoreAway as error:
            log.error("%s stays where it is until the next start: %s", wav, error)
            return False
        return True

    def _is_kept(self, verdict: Verdict) -> bool:
        """Whether the recording became an alert just before the service went down."""
        with self._store.read() as tx:
            return bool(tx.find(Alert, sha256=verdict.sha256))

    def _tell(self) -> None:
        """Whose call was up when the service went down may not know whether their alert was sent."""
        states = (AlertState.DRAFT, AlertState.RELEASED)
        with self._store.read() as tx:
            raised = [
                alert
                for call in tx.find(Call, state=CallState.ANSWERED, direction=Direction.IN)
                for alert in tx.find(Alert, state=states, team=call.team, source=Source.HOTLINE)
                if alert.recorded_at >= call.started_at
            ]
        for alert in raised:
            self._desk.ledger.apply(CallerLost(alert.id))
