"""Places the calls that schedule.plan asks for, and keeps the ledger true about those that are up.

Owns: the loop facts -> ledger -> plan -> Originate. The call is committed before Originate leaves, so that a
crash in between is found by `reconcile` and never calls a team unknown to the ledger. One task does it all in
order; nothing is decided here.
"""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence, Set
from dataclasses import replace

from ivr.domain.errand import StartErrand
from ivr.domain.facts import (
    AlertExpired,
    CallCancelled,
    CallEnded,
    CallPlaced,
    CallRang,
    ErrandExpired,
    ErrandPlaced,
    Fact,
)
from ivr.domain.lines import TrunkView, look_back
from ivr.domain.policy import Policy
from ivr.domain.records import OPEN, OPEN_ERRANDS, Call, CallState, Delivery, Entry, Errand, TrunkState
from ivr.domain.schedule import Plan, View, plan
from ivr.domain.trunk import as_it_is
from ivr.ports import AtLeast, Clock, Pbx, PbxAway, Records, Store, StoreAway
from ivr.services.ceilings import Ceilings, Chosen
from ivr.services.ledger import Applied, Ledger

log = logging.getLogger(__name__)

_POLL_S = 0.3
"""How soon a change that another process committed (an operator's shell) is noticed."""
_RECONCILE_S = 10.0
_DOUBT_S = 1.0
"""Between two looks at a call that is missing."""
_GONE_S = 5.0
"""How long a call must be missing before it counts as gone. It may not have its channel yet; and a stopped
Asterisk that goes on dials what was asked of it meanwhile, after we have connected anew."""
_CARRIER_S = 25.0
"""How long a carrier may hold the line of a call whose Asterisk has died: it hears no BYE, only silence."""
_STORE_RETRY_S = 0.5
_SURPRISE_S = 1.0


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
        ceilings: Chosen | None = None,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._pbx = pbx
        self._trunks = trunks
        self._look_back_s = look_back(trunks)
        self._policy = policy
        self._clock = clock
        self._new_id = new_id
        self._ceilings = Ceilings(ceilings or Chosen())
        self._facts: deque[Fact] = deque()
        self._changed = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._reconcile_at = 0.0  # by time.monotonic, as all waiting here: a wall clock may be stepped
        self._missing: dict[str, float] = {}
        self._waits_for_trunk = False
        """A trunk is not up, and the next phone that rings may show that it is."""
        self._seen = -1
        self._complaint = ""
        """What was logged last of an Asterisk that is there, until it does what is asked of it."""

    def notice(self, fact: Fact) -> None:
        """A fact from the telephone network, to be applied in the order of arrival."""
        self._facts.append(fact)
        # A commit for the ringing of each phone would hold up the others: it can share that of the next fact.
        if self._waits_for_trunk or not isinstance(fact, CallRang):
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
        """Work until cancelled. Survives the store and Asterisk being away, and its own mistakes: a dialler
        that is wrong about one call must still place the others."""
        self._loop = asyncio.get_running_loop()
        while True:
            try:
                await self._turn()
            except StoreAway as error:
                log.error("%s; calls wait", error)
                await asyncio.sleep(_STORE_RETRY_S)
            except Exception:
                log.exception("the dialler failed; it goes on")
                await asyncio.sleep(_SURPRISE_S)

    async def _turn(self) -> None:
        if ended := {fact.call for fact in self._facts if isinstance(fact, CallEnded)}:
            await self._use_lines(ended)
        await self._apply_facts()
        await self._rest(await self._round())

    async def _use_lines(self, ended: Set[str]) -> None:
        """Give the lines of these calls to whoever is due before the ends are on record: no line stays idle
        for that. The teams of the ended calls have to wait: what follows for them is not known yet."""
        if self._pbx.up:
            decided = await asyncio.to_thread(self._plan, ended)
            with contextlib.suppress(PbxAway):  # `_round` sees to it
                await self._place(decided)

    async def _apply_facts(self) -> None:
        """Those that are here now. What comes in meanwhile is for the next turn: it begins with the lines."""
        told = list(self._facts)
        await self._apply_together(told)
        for _ in told:
            self._facts.popleft()  # only now: a fact the store could not take is tried again

    async def _apply(self, fact: Fact) -> Applied | None:
        (applied,) = await self._apply_together([fact])
        return applied

    async def _apply_together(self, several: Sequence[Fact]) -> Sequence[Applied | None]:
        """Raises StoreAway. A fact that fails in another way is dropped: it must not hold up the others, and
        what became of its call is found by `_reconcile`."""
        return await asyncio.to_thread(self._ledger.apply_together, several) if several else []

    async def _round(self) -> float | None:
        """Reconcile when it is time, then carry out one plan; when to look again."""
        try:
            was_up = self._pbx.up  # one that comes up meanwhile is asked first, in the next round
            if was_up and time.monotonic() >= self._reconcile_at:
                await self._reconcile()
            decided = await asyncio.to_thread(self._plan)
            for alert in decided.expire:
                await self._apply(AlertExpired(alert))
            for errand in decided.lapse:
                await self._apply(ErrandExpired(errand))
            if was_up and self._pbx.up:  # or each round would commit a call that nobody can place
                for call in decided.cancel:
                    await self._cancel(call)
                await self._place(decided)
            if decided.held_by:
                await self._apply_together(await asyncio.to_thread(self._held, decided))
        except PbxAway as error:  # pbx_up wakes us; a deadline that comes before must not wait for it
            self._complain(error)
            return self._clock() + _RECONCILE_S
        self._complaint = ""
        return decided.again_at

    def _complain(self, error: PbxAway) -> None:
        """Of an Asterisk that is there and does not do what is asked of it nobody else tells."""
        if self._pbx.up and str(error) != self._complaint:
            log.error("%s; calls wait", error)
            self._complaint = str(error)

    def _plan(self, ended: Set[str] = frozenset()) -> Plan:
        """`ended`: calls that are over and up on record."""
        with self._store.read() as tx:
            self._seen = tx.latest(Entry)
            up = tx.find(Call, state=(CallState.PLACED, CallState.ANSWERED))
            deliveries = tx.find(Delivery, state=OPEN)
            errands = tx.find(Errand, state=OPEN_ERRANDS)
            recent = self._recent(tx)
            states = {state.name: state for state in tx.find(TrunkState)}
            now = self._clock()
            budget = self._ceilings.left(tx, {d.alert for d in deliveries}, now)
        self._waits_for_trunk = not all(state.is_up for state in states.values())
        over = [replace(call, state=CallState.ENDED, ended_at=now) for call in up if call.id in ended]
        view = View(
            trunks=[as_it_is(trunk, states.get(trunk.name), now) for trunk in self._trunks],
            deliveries=deliveries,
            calls=[*(call for call in up if call.id not in ended), *over],
            deadline_s=self._policy.deadline_s,
            recent=[*recent, *over],
            errands=errands,
            budget=budget,
        )
        return plan(view, now)

    def _held(self, decided: Plan) -> Sequence[Fact]:
        with self._store.read() as tx:
            return self._ceilings.news(tx, decided.held_by, self._clock())

    async def _place(self, decided: Plan) -> None:
        """Commit the calls together, then originate them; errands first, for somebody waits on the line."""
        for errand in decided.errands:
            await self._run(errand)
        placed = [
            CallPlaced(self._new_id(), s.team, s.number, s.trunk, s.alerts, s.probe) for s in decided.start
        ]
        applied = await self._apply_together(placed)
        await asyncio.gather(  # one that cannot leave keeps none of the others
            *(
                self._pbx.originate(fact.call, fact.number, fact.trunk, now.ring_s)
                for fact, now in zip(placed, applied, strict=True)
                if now and now.call  # or acknowledged or withdrawn since the plan; or too late in the day
            )
        )

    def _recent(self, tx: Records) -> Sequence[Call]:
        """Asked of the store, not remembered: so a restart does not use a line that must rest."""
        if not self._look_back_s:
            return ()
        since = self._clock() - self._look_back_s
        return tx.find(Call, ended_at=AtLeast(since))

    async def _run(self, start: StartErrand) -> None:
        call = self._new_id()
        applied = await self._apply(ErrandPlaced(start.errand, call, start.trunk, start.probe))
        if applied is not None and applied.call is not None:
            await self._pbx.originate(call, start.number, start.trunk, applied.ring_s, script="errand")

    async def _cancel(self, call: str) -> None:
        applied = await self._apply(CallCancelled(call))
        if (
            applied and applied.call and applied.call.state is CallState.PLACED
        ):  # an answered call is never dropped
            await self._pbx.hang_up(call)

    async def _reconcile(self) -> None:
        """End in the ledger what has no channel any more: its end was never seen. Ring off again what still
        rings although it was cancelled: the connection was lost between the commit and the Hangup."""
        up = await asyncio.to_thread(self._calls_up)
        live = await self._pbx.live()
        now = time.monotonic()
        self._missing = {call.id: self._missing.get(call.id, now) for call in up if call.id not in live}
        for call in up:
            if call.id in self._missing and now - self._missing[call.id] >= self._patience_s(call):
                log.warning("call %s is gone and its end was not seen", call.id)
                await self._apply(CallEnded(call.id, None))
            elif call.cancelled and call.id in live:
                await self._cancel(call.id)
        self._reconcile_at = now + (_DOUBT_S if self._missing else _RECONCILE_S)

    def _patience_s(self, call: Call) -> float:
        older_than_asterisk = self._clock() - call.started_at > self._pbx.uptime_s
        return _CARRIER_S if older_than_asterisk else _GONE_S

    def _calls_up(self) -> list[Call]:
        with self._store.read() as tx:
            return tx.find(Call, state=(CallState.PLACED, CallState.ANSWERED))

    async def _rest(self, again_at: float | None) -> None:
        """Until something happens, or the plan wants another look."""
        while not self._changed.is_set():
            left = _POLL_S if again_at is None else min(again_at - self._clock(), _POLL_S)
            try:
                async with asyncio.timeout(max(left, 0.001)):  # before 3.12 wait_for may swallow our end
                    await self._changed.wait()
            except TimeoutError:
                if again_at is not None and self._clock() >= again_at:
                    break
                if self._pbx.up and time.monotonic() >= self._reconcile_at:
                    break
                if await asyncio.to_thread(self._newest) != self._seen:
                    break
        self._changed.clear()

    def _newest(self) -> int:
        with self._store.read() as tx:
            return tx.latest(Entry)
