"""The only writer of state: apply(fact) = load, decide, save state + outbox + journal in ONE transaction.

Owns: the transaction around a fact, and who hears that something changed. What the fact does is the business
of `transaction`.
"""

from ivr.domain.facts import Fact
from ivr.domain.policy import Policy
from ivr.ports import Clock, Store, Wake
from ivr.services.history import Network
from ivr.services.transaction import Applied, Archive, Transaction

__all__ = ["Applied", "Archive", "Ledger"]


class Ledger:
    """Applies facts, from any thread. `trunks`: how many there are; `operators`: their mobiles."""

    def __init__(
        self,
        store: Store,
        archive: Archive,
        policy: Policy,
        hotline: str,
        clock: Clock,
        trunks: int = 1,
        operators: tuple[str, ...] = (),
    ) -> None:
        self._store = store
        self._archive = archive
        self._network = Network(policy, hotline, trunks, operators)
        self._clock = clock
        self._wakes: list[Wake] = []

    def on_change(self, wake: Wake) -> None:
        """Call `wake` after every commit, from the thread that made it."""
        self._wakes.append(wake)

    def apply(self, fact: Fact) -> Applied:
        """Make `fact` true. Raises StoreAway (nothing changed, try again) or Illegal (nothing changed)."""
        with self._store.write() as tx:
            applied = Transaction(tx, self._archive, self._network, self._clock()).apply(fact)
        for wake in self._wakes:
            wake()
        return applied
