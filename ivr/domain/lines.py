"""What a trunk can take now: free lines, guard time, the carrier's rate, lines kept for callers.

Owns: the limits of one trunk. Whom its lines go to is the business of `schedule`.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ivr.domain.records import Call, CallState, Direction

_RATE_S = 1.05
"""The second of "calls per second": a little longer, as an Originate leaves a little after its commit."""
_CALLERS_S = 60.0
"""How long a call that came in lets us expect more of them."""


@dataclass(frozen=True, slots=True)
class TrunkView:
    name: str
    lines: int
    """Channels the carrier gives us, for calls out and in together."""
    up: bool = True
    guard_s: float = 0.0
    """How long a line rests after a call: the carrier may release it later than we do."""
    cps: int | None = None
    """Calls we may start in any one second; None: no limit."""
    reserve: int = 0
    """Lines kept free for callers when nobody has called lately; 0: none are ever kept."""
    probe_at: float | None = None
    """Where it is not up: from when on one call may try it; None: none may."""


def look_back(trunks: Sequence[TrunkView]) -> float:
    """How many seconds ago a call may have ended and still matter to a plan; 0: none does."""
    return max(
        (max(t.guard_s, _RATE_S if t.cps else 0.0, _CALLERS_S if t.reserve else 0.0) for t in trunks),
        default=0.0,
    )


class Room:
    """What a trunk can take: free lines, less those that rest or are kept, at the carrier's rate.

    A moment that lies ahead of us was written before the clock was set back; it binds nothing.
    """

    def __init__(self, trunk: TrunkView, calls: Sequence[Call], recent: Sequence[Call], now: float) -> None:
        up = [c for c in calls if c.trunk == trunk.name and c.state is not CallState.ENDED]
        ended = [c for c in recent if c.trunk == trunk.name]
        out = [c.started_at for c in (*up, *ended) if c.direction is Direction.OUT]
        came_in = [c.started_at for c in (*up, *ended) if c.direction is Direction.IN]
        rests = _ahead([c.ended_at for c in ended if c.ended_at is not None], trunk.guard_s, now)
        callers = _ahead(came_in, _CALLERS_S, now) if trunk.reserve else []
        self.trunk = trunk
        self.started = 0
        self._lines = trunk.lines - len(up) - len(rests) - _kept(trunk, len(callers))
        self._opens_at = now
        if not trunk.up:
            self._lines = min(self._lines, 1)
            is_probed = trunk.probe_at is None or any(call.probe for call in up)
            self._opens_at = math.inf if is_probed else max(now, trunk.probe_at or now)
        self._is_open = self._opens_at <= now
        self._line_at = min((*rests, *callers), default=math.inf)
        self._fresh = _ahead(out, _RATE_S, now) if trunk.cps else []
        self._rate = trunk.cps - len(self._fresh) if trunk.cps else math.inf

    @property
    def left(self) -> int:
        """Calls that may start now."""
        return max(0, int(min(self._lines, self._rate)) - self.started) if self._is_open else 0

    def more_at(self, now: float) -> float:
        """When one more call may start, at the earliest, if no call ends before."""
        line_at = now if self.started < self._lines else self._line_at
        rate_at = now if self.started < self._rate else min(self._fresh, default=now + _RATE_S)
        return max(line_at, rate_at, self._opens_at)


def choose(
    rooms: Sequence[Room], avoid: str | None, tried: Collection[str] = (), probes_first: bool = False
) -> Room | None:
    """One with a line that was not tried, best another than the one to avoid; of several, the first that is
    up (or the first to be probed). None: there is none."""
    free = (room for room in rooms if room.left and room.trunk.name not in tried)
    return min(free, key=lambda r: (r.trunk.name == avoid, r.trunk.up is probes_first), default=None)


def _ahead(moments: Sequence[float], lasts_s: float, now: float) -> list[float]:
    """When that ends which began at each of these moments and still lasts."""
    return [at + lasts_s for at in moments if at <= now < at + lasts_s]


def _kept(trunk: TrunkView, callers: int) -> int:
    """Lines to keep free for callers: more while calls come in, at most half of the lines for that."""
    if not trunk.reserve:
        return 0
    return max(trunk.reserve, min(trunk.reserve + callers, trunk.lines // 2))
