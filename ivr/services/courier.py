"""Takes SMS from the outbox to an SMSC, and brings back what became of them as facts.

Owns: which SMS is in flight on which link. The outbox is the store: what no link takes stays queued there,
and what was handed over without an answer is sent again (twice is better than never).
"""

import logging
import queue
import threading
from collections.abc import Sequence

from ivr.domain.facts import Fact, Illegal, SmsDeferred, SmsFailed, SmsReceipt, SmsSubmitted
from ivr.domain.number import masked
from ivr.domain.records import Sms, SmsState
from ivr.domain.shortmessage import is_due
from ivr.domain.sms import LinkDown, LinkUp, Receipt, Refused, SmsEvent, Submitted, Unanswered
from ivr.ports import Clock, Store, StoreAway, Texter
from ivr.services.ledger import Ledger

log = logging.getLogger(__name__)

_LOOK_S = 0.5
"""How often the outbox is looked at when nothing wakes us."""
_SURPRISE_S = 1.0


class Courier:
    """Runs in a thread of its own; `notice` and `wake` may be called from any."""

    def __init__(self, store: Store, ledger: Ledger, clock: Clock) -> None:
        self._store = store
        self._ledger = ledger
        self._clock = clock
        self._links: Sequence[Texter] = ()
        self._events: queue.SimpleQueue[SmsEvent | None] = queue.SimpleQueue()
        self._in_flight: set[int] = set()
        self._unapplied: list[SmsEvent] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)

    def start(self, links: Sequence[Texter]) -> None:
        """Begin to work over `links`, in order of preference."""
        self._links = links
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self.wake()
        self._thread.join(10)

    def notice(self, event: SmsEvent) -> None:
        """What a link tells."""
        self._events.put(event)

    def wake(self) -> None:
        """Something changed: look into the outbox."""
        self._events.put(None)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._collect()
            try:
                self._settle_events()
                self._hand_over()
            except StoreAway as error:
                log.error("%s; SMS wait", error)
                self._stopping.wait(_LOOK_S)
            except Exception:
                log.exception("the courier failed; it goes on")
                self._stopping.wait(_SURPRISE_S)

    def _collect(self) -> None:
        """Wait for something to do; then take everything that has come in."""
        try:
            event = self._events.get(timeout=_LOOK_S)
            while True:
                if event is not None:
                    self._unapplied.append(event)
                event = self._events.get_nowait()
        except queue.Empty:
            pass

    def _settle_events(self) -> None:
        while self._unapplied:
            event = self._unapplied[0]
            self._settle(event)
            self._unapplied.pop(0)  # only now: an event the store could not take is tried again

    def _settle(self, event: SmsEvent) -> None:
        if isinstance(event, LinkUp):
            log.info("SMSC bound")
        elif isinstance(event, LinkDown):
            log.warning("%s; SMS stay queued", event.reason)
        elif isinstance(event, Receipt):
            self._apply(SmsReceipt(event.message_id, event.state))
        else:
            sms = int(event.reference)
            if self._apply(_fact(sms, event)):
                self._in_flight.discard(sms)

    def _apply(self, fact: Fact) -> bool:
        """Raises StoreAway. False when it is not on record for another reason: the events behind it must not
        wait for it. Its SMS stays in flight until a restart, or it would be sent again and again."""
        try:
            self._ledger.apply(fact)
        except Illegal as refused:
            log.info("%s", refused)
        except StoreAway:
            raise
        except Exception:
            log.exception("%s is not on record", type(fact).__name__)
            return False
        return True

    def _hand_over(self) -> None:
        link = next((link for link in self._links if link.bound), None)
        if link is None:
            return
        with self._store.read() as tx:
            queued = tx.find(Sms, state=SmsState.QUEUED)
        now = self._clock()
        for sms in queued:
            if sms.id in self._in_flight or not is_due(sms, now):
                continue
            try:
                if not link.submit(str(sms.id), sms.number, sms.text):
                    return  # the window is full, or the link just went down
            except ValueError as error:
                log.error("SMS %d to %s cannot be sent: %s", sms.id, masked(sms.number), type(error).__name__)
                self._apply(SmsFailed(sms.id, "the number or the text cannot be sent"))
                continue
            self._in_flight.add(sms.id)


def _fact(sms: int, event: Submitted | Refused | Unanswered) -> Fact:
    match event:
        case Submitted():
            return SmsSubmitted(sms, event.message_ids)
        case Refused(permanent=True):
            return SmsFailed(sms, event.reason)
        case Refused():
            return SmsDeferred(sms, event.reason)
        case Unanswered():
            return SmsDeferred(sms, "the link was lost before the answer")
