"""Who is dialled next: one pure function over everything that is open.

Owns: the use of lines. Work-conserving: no line stays idle while somebody who is due may be called, but those
that rest after a call, wait for the carrier's rate, or are kept for callers. Fair: while lines are scarce,
nobody gets a second call before everybody has had a first. The dialler and the simulation run this same code.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop

from ivr.domain.records import OPEN, Call, CallState, Delivery, DeliveryState, Direction

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


@dataclass(frozen=True, slots=True)
class View:
    """The state a plan is made from."""

    trunks: Sequence[TrunkView]
    deliveries: Sequence[Delivery]
    """Every open delivery of a released alert."""
    calls: Sequence[Call]
    """Every call that is placed or up, out and in."""
    deadline_s: float
    """How long after its beginning a delivery is given up."""
    recent: Sequence[Call] = ()
    """Every call, out and in, that ended within the last `look_back(trunks)` seconds."""


def look_back(trunks: Sequence[TrunkView]) -> float:
    """How many seconds ago a call may have ended and still matter to a plan; 0: none does."""
    return max(
        (max(t.guard_s, _RATE_S if t.cps else 0.0, _CALLERS_S if t.reserve else 0.0) for t in trunks),
        default=0.0,
    )


@dataclass(frozen=True, slots=True)
class Start:
    """Place one call; it serves every current alert of the team."""

    team: str
    number: str
    trunk: str
    alerts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    start: tuple[Start, ...] = ()
    cancel: tuple[str, ...] = ()
    """Calls to hang up: still ringing, and nobody needs them."""
    expire: tuple[int, ...] = ()
    """Alerts whose deadline has passed."""
    again_at: float | None = None
    """When to look again if nothing happens before; None: only when something happens."""


def plan(view: View, now: float) -> Plan:
    """What to do at `now`. Calling it again with its result carried out gives an empty plan.

    Linear in what is open: it is made anew at every event.
    """
    rooms = [_Room(trunk, view, now) for trunk in view.trunks]
    waiting = _waiting(view, now)
    queue = [(_urgency(lead), lead) for lead in waiting.leads(now)]
    ringing_out = {c.number for c in view.calls if c.direction is Direction.OUT}
    starts = []
    heapify(queue)
    while queue and (room := next((r for r in rooms if r.open), None)):
        lead = heappop(queue)[1]
        assert lead.number is not None  # _waiting lets nothing else through
        if lead.number in ringing_out:
            continue
        room.started += 1
        ringing_out.add(lead.number)
        alerts = tuple(sorted(d.alert for d in waiting.teams[lead.team]))
        starts.append(Start(lead.team, lead.number, room.trunk.name, alerts))
    # Who is left in the queue waits for a line: at a hangup, or when one that is there may be used again.
    again_at = min(waiting.next_at, *(r.more_at(now) for r in rooms)) if queue and rooms else waiting.next_at
    return Plan(
        start=tuple(starts),
        cancel=tuple(_unwanted(view)),
        expire=tuple(sorted(waiting.overdue)),
        again_at=None if again_at == math.inf else again_at,
    )


def _urgency(lead: Delivery) -> tuple[int, float, int, str]:
    """First calls before second ones; then whoever has been due longest. Smaller is sooner."""
    return lead.attempts, lead.due_at, lead.alert, lead.team


@dataclass(slots=True)
class _Waiting:
    """Who waits for a call."""

    teams: dict[str, list[Delivery]]
    """Of each team that may be called, everything that a call would take along."""
    overdue: set[int]
    """Alerts of deliveries that have waited beyond the deadline."""
    next_at: float
    """When the next delivery falls due or reaches its deadline."""

    def leads(self, now: float) -> Iterator[Delivery]:
        """Of each team that is due, the delivery that asks first: its number is the one to call."""
        for theirs in self.teams.values():
            due = [d for d in theirs if d.due_at <= now]
            if due:
                yield due[0] if len(due) == 1 else min(due, key=_urgency)


def _waiting(view: View, now: float) -> _Waiting:
    """A team that is on the line, called or calling in, is left alone: its phones never ring together."""
    engaged = {c.team for c in view.calls}
    found = _Waiting({}, set(), math.inf)
    next_at = math.inf
    for delivery in view.deliveries:
        if delivery.state is not DeliveryState.WAITING:
            continue
        deadline = delivery.since + view.deadline_s
        if deadline <= now:
            found.overdue.add(delivery.alert)
            continue
        next_at = min(next_at, deadline)
        if now < delivery.due_at < next_at:
            next_at = delivery.due_at
        if delivery.number and delivery.team not in engaged:
            found.teams.setdefault(delivery.team, []).append(delivery)
    found.next_at = next_at
    return found


class _Room:
    """What a trunk can take: free lines, less those that rest or are kept, at the carrier's rate.

    A moment that lies ahead of us was written before the clock was set back; it binds nothing.
    """

    def __init__(self, trunk: TrunkView, view: View, now: float) -> None:
        up = [c for c in view.calls if c.trunk == trunk.name]
        ended = [c for c in view.recent if c.trunk == trunk.name]
        out = [c.started_at for c in (*up, *ended) if c.direction is Direction.OUT]
        came_in = [c.started_at for c in (*up, *ended) if c.direction is Direction.IN]
        rests = _ahead([c.ended_at for c in ended if c.ended_at is not None], trunk.guard_s, now)
        callers = _ahead(came_in, _CALLERS_S, now) if trunk.reserve else []
        self.trunk = trunk
        self.started = 0
        self._lines = trunk.lines - len(up) - len(rests) - _kept(trunk, len(callers))
        self._line_at = min((*rests, *callers), default=math.inf)
        self._rate_at = _ahead(out, _RATE_S, now) if trunk.cps else []

    @property
    def open(self) -> bool:
        """One more call may start now."""
        return self._has_line and self._has_rate

    @property
    def _has_line(self) -> bool:
        return self.trunk.up and self.started < self._lines

    @property
    def _has_rate(self) -> bool:
        return self.trunk.cps is None or len(self._rate_at) + self.started < self.trunk.cps

    def more_at(self, now: float) -> float:
        """When one more call may start, at the earliest, if no call ends before."""
        if not self.trunk.up:
            return math.inf
        return max(
            now if self._has_line else self._line_at,
            now if self._has_rate else min(self._rate_at, default=now + _RATE_S),
        )


def _ahead(moments: Sequence[float], lasts_s: float, now: float) -> list[float]:
    """When that ends which began at each of these moments and still lasts."""
    return [at + lasts_s for at in moments if at <= now < at + lasts_s]


def _kept(trunk: TrunkView, callers: int) -> int:
    """Lines to keep free for callers: more while calls come in, at most half of the lines for that."""
    if not trunk.reserve:
        return 0
    return max(trunk.reserve, min(trunk.reserve + callers, trunk.lines // 2))


def _unwanted(view: View) -> list[str]:
    """Calls that still ring although nobody needs them: acknowledged, withdrawn, or the team calls in."""
    wanting = {d.team for d in view.deliveries if d.state in OPEN}
    calling_in = {c.team for c in view.calls if c.direction is Direction.IN}
    return [
        c.id
        for c in view.calls
        if c.direction is Direction.OUT
        and c.state is CallState.PLACED
        and not c.cancelled
        and (c.team not in wanting or c.team in calling_in)
    ]
