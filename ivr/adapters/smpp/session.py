"""One SMPP session: from connect to the drop, then thrown away.

Owns: the socket, the answers that are still due, enquire_link. Belongs to the thread that calls `run`. Must
not know what a text is for, nor when to connect again.

Every request of ours (bind, submit_sm, enquire_link, unbind) has a deadline for its answer, and a missed one
ends the session: what was on its way is then reported as unanswered rather than guessed at.
"""

import logging
import selectors
import ssl
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any

from smpplib import consts

from ivr.adapters.smpp import codec, deliver
from ivr.adapters.smpp.account import Dropped, SmscSettings, connected
from ivr.adapters.smpp.codec import BadPdu, Pdu
from ivr.adapters.smpp.pace import Pace
from ivr.adapters.smpp.window import Part, Window
from ivr.domain.sms import LinkUp, Receipt, Received, SmsEvent

log = logging.getLogger(__name__)

_CREDENTIALS = frozenset((consts.SMPP_ESME_RINVPASWD, consts.SMPP_ESME_RINVSYSID, consts.SMPP_ESME_RBINDFAIL))
_MOST_OPEN = 1000
"""Messages of the SMSC that may wait until they are on record; it keeps the others, and sends them again."""


_AHEAD = 100
"""So many texts may wait for a place, so that one commit fetches many. Neither a withdrawal nor a more urgent
text overtakes them, and where the service is killed they are marked as if they had left: so there are no more
than leave within a moment."""


def _waiting(settings: SmscSettings) -> int:
    ahead = max(_AHEAD, 2 * settings.window)
    return min(ahead, settings.per_second) if settings.per_second else ahead


@dataclass(frozen=True, slots=True)
class _Request:
    command: str
    sent_at: float
    deadline: float
    part: Part | None = None


class Session:
    """Use once. Only `leave` and the window's `offer` may be called from another thread."""

    def __init__(
        self, settings: SmscSettings, context: ssl.SSLContext | None, emit: Callable[[SmsEvent], None]
    ) -> None:
        self._settings = settings
        self._context = context
        self._emit = emit
        self.window = Window(settings.name, settings.window, _waiting(settings), emit)
        self.pace = Pace(settings.per_second)
        self._leave_by: float | None = None
        self._pending: dict[int, _Request] = {}  # oldest first, so the first deadline comes first
        self._sequence = count(1)
        self._received = bytearray()
        self._to_send = bytearray()
        self._enquire_at = 0.0
        self._open: set[int] = set()
        """Sequence numbers of the deliver_sm that we have not answered."""
        self._on_record: deque[int] = deque()
        """Those of them that may be answered now. Any thread adds to it."""

    def leave(self, by: float) -> None:
        """Take nothing more, wait for the answers that are due, unbind; at `by` (monotonic) go anyway."""
        self._leave_by = by
        self.window.shut()

    def run(self) -> None:
        """Connect, bind and serve until `leave`. Raises Dropped."""
        try:
            account = self._settings
            connection = connected(account.host, account.port, self._context, account.timeout_s)
            connection.setblocking(False)
            with connection as self._socket, selectors.DefaultSelector() as self._selector:
                self._selector.register(self._socket, selectors.EVENT_READ)
                self._selector.register(self.window.bell, selectors.EVENT_READ)
                self._request(self._bind, system_id=account.system_id, password=account.password)
                while not self._has_left():
                    self._step()
        except BadPdu as error:
            raise Dropped(f"the SMSC does not speak SMPP: {error}") from error
        finally:
            self.window.abandon()

    def _has_left(self) -> bool:
        if self._leave_by is None:
            return False
        self.window.give_back()
        waited_for = {r.command for r in self._pending.values()}
        if self.window.is_idle and not self._open and not waited_for & {self._bind, "unbind"}:
            self._request("unbind")
        return time.monotonic() >= self._leave_by

    def _step(self) -> None:
        while self._on_record:
            self._conclude(self._on_record.popleft(), consts.SMPP_ESME_ROK)
        self._send()
        self.window.listen()
        ready = self._selector.select(self._patience_s())
        self.window.awake()
        for key, _ in ready:
            if key.fileobj is self._socket:
                self._receive()
            else:
                self.window.heard()
        now = time.monotonic()
        oldest = next(iter(self._pending.values()), None)
        if oldest and oldest.deadline <= now:
            raise Dropped(f"no answer to {oldest.command} within {self._settings.timeout_s:g} s")
        if now >= self._enquire_at:
            self._request("enquire_link")

    def _patience_s(self) -> float:
        now = time.monotonic()
        moments = [self._enquire_at]
        if self._pending:
            moments.append(next(iter(self._pending.values())).deadline)
        if self._leave_by is not None:
            moments.append(self._leave_by)
        if self._on_record:
            moments.append(now)
        if self.window.has_next:
            moments.append(now + self.pace.wait_s(now))
        return max(0.0, min(moments) - now)

    @property
    def _bind(self) -> str:
        return f"bind_{self._settings.bind}"

    def _request(self, command: str, **fields: Any) -> None:
        sequence = self._expect(command, time.monotonic())
        self._to_send += codec.build(command, sequence, **fields)

    def _submit(self, part: Part, now: float) -> None:
        sequence = self._expect("submit_sm", now, part)
        self._to_send += codec.request("submit_sm", sequence, part.body)

    def _expect(self, command: str, now: float, part: Part | None = None) -> int:
        """An answer is due from now on, to a request with this sequence number."""
        sequence = next(self._sequence)
        self._pending[sequence] = _Request(command, now, now + self._settings.timeout_s, part)
        self._enquire_at = now + self._settings.enquire_s
        return sequence

    def _reply(self, sequence: int, command: str, status: int = consts.SMPP_ESME_ROK) -> None:
        self._to_send += codec.reply(command, sequence, status)

    def _send(self) -> None:
        """What may leave now."""
        now = time.monotonic()
        while not self.pace.wait_s(now) and (part := self.window.next()):
            self._submit(part, now)
            self.pace.sent(now)
        self._flush()

    def _flush(self) -> None:
        """All at once: a system call a PDU would cost more than to make it."""
        while self._to_send:
            try:
                del self._to_send[: self._socket.send(self._to_send)]
            except (BlockingIOError, ssl.SSLWantWriteError):
                self._await(selectors.EVENT_WRITE)
            except ssl.SSLWantReadError:
                self._await(selectors.EVENT_READ)
            except OSError as error:
                raise Dropped(f"connection lost: {error.strerror or error}") from error

    def _await(self, what: int) -> None:
        """Before more can be sent."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, what)
            if not selector.select(self._settings.timeout_s):
                raise Dropped(f"the SMSC has read nothing for {self._settings.timeout_s:g} s")

    def _receive(self) -> None:
        try:
            octets = self._socket.recv(65536)
        except (BlockingIOError, ssl.SSLWantReadError):
            return  # with TLS, something to read need not mean that there is something for us
        except OSError as error:
            raise Dropped(f"connection lost: {error.strerror or error}") from error
        if not octets:
            raise Dropped("the SMSC closed the connection")
        self._enquire_at = time.monotonic() + self._settings.enquire_s
        self._received += octets
        asked = []
        for pdu in codec.cut(self._received):
            if pdu.is_request:
                asked.append(pdu)
            else:
                self._settle(pdu)
        self._send()  # so that the SMSC has something to do while we see to what it asks
        for pdu in asked:
            self._serve(pdu)

    # -- what the SMSC asks ------------------------------------------------------------------------------

    def _serve(self, pdu: Pdu) -> None:
        match pdu.command:
            case "deliver_sm":
                self._deliver(pdu)
            case "enquire_link":
                self._reply(pdu.sequence, "enquire_link_resp")
            case "unbind":
                self._reply(pdu.sequence, "unbind_resp")
                self._flush()
                raise Dropped("the SMSC ended the session")
            case _:
                self._reply(pdu.sequence, "generic_nack", consts.SMPP_ESME_RINVCMDID)

    def _deliver(self, pdu: Pdu) -> None:
        """Report what a message is, and answer it when that is on record."""
        name = self._settings.name
        if len(self._open) >= _MOST_OPEN:
            self._conclude(pdu.sequence, consts.SMPP_ESME_RX_T_APPN)
            return
        try:
            message = codec.short_message(pdu)
        except BadPdu as error:
            log.warning("SMSC %s: refused what cannot be read: %s", name, error)
            self._conclude(pdu.sequence, consts.SMPP_ESME_RX_P_APPN)  # not to be sent again for ever
            return
        settled = partial(self._settled, pdu.sequence)
        ending, said = deliver.ending(message), deliver.text(message)
        event: SmsEvent | None = None
        if ending is not None and ending.state is not None:
            event = Receipt(name, ending.message_id, ending.state, settled)
        elif ending is None and said is not None and not deliver.may_be_e164(message):
            log.warning(
                "SMSC %s: an SMS came in from a number in national form, and is not read; "
                "have its operator send international ones",
                name,
            )
        elif ending is None and said is not None:
            text, place = said
            event = Received(name, message.source, text, *deliver.identity(message), place, settled)
        if event is None:
            log.info("SMSC %s: a message that tells us nothing was acknowledged and dropped", name)
            self._conclude(pdu.sequence, consts.SMPP_ESME_ROK)
            return
        self._open.add(pdu.sequence)
        self._emit(event)

    def _settled(self, sequence: int) -> None:
        """From any thread."""
        self._on_record.append(sequence)
        self.window.ring()

    def _conclude(self, sequence: int, status: int) -> None:
        self._open.discard(sequence)
        self._reply(sequence, "deliver_sm_resp", status)

    # -- what the SMSC answers ---------------------------------------------------------------------------

    def _settle(self, pdu: Pdu) -> None:
        request = self._pending.get(pdu.sequence)
        if request is None or pdu.command not in (f"{request.command}_resp", "generic_nack"):
            log.info("SMSC %s: ignored %s that answers nothing", self._settings.name, pdu.command or "a PDU")
            return
        del self._pending[pdu.sequence]
        if request.part is not None:
            if pdu.status in codec.BUSY:
                if self.pace.throttled(request.sent_at, time.monotonic()):
                    self.window.give_back()
            else:
                self.pace.taken()
            self.window.answered(request.part, pdu)
        elif request.command == self._bind:
            self._settle_bind(pdu)
        elif request.command == "unbind":
            self._leave_by = time.monotonic()

    def _settle_bind(self, pdu: Pdu) -> None:
        if pdu.command == "generic_nack" or pdu.status != consts.SMPP_ESME_ROK:
            credentials = pdu.status in _CREDENTIALS
            hint = "; check system_id and password with the operator of the SMSC" if credentials else ""
            raise Dropped(f"bind refused: {codec.described(pdu.status)}{hint}", credentials)
        if self._settings.bind != "receiver":
            self.window.open()
        self._emit(LinkUp(self._settings.name))
