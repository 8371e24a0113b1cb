"""One SMPP session: from connect to the drop, then thrown away.

Owns: the socket, the answers that are still due, enquire_link. Belongs to the thread that calls `run`. Must
not know what a text is for, nor when to connect again.

Every request of ours (bind, submit_sm, enquire_link, unbind) has a deadline for its answer, and a missed one
ends the session: what was on its way is then reported as unanswered rather than guessed at.
"""

import logging
import selectors
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from smpplib import consts

from ivr.adapters import smpp_pdu
from ivr.adapters.smpp_pdu import BadPdu, Pdu
from ivr.adapters.smpp_window import Part, Window
from ivr.domain.sms import LinkUp, Receipt, SmsEvent

log = logging.getLogger(__name__)

_CREDENTIALS = frozenset((consts.SMPP_ESME_RINVPASWD, consts.SMPP_ESME_RINVSYSID, consts.SMPP_ESME_RBINDFAIL))


@dataclass(frozen=True, slots=True)
class SmscSettings:
    """One account with an SMSC. Raises ValueError with a sentence for what SMPP 3.4 cannot carry."""

    name: str
    host: str
    port: int
    system_id: str
    password: str = field(repr=False)
    source: str
    """Sender of every text: a number in E.164, a short code, or up to 11 letters and digits."""
    window: int = 10
    """Submits that may be unanswered at once."""
    enquire_s: float = 30.0
    """Silence after which the SMSC is asked whether it is still there."""
    timeout_s: float = 10.0
    """How long any answer may take."""

    def __post_init__(self) -> None:
        # smpplib cuts both short without a word, and the SMSC then answers "invalid password".
        for what, value, most in (("system_id", self.system_id, 15), ("password", self.password, 8)):
            if not value.isascii() or len(value) > most:
                raise ValueError(
                    f"SMSC {self.name}: {what} must be at most {most} ASCII characters (SMPP 3.4)"
                )
        smpp_pdu.source_address(self.source)


class Dropped(Exception):
    """The session is over. The message says why, for an operator."""

    def __init__(self, reason: str, credentials: bool = False) -> None:
        super().__init__(reason)
        self.credentials = credentials
        """The SMSC does not want us under this name and password: trying often would only annoy it."""


@dataclass(frozen=True, slots=True)
class _Request:
    command: str
    deadline: float
    part: Part | None = None


class Session:
    """Use once. Only `leave` and the window's `offer` may be called from another thread."""

    def __init__(self, settings: SmscSettings, emit: Callable[[SmsEvent], None]) -> None:
        self._settings = settings
        self._emit = emit
        self.window = Window(settings.window, emit)
        self._leave_by: float | None = None
        self._pending: dict[int, _Request] = {}  # oldest first, so the first deadline comes first
        self._sequence = count(1)
        self._buffer = bytearray()
        self._enquire_at = 0.0

    def leave(self, by: float) -> None:
        """Take nothing more, wait for the answers that are due, unbind; at `by` (monotonic) go anyway."""
        self._leave_by = by
        self.window.shut()

    def run(self) -> None:
        """Connect, bind and serve until `leave`. Raises Dropped."""
        try:
            with self._connected() as self._socket, selectors.DefaultSelector() as self._selector:
                self._selector.register(self._socket, selectors.EVENT_READ)
                self._selector.register(self.window.bell, selectors.EVENT_READ)
                account = self._settings
                self._request("bind_transceiver", system_id=account.system_id, password=account.password)
                while not self._has_left():
                    self._step()
        except BadPdu as error:
            raise Dropped(f"the SMSC does not speak SMPP: {error}") from error
        finally:
            self.window.abandon()

    def _connected(self) -> socket.socket:
        settings = self._settings
        try:
            connection = socket.create_connection((settings.host, settings.port), settings.timeout_s)
        except OSError as error:
            raise Dropped(f"cannot connect: {error.strerror or error}") from error
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def _has_left(self) -> bool:
        if self._leave_by is None:
            return False
        waited_for = {r.command for r in self._pending.values()}
        if self.window.is_idle and not waited_for & {"bind_transceiver", "unbind"}:
            self._request("unbind")
        return time.monotonic() >= self._leave_by

    def _step(self) -> None:
        while part := self.window.next():
            self._request("submit_sm", part, **part.fields)
        for key, _ in self._selector.select(self._patience_s()):
            if key.fileobj is self._socket:
                self._receive()
            else:
                self.window.bell.recv(4096)
        now = time.monotonic()
        overdue = next((r for r in self._pending.values() if r.deadline <= now), None)
        if overdue:
            raise Dropped(f"no answer to {overdue.command} within {self._settings.timeout_s:g} s")
        if now >= self._enquire_at:
            self._request("enquire_link")

    def _patience_s(self) -> float:
        moments = [self._enquire_at]
        if self._pending:
            moments.append(next(iter(self._pending.values())).deadline)
        if self._leave_by is not None:
            moments.append(self._leave_by)
        return max(0.0, min(moments) - time.monotonic())

    def _request(self, command: str, part: Part | None = None, **fields: Any) -> None:
        sequence, now = next(self._sequence), time.monotonic()
        self._pending[sequence] = _Request(command, now + self._settings.timeout_s, part)
        self._enquire_at = now + self._settings.enquire_s
        self._send(smpp_pdu.build(command, sequence, **fields))

    def _reply(self, pdu: Pdu, command: str, status: int = consts.SMPP_ESME_ROK) -> None:
        self._send(smpp_pdu.build(command, pdu.sequence, status))

    def _send(self, octets: bytes) -> None:
        try:
            self._socket.sendall(octets)
        except OSError as error:
            raise Dropped(f"connection lost: {error.strerror or error}") from error

    def _receive(self) -> None:
        try:
            octets = self._socket.recv(65536)
        except OSError as error:
            raise Dropped(f"connection lost: {error.strerror or error}") from error
        if not octets:
            raise Dropped("the SMSC closed the connection")
        self._enquire_at = time.monotonic() + self._settings.enquire_s
        self._buffer += octets
        for pdu in smpp_pdu.cut(self._buffer):
            if pdu.is_request:
                self._serve(pdu)
            else:
                self._settle(pdu)

    def _serve(self, pdu: Pdu) -> None:
        match pdu.command:
            case "deliver_sm":
                self._reply(pdu, "deliver_sm_resp", self._delivered(pdu))
            case "enquire_link":
                self._reply(pdu, "enquire_link_resp")
            case "unbind":
                self._reply(pdu, "unbind_resp")
                raise Dropped("the SMSC ended the session")
            case _:
                self._reply(pdu, "generic_nack", consts.SMPP_ESME_RINVCMDID)

    def _delivered(self, pdu: Pdu) -> int:
        """Report a receipt; the status to answer with. Answered only after the event was taken."""
        name = self._settings.name
        try:
            message = smpp_pdu.short_message(pdu)
        except BadPdu as error:
            log.warning("SMSC %s: refused what cannot be read: %s", name, error)
            return int(consts.SMPP_ESME_RX_P_APPN)  # permanent, so that it is not sent for ever
        ending = smpp_pdu.ending(message)
        if ending is None:
            log.info("SMSC %s: a message that is no receipt was acknowledged and dropped", name)
        elif ending.state is not None:
            self._emit(Receipt(ending.message_id, ending.state, time.time()))
        return int(consts.SMPP_ESME_ROK)

    def _settle(self, pdu: Pdu) -> None:
        request = self._pending.get(pdu.sequence)
        if request is None or pdu.command not in (f"{request.command}_resp", "generic_nack"):
            log.info("SMSC %s: ignored %s that answers nothing", self._settings.name, pdu.command or "a PDU")
            return
        del self._pending[pdu.sequence]
        if request.part is not None:
            self.window.answered(request.part, pdu)
        elif request.command == "bind_transceiver":
            self._settle_bind(pdu)
        elif request.command == "unbind":
            self._leave_by = time.monotonic()

    def _settle_bind(self, pdu: Pdu) -> None:
        if pdu.command == "generic_nack" or pdu.status != consts.SMPP_ESME_ROK:
            credentials = pdu.status in _CREDENTIALS
            hint = "; check system_id and password with the operator of the SMSC" if credentials else ""
            raise Dropped(f"bind refused: {smpp_pdu.described(pdu.status)}{hint}", credentials)
        self.window.open()
        self._emit(LinkUp())
