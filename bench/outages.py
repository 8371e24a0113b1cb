"""A simulated alert whose trunks fail and come back while teams are called.

Owns: what a trunk that is out does to calls. When it is left, tried and used again is decided where it is for
real calls: in ivr.domain.trunk and schedule.plan.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from bench.fates import Fate
from bench.sim import NOON, Network, Result, Simulated, Team
from ivr.domain import call as calls
from ivr.domain import trunk as health
from ivr.domain.facts import CallRang, TrunkReported
from ivr.domain.lines import TrunkView
from ivr.domain.policy import Policy
from ivr.domain.records import Call, CallState, Disposition, TrunkState
from ivr.domain.schedule import Start

SILENT_S = 6.4
"""After so long a call fails that nobody answers: timer B of dialplan/pjsip.conf."""
REFUSED_S = 0.2
_RINGS_S = 1.0


@dataclass(frozen=True, slots=True)
class Outage:
    """A trunk is out, from and until so many seconds after the release."""

    trunk: str
    begin_s: float
    end_s: float
    silent: bool
    """It does not answer at all; or it refuses every call (503)."""
    reported: bool
    """Asterisk sees it, three seconds after it has begun, and as long after its end."""


def run(network: Network, trunks: Sequence[TrunkView], policy: Policy, outages: Sequence[Outage]) -> Result:
    """Release one alert at noon and follow it to its end."""
    return Failing(network, trunks, policy, outages).run()


class Failing(Simulated):
    """An alert with outages."""

    def __init__(
        self, network: Network, trunks: Sequence[TrunkView], policy: Policy, outages: Sequence[Outage]
    ) -> None:
        super().__init__(network, trunks, policy, None, NOON)
        self._outages = outages
        self.states: dict[str, TrunkState] = {}
        self._over: list[Call] = []
        for outage in outages:
            self._in(outage.begin_s, partial(self._lose, outage))
            if outage.reported:
                self._in(outage.begin_s + 3, partial(self._report, outage, 0))
                self._in(outage.end_s + 3, partial(self._report, outage, 1000))

    def _seen_trunks(self) -> Sequence[TrunkView]:
        return [health.as_it_is(trunk, self.states.get(trunk.name), self._now) for trunk in self._trunks]

    def _out(self, trunk: str) -> Outage | None:
        after_s = self._now - self._begin
        return next((o for o in self._outages if o.trunk == trunk and o.begin_s <= after_s < o.end_s), None)

    def _fate(self, team: Team, start: Start) -> Fate:
        outage = self._out(start.trunk)
        if outage is None:
            return super()._fate(team, start)
        if outage.silent:
            return Fate(Disposition.NO_ANSWER, SILENT_S, cause=18)
        return Fate(Disposition.CONGESTION, REFUSED_S, cause=34)

    def _start(self, team: Team, start: Start) -> None:
        call = f"out-{self._ids}"
        super()._start(team, start)
        if call in self._up and self._out(start.trunk) is None:
            self._in(_RINGS_S, partial(self._ring, call))

    def _ring(self, call: str) -> None:
        if call in self._up:
            self._move(self._up[call], CallRang(call))

    def _lose(self, outage: Outage) -> None:
        """The calls that are up on a trunk end with it."""
        for call in [c for c in self._up.values() if c.trunk == outage.trunk]:
            self._end(call.id, Disposition.UNKNOWN)

    def _report(self, outage: Outage, lines: int) -> None:
        self._tell_trunk(outage.trunk, TrunkReported(outage.trunk, lines, "a report"))

    def _move(self, call: Call, fact: calls.CallFact) -> Call:
        after = super()._move(call, fact)
        if after.state is CallState.ENDED:
            self._over.append(after)
        told = health.told_by(call, after, partial(self._lately, call.trunk))
        if told is not None:
            self._tell_trunk(call.trunk, told)
        return after

    def _lately(self, trunk: str) -> list[Call]:
        since = max(self._state(trunk).since, self._now - health.LOOK_BACK_S)
        return [c for c in (*self._over, *self._up.values()) if c.trunk == trunk and c.started_at >= since]

    def _state(self, trunk: str) -> TrunkState:
        return self.states.get(trunk, TrunkState(trunk))

    def _tell_trunk(self, trunk: str, fact: health.TrunkFact) -> None:
        self.states[trunk], _ = health.decide(self._state(trunk), fact, self._now)
