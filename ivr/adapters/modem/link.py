"""A link to a GSM modem: a daemon (smsd) drives it, and its spool is what we talk over.

Owns: which texts are in the spool, whether the daemon gets on with them, and the thread that looks. Must not
know what a text says to whom, or what is kept where.

The spool is the truth, also after a crash of ours: a text has its file under its own reference, so that it is
never written twice, and whatever became of it is found there. A file is removed only when that is on record.
"""

import logging
import threading
import time
from collections.abc import Callable
from functools import partial

from ivr.adapters.modem.arrivals import Arrivals
from ivr.adapters.modem.spool import Spool
from ivr.adapters.modem.spoolfile import Failed, Sent, Unreadable
from ivr.domain.sms import (
    LinkDown,
    LinkUp,
    Refused,
    SmsEvent,
    Submitted,
    Unanswered,
)

log = logging.getLogger(__name__)

_LONGEST_REST_S = 300.0
_FAILURES = 2
"""So many in a row are no longer the fault of a text or of its number."""
_TROUBLE_S = 5.0


class ModemLink:
    """Texter over one spool.

    `patience_s`: with texts of ours in the spool, the daemon may go so long without having moved one.
    `on_event` is called in the link's own thread; it must return soon and not raise. `look_s`: between two
    looks into the spool. `rest_s`: after the daemon has stood still, or the modem has sent nothing, texts may
    go another way for so long, and then for twice as long, up to five minutes.
    """

    def __init__(
        self,
        name: str,
        spool: Spool,
        window: int,
        patience_s: float,
        on_event: Callable[[SmsEvent], None],
        look_s: float = 1.0,
        rest_s: float = 60.0,
    ) -> None:
        self._name = name
        self._spool = spool
        self._window = window
        self._patience_s = patience_s
        self._on_event = on_event
        self._look_s = look_s
        self._first_rest_s = rest_s
        self._lock = threading.Lock()
        self._held: dict[str, str | None] = {}
        """The texts that we have promised to tell the end of, and the folder each was seen in last."""
        self._told: set[str] = set()
        """Those whose end is told, and not on record or not removed."""
        self._moved_at = 0.0
        self._failures = 0
        self._rest_s = 0.0
        self._rests_until = 0.0
        self._up = False
        self._down: str | None = None  # the reason last told
        self._missing: set[str] = set()
        self._arrivals = Arrivals(name, spool, on_event)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"modem-{name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """Look no more. What is in the spool stays there; what becomes of it is found at the next start."""
        with self._lock:
            self._up = False
        self._stopping.set()
        self._thread.join(timeout_s)

    @property
    def name(self) -> str:
        return self._name

    @property
    def ready(self) -> bool:
        """The spool can be used and the daemon works. After it has stood still, one text at a time finds out
        whether it does again, and the others need not wait for that."""
        if not self._up or time.monotonic() < self._rests_until:
            return False
        return not self._rest_s or not self._held

    @property
    def room(self) -> int:
        return max(0, (1 if self._rest_s else self._window) - len(self._held))

    def holds(self, reference: str) -> bool:
        """Whether its file is in the spool, so that we shall find out what becomes of it."""
        try:
            return self._spool.where(reference) is not None
        except OSError:
            return False

    def submit(self, reference: str, to: str, text: str) -> bool:
        """Hand one text over, from any thread. As SmppLink.submit."""
        with self._lock:
            if not self._up or self._stopping.is_set():
                return False
            try:
                if self._spool.where(reference) is None:
                    self._spool.put(reference, to, text)
            except OSError as error:
                self._trouble(error)
                return False
            if not self._held:
                self._moved_at = time.monotonic()
            self._held.setdefault(reference, None)
            return True

    # -- the thread ----------------------------------------------------------------------------------------

    def _run(self) -> None:
        adopted = False
        while not self._stopping.is_set():
            try:
                if (problem := self._spool.problem()) is not None:
                    self._tell_down(problem)
                else:
                    if not adopted:
                        self._adopt()
                        adopted = True
                    self._tell_up()
                    self._look_after()
                    self._arrivals.look()
            except OSError as error:
                self._trouble(error)
            except Exception:
                log.exception("modem %s: a look into the spool failed; the next one follows", self._name)
            self._give_up_what_stands_still()
            self._stopping.wait(self._look_s)
        self._tell_down("stopped")

    def _adopt(self) -> None:
        """What a process before us has left in the spool."""
        with self._lock:
            self._held.update(dict.fromkeys(self._spool.found()))
            self._moved_at = time.monotonic()

    def _tell_up(self) -> None:
        with self._lock:
            if self._up or time.monotonic() < self._rests_until:
                return
            self._up, self._down = True, None
        self._on_event(LinkUp(self._name))

    def _tell_down(self, reason: str) -> None:
        self._up = False
        if reason != self._down:
            self._down = reason
            self._on_event(LinkDown(self._name, f"modem {self._name}: {reason}"))

    def _trouble(self, error: OSError) -> None:
        """No SMS for a moment, or one that cannot be written would be tried again without a pause."""
        self._rests_until = max(self._rests_until, time.monotonic() + _TROUBLE_S)
        self._tell_down(f"{error.filename or self._spool.root}: {error.strerror or error}")

    # -- what we have sent ---------------------------------------------------------------------------------

    def _look_after(self) -> None:
        with self._lock:
            waiting = self._held.keys() - self._told
        self._missing &= waiting
        for reference in sorted(waiting):
            self._follow(reference)
        for reference in self._given_up("failed"):
            self._spool.remove(reference)
        for reference in self._given_up("sent"):
            if isinstance(outcome := self._outcome(reference), Sent):
                self._tell(reference, outcome)

    def _given_up(self, folder: str) -> set[str]:
        """What is in `folder` although nobody waits for it any more."""
        return self._spool.found_in(folder) - self._held.keys() - self._told

    def _follow(self, reference: str) -> None:
        folder = self._spool.where(reference)
        if folder != self._held[reference]:
            self._moved_at = time.monotonic()
            self._held[reference] = folder
        if folder is not None:
            if (outcome := self._outcome(reference)) is not None:
                self._tell(reference, outcome)
        elif reference in self._missing:
            # To send it again would be to send it every minute, for ever, where smsd keeps nothing.
            reason = "modem: its file vanished from the spool; smsd.conf must name `sent` and `failed`"
            self._tell(reference, Failed(reason, permanent=True))
        else:
            self._missing.add(reference)  # smsd may be changing its headers: the next look tells

    def _outcome(self, reference: str) -> Sent | Failed | None:
        try:
            return self._spool.outcome(reference)
        except Unreadable as error:
            return Failed(f"modem: its file in the spool cannot be read: {error}", permanent=True)

    def _tell(self, reference: str, outcome: Sent | Failed) -> None:
        self._told.add(reference)
        settled = partial(self._settled, reference)
        match outcome:
            case Sent():
                self._failures, self._rest_s, self._rests_until = 0, 0.0, 0.0
                self._on_event(Submitted(self._name, reference, outcome.message_ids, settled))
            case Failed():
                reason, permanent = outcome.reason, outcome.permanent
                self._on_event(Refused(self._name, reference, 0, reason, permanent, settled=settled))
                self._failures += not permanent
                if self._failures >= _FAILURES:
                    self._rest(f"it sends nothing: {reason}")

    def _rest(self, reason: str) -> None:
        """Let the texts go another way for a while."""
        self._rest_s = min(2 * self._rest_s or self._first_rest_s, _LONGEST_REST_S)
        self._rests_until = time.monotonic() + self._rest_s
        self._failures = 0
        self._tell_down(reason)

    def _settled(self, reference: str) -> None:
        """What became of it is on record. From any thread."""
        is_removed = True
        try:
            self._spool.remove(reference)
        except OSError as error:  # it stays told, or it would be told again and again
            log.error("modem %s: %s cannot be removed: %s", self._name, error.filename, error.strerror)
            is_removed = False
        with self._lock:
            self._held.pop(reference, None)
            if is_removed:
                self._told.discard(reference)

    def _give_up_what_stands_still(self) -> None:
        """What the daemon has not begun with goes another way; and so does, once more, what it may be at."""
        with self._lock:
            stuck = self._held.keys() - self._told
            if not stuck or time.monotonic() - self._moved_at <= self._patience_s:
                return
            taken = {reference: self._is_taken_back(reference) for reference in stuck}
            for reference in stuck:
                del self._held[reference]
            self._rest(f"smsd moved nothing for {self._patience_s:g} s; does it run, and is the modem well?")
        for reference, is_back in taken.items():
            self._on_event(Unanswered(self._name, reference, sent=not is_back))

    def _is_taken_back(self, reference: str) -> bool:
        try:
            return self._spool.take_back(reference)
        except OSError:
            return False
