"""Who is dialled next: one pure function over everything that is open.

Owns: the use of lines. Work-conserving: no line stays idle while somebody who is due may be called, but those
that rest after a call, wait for the carrier's rate, or are kept for callers. Fair: while lines are scarce,
nobody gets a second call before everybody has had a first. The dialler and the simulation run this same code.
"""

import math
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop
from operator import attrgetter
from typing import Any, NamedTuple

from ivr.domain import errand
from ivr.domain.ceiling import Budget, Meter
from ivr.domain.errand import StartErrand
from ivr.domain.lines import Room, TrunkView, choose
from ivr.domain.records import Call, CallState, Delivery, DeliveryState, Direction, Errand, ErrandKind


@dataclass(frozen=True, slots=True)
class View:
    """The state a plan is made from."""

    trunks: Sequence[TrunkView]
    deliveries: Sequence[Delivery]
    """Every open delivery of a released alert."""
    calls: Sequence[Call]
    """Every call that is placed or up, out and in. One that has ended, although that is not on record yet,
    has no line any more; its team waits for the record."""
    deadline_s: float
    """How long after its beginning a delivery is given up, where its team has no deadline of its own."""
    recent: Sequence[Call] = ()
    """Every call, out and in, that ended within the last `look_back(trunks)` seconds."""
    errands: Sequence[Errand] = ()
    """Every errand that somebody waits for."""
    budget: Budget | None = None
    """What is left below the ceilings; None: there are none."""


@dataclass(frozen=True, slots=True)
class Start:
    """Place one call; it serves every current alert of the team."""

    team: str
    number: str
    trunk: str
    alerts: tuple[int, ...]
    probe: bool = False
    """The trunk is not up: the call is to show whether it is again."""


@dataclass(frozen=True, slots=True)
class Plan:
    start: tuple[Start, ...] = ()
    cancel: tuple[str, ...] = ()
    """Calls to hang up: still ringing, and nobody needs them."""
    expire: tuple[int, ...] = ()
    """Alerts whose deadline has passed."""
    again_at: float | None = None
    """When to look again if nothing happens before; None: only when something happens."""
    errands: tuple[StartErrand, ...] = ()
    lapse: tuple[int, ...] = ()
    """Errands that are of no more use."""
    held_by: frozenset[int | None] = frozenset()
    """Ceilings that keep somebody from being called: of an alert, by its number; None: that of the hour."""


def plan(view: View, now: float) -> Plan:
    """What to do at `now`. Calling it again with its result carried out gives an empty plan.

    It is made anew at every event, so its cost counts: linear in what is open.
    """
    rooms = [Room(trunk, view.calls, view.recent, now) for trunk in view.trunks]
    ringing_out = {c.number for c in view.calls if c.direction is Direction.OUT}
    meter = Meter(view.budget)
    queue = _queue(view, ringing_out, meter, now)
    waiting = errand.due(view.errands, now)
    tests = [e for e in waiting if e.kind is ErrandKind.TEST]
    first = errand.starts(waiting[: len(waiting) - len(tests)], rooms, ringing_out)
    errands = [*meter.of(first, _no_alert)]
    leads = [
        *meter.of(_taken(queue.due, _urgency, attrgetter("number"), rooms, ringing_out, now), _alert),
        *meter.of(_taken(queue.beside, _patience, attrgetter("beside"), rooms, ringing_out, now), _alert),
    ]
    errands += meter.of(errand.starts(tests, rooms, ringing_out), _no_alert)
    again_at = min([queue.next_at, meter.again_at, *errand.looks_at(view.errands, now)])
    if (
        queue.due or queue.beside or len(errands) < len(waiting)
    ):  # they wait for a line: at a hangup, or when one that is there may be used again
        afresh = (d.afresh_at for d in queue.due.values() if d.tried and d.afresh_at > now)
        again_at = min([again_at, *(room.more_at(now) for room in rooms if not room.left), *afresh])
    return Plan(
        start=_starts(view, leads, queue.overdue, now),
        cancel=tuple(_unwanted(view)),
        expire=tuple(sorted({alert for alert, _ in queue.overdue})),
        again_at=None if again_at == math.inf else again_at,
        errands=tuple(errands),
        lapse=errand.overdue(view.errands, now),
        held_by=frozenset(meter.reached),
    )


def _no_alert(start: StartErrand) -> None:
    return None


def _alert(lead: "_Lead") -> int:
    return lead.alert


def _urgency(delivery: Delivery) -> tuple[bool, int, int, float, int, str]:
    """First calls before later ones, whoever they are about; then the more severe alert; then whoever has had
    the fewest calls. Smaller is sooner."""
    return (
        delivery.attempts > 0,
        delivery.severity.rank,
        delivery.attempts,
        delivery.due_at,
        delivery.alert,
        delivery.team,
    )


def _patience(delivery: Delivery) -> tuple[int, float, int, str]:
    return delivery.severity.rank, delivery.beside_at, delivery.alert, delivery.team


class _Lead(NamedTuple):
    team: str
    number: str
    trunk: str
    probe: bool
    alert: int
    """The one that asks for the call."""


def _taken(
    waiting: dict[str, Delivery],
    key: Callable[[Delivery], Any],
    number_of: Callable[[Delivery], str | None],
    rooms: Sequence[Room],
    ringing_out: set[str | None],
    now: float,
) -> Iterator[_Lead]:
    """The calls to those who wait, as far as there are lines; they wait no longer."""
    if not any(room.left for room in rooms):
        return
    queue = [(key(delivery), team) for team, delivery in waiting.items()]
    heapify(queue)
    while queue and any(room.left for room in rooms):
        team = heappop(queue)[1]
        delivery, number = waiting[team], number_of(waiting[team])
        if not number or number in ringing_out:  # teams may share one
            del waiting[team]
            continue
        tried = delivery.tried.split(",") if delivery.tried and delivery.afresh_at > now else ()
        room = choose(rooms, delivery.avoid_trunk, tried, probes_first=True)
        if room is None:
            continue  # the lines that are free lead where this attempt has failed
        del waiting[team]
        ringing_out.add(number)
        room.started += 1
        yield _Lead(team, number, room.trunk.name, not room.trunk.up, delivery.alert)


def _deadline(view: View, delivery: Delivery) -> float:
    own = delivery.deadline_at
    return delivery.since + view.deadline_s if own is None else own


@dataclass(slots=True)
class _Queue:
    """Who waits for a call."""

    due: dict[str, Delivery]
    """Of each team that is due and not on the line, the delivery that asks first: its number is called."""
    beside: dict[str, Delivery]
    """Of each team whose one phone only rings, the delivery that asks first for a second one."""
    overdue: set[tuple[int, str]]
    """Deliveries that have waited beyond the deadline."""
    next_at: float
    """When the next delivery falls due or reaches its deadline."""


def _queue(view: View, ringing_out: Collection[str | None], meter: Meter, now: float) -> _Queue:
    """A team that is on the line, called or calling in, is left alone, unless its one call only rings and it
    wants two phones to ring."""
    engaged: dict[str | None, int] = {}
    for call in view.calls:
        only_rings = call.direction is Direction.OUT and call.state is CallState.PLACED and not call.cancelled
        if only_rings and call.errand is not None:
            continue  # nobody there has it on the line yet: an alert need not wait for it
        engaged[call.team] = engaged.get(call.team, 0) + (1 if only_rings else 2)
    due: dict[str, Delivery] = {}
    beside: dict[str, Delivery] = {}
    overdue = set()
    next_at = math.inf
    for delivery in view.deliveries:
        on_the_line = engaged.get(delivery.team, 0)
        deadline = _deadline(view, delivery)
        if delivery.state is DeliveryState.CALLING:
            wanted = delivery.beside and on_the_line == 1 and delivery.beside not in ringing_out
            if wanted and deadline > now and meter.may(delivery.alert):
                next_at = min(next_at, _ask(beside, delivery, delivery.beside_at, _patience, now))
        elif deadline <= now:
            # Who has said that they are on it may still be on the line: that call may finish, and its end is
            # what gives the delivery up. To say so again and again until then would only keep the store busy.
            if delivery.state is not DeliveryState.RESPONDING or not on_the_line:
                overdue.add((delivery.alert, delivery.team))
        else:
            next_at = min(next_at, deadline)
            if delivery.number and not on_the_line and (delivery.due_at > now or meter.may(delivery.alert)):
                next_at = min(next_at, _ask(due, delivery, delivery.due_at, _urgency, now))
    return _Queue(due, beside, overdue, next_at)


def _ask(
    waiting: dict[str, Delivery], delivery: Delivery, at: float, key: Callable[[Delivery], Any], now: float
) -> float:
    """Put the delivery among those that wait, if its time has come; when it will come, if not."""
    if at > now:
        return at
    other = waiting.setdefault(delivery.team, delivery)
    if other is not delivery and key(delivery) < key(other):
        waiting[delivery.team] = delivery
    return math.inf


def _starts(
    view: View, leads: Sequence[_Lead], overdue: set[tuple[int, str]], now: float
) -> tuple[Start, ...]:
    """The calls to the leads; each takes along every alert that waits for the team, due or not."""
    along: dict[str, list[int]] = {lead.team: [] for lead in leads}
    numbers = {lead.team: lead.number for lead in leads}
    for delivery in view.deliveries if leads else ():
        if delivery.team not in along or (delivery.alert, delivery.team) in overdue:
            continue
        if _goes_along(delivery, numbers[delivery.team], now):
            along[delivery.team].append(delivery.alert)
    return tuple(
        Start(lead.team, lead.number, lead.trunk, tuple(sorted(along[lead.team])), lead.probe)
        for lead in leads
    )


def _goes_along(delivery: Delivery, number: str, now: float) -> bool:
    match delivery.state:
        case DeliveryState.CALLING:
            return delivery.beside == number
        case DeliveryState.RESPONDING:
            return delivery.due_at <= now  # before that, somebody there is on it
        case _:
            return bool(delivery.number)


def _unwanted(view: View) -> list[str]:
    """Calls that still ring although nobody needs them: acknowledged, withdrawn, somebody there says that
    they are on it, or a person of the team is on another line."""
    wanting = {d.team for d in view.deliveries if d.state in (DeliveryState.WAITING, DeliveryState.CALLING)}
    on_the_line = {c.team for c in view.calls if c.person or c.direction is Direction.IN}
    errands = {e.id for e in view.errands}

    def wanted(call: Call) -> bool:
        if call.errand is not None:
            return call.errand in errands
        return call.team in wanting and call.team not in on_the_line

    return [
        c.id
        for c in view.calls
        if c.direction is Direction.OUT and c.state is CallState.PLACED and not c.cancelled and not wanted(c)
    ]
