"""A network called by the real schedule under the real policy, in simulated time.

Owns: the discrete-event clock, and what the ledger would do with each fact. Decides nothing: whom to call and
when comes from schedule.plan, what follows a call from the delivery's own decider.
"""

import heapq
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bench.fates import Fate, Network
from ivr.domain import delivery as deliveries
from ivr.domain import schedule
from ivr.domain.delivery import CallsChanged, History
from ivr.domain.facts import Acknowledged, CallPlaced
from ivr.domain.policy import Past, Policy
from ivr.domain.records import (
    OPEN,
    Call,
    CallState,
    Delivery,
    Direction,
    Disposition,
    Via,
)
from ivr.domain.schedule import Start, TrunkView, View

ALERT = 17
NOON = 1_795_356_180.0


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
    paths: Sequence[Sequence[tuple[float, float]]]
    """Of each team, its calls as (pause before the call, time on the line)."""
    callers: int = 0
    """Calls that came in until the makespan's end."""
    blocked: int = 0
    """Those that found every line taken."""

    def reached_by(self, teams: int, share: float) -> float | None:
        """When this share of `teams` had been reached; None: never."""
        n = max(1, round(teams * share))
        return self.reached_at[n - 1] if len(self.reached_at) >= n else None


def run(
    network: Network, trunks: Sequence[TrunkView], policy: Policy, callers: Callers | None = None
) -> Result:
    """Release one alert and follow it to its end."""
    return _Alert(network, trunks, policy, callers).run()


class _Alert:
    def __init__(
        self, network: Network, trunks: Sequence[TrunkView], policy: Policy, callers: Callers | None
    ) -> None:
        self._network = network
        self._trunks = trunks
        self._policy = policy
        self._now = NOON
        self._teams = {f"team-{n:05}": n for n in range(network.teams)}
        self._past: dict[str, list[Past]] = {team: [] for team in self._teams}
        self._paths: dict[str, list[tuple[float, float]]] = {team: [] for team in self._teams}
        self._open: dict[str, Delivery] = {}
        for team, n in self._teams.items():
            self._open[team], _ = deliveries.opened(ALERT, team, team, network.numbers(n), policy, NOON)
        self._up: dict[str, Call] = {}
        self._recent: list[Call] = []
        self._look_back_s = schedule.look_back(trunks)
        self._events: list[tuple[float, int, str, Fate | None]] = []
        self._ids = 0
        self._reached_at: list[float] = []
        self._callers = callers
        self._draw = random.Random(callers.seed if callers else 0)
        self._came_in = self._blocked = 0

    def run(self) -> Result:
        self._expect_caller()
        again_at: float | None = NOON
        while self._open:
            moments = [
                at for at in (again_at, self._events[0][0] if self._events else None) if at is not None
            ]
            self._now = min(moments)
            while self._events and self._events[0][0] <= self._now:
                self._happen(*heapq.heappop(self._events)[2:])
            again_at = self._carry_out_plan()
        return Result(
            makespan_s=self._now - NOON,
            reached_at=self._reached_at,
            paths=list(self._paths.values()),
            callers=self._came_in,
            blocked=self._blocked,
        )

    def _carry_out_plan(self) -> float | None:
        self._recent = [c for c in self._recent if (c.ended_at or 0) >= self._now - self._look_back_s]
        view = View(
            self._trunks,
            list(self._open.values()),
            list(self._up.values()),
            self._policy.deadline_s,
            self._recent,
        )
        plan = schedule.plan(view, self._now)
        assert not plan.expire, "the deadline must lie beyond the simulated time"
        for start in plan.start:
            self._start(start)
        return plan.again_at

    def _start(self, start: Start) -> None:
        before = self._open[start.team]
        network_fate = self._network.fate(self._teams[start.team], before.attempts, start.number)
        pause_s = before.due_at - (self._past[start.team][-1].ended_at if self._past[start.team] else NOON)
        self._paths[start.team].append((pause_s, network_fate.line_s))
        call = Call(
            f"out-{self._ids}",
            Direction.OUT,
            CallState.PLACED,
            start.team,
            start.number,
            start.trunk,
            self._now,
        )
        self._tell(start.team, CallPlaced(call.id, start.team, start.number, start.trunk, start.alerts))
        self._seize(call, network_fate.line_s, network_fate)

    def _seize(self, call: Call, lasts_s: float, fate: Fate | None) -> None:
        self._up[call.id] = call
        heapq.heappush(self._events, (self._now + lasts_s, self._ids, call.id, fate))
        self._ids += 1

    def _happen(self, what: str, fate: Fate | None) -> None:
        """A call ends, or somebody calls in."""
        if what == "caller":
            self._take_caller()
            return
        call = replace(self._up.pop(what), state=CallState.ENDED, ended_at=self._now)
        self._recent.append(call)
        if fate is None or call.team is None:
            return
        if fate.disposition is Disposition.ACKNOWLEDGED:
            self._tell(call.team, Acknowledged(ALERT, call.team, Via.KEYPRESS, call.number))
            self._reached_at.append(self._now - NOON)
        else:
            self._past[call.team].append(Past(call.number or "", fate.disposition, self._now))
            self._tell(call.team, CallsChanged())

    def _tell(self, team: str, fact: CallPlaced | CallsChanged | Acknowledged) -> None:
        numbers = self._network.numbers(self._teams[team])
        history = History(numbers, self._past[team], live=False, expired=False)
        after, _ = deliveries.decide(self._open[team], fact, history, self._policy, self._now)
        if after.state in OPEN:
            self._open[team] = after
        else:
            del self._open[team]

    def _expect_caller(self) -> None:
        if self._callers is not None:
            at = self._now + self._draw.expovariate(1 / self._callers.every_s)
            heapq.heappush(self._events, (at, self._ids, "caller", None))
            self._ids += 1

    def _take_caller(self) -> None:
        assert self._callers is not None
        self._expect_caller()
        self._came_in += 1
        for trunk in self._trunks:
            if sum(c.trunk == trunk.name for c in self._up.values()) < trunk.lines:
                call = Call(
                    f"in-{self._ids}",
                    Direction.IN,
                    CallState.ANSWERED,
                    None,
                    None,
                    trunk.name,
                    self._now,
                    answered_at=self._now,
                )
                self._seize(call, self._draw.expovariate(1 / self._callers.lasts_s), None)
                return
        self._blocked += 1
