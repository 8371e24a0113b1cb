"""A link to one SMSC over SMPP 3.4, kept up by one thread of its own.

Owns: the thread, and when to connect again. Each try is a new session; nothing of a dropped one is kept.
Must not know what a text says to whom, or what is kept where: what it cannot take stays with the caller.

Of smpplib only the codec is used. Its client cannot notice an unanswered enquire_link, loses octets when a
time-out comes inside a PDU, stays "bound" after a drop, and writes passwords and texts to the debug log.
"""

import logging
import random
import threading
import time
from collections.abc import Callable
from itertools import count

from smpplib import consts

from ivr.adapters.smpp import codec
from ivr.adapters.smpp.account import Dropped, SmscSettings, tls_context
from ivr.adapters.smpp.session import Session
from ivr.adapters.smpp.window import Text
from ivr.domain import gsm
from ivr.domain.sms import LinkDown, LinkUp, SmsEvent

__all__ = ["SmppLink", "SmscSettings"]

log = logging.getLogger(__name__)

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
STEADY_S = 30.0
"""A session that lasted this long was a good one, and the pauses begin anew."""

_chance = random.SystemRandom()


class SmppLink:
    """Texter over one SMPP bind. Raises ValueError with a sentence for certificates that cannot be read.

    `on_event` is called in the link's own thread, one event at a time; it must return soon and not raise.
    What an event is about waits until its `settled` is called, see ivr.domain.sms.
    """

    def __init__(self, settings: SmscSettings, on_event: Callable[[SmsEvent], None]) -> None:
        self._settings = settings
        self._context = tls_context(settings.name, settings.ca) if settings.tls else None
        self._on_event = on_event
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._session: Session | None = None
        self._thread = threading.Thread(target=self._run, name=f"smpp-{settings.name}", daemon=True)
        self._down: str | None = None  # the reason last told
        self._source = codec.source_address(settings.source)
        # A new process must not give its first long text the reference that the last one gave.
        self._references = count(_chance.randrange(256))

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """Take no more texts, wait for the answers that are due and unbind, all in `timeout_s` seconds."""
        by = time.monotonic() + timeout_s
        with self._lock:
            self._stopping.set()
            if self._session is not None:
                self._session.leave(by)
        self._thread.join(timeout_s + 1.0)

    @property
    def name(self) -> str:
        return self._settings.name

    @property
    def bound(self) -> bool:
        session = self._session
        return session is not None and session.window.is_open

    @property
    def ready(self) -> bool:
        """Bound; and where the SMSC has had too much, nothing is on its way and one text could leave now. One
        at a time finds out when that is over, and no other text has to wait for it."""
        session, now = self._session, time.monotonic()
        if session is None or not session.window.is_open:
            return False
        return not session.pace.is_slowed(now) or (session.window.is_empty and not session.pace.wait_s(now))

    @property
    def room(self) -> int:
        """How many texts it should be given now."""
        session = self._session
        if session is None:
            return 0
        return (
            min(session.window.room, 1) if session.pace.is_slowed(time.monotonic()) else session.window.room
        )

    def submit(self, reference: str, to: str, text: str) -> bool:
        """Hand one text over, from any thread, without waiting.

        False when not bound or the window is full. After True exactly one of Submitted, Refused and
        Unanswered tells what became of `reference`. Raises ValueError for a number that is not E.164 or is an
        emergency number, and for a text of more than 255 parts.
        """
        session = self._session
        if session is None or not session.window.is_open:
            return False
        destination = codec.destination_address(to)
        segments = gsm.split(text, next(self._references) % 256)
        joined = len(segments.parts) > 1
        esm_class = consts.SMPP_GSMFEAT_UDHI if joined else consts.SMPP_MSGMODE_DEFAULT
        parts = [
            codec.submission(self._source, destination, esm_class, segments.alphabet, user_data)
            for user_data in segments.parts
        ]
        return session.window.offer(Text(reference, parts))

    def holds(self, reference: str) -> bool:
        """What was on its way over a session that is gone is in doubt."""
        return False

    def _run(self) -> None:
        failures = 0
        while (session := self._new_session()) is not None:
            began_at = time.monotonic()
            try:
                session.run()
            except Dropped as dropped:
                reason, credentials = str(dropped), dropped.credentials
            except Exception:
                log.exception("SMSC %s: the session failed; a new one follows", self._settings.name)
                reason, credentials = "a mistake of ours, see the log", False
            else:
                continue
            self._tell_down(reason)
            steady = time.monotonic() - began_at >= STEADY_S
            failures = 0 if steady else failures + 1
            self._stopping.wait(_pause_s(failures, credentials))
        self._tell_down("stopped")

    def _new_session(self) -> Session | None:
        with self._lock:
            if self._stopping.is_set():
                return None
            self._session = Session(self._settings, self._context, self._event)
            return self._session

    def _event(self, event: SmsEvent) -> None:
        if isinstance(event, LinkUp):
            self._down = None
        self._on_event(event)

    def _tell_down(self, reason: str) -> None:
        if reason != self._down:
            self._down = reason
            self._on_event(LinkDown(self._settings.name, f"SMSC {self._settings.name}: {reason}"))


def _pause_s(failures: int, credentials: bool) -> float:
    """Doubles with each failure; half of it is chance, so that links do not come back all at once."""
    doublings = 10 if credentials else min(failures, 10)
    return min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0**doublings) * _chance.uniform(0.5, 1.0)
