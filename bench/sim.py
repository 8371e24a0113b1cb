"""A network called by the real schedule under the real policy, in simulated time.

Owns: the discrete-event clock, and what the ledger would do with each fact. Decides nothing: whom to call and
when comes from schedule.plan, what follows a call from the delivery's and the call's own deciders.
"""

import heapq
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from bench.fates import Fate
from ivr.domain import call as calls
from ivr.domain import delivery as deliveries
from ivr.domain import schedule
from ivr.domain.attempts import Past
from ivr.domain.delivery import CallsChanged, DeliveryFact, History, NumberClosed
from ivr.domain.facts import Acknowledged, CallAnswered, CallCancelled, CallEnded, CallPlaced, KeyPressed
from ivr.domain.lines import TrunkView, look_back
from ivr.domain.nextcall import Phone
from ivr.domain.policy import Policy
from ivr.domain.records import OPEN, Call, CallState, Delivery, Direction, Disposition, Via
from ivr.domain.schedule import Start, View
from ivr.domain.trunk import got_through

ALERT = 17
NOON = 1_795_356_180.0


class Network(Protocol):
    """Who is called, and what becomes of it. See fates.Network."""

    @property
    def teams(self) -> int: ...

    def numbers(self, team: int) -> list[Phone]: ...

    def fate(self, team: int, n: int, number: str) -> Fate: ...


@dataclass(frozen=True, slots=True)
class Callers:
    """People who call the hotline while the teams are called: Poisson arrivals, exponential length."""

    every_s: float
    lasts_s: float
    seed: int


@dataclass(frozen=True, slots=True)
class Result:
    """What one simulated alert came to. Times count from the release."""

    makespan_s: float
    """Until nobody is to be called any more."""
    reached_at: Sequence[float]
    """When each team that was reached acknowledged, in order."""
    callers: int = 0
    """Calls that came in until the makespan's end."""
    blocked: int = 0
    """Those that found every line taken."""

    def reached_by(self, teams: int, share: float) -> float | None:
        """When this share of `teams` had been reached; None: never."""
        n = max(1, round(teams * share))
        return self.reached_at[n - 1] if len(self.reached_at) >= n else None


def run(
    network: Network,
    trunks: Sequence[TrunkView],
    policy: Policy,
    callers: Callers | None = None,
    begin: float = NOON,
) -> Result:
    """Release one alert at `begin` (seconds since the epoch) and follow it to its end."""
    return Simulated(network, trunks, policy, callers, begin).run()


@dataclass(slots=True)
class Team:
    n: int
    delivery: Delivery
    past: list[Past]
    up: dict[str, Call]


class Simulated:
    """One alert on its way. See bench.outages for one whose trunks fail."""

    def __init__(
        self,
        network: Network,
        trunks: Sequence[TrunkView],
        policy: Policy,
        callers: Callers | None,
        begin: float,
    ) -> None:
        self._network = network
        self._trunks = trunks
        self._policy = policy
        self._begin = self._now = begin
        self._teams: dict[str, Team] = {}
        for n in range(network.teams):
            team = f"team-{n:05}"
            fresh, _ = deliveries.opened(ALERT, team, team, network.numbers(n), policy, begin)
            self._teams[team] = Team(n, fresh, [], {})
        self._open = {team: t for team, t in self._teams.items() if t.delivery.state in OPEN}
        self._up: dict[str, Call] = {}
        self._recent: list[Call] = []
        self._look_back_s = look_back(trunks)
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._ids = 0
        self._reached_at: list[float] = []
        self._callers = callers
        self._draw = random.Random(callers.seed if callers else 0)
        self._came_in = self._blocked = 0

    def run(self) -> Result:
        self._expect_caller()
        again_at: float | None = self._begin
        while self._open:
            event_at = self._events[0][0] if self._events else None
            self._now = min(at for at in (again_at, event_at) if at is not None)
            while self._events and self._events[0][0] <= self._now:
                heapq.heappop(self._events)[2]()
            again_at = self._carry_out_plan()
        return Result(self._now - self._begin, self._reached_at, self._came_in, self._blocked)

    def _in(self, seconds: float, happens: Callable[[], None]) -> None:
        heapq.heappush(self._events, (self._now + seconds, self._ids, happens))
        self._ids += 1

    def _carry_out_plan(self) -> float | None:
        self._recent = [c for c in self._recent if (c.ended_at or 0) >= self._now - self._look_back_s]
        waiting = [t.delivery for t in self._open.values()]
        view = View(
            self._seen_trunks(), waiting, list(self._up.values()), self._policy.deadline_s, self._recent
        )
        plan = schedule.plan(view, self._now)
        assert not plan.expire, "the deadline must lie beyond the simulated time"
        for call in plan.cancel:
            self._move(self._up[call], CallCancelled(call))
            self._end(call, Disposition.CANCELLED)
        for start in plan.start:
            self._start(self._teams[start.team], start)
        return self._now if plan.cancel else plan.again_at

    def _seen_trunks(self) -> Sequence[TrunkView]:
        """The trunks as the exchange and their calls show them."""
        return self._trunks

    # -- calls out ---------------------------------------------------------------------------------------

    def _start(self, team: Team, start: Start) -> None:
        phone = next(p for p in self._network.numbers(team.n) if p.number == start.number)
        if not phone.hours.open_at(self._now):
            self._tell(team, NumberClosed())
            return
        fate = self._fate(team, start)
        call = f"out-{self._ids}"
        self._tell(team, CallPlaced(call, start.team, start.number, start.trunk, start.alerts))
        self._up[call] = team.up[call] = Call(
            *(call, Direction.OUT, CallState.PLACED, start.team, start.number, start.trunk, self._now),
            probe=start.probe,
        )
        if fate.answered_after_s is not None:
            self._in(fate.answered_after_s, partial(self._tell_call, CallAnswered(call)))
        if fate.pressed_after_s is not None:
            self._in(fate.pressed_after_s, partial(self._tell_call, KeyPressed(call)))
        self._in(fate.line_s, partial(self._end_of, call, fate))

    def _fate(self, team: Team, start: Start) -> Fate:
        return self._network.fate(team.n, team.delivery.attempts, start.number)

    def _tell_call(self, fact: CallAnswered | KeyPressed) -> None:
        if fact.call in self._up:  # and was not cancelled
            self._move(self._up[fact.call], fact)

    def _end_of(self, call: str, fate: Fate) -> None:
        if call in self._up:  # and was not cancelled
            self._end(call, fate.disposition, fate.cause)

    def _move(self, call: Call, fact: calls.CallFact) -> Call:
        after, _ = calls.decide(call, fact, self._now)
        self._up[call.id] = self._teams[call.team or ""].up[call.id] = after
        return after

    def _end(self, call: str, disposition: Disposition, cause: int | None = None) -> None:
        ended = self._move(self._up[call], CallEnded(call, cause))
        team = self._teams[ended.team or ""]
        del self._up[call], team.up[call]
        self._recent.append(ended)
        if ended.team not in self._open:
            return
        if disposition is Disposition.ACKNOWLEDGED:
            self._tell(team, Acknowledged(ALERT, ended.team, Via.KEYPRESS, ended.number))
            self._reached_at.append(self._now - self._begin)
        else:
            fault = got_through(ended) is False
            team.past.append(
                Past(ended.number or "", disposition, self._now, ended.trunk, fault, ended.probe)
            )
            self._tell(team, CallsChanged())

    def _tell(self, team: Team, fact: DeliveryFact) -> None:
        up = {c.number or "": c.started_at for c in team.up.values()}
        numbers, trunks = self._network.numbers(team.n), len(self._trunks)
        history = History(numbers, team.past, up, expired=False, trunks=trunks)
        team.delivery, _ = deliveries.decide(team.delivery, fact, history, self._policy, self._now)
        if team.delivery.state not in OPEN:
            del self._open[team.delivery.team]

    # -- calls in ----------------------------------------------------------------------------------------

    def _expect_caller(self) -> None:
        if self._callers is not None:
            self._in(self._draw.expovariate(1 / self._callers.every_s), self._take_caller)

    def _take_caller(self) -> None:
        assert self._callers is not None
        self._expect_caller()
        self._came_in += 1
        for trunk in self._trunks:
            if sum(c.trunk == trunk.name for c in self._up.values()) < trunk.lines:
                call = f"in-{self._ids}"
                self._up[call] = Call(
                    call, Direction.IN, CallState.ANSWERED, None, None, trunk.name, self._now, self._now
                )
                lasts_s = self._draw.expovariate(1 / self._callers.lasts_s)
                self._in(lasts_s, partial(self._hang_up, call))
                return
        self._blocked += 1

    def _hang_up(self, call: str) -> None:
        ended, _ = calls.decide(self._up.pop(call), CallEnded(call, 16), self._now)
        self._recent.append(ended)
