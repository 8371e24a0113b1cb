"""Sends what is queued, and tells the hotline what became of it.

Owns: one round. A server that is away puts off all that is due, a refusal the one mail that it is about. A
server that hangs up, as after many refusals, is asked anew for those that are left.
"""

import logging
from dataclasses import dataclass, field

from ivr.bridge.gate import Gate, GateAway, GateRefused
from ivr.bridge.outgoing import Line, Outgoing
from ivr.bridge.sending import Never, NotNow, Send, Transport
from ivr.bridge.tokens import Tokens
from ivr.domain.mail import masked
from ivr.ports import Clock

log = logging.getLogger(__name__)

_BATCH = 100
"""Mails a conversation with the server is begun for."""
_FEW = 20


@dataclass(frozen=True, slots=True)
class Postman:
    outgoing: Outgoing
    transport: Transport
    gate: Gate
    tokens: Tokens
    domain: str
    clock: Clock
    unrecorded: set[int] = field(default_factory=set)
    """Mails that a server has taken while the disk took nothing: they are put on record, and not sent again.
    The same set for every round."""

    def run(self) -> None:
        """One round. Raises BridgeAway."""
        while self._send() or self._tell():
            pass

    def _send(self) -> bool:
        """All that is due, also what becomes due meanwhile; whether there was anything."""
        left = self.outgoing.due(self.clock(), _BATCH)
        if not left:
            return False
        waits = left
        try:
            with self.transport() as send:
                waits = left[:1]
                while left:
                    self._one(send, left[0])
                    waits = []
                    left = left[1:] or self.outgoing.due(self.clock(), _BATCH)
        except NotNow as error:
            log.warning("%d mails wait: %s", len(waits), error)
            for line in waits:
                self.outgoing.put_off(line, str(error), self.clock())
        return True

    def _one(self, send: Send, line: Line) -> None:
        message = self.outgoing.message(line)
        if message is None:
            return  # its alert was withdrawn meanwhile
        if line.id not in self.unrecorded and not self._hand_over(send, line, message):
            return
        self.unrecorded.add(line.id)
        self.outgoing.sent(line.id, self.clock())
        self.unrecorded.discard(line.id)

    def _hand_over(self, send: Send, line: Line, message: bytes) -> bool:
        """Whether the server has taken it."""
        try:
            send(f"bounces+{self.tokens.bouncing(line.id)}@{self.domain}", line.address, message)
        except NotNow as error:
            self.outgoing.put_off(line, str(error), self.clock())
        except Never as error:
            log.error("%s %s to %s: %s", line.kind, line.about, masked(line.address), error)
            self.outgoing.failed(line.id, str(error))
        else:
            return True
        return False

    def _tell(self) -> bool:
        """The hotline shows it beside the calls; when it is away, it is told in the next round. A few at a
        time, for mail that is due goes first; whether there were any."""
        lines = self.outgoing.untold(_FEW)
        try:
            for line in lines:
                assert line.alert is not None
                try:
                    self.gate.mailed(line.alert, line.team, line.address, line.state, line.reason)
                except GateRefused as error:
                    log.warning("the hotline does not record the mail of alert %s: %s", line.alert, error)
                self.outgoing.told(line)
        except GateAway as error:
            log.warning("the hotline is not told what was sent: %s", error)
            return False
        return bool(lines)
