"""`tocsin alert watch`: follows alerts as they change; on a terminal as a table, else one line a change.

Owns: how changes are noticed and told. Placing and answering a call leave no line in the journal, so what is
compared is the state itself, from one look to the next.
"""

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from ivr.cli.common import House
from ivr.cli.output import say
from ivr.domain.number import masked
from ivr.domain.records import Alert, AlertState, Call, CallState, Delivery, DeliveryState, SmsKind
from ivr.ports import Records, Store, StoreAway
from ivr.services.report import AlertFile, alert_file, rfc3339

T = TypeVar("T")

_OVER = (AlertState.CLOSED, AlertState.WITHDRAWN)
_TOLD_BY_CALLS = {DeliveryState.MAILED, DeliveryState.WAITING, DeliveryState.CALLING}

_PAUSE_S = 0.2
"""Between two looks at the store, or longer where looking itself takes long."""


@dataclass(frozen=True, slots=True)
class Look:
    """What is seen at one moment."""

    files: Mapping[int, AlertFile]
    """By the alert's number, in its order."""
    used: Mapping[str, int]
    """Lines in use, by name of the trunk."""

    @property
    def over(self) -> bool:
        """Whether none of these alerts is to change any more."""
        return all(file.alert.state in _OVER for file in self.files.values())


def follow(store: Store, look: Callable[[Records], T]) -> Iterator[T]:
    """What `look` sees, again and again. Raises StoreAway the first time only; later it waits."""
    first, away = True, False
    while True:
        began = time.monotonic()
        try:
            with store.read() as tx:
                seen = look(tx)
        except StoreAway as error:
            if first:
                raise
            if not away:
                say(f"{error}; still trying")
            away = True
        else:
            first = away = False
            yield seen
        time.sleep(max(_PAUSE_S, 4 * (time.monotonic() - began)))


def watch(house: House, alert: int | None, *, quiet: bool) -> None:
    """Follow one alert until it closes, or all that are current until Ctrl-C. `quiet`: print no changes.

    Raises NotThere.
    """
    try:
        if quiet:
            _until_over(house, alert, lambda _: None)
        elif sys.stdout.isatty():
            from ivr.cli.watch_table import Screen

            capacity = {trunk.name: trunk.lines for trunk in house.settings.trunks}
            with Screen(capacity) as screen:
                _until_over(house, alert, screen.show)
        else:
            _until_over(house, alert, _Printer().show)
    except KeyboardInterrupt:
        if alert is not None:
            raise  # asked to wait for its end, and did not


def _until_over(house: House, alert: int | None, show: Callable[[Look], None]) -> None:
    for seen in follow(house.store, _looker(alert)):
        show(seen)
        if alert is not None and seen.over:
            return


def _looker(alert: int | None) -> Callable[[Records], Look]:
    known: set[int] = set() if alert is None else {alert}

    def look(tx: Records) -> Look:
        if alert is None:
            # One that has closed stays in sight: its end is what one was waiting for.
            known.update(a.id for a in tx.find(Alert, state=AlertState.RELEASED))
        up = tx.find(Call, state=(CallState.PLACED, CallState.ANSWERED))
        return Look({n: alert_file(tx, n) for n in sorted(known)}, Counter(call.trunk for call in up))

    return look


class _Printer:
    """One line a change, with the moment it happened."""

    def __init__(self) -> None:
        self._before: Mapping[int, AlertFile] = {}

    def show(self, seen: Look) -> None:
        for number, file in seen.files.items():
            for at, text in changes(self._before.get(number), file, time.time()):
                print(f"{rfc3339(at)} alert {number}: {text}", flush=True)
        self._before = seen.files


def changes(before: AlertFile | None, after: AlertFile, now: float) -> list[tuple[float, str]]:
    """What happened to an alert between two looks, in order, each with its moment. Numbers are masked: these
    lines end up in logs."""
    told = _alert_changes(before, after, now)
    told += _delivery_changes(before, after, now)
    told += _call_changes(before, after)
    old = {sms.id: sms.state for sms in before.sms} if before else {}
    for sms in after.sms:
        if sms.state != old.get(sms.id):
            what = "SMS" if sms.kind is SmsKind.ALERT else "notice by SMS"
            at = sms.receipt_at or sms.submitted_at or sms.queued_at
            told.append((at, f"{sms.team or 'operators'}: {what} {sms.state}"))
    # An alert's end comes after what led to it, even within the same second.
    return sorted(told, key=lambda line: (line[0], line[1].startswith(("closed", "withdrawn"))))


def _alert_changes(before: AlertFile | None, after: AlertFile, now: float) -> list[tuple[float, str]]:
    alert = after.alert
    told = []
    if alert.escalated_at is not None and (before is None or before.alert.escalated_at is None):
        told.append((alert.escalated_at, "escalated: the teams are called"))
    if before is not None and (before.alert.state, before.alert.outcome) == (alert.state, alert.outcome):
        return told
    if alert.released_at is None:
        told.append((alert.recorded_at, f"{alert.state}, from {alert.team_name}"))
    elif before is None or before.alert.released_at is None:
        told.append((alert.released_at, f"released, from {alert.team_name} to {len(after.deliveries)} teams"))
    elif alert.closed_at is None:
        told.append((now, "open again"))
    if alert.closed_at is not None:
        late = before is not None and before.alert.closed_at == alert.closed_at
        how = f", {alert.outcome}" if alert.state is AlertState.CLOSED else ""
        told.append((now if late else alert.closed_at, f"{alert.state}{how}"))
    return told


def _delivery_changes(before: AlertFile | None, after: AlertFile, now: float) -> list[tuple[float, str]]:
    old = {d.team: d for d in before.deliveries} if before else {}
    rested_at = min(now, after.alert.closed_at or now)
    told = []
    for d in after.deliveries:
        was = old.get(d.team, Delivery(d.alert, d.team, d.team_name))
        the_same = d.state is was.state and d.reason == was.reason
        by_calls = {d.state, was.state} <= _TOLD_BY_CALLS and d.reason is None
        if the_same or by_calls or d.state is DeliveryState.CALLING:
            continue
        how = f" via {d.acknowledged_via}" if d.state is DeliveryState.ACKNOWLEDGED else ""
        why = f": {d.reason}" if d.reason else ""
        told.append((d.acknowledged_at or rested_at, f"{d.team}: {d.state}{how}{why}"))
    return told


def _call_changes(before: AlertFile | None, after: AlertFile) -> list[tuple[float, str]]:
    told = []
    old = {leg.call: leg for legs in before.legs.values() for leg in legs} if before else {}
    for team, legs in after.legs.items():
        for leg in legs:
            call = after.calls[leg.call]
            call_before = before.calls.get(leg.call) if before else None
            name = f"{team}: call {leg.n}"
            if leg.call not in old:
                told.append((call.started_at, f"{name} to {masked(call.number)}"))
            if call.answered_at is not None and (call_before is None or call_before.answered_at is None):
                told.append((call.answered_at, f"{name} answered"))
            ended = call.ended_at is not None and leg.disposition is not None
            if ended and (leg.call not in old or old[leg.call].disposition != leg.disposition):
                told.append((call.ended_at or 0.0, f"{name} ended: {leg.disposition}"))
    return told
