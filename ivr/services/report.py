"""One alert as a plain document: who was called, and what came of it.

Owns: the shape of that document (docs/cli.md) and how it is gathered, with one query a kind of record and
never one a row. Formatting is apart from the queries. Nothing here changes anything.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from ivr.domain.records import Alert, Call, Delivery, Leg, Mail, Sms, Via
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


@dataclass(frozen=True, slots=True)
class AlertFile:
    """One alert with everything that belongs to it."""

    alert: Alert
    deliveries: Sequence[Delivery]
    legs: Mapping[str, Sequence[Leg]]
    """By team, in the order of the calls."""
    calls: Mapping[str, Call]
    sms: Sequence[Sms]
    mail: Sequence[Mail] = ()


def alert_file(tx: Records, alert_id: int) -> AlertFile:
    """Gather one alert. Raises NotThere."""
    alert = tx.get(Alert, alert_id)
    if alert is None:
        raise NotThere(f"there is no alert {alert_id}; `tocsin alert list` shows those there are")
    found = tx.find(Leg, alert=alert_id)
    calls = {call.id: call for call in many(tx, Call, "id", {leg.call for leg in found})}
    legs: dict[str, list[Leg]] = {}
    for leg in sorted(found, key=lambda leg: (leg.n, calls[leg.call].started_at)):
        legs.setdefault(leg.team, []).append(leg)
    return AlertFile(
        alert=alert,
        deliveries=tx.find(Delivery, alert=alert_id),
        legs=legs,
        calls=calls,
        sms=tx.find(Sms, alert=alert_id),
        mail=tx.find(Mail, alert=alert_id),
    )


def alert_document(tx: Records, alert_id: int) -> Document:
    """`tocsin alert show N --json`. Raises NotThere."""
    file = alert_file(tx, alert_id)
    return {
        **alert_head(file.alert),
        "sha256": file.alert.sha256,
        "tlp": file.alert.tlp,
        "confirmed": file.alert.confirmed,
        "callback": file.alert.callback,
        "deliveries": [_delivery_with_calls(file, delivery) for delivery in file.deliveries],
        "sms": [sms_state(sms) for sms in file.sms],
        "mail": [_mail(mail, file.deliveries) for mail in file.mail],
    }


def alert_head(alert: Alert) -> Document:
    """What is shown of an alert in the document and in lists."""
    return {
        "id": alert.id,
        "state": alert.state.value,
        "outcome": alert.outcome.value if alert.outcome else None,
        "originator": {"team": alert.team, "name": alert.team_name, "uid": alert.uid},
        "source": alert.source.value,
        "recorded_at": rfc3339(alert.recorded_at),
        "released_at": rfc3339(alert.released_at),
        "escalated_at": rfc3339(alert.escalated_at),
        "closed_at": rfc3339(alert.closed_at),
        "erased_at": rfc3339(alert.erased_at),
        "duration_s": alert.duration_s,
        "severity": alert.severity.value,
    }


def delivery_state(delivery: Delivery) -> Document:
    """What is shown of a delivery in the document and in lists."""
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
    return {**delivery_state(delivery), "calls": calls}


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


def _mail(mail: Mail, deliveries: Sequence[Delivery]) -> Document:
    """One mailbox. It has acknowledged if the team's acknowledgement came from it."""
    at = next(
        (
            d.acknowledged_at
            for d in deliveries
            if d.team == mail.team and d.acknowledged_via is Via.MAIL and d.acknowledged_by == mail.address
        ),
        None,
    )
    return {
        "team": mail.team,
        "address": mail.address,
        "state": mail.state.value if at is None else "acknowledged",
        "sent_at": rfc3339(mail.sent_at),
        "acknowledged_at": rfc3339(at),
        "reason": mail.reason,
    }


def sms_state(sms: Sms) -> Document:
    """What is shown of an SMS. Not its text: of one kind it is much the same for all."""
    return {
        "kind": sms.kind.value,
        "team": sms.team,
        "number": sms.number,
        "state": sms.state.value,
        "submitted_at": rfc3339(sms.submitted_at),
        "receipt_at": rfc3339(sms.receipt_at),
        "reason": sms.reason,
        "link": sms.link,
        "repeated": sms.repeated,
    }


def sms_line(sms: Sms) -> Document:
    """What is shown of an SMS in lists."""
    return {
        "id": sms.id,
        "alert": sms.alert,
        **sms_state(sms),
        "queued_at": rfc3339(sms.queued_at),
        "tries": sms.tries,
    }


def many(tx: Records, kind: type[R], column: str, keys: Collection[Any], **where: Any) -> list[R]:
    """Every record whose `column` is among `keys`, however many those are."""
    ordered = sorted(set(keys))
    found: list[R] = []
    for start in range(0, len(ordered), _AT_ONCE):
        found += tx.find(kind, **{column: ordered[start : start + _AT_ONCE]}, **where)
    return found
