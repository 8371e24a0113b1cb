"""The texts one SMPP session has taken and not finished: waiting, on the wire, answered and not on record.

Owns: the limits on them, and the promise that each text taken ends in exactly one event. Any thread may
offer; all else is for the thread of the session. Must not know about sockets or sequence numbers.

A text that has left keeps its place in the window until its answer is on record. So a kill of ours, at any
moment, leaves no more texts in doubt than the window holds. Some more wait here, so that a place that becomes
free is taken at once, and not after another commit; they have not left, and can be given back.
"""

import socket
import threading
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from smpplib import consts

from ivr.adapters.smpp import codec
from ivr.adapters.smpp.codec import Pdu
from ivr.domain.sms import Refused, SmsEvent, Submitted, Unanswered


@dataclass(slots=True)
class Text:
    """A text on its way: the submit_sm body of each part, and the ids that came back."""

    reference: str
    parts: list[bytes]
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
    def body(self) -> bytes:
        return self.text.parts[self.number]


class Window:
    """`bell` becomes readable when there is something new to look at."""

    def __init__(self, link: str, size: int, waiting: int, emit: Callable[[SmsEvent], None]) -> None:
        """`size`: how many may be in doubt; `waiting`: how many may wait for a place."""
        self._link = link
        self._size = size
        self._limit = waiting
        self._emit = emit
        self._lock = threading.Lock()
        self._open = False
        self._is_awake = False
        self._waiting = 0
        """Texts taken of which nothing has left."""
        self._out = 0
        """Texts of which something has left, and whose end is not on record."""
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
        """How many texts it should be given now. In lots, because to fetch them costs a commit."""
        with self._lock:
            free = self._limit - self._waiting if self._open else 0
            return free if free * 2 >= self._limit else 0

    @property
    def is_empty(self) -> bool:
        return self._waiting + self._out == 0

    @property
    def has_next(self) -> bool:
        with self._lock:
            return bool(self._queue) and self._may_leave(self._queue[0])

    def _may_leave(self, part: Part) -> bool:
        return len(self._flying) < self._size and (part.text.sent or self._out < self._size)

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
        self._knock()

    def offer(self, text: Text) -> bool:
        """Take the text whole, or say False: shut, or full. From any thread."""
        with self._lock:
            if not self._open or self._waiting >= self._limit:
                return False
            self._waiting += 1
            self._queue.extend(Part(text, n) for n in range(len(text.parts)))
            may_leave = self._may_leave(self._queue[0])
        if may_leave:
            self.ring()
        return True

    def next(self) -> Part | None:
        """The next part that may be on the wire now; it counts as unanswered from here on."""
        with self._lock:
            while self._queue and self._may_leave(self._queue[0]):
                part = self._queue.popleft()
                if part.text.settled:  # a refused part takes the rest of its text along
                    continue
                if not part.text.sent:
                    part.text.sent = True
                    self._waiting -= 1
                    self._out += 1
                self._flying.append(part)
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
            self._emit(Submitted(self._link, text.reference, ids, self._free, hurried=True))

    def _refused(self, text: Text, status: int) -> Refused:
        return Refused(
            self._link,
            text.reference,
            status,
            codec.described(status),
            permanent=codec.is_permanent(status),
            busy=status in codec.BUSY,
            settled=self._free,
        )

    def _free(self) -> None:
        """A text's end is on record. From any thread."""
        with self._lock:
            self._out -= 1
            may_leave = bool(self._queue) and self._may_leave(self._queue[0])
        if may_leave:
            self.ring()

    def give_back(self) -> None:
        """Keep nothing that has not left: another link may have it."""
        with self._lock:
            left = [part for part in self._queue if not part.text.sent]
            self._queue = deque(part for part in self._queue if part.text.sent)
            self._waiting = 0
        self._report(left)

    def abandon(self) -> None:
        """The session is over: report every text that is not settled. The window is of no use afterwards."""
        with self._lock:
            self._open = False
            left = [*self._flying, *self._queue]
            self._flying.clear()
            self._queue.clear()
            self.bell.close()
            self._ringer.close()
        self._report(left)

    def _report(self, left: Iterable[Part]) -> None:
        for part in left:
            if not part.text.settled:
                part.text.settled = True
                self._emit(Unanswered(self._link, part.text.reference, part.text.sent))

    def ring(self) -> None:
        """Make `bell` readable, unless whoever listens is awake and about to look for what is new. From any
        thread; not with the lock held, for which the thread that wakes up would have to wait."""
        if not self._is_awake:
            self._is_awake = True
            self._knock()

    def _knock(self) -> None:
        with suppress(OSError):  # the session is over, and nobody listens
            self._ringer.send(b"!")

    def listen(self) -> None:
        """From here on whatever is new rings: said before a last look, and then a sleep."""
        self._is_awake = False

    def awake(self) -> None:
        """The sleep is over."""
        self._is_awake = True

    def heard(self) -> None:
        """Make `bell` unreadable again."""
        self.bell.recv(4096)
