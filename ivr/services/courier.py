"""Takes SMS from the outbox to the SMSCs, and brings back what became of them as facts.

Owns: when there is something to hand over, and that an event of a link is settled once it is on record. The
outbox is the store, and so is the list of what is with an SMSC: an SMS is put on record as handed over
before it leaves, and what is found so at a start was sent and never answered (twice is better than never).
"""

import logging
import queue
import threading
import time
from collections.abc import Sequence

from ivr.domain.facts import (
    Fact,
    Illegal,
    SmsDeferred,
    SmsFailed,
    SmsReceived,
    SmsTraffic,
)
from ivr.domain.number import masked
from ivr.domain.records import Sms, SmsState
from ivr.domain.sms import LinkDown, LinkUp, Received, SmsEvent, Submitted
from ivr.ports import AtLeast, Clock, Store, StoreAway, Taken, Texter
from ivr.services.ledger import Ledger
from ivr.services.told import Told, in_doubt, submitted, told
from ivr.services.traffic import due

log = logging.getLogger(__name__)

_LOOK_S = 0.5
"""How often the outbox is looked at when nothing wakes us."""
_SURPRISE_S = 1.0
_AT_ONCE = 500
"""Events in one transaction; callers at the telephone wait for the store meanwhile."""


class Courier:
    """Runs in a thread of its own; `notice` and `wake` may be called from any."""

    def __init__(self, store: Store, ledger: Ledger, clock: Clock, taken: Taken) -> None:
        self._store = store
        self._ledger = ledger
        self._clock = clock
        self._taken = taken
        self._links: Sequence[Texter] = ()
        self._events: queue.SimpleQueue[SmsEvent | None] = queue.SimpleQueue()
        self._told: list[Told] = []
        self._received: list[Received] = []
        self._reclaimed = False
        self._look_at = 0.0
        """By time.monotonic: when the outbox is worth a look."""
        self._moved = False
        """The last turn has changed what the next one finds."""
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
        if isinstance(event, Submitted) and event.hurried and self._keep(event):
            event.settled()
            event = Submitted(event.link, event.reference, event.message_ids, self._taken.on_record)
        self._events.put(event)

    def _keep(self, event: Submitted) -> bool:
        return self._taken.keep(submitted(event), self._clock())

    def wake(self) -> None:
        """Something changed: look into the outbox."""
        self._events.put(None)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._turn()
        self._turn()

    def _turn(self) -> None:
        self._collect(0.0 if self._moved or self._told or self._received else _LOOK_S)
        try:
            self._reclaim()
            self._exchange()
            self._hear()
        except StoreAway as error:
            log.error("%s; SMS wait", error)
            self._stopping.wait(_LOOK_S)
        except Exception:
            log.exception("the courier failed; it goes on")
            self._stopping.wait(_SURPRISE_S)

    def _collect(self, patience_s: float) -> None:
        """Wait for something to do; then take everything that has come in."""
        try:
            self._take(self._events.get(timeout=patience_s))
            while True:
                self._take(self._events.get_nowait())
        except queue.Empty:
            pass

    def _take(self, event: SmsEvent | None) -> None:
        match event:
            case None:
                self._look_at = 0.0
            case LinkUp():
                log.info("SMS link %s: up", event.link)
            case LinkDown():
                log.warning("%s; SMS stay queued", event.reason)
            case Received():
                self._received.append(event)
            case _:
                self._told.append(told(event))

    def _reclaim(self) -> None:
        """What a process before us has handed over, and has not put on record what became of it."""
        if self._reclaimed:
            return
        with self._store.read() as tx:
            left = tx.find(Sms, state=SmsState.QUEUED, handed_at=AtLeast(0))
        by_name = {link.name: link for link in self._links}
        kept = {answer.sms: (at, answer) for at, answer in self._taken.left()}
        facts = []
        for sms in left:
            link = by_name.get(sms.link or "")
            if link is None or not link.holds(str(sms.id)):
                facts.append(in_doubt(sms, *kept.get(sms.id, (0.0, None))))
        if facts:
            last = Told(facts[-1], settled=self._taken.on_record)
            self._told = [*map(Told, facts[:-1]), last, *self._told]
        else:
            self._taken.on_record()
        self._reclaimed = True

    # -- to and from the SMSCs ---------------------------------------------------------------------------

    def _room(self) -> tuple[tuple[str, int], ...]:
        """How many SMS each link is to be given; none where the outbox is known to be empty, or we stop."""
        if self._stopping.is_set() or time.monotonic() < self._look_at:
            return ()
        return tuple((link.name, link.room) for link in self._links if link.ready)

    def _exchange(self) -> None:
        """Put on record what was told and what leaves, in one commit; then let it leave."""
        self._moved = False
        batch = self._told[:_AT_ONCE]
        if any(one.queues_again for one in batch):
            self._look_at = 0.0  # it is in the outbox again
        room = self._room()
        if not batch and not (any(n for _, n in room) and self._is_something_due()):
            return
        try:
            applied = self._ledger.apply(SmsTraffic(tuple(one.fact for one in batch), room))
        except StoreAway:
            raise
        except Exception:
            if not batch:
                raise
            self._one_by_one(len(batch))
            return
        del self._told[: len(batch)]
        for sms in applied.sms:
            self._submit(sms)
        for one in batch:  # last: it wakes the links, and they would take turns with us
            one.settled()
        self._moved = bool(batch or applied.sms)
        if room and not applied.sms and all(n for _, n in room):
            self._look_at = time.monotonic() + _LOOK_S

    def _is_something_due(self) -> bool:
        with self._store.read() as tx:
            if due(tx, self._clock(), 1):
                return True
        self._look_at = time.monotonic() + _LOOK_S
        return False

    def _one_by_one(self, many: int) -> None:
        """One of these cannot be put on record; the others must not wait for it. Its SMS stays handed over
        until a restart, or it would be sent again and again."""
        for one in self._told[:many]:
            self._apply(one.fact)
            self._told.pop(0)
            one.settled()

    def _submit(self, sms: Sms) -> None:
        link = next(link for link in self._links if link.name == sms.link)
        try:
            if not link.submit(str(sms.id), sms.number, sms.text):
                self._told.append(Told(SmsDeferred(sms.id, "the link went down", rests=False)))
        except ValueError as error:
            log.error("SMS %d to %s cannot be sent: %s", sms.id, masked(sms.number), type(error).__name__)
            self._told.append(Told(SmsFailed(sms.id, "the number or the text cannot be sent")))

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
