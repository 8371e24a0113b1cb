"""Who is dialled next: one pure function over everything that is open.

Owns: the use of lines. Work-conserving: no line stays idle while somebody who is due may be called. Fair:
while lines are scarce, nobody gets a second call before everybody has had a first. The dialler and the
simulation run this same code.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ivr.domain.records import OPEN, Call, CallState, Delivery, DeliveryState, Direction


@dataclass(frozen=True, slots=True)
class TrunkView:
    name: str
    lines: int
    """Channels the carrier gives us, for calls out and in together."""
    up: bool = True


@dataclass(frozen=True, slots=True)
class View:
    """The state a plan is made from."""

    trunks: Sequence[TrunkView]
    deliveries: Sequence[Delivery]
    """Every open delivery of a released alert."""
    calls: Sequence[Call]
    """Every call that is placed or up, out and in."""
    deadline_s: float
    """How long after its beginning a delivery is given up, where its team has no deadline of its own."""


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
    """What to do at `now`. Calling it again with its result carried out gives an empty plan."""
    free = _free_lines(view)
    engaged = {c.team for c in view.calls if c.team is not None}
    ringing_out = {c.number for c in view.calls if c.direction is Direction.OUT}
    starts = []
    overdue = {(d.alert, d.team) for d in _waiting(view) if _deadline(view, d) <= now}
    callable_ = [d for d in _waiting(view) if (d.alert, d.team) not in overdue]
    for group in _by_urgency(_due(callable_, engaged, now)):
        number = group[0].number
        assert number is not None  # _due lets nothing else through
        if number in ringing_out:
            continue
        trunk = _trunk(free, group[0].avoid_trunk)
        if trunk is None:
            break
        free[trunk] -= 1
        ringing_out.add(number)
        starts.append(Start(group[0].team, number, trunk, tuple(sorted(d.alert for d in group))))
    return Plan(
        start=tuple(starts),
        cancel=tuple(_unwanted(view)),
        expire=tuple(sorted({alert for alert, _ in overdue})),
        again_at=_next_look(view, now),
    )


def _free_lines(view: View) -> dict[str, int]:
    free = {t.name: t.lines if t.up else 0 for t in view.trunks}
    for call in view.calls:
        if call.trunk in free:
            free[call.trunk] -= 1
    return free


def _trunk(free: dict[str, int], avoid: str | None) -> str | None:
    """One with a free line, best another than the one to avoid."""
    names = [name for name, lines in free.items() if lines > 0]
    return next((name for name in names if name != avoid), names[0] if names else None)


def _deadline(view: View, delivery: Delivery) -> float:
    own = delivery.deadline_at
    return delivery.since + view.deadline_s if own is None else own


def _due(deliveries: Iterable[Delivery], engaged: set[str], now: float) -> list[list[Delivery]]:
    """The waiting deliveries of each team that is free and has at least one that is due, that one first.

    A team that is on the line, called by us or calling in, is left alone: its phones never ring twice
    at once.
    """
    teams: dict[str, list[Delivery]] = {}
    for delivery in deliveries:
        if delivery.number and delivery.team not in engaged:
            teams.setdefault(delivery.team, []).append(delivery)
    groups = []
    for waiting in teams.values():
        waiting.sort(key=lambda d: (d.due_at > now, d.attempts, d.due_at, d.alert))
        if waiting[0].due_at <= now:
            groups.append(waiting)
    return groups


def _by_urgency(groups: list[list[Delivery]]) -> list[list[Delivery]]:
    """First calls before second ones; then whoever has been due longest."""
    return sorted(groups, key=lambda g: (g[0].attempts, g[0].due_at, g[0].alert, g[0].team))


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


def _next_look(view: View, now: float) -> float | None:
    moments = [d.due_at for d in _waiting(view)] + [_deadline(view, d) for d in _waiting(view)]
    return min((m for m in moments if m > now), default=None)


def _waiting(view: View) -> list[Delivery]:
    return [d for d in view.deliveries if d.state is DeliveryState.WAITING]
