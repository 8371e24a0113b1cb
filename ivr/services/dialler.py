"""Places the calls that schedule.plan asks for, and keeps the ledger true about those that are up.

Owns: the loop facts -> ledger -> plan -> Originate. The call is committed before Originate leaves, so that a
crash in between is found by `reconcile` and never calls a team unknown to the ledger. One task does it all in
order; nothing is decided here.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Sequence

from ivr.domain.facts import (
    AlertExpired,
    CallCancelled,
    CallEnded,
    CallPlaced,
    DeliverySkipped,
    Fact,
    Illegal,
)
from ivr.domain.number import is_emergency
from ivr.domain.policy import Policy
from ivr.domain.records import OPEN, Call, CallState, Delivery, Entry
from ivr.domain.schedule import Plan, Start, TrunkView, View, look_back, plan
from ivr.ports import AtLeast, Clock, Pbx, PbxAway, Records, Store, StoreAway
from ivr.services.ledger import Applied, Ledger

log = logging.getLogger(__name__)

_POLL_S = 0.3
"""How soon a change that another process committed (an operator's shell) is noticed."""
_RECONCILE_S = 10.0
_YOUNG_S = 5.0
"""A call this young may not have its channel yet, or not in Asterisk's list."""
_STORE_RETRY_S = 0.5


class Dialler:
    """Runs in the event loop. `notice` and `wake` may be called from any thread."""

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        pbx: Pbx,
        trunks: Sequence[TrunkView],
        policy: Policy,
        clock: Clock,
        new_id: Callable[[], str],
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._pbx = pbx
        self._trunks = trunks
        self._look_back_s = look_back(trunks)
        self._policy = policy
        self._clock = clock
        self._new_id = new_id
        self._facts: deque[Fact] = deque()
        self._changed = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._reconcile_at = 0.0
        self._seen = -1

    def notice(self, fact: Fact) -> None:
        """A fact from the telephone network, to be applied in the order of arrival."""
        self._facts.append(fact)
        self.wake()

    def wake(self) -> None:
        """Something changed: look again."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: we are shutting down
                self._loop.call_soon_threadsafe(self._changed.set)

    def pbx_up(self) -> None:
        """Asterisk is (again) there: what became of the calls meanwhile must be asked."""
        self._reconcile_at = 0.0
        self.wake()

    async def run(self) -> None:
        """Work until cancelled. Survives the store and Asterisk being away."""
        self._loop = asyncio.get_running_loop()
        while True:
            try:
                await self._apply_facts()
                again_at = await self._round()
            except StoreAway as error:
                log.error("%s; calls wait", error)
                await asyncio.sleep(_STORE_RETRY_S)
                continue
            except PbxAway:
                again_at = None  # on_up wakes us
            await self._rest(again_at)

    async def _apply_facts(self) -> None:
        while self._facts:
            await self._apply(self._facts[0])
            self._facts.popleft()  # only now: a fact the store could not take is tried again

    async def _apply(self, fact: Fact) -> Applied | None:
        try:
            return await asyncio.to_thread(self._ledger.apply, fact)
        except Illegal as refused:
            log.info("%s", refused)
            return None

    async def _round(self) -> float | None:
        """Reconcile when it is time, then carry out one plan; when to look again."""
        now = self._clock()
        if now >= self._reconcile_at:
            await self._reconcile()
            self._reconcile_at = now + _RECONCILE_S
        decided = await asyncio.to_thread(self._plan)
        for alert in decided.expire:
            await self._apply(AlertExpired(alert))
        for call in decided.cancel:
            await self._cancel(call)
        for start in decided.start:
            await self._start(start)
        return decided.again_at

    def _plan(self) -> Plan:
        with self._store.read() as tx:
            self._seen = tx.latest(Entry)
            view = View(
                trunks=self._trunks,
                deliveries=tx.find(Delivery, state=OPEN),
                calls=tx.find(Call, state=(CallState.PLACED, CallState.ANSWERED)),
                deadline_s=self._policy.deadline_s,
                recent=self._recent(tx),
            )
        return plan(view, self._clock())

    def _recent(self, tx: Records) -> Sequence[Call]:
        """Asked of the store, not remembered: so a restart does not use a line that must rest."""
        if not self._look_back_s:
            return ()
        since = self._clock() - self._look_back_s
        return tx.find(Call, ended_at=AtLeast(since))

    async def _start(self, start: Start) -> None:
        if is_emergency(start.number.removeprefix("+")):
            # The directory refuses these; a number that got here by another way must still never be dialled.
            log.error("%s has an emergency number; it is not called", start.team)
            for alert in start.alerts:
                await self._apply(DeliverySkipped(alert, start.team))
            return
        call = self._new_id()
        placed = CallPlaced(call, start.team, start.number, start.trunk, start.alerts)
        applied = await self._apply(placed)
        if applied is None or applied.call is None:
            return  # acknowledged or withdrawn since the plan was made; or it is too late in the day
        await self._pbx.originate(call, start.number, start.trunk, applied.ring_s)

    async def _cancel(self, call: str) -> None:
        applied = await self._apply(CallCancelled(call))
        if (
            applied and applied.call and applied.call.state is CallState.PLACED
        ):  # an answered call is never dropped
            await self._pbx.hang_up(call)

    async def _reconcile(self) -> None:
        """End in the ledger what has no channel any more: its end was never seen."""
        now = self._clock()
        up = await asyncio.to_thread(self._calls_up)
        live = await self._pbx.live()
        for call in up:
            old_enough = call.started_at < now - _YOUNG_S
            if call.id not in live and old_enough:
                log.warning("call %s is gone and its end was not seen", call.id)
                await self._apply(CallEnded(call.id, None))

    def _calls_up(self) -> list[Call]:
        with self._store.read() as tx:
            return tx.find(Call, state=(CallState.PLACED, CallState.ANSWERED))

    async def _rest(self, again_at: float | None) -> None:
        """Until something happens, or the plan wants another look."""
        while not self._changed.is_set():
            now = self._clock()
            left = min(again_at or now + _POLL_S, self._reconcile_at, now + _POLL_S) - now
            try:
                await asyncio.wait_for(self._changed.wait(), max(left, 0.001))
            except TimeoutError:
                if (
                    again_at is not None and self._clock() >= again_at
                ) or self._clock() >= self._reconcile_at:
                    break
                if await asyncio.to_thread(self._newest) != self._seen:
                    break
        self._changed.clear()

    def _newest(self) -> int:
        with self._store.read() as tx:
            return tx.latest(Entry)
