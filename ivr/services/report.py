"""What people and scripts may ask: alerts, deliveries, calls, lines and SMS as plain documents.

Owns: the shape of these documents (docs/cli.md) and how they are gathered, with one query a kind of record and
never one a row. Formatting is apart from the queries. Nothing here changes anything.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from ivr.domain.records import (
    Account,
    Alert,
    AlertState,
    Call,
    CallState,
    Delivery,
    DeliveryState,
    Leg,
    Number,
    Sms,
    Team,
)
from ivr.ports import Records

Document = dict[str, Any]
R = TypeVar("R")

_AT_ONCE = 5000
"""Keys in one query: databases limit them (SQLite to 32766)."""


class NotThere(Exception):
    """What was asked for does not exist. The message says how to find what does."""


def rfc3339(at: float | None) -> str | None:
    """Seconds since the epoch as RFC 3339 in UTC, `2026-11-22T14:03:00Z`; None stays None."""
    if at is None:
        return None
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


# --- one alert -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AlertFile:
    """One alert with everything that belongs to it."""

    alert: Alert
    deliveries: Sequence[Delivery]
    legs: Mapping[str, Sequence[Leg]]
    """By team, in the order of the calls."""
    calls: Mapping[str, Call]
    sms: Sequence[Sms]


def alert_file(tx: Records, alert_id: int) -> AlertFile:
    """Gather one alert. Raises NotThere."""
    alert = tx.get(Alert, alert_id)
    if alert is None:
        raise NotThere(f"there is no alert {alert_id}; `tocsin alert list` shows those there are")
    legs: dict[str, list[Leg]] = {}
    for leg in sorted(tx.find(Leg, alert=alert_id), key=lambda leg: leg.n):
        legs.setdefault(leg.team, []).append(leg)
    served = {leg.call for theirs in legs.values() for leg in theirs}
    return AlertFile(
        alert=alert,
        deliveries=tx.find(Delivery, alert=alert_id),
        legs=legs,
        calls={call.id: call for call in _many(tx, Call, "id", served)},
        sms=tx.find(Sms, alert=alert_id),
    )


def alert_document(tx: Records, alert_id: int) -> Document:
    """`tocsin alert show N --json`. Raises NotThere."""
    file = alert_file(tx, alert_id)
    return {
        **_alert(file.alert),
        "sha256": file.alert.sha256,
        "tlp": file.alert.tlp,
        "confirmed": file.alert.confirmed,
        "deliveries": [_delivery_with_calls(file, delivery) for delivery in file.deliveries],
        "sms": [_sms(sms) for sms in file.sms],
        "mail": [],
    }


def _alert(alert: Alert) -> Document:
    return {
        "id": alert.id,
        "state": alert.state.value,
        "outcome": alert.outcome.value if alert.outcome else None,
        "originator": {"team": alert.team, "name": alert.team_name, "uid": alert.uid},
        "source": alert.source.value,
        "recorded_at": rfc3339(alert.recorded_at),
        "released_at": rfc3339(alert.released_at),
        "closed_at": rfc3339(alert.closed_at),
        "duration_s": alert.duration_s,
    }


def _delivery(delivery: Delivery) -> Document:
    return {
        "team": {"id": delivery.team, "name": delivery.team_name},
        "state": delivery.state.value,
        "reason": delivery.reason,
        "attempts": delivery.attempts,
        "acknowledged_at": rfc3339(delivery.acknowledged_at),
        "acknowledged_via": delivery.acknowledged_via.value if delivery.acknowledged_via else None,
        "acknowledged_by": delivery.acknowledged_by,
    }


def _delivery_with_calls(file: AlertFile, delivery: Delivery) -> Document:
    calls = [{"id": leg.call, **_leg(leg, file.calls[leg.call])} for leg in file.legs.get(delivery.team, ())]
    return {**_delivery(delivery), "calls": calls}


def _leg(leg: Leg, call: Call) -> Document:
    return {
        "n": leg.n,
        "number": call.number,
        "trunk": call.trunk,
        "started_at": rfc3339(call.started_at),
        "answered_at": rfc3339(call.answered_at),
        "ended_at": rfc3339(call.ended_at),
        "cause": call.cause,
        "heard_s": leg.heard_s,
        "disposition": leg.disposition.value if leg.disposition else None,
    }


def _sms(sms: Sms) -> Document:
    return {
        "team": sms.team,
        "number": sms.number,
        "state": sms.state.value,
        "submitted_at": rfc3339(sms.submitted_at),
        "receipt_at": rfc3339(sms.receipt_at),
        "reason": sms.reason,
    }


# --- lists -----------------------------------------------------------------------------------------------


def alerts(tx: Records, state: str | None = None) -> list[Document]:
    """Every alert (or those in `state`), oldest first, with how many teams have acknowledged."""
    wanted = tx.find(Alert, **({"state": state} if state else {}))
    teams: Counter[int] = Counter()
    acknowledged: Counter[int] = Counter()
    for delivery in _many(tx, Delivery, "alert", [alert.id for alert in wanted]):
        teams[delivery.alert] += 1
        acknowledged[delivery.alert] += delivery.state is DeliveryState.ACKNOWLEDGED
    return [
        {**_alert(alert), "teams": teams[alert.id], "acknowledged": acknowledged[alert.id]}
        for alert in wanted
    ]


def deliveries(
    tx: Records, alert: int | None = None, team: str | None = None, state: str | None = None
) -> list[Document]:
    """The deliveries of one alert, or of all that are released; of one team or in one state where asked."""
    if alert is None:
        alert_ids = [a.id for a in tx.find(Alert, state=AlertState.RELEASED)]
    elif tx.get(Alert, alert):
        alert_ids = [alert]
    else:
        raise NotThere(f"there is no alert {alert}; `tocsin alert list` shows those there are")
    return [
        {"alert": d.alert, **_delivery(d), "next_number": d.number, "due_at": rfc3339(_due_at(d))}
        for d in _many(tx, Delivery, "alert", alert_ids)
        if team in (None, d.team) and state in (None, d.state.value)
    ]


def _due_at(delivery: Delivery) -> float | None:
    return delivery.due_at if delivery.state is DeliveryState.WAITING else None


def calls(
    tx: Records, alert: int | None = None, team: str | None = None, live: bool = False
) -> list[Document]:
    """Calls in the order they began: all, or those for one alert, with one team, or up at this moment."""
    where: dict[str, Any] = {"team": team} if team else {}
    if live:
        where["state"] = (CallState.PLACED, CallState.ANSWERED)
    if alert is None:
        found = tx.find(Call, **where)
        legs = _many(tx, Leg, "call", [call.id for call in found])
    else:
        legs = tx.find(Leg, alert=alert)
        found = _many(tx, Call, "id", [leg.call for leg in legs], **where)
    carried: dict[str, list[Leg]] = {}
    for leg in legs:
        carried.setdefault(leg.call, []).append(leg)
    return [_call(call, carried.get(call.id, ())) for call in sorted(found, key=lambda c: c.started_at)]


def _call(call: Call, legs: Iterable[Leg]) -> Document:
    return {
        "id": call.id,
        "direction": call.direction.value,
        "state": call.state.value,
        "team": call.team,
        "number": call.number,
        "trunk": call.trunk,
        "started_at": rfc3339(call.started_at),
        "answered_at": rfc3339(call.answered_at),
        "ended_at": rfc3339(call.ended_at),
        "cause": call.cause,
        "cancelled": call.cancelled,
        "alerts": [
            {
                "id": leg.alert,
                "n": leg.n,
                "heard_s": leg.heard_s,
                "disposition": leg.disposition.value if leg.disposition else None,
            }
            for leg in legs
        ],
    }


def lines(tx: Records, capacity: Mapping[str, int]) -> list[Document]:
    """The trunks, how many lines each has, and the calls on them. `capacity`: lines by name of the trunk."""
    up = calls(tx, live=True)
    used = Counter(call["trunk"] for call in up)
    return [
        {
            "trunk": name,
            "lines": count,
            "used": used[name],
            "free": max(0, count - used[name]),
            "calls": [call for call in up if call["trunk"] == name],
        }
        for name, count in capacity.items()
    ]


def sms(tx: Records, alert: int | None = None, state: str | None = None) -> list[Document]:
    """Every SMS, or those of one alert or in one state. Without the text: it is the same for all teams."""
    where: dict[str, Any] = {k: v for k, v in (("alert", alert), ("state", state)) if v is not None}
    return [
        {"id": s.id, "alert": s.alert, **_sms(s), "queued_at": rfc3339(s.queued_at), "tries": s.tries}
        for s in tx.find(Sms, **where)
    ]


# --- the directory ---------------------------------------------------------------------------------------


def teams(tx: Records, only: str | None = None) -> list[Document]:
    """The directory, or one team of it. Never a PIN: whether there is one. Raises NotThere."""
    found = tx.find(Team, **({"id": only} if only else {}))
    if only and not found:
        raise NotThere(f"there is no team {only}; `tocsin team list` shows those there are")
    of_team = {"team": only} if only else {}
    numbers = tx.find(Number, **of_team)
    accounts = tx.find(Account, **of_team)
    return [
        {
            "id": team.id,
            "name": team.name,
            "spoken": team.spoken,
            "calls_itself": team.calls_itself,
            "trusts_phones": team.trusts_phones,
            "numbers": [{"number": n.number, "sms": n.sms} for n in numbers if n.team == team.id],
            "accounts": [
                {"uid": a.uid, "pin": a.pin_hash is not None} for a in accounts if a.team == team.id
            ],
        }
        for team in found
    ]


def _many(tx: Records, kind: type[R], column: str, keys: Collection[Any], **where: Any) -> list[R]:
    ordered = sorted(set(keys))
    found: list[R] = []
    for start in range(0, len(ordered), _AT_ONCE):
        found += tx.find(kind, **{column: ordered[start : start + _AT_ONCE]}, **where)
    return found
