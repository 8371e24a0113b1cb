"""The texts one SMPP session has taken and not finished: waiting, on the wire, answered and not on record.

Owns: the limit on all of them, and the promise that each text taken ends in exactly one event. Any thread may
offer; all else is for the thread of the session. Must not know about sockets or sequence numbers.

A text keeps its place until its answer is on record. So a kill of ours, at any moment, leaves no more texts
in doubt than the window holds.
"""

import socket
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from smpplib import consts

from ivr.adapters import smpp_pdu
from ivr.adapters.smpp_pdu import Pdu
from ivr.domain.sms import Refused, SmsEvent, Submitted, Unanswered


@dataclass(slots=True)
class Text:
    """A text on its way: the submit_sm fields of each part, and the ids that came back."""

    reference: str
    parts: list[dict[str, Any]]
    ids: dict[int, str] = field(default_factory=dict)
    sent: bool = False
    """Some of it has been on the wire."""
    settled: bool = False
    """Its one event was sent; late answers to its other parts only make room."""


@dataclass(frozen=True, slots=True)
class Part:
    text: Text
    number: int

    @property
    def fields(self) -> dict[str, Any]:
        return self.text.parts[self.number]


class Window:
    """`bell` becomes readable when there is something new to look at."""

    def __init__(self, link: str, size: int, emit: Callable[[SmsEvent], None]) -> None:
        self._link = link
        self._size = size
        self._emit = emit
        self._lock = threading.Lock()
        self._open = False
        self._rung = False
        self._held = 0
        """Texts taken whose end is not on record."""
        self._queue: deque[Part] = deque()
        self._flying: list[Part] = []
        self.bell, self._ringer = socket.socketpair()
        self.bell.setblocking(False)
        self._ringer.setblocking(False)

    @property
    def is_open(self) -> bool:
        return self._open

    @property
    def room(self) -> int:
        """How many texts it takes now."""
        with self._lock:
            return self._size - self._held if self._open else 0

    @property
    def is_empty(self) -> bool:
        return self._held == 0

    @property
    def has_next(self) -> bool:
        with self._lock:
            return bool(self._queue) and len(self._flying) < self._size

    @property
    def is_idle(self) -> bool:
        with self._lock:
            return not self._queue and not self._flying

    def open(self) -> None:
        with self._lock:
            self._open = True

    def shut(self) -> None:
        """Take no more. From any thread; rings."""
        with self._lock:
            self._open = False
            self.ring()

    def offer(self, text: Text) -> bool:
        """Take the text whole, or say False: shut, or full. From any thread."""
        with self._lock:
            if not self._open or self._held >= self._size:
                return False
            self._held += 1
            self._queue.extend(Part(text, n) for n in range(len(text.parts)))
            self.ring()
        return True

    def next(self) -> Part | None:
        """The next part that may be on the wire now; it counts as unanswered from here on."""
        with self._lock:
            while self._queue and len(self._flying) < self._size:
                part = self._queue.popleft()
                if not part.text.settled:  # a refused part takes the rest of its text along
                    self._flying.append(part)
                    part.text.sent = True
                    return part
        return None

    def answered(self, part: Part, answer: Pdu) -> None:
        """The SMSC has answered `part`: makes room, and reports the text when this settles it."""
        with self._lock:
            self._flying.remove(part)
        text = part.text
        if text.settled:
            return
        if answer.command != "submit_sm_resp" or answer.status != consts.SMPP_ESME_ROK:
            text.settled = True
            self._emit(self._refused(text, answer.status))
            return
        text.ids[part.number] = answer.message_id
        if len(text.ids) == len(text.parts):
            text.settled = True
            ids = tuple(text.ids[n] for n in range(len(text.parts)))
            self._emit(Submitted(self._link, text.reference, ids, self._free))

    def _refused(self, text: Text, status: int) -> Refused:
        return Refused(
            self._link,
            text.reference,
            status,
            smpp_pdu.described(status),
            permanent=smpp_pdu.is_permanent(status),
            busy=status in smpp_pdu.BUSY,
            settled=self._free,
        )

    def _free(self) -> None:
        """A text's end is on record. From any thread."""
        with self._lock:
            self._held -= 1

    def abandon(self) -> None:
        """The session is over: report every text that is not settled. The window is of no use afterwards."""
        with self._lock:
            self._open = False
            left = [*self._flying, *self._queue]
            self._flying.clear()
            self._queue.clear()
            self.bell.close()
            self._ringer.close()
        for part in left:
            if not part.text.settled:
                part.text.settled = True
                self._emit(Unanswered(self._link, part.text.reference, part.text.sent))

    def ring(self) -> None:
        """Make `bell` readable, if it is not. From any thread."""
        if not self._rung:
            self._rung = True
            with suppress(OSError):  # the session is over, and nobody listens
                self._ringer.send(b"!")

    def heard(self) -> None:
        """Whoever was rung for is about to look."""
        self.bell.recv(4096)
        self._rung = False
