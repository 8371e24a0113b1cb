"""The only writer of state: apply(fact) = load, decide, save state + outbox + journal in ONE transaction.

Owns: the transaction around a fact, and who hears that something changed. What the fact does is the business
of `transaction`. Facts that come together may share a commit, which takes a disk longer than all the rest;
each of them is whole or not at all.
"""

import logging
from collections.abc import Callable, Sequence
from typing import TypeVar

from ivr.domain.facts import Fact, Illegal
from ivr.domain.numberclass import Refusal, emergency
from ivr.domain.policy import Policy
from ivr.domain.records import Alert, AlertState, Entry
from ivr.domain.wording import ALERT_SMS
from ivr.ports import Clock, DiskFull, Records, Store, StoreAway, Wake
from ivr.services.history import MAIL_OPEN_S, Network
from ivr.services.transaction import Applied, Archive, Transaction

__all__ = ["Applied", "Archive", "Ledger", "last_moment"]

log = logging.getLogger(__name__)

T = TypeVar("T")


class Ledger:
    """Applies facts, from any thread. `trunks`: their names; `operators`: their mobiles; `sms_text`:
    the words of the SMS that there is an alert."""

    def __init__(
        self,
        store: Store,
        archive: Archive,
        policy: Policy,
        hotline: str,
        clock: Clock,
        trunks: tuple[str, ...] = ("sip-a",),
        operators: tuple[str, ...] = (),
        sms_text: str = ALERT_SMS,
        duty_operator: str | None = None,
        mail_open_s: float = MAIL_OPEN_S,
        refusal: Refusal = emergency,
    ) -> None:
        self._store = store
        self._archive = archive
        self._network = Network(
            policy, hotline, trunks, operators, sms_text, duty_operator, refusal, mail_open_s
        )
        self._clock = clock
        self._wakes: list[Wake] = []

    def on_change(self, wake: Wake) -> None:
        """Call `wake` after every commit but those that are routine (see Applied), from the thread that made
        it."""
        self._wakes.append(wake)

    def now(self) -> float:
        """The time that goes on record, seconds since the epoch."""
        return self._clock()

    def apply(self, fact: Fact) -> Applied:
        """Make `fact` true. Raises StoreAway (try again), StoreRefused or Illegal: nothing has changed."""
        return self._committed(lambda tx: self._once(tx, fact))

    def apply_together(self, several: Sequence[Fact]) -> list[Applied | None]:
        """Make each of `several` true, in their order, with one commit for all. One that is refused or fails
        changes nothing and holds up none of the others: it is logged, and None stands in its place. Raises
        StoreAway: nothing has changed."""
        return self._committed(lambda tx: [self._part(tx, fact) for fact in several])

    def _committed(self, work: Callable[[Records], T]) -> T:
        try:
            done = self._transaction(work)
        except DiskFull:
            done = self._transaction(work)  # now that the store has given up its reserve
        if not (isinstance(done, Applied) and done.is_routine):
            for wake in self._wakes:
                wake()
        return done

    def _transaction(self, work: Callable[[Records], T]) -> T:
        with self._store.write() as tx:
            return work(tx)

    def _once(self, tx: Records, fact: Fact) -> Applied:
        return Transaction(tx, self._archive, self._network, self._clock()).apply(fact)

    def _part(self, tx: Records, fact: Fact) -> Applied | None:
        try:
            with tx.part():
                return self._once(tx, fact)
        except Illegal as refused:
            log.info("%s", refused)
        except StoreAway:
            raise
        except Exception:
            log.exception("%s is not on record", type(fact).__name__)
        return None


def last_moment(store: Store) -> float:
    """When something was last put on record while an alert is open; 0 while none is. Raises StoreAway.

    What is due later was reckoned from moments up to this one: a clock that shows less would hold retries for
    longer than their pause, and count the calls of an alert wrongly.
    """
    with store.read() as tx:
        latest = tx.get(Entry, tx.latest(Entry))
        is_open = bool(tx.find(Alert, state=AlertState.RELEASED))
    return latest.at if latest and is_open else 0.0
