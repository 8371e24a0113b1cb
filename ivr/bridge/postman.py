"""Sends what is queued, and tells the hotline what became of it.

Owns: one round. A server that is away puts off all that is due, a refusal the one mail that it is about.
"""

import logging
from dataclasses import dataclass

from ivr.bridge.gate import Gate, GateAway, GateRefused
from ivr.bridge.outgoing import Line, Outgoing
from ivr.bridge.sending import Never, NotNow, Send, Transport
from ivr.bridge.tokens import Tokens
from ivr.domain.mail import masked
from ivr.ports import Clock

log = logging.getLogger(__name__)

_BATCH = 100
"""Mails a conversation with the server."""


@dataclass(frozen=True, slots=True)
class Postman:
    outgoing: Outgoing
    transport: Transport
    gate: Gate
    tokens: Tokens
    domain: str
    clock: Clock

    def run(self) -> None:
        """One round. Raises BridgeAway."""
        while batch := self.outgoing.due(self.clock(), _BATCH):
            self._send(batch)
        self._tell()

    def _send(self, batch: list[tuple[Line, bytes]]) -> None:
        left = list(batch)
        try:
            with self.transport() as send:
                while left:
                    self._one(send, *left[0])
                    left.pop(0)
        except NotNow as error:
            log.warning("%d mails wait: %s", len(left), error)
            for line, _ in left:
                self.outgoing.put_off(line, str(error), self.clock())

    def _one(self, send: Send, line: Line, message: bytes) -> None:
        try:
            send(f"bounces+{self.tokens.bouncing(line.id)}@{self.domain}", line.address, message)
        except NotNow as error:
            self.outgoing.put_off(line, str(error), self.clock())
        except Never as error:
            log.error("%s %s to %s: %s", line.kind, line.about, masked(line.address), error)
            self.outgoing.failed(line.id, str(error))
        else:
            self.outgoing.sent(line.id, self.clock())

    def _tell(self) -> None:
        """The hotline shows it beside the calls; when it is away, it is told in the next round."""
        try:
            for line in self.outgoing.untold():
                assert line.alert is not None
                try:
                    self.gate.mailed(line.alert, line.team, line.address, line.state, line.reason)
                except GateRefused as error:
                    log.warning("the hotline does not record the mail of alert %s: %s", line.alert, error)
                self.outgoing.told(line)
        except GateAway as error:
            log.warning("the hotline is not told what was sent: %s", error)
