"""Takes SMS from the outbox to the SMSCs, and brings back what became of them as facts.

Owns: when there is something to hand over, and that an event of a link is settled once it is on record. The
outbox is the store, and so is the list of what is with an SMSC: an SMS is put on record as handed over
before it leaves, and what is found so at a start was sent and never answered (twice is better than never).
"""

import logging
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ivr.domain.facts import (
    Fact,
    Illegal,
    SmsDeferred,
    SmsFailed,
    SmsReceipt,
    SmsReceived,
    SmsSubmitted,
    SmsTraffic,
    SmsUnanswered,
)
from ivr.domain.number import masked
from ivr.domain.records import Sms, SmsState
from ivr.domain.shortmessage import SmsFact
from ivr.domain.sms import LinkDown, LinkUp, Receipt, Received, Refused, SmsEvent, Submitted, Unanswered
from ivr.ports import AtLeast, Clock, Store, StoreAway, Texter
from ivr.services.ledger import Ledger
from ivr.services.traffic import due

log = logging.getLogger(__name__)

_LOOK_S = 0.5
"""How often the outbox is looked at when nothing wakes us."""
_SURPRISE_S = 1.0
_AT_ONCE = 500
"""Events in one transaction; callers at the telephone wait for the store meanwhile."""


def _nobody_waits() -> None:
    pass


@dataclass(frozen=True, slots=True)
class _Told:
    """A fact that is not on record yet."""

    fact: SmsFact
    settled: Callable[[], None] = _nobody_waits
    frees: str | None = None
    """The link that takes one more SMS once this is settled."""


class Courier:
    """Runs in a thread of its own; `notice` and `wake` may be called from any."""

    def __init__(self, store: Store, ledger: Ledger, clock: Clock) -> None:
        self._store = store
        self._ledger = ledger
        self._clock = clock
        self._links: Sequence[Texter] = ()
        self._events: queue.SimpleQueue[SmsEvent | None] = queue.SimpleQueue()
        self._told: list[_Told] = []
        self._received: list[Received] = []
        self._reclaimed = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)

    def start(self, links: Sequence[Texter]) -> None:
        """Begin to work over `links`, in order of preference."""
        self._links = links
        self._thread.start()

    def stop(self) -> None:
        """Put on record what has come in, and end."""
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
            self._turn(self._room)
        self._turn(lambda: ())

    def _turn(self, room: Callable[[], tuple[tuple[str, int], ...]]) -> None:
        self._collect()
        try:
            self._reclaim()
            self._exchange(room())
            self._hear()
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
                    self._take(event)
                event = self._events.get_nowait()
        except queue.Empty:
            pass

    def _take(self, event: SmsEvent) -> None:
        match event:
            case LinkUp():
                log.info("SMS link %s: up", event.link)
            case LinkDown():
                log.warning("%s; SMS stay queued", event.reason)
            case Received():
                self._received.append(event)
            case _:
                self._told.append(_told(event))

    def _reclaim(self) -> None:
        """What a process before us has handed over, and has not put on record what became of it."""
        if not self._reclaimed:
            with self._store.read() as tx:
                left = tx.find(Sms, state=SmsState.QUEUED, handed_at=AtLeast(0))
            by_name = {link.name: link for link in self._links}
            for sms in left:
                link = by_name.get(sms.link or "")
                if link is None or not link.holds(str(sms.id)):
                    self._told.append(_Told(SmsUnanswered(sms.id)))
            self._reclaimed = True

    # -- to and from the SMSCs ---------------------------------------------------------------------------

    def _room(self) -> tuple[tuple[str, int], ...]:
        """How many SMS each link takes, once what it has told is settled."""
        freed = [told.frees for told in self._told[:_AT_ONCE]]
        return tuple((link.name, link.room + freed.count(link.name)) for link in self._links if link.ready)

    def _exchange(self, room: tuple[tuple[str, int], ...]) -> None:
        """Put on record what was told and what leaves, in one commit; then let it leave."""
        batch = self._told[:_AT_ONCE]
        if not batch and not (any(n for _, n in room) and self._is_something_due()):
            return
        try:
            applied = self._ledger.apply(SmsTraffic(tuple(told.fact for told in batch), room))
        except StoreAway:
            raise
        except Exception:
            if not batch:
                raise
            self._one_by_one(len(batch))
            return
        del self._told[: len(batch)]
        for told in batch:
            told.settled()
        for sms in applied.sms:
            self._submit(sms)

    def _is_something_due(self) -> bool:
        with self._store.read() as tx:
            return bool(due(tx, self._clock(), 1))

    def _one_by_one(self, many: int) -> None:
        """One of these cannot be put on record; the others must not wait for it. Its SMS stays handed over
        until a restart, or it would be sent again and again."""
        for told in self._told[:many]:
            self._apply(told.fact)
            self._told.pop(0)
            told.settled()

    def _submit(self, sms: Sms) -> None:
        link = next(link for link in self._links if link.name == sms.link)
        try:
            if not link.submit(str(sms.id), sms.number, sms.text):
                self._told.append(_Told(SmsDeferred(sms.id, "the link went down", rests=False)))
        except ValueError as error:
            log.error("SMS %d to %s cannot be sent: %s", sms.id, masked(sms.number), type(error).__name__)
            self._told.append(_Told(SmsFailed(sms.id, "the number or the text cannot be sent")))

    def _hear(self) -> None:
        while self._received:
            event = self._received[0]
            reference = f"{event.link} {event.reference}"
            self._apply(SmsReceived(event.sender, event.text, reference, event.same_s, event.place))
            self._received.pop(0)  # only now: what the store could not take is tried again
            event.settled()

    def _apply(self, fact: Fact) -> None:
        """Raises StoreAway; another error is a mistake of ours about this one fact."""
        try:
            self._ledger.apply(fact)
        except Illegal as refused:
            log.info("%s", refused)
        except StoreAway:
            raise
        except Exception:
            log.exception("%s is not on record", type(fact).__name__)


def _told(event: Submitted | Refused | Unanswered | Receipt) -> _Told:
    match event:
        case Receipt():
            return _Told(SmsReceipt(event.message_id, event.state, event.link), event.settled)
        case Submitted():
            fact: SmsFact = SmsSubmitted(int(event.reference), event.message_ids, event.link)
            return _Told(fact, event.settled, event.link)
        case Refused(permanent=True):
            return _Told(SmsFailed(int(event.reference), event.reason), event.settled, event.link)
        case Refused():
            fact = SmsDeferred(int(event.reference), event.reason, rests=not event.busy)
            return _Told(fact, event.settled, event.link)
        case Unanswered(sent=True):
            return _Told(SmsUnanswered(int(event.reference)))
        case Unanswered():
            return _Told(SmsDeferred(int(event.reference), "the link was lost", rests=False))
