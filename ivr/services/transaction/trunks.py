"""What a fact does to the trunks, within one transaction.

Owns: which calls a trunk is judged by, and that operators hear of it. When it is left and tried, the domain
says.
"""

import logging

from ivr.domain import notices
from ivr.domain import trunk as trunks
from ivr.domain.facts import TrunkReported
from ivr.domain.records import Call, CallState, Direction, TrunkState
from ivr.domain.trunk import TrunkFact
from ivr.ports import AtLeast, Records
from ivr.services.history import Network
from ivr.services.outbox import Outbox
from ivr.services.transaction.applied import Write

log = logging.getLogger(__name__)


class Trunks:
    def __init__(self, tx: Records, network: Network, outbox: Outbox, note: Write, now: float) -> None:
        self._tx = tx
        self._network = network
        self._outbox = outbox
        self._note = note
        self._now = now

    def reported(self, fact: TrunkReported) -> None:
        self._tell(self._trunk(fact.trunk), fact)

    def called(self, before: Call, after: Call) -> None:
        """A call out has moved: it may show whether its trunk works."""
        fact = trunks.told_by(before, after, lambda: self._lately(after.trunk))
        if fact is not None:
            self._tell(self._trunk(after.trunk), fact)

    def _lately(self, name: str) -> list[Call]:
        since = max(self._trunk(name).since, self._now - trunks.LOOK_BACK_S)
        ended = self._tx.find(Call, ended_at=AtLeast(since), trunk=name, direction=Direction.OUT)
        up = self._tx.find(
            Call, state=(CallState.PLACED, CallState.ANSWERED), trunk=name, direction=Direction.OUT
        )
        return [call for call in (*ended, *up) if call.started_at >= since]

    def _trunk(self, name: str) -> TrunkState:
        return self._tx.get(TrunkState, name) or TrunkState(name)

    def _tell(self, before: TrunkState, fact: TrunkFact) -> None:
        after, notes = trunks.decide(before, fact, self._now)
        if after == before:
            return
        for note in notes:
            log.warning("%s %s", note.what, note.detail)
            self._note(note)
        if after.is_up is not before.is_up:
            after, text = notices.trunk(after, self._left(after), self._now)
            if text is not None:
                self._outbox.to_operators(text)
        self._tx.put(after)

    def _left(self, moved: TrunkState) -> list[str]:
        """The trunks that are up, now that this one has moved."""
        states = {**{t.name: t for t in self._tx.find(TrunkState)}, moved.name: moved}
        return [name for name in self._network.trunks if name not in states or states[name].is_up]
