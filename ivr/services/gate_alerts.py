"""What the gate tells of alerts: how they stand, and how they sound. Never a telephone number of a team.

Owns: which alerts the bridge hears of: those that are current, and for a day those that have ended.
"""

import json
from base64 import b64encode
from pathlib import Path
from typing import Protocol

from ivr.domain import wording
from ivr.domain.gate import AUDIO, MOST, Object
from ivr.domain.records import Alert, AlertState, Delivery, DeliveryState
from ivr.ports import AtLeast, Records
from ivr.services.report import many, rfc3339

_TOLD_S = 86_400.0
_MOST_ALERTS = 100
_ROOM = MOST - 1000
"""Octets of them: an answer is one line. Where there are more, the newest are told of."""


class Gone(Exception):
    """There is no such recording, or no longer; the message is one line."""


class Sounds(Protocol):
    """Where recordings are."""

    def to_play(self, name: str) -> Path: ...


def current(tx: Records, now: float) -> list[Object]:
    """The oldest first, as many of the newest as have room."""
    ended = (AlertState.CLOSED, AlertState.WITHDRAWN)
    found = [
        *tx.find(Alert, state=AlertState.RELEASED),
        *(a for a in tx.find(Alert, state=ended, closed_at=AtLeast(now - _TOLD_S)) if a.released_at),
    ]
    told = sorted(found, key=lambda alert: alert.id)[-_MOST_ALERTS:]
    deliveries: dict[int, list[Delivery]] = {alert.id: [] for alert in told}
    for delivery in many(tx, Delivery, "alert", list(deliveries)):
        deliveries[delivery.alert].append(delivery)
    documents: list[Object] = []
    octets = 0
    for alert in reversed(told):
        document = _told(alert, deliveries[alert.id])
        octets += len(json.dumps(document))
        if documents and octets > _ROOM:
            break
        documents.append(document)
    return documents[::-1]


def _told(alert: Alert, deliveries: list[Delivery]) -> Object:
    acknowledged = [d for d in deliveries if d.state is DeliveryState.ACKNOWLEDGED]
    return {
        "id": alert.id,
        "state": alert.state.value,
        "outcome": alert.outcome.value if alert.outcome else None,
        "originator": {"team": alert.team, "name": alert.team_name},
        "source": alert.source.value,
        "recorded_at": rfc3339(alert.recorded_at),
        "released_at": rfc3339(alert.released_at),
        "escalated_at": rfc3339(alert.escalated_at),
        "reported_at": rfc3339(alert.reported_at),
        "closed_at": rfc3339(alert.closed_at),
        "erased": alert.erased_at is not None,
        "duration_s": alert.duration_s,
        "sha256": alert.sha256,
        "severity": alert.severity.value,
        "tlp": alert.tlp.value if alert.tlp else None,
        "confirmed": alert.confirmed,
        "callback": alert.callback,
        "acknowledged": [
            {
                "team": d.team,
                "via": d.acknowledged_via.value if d.acknowledged_via else None,
                "at": rfc3339(d.acknowledged_at),
            }
            for d in acknowledged
        ],
        "report": wording.unanswered_mail(alert, deliveries) if _is_reported(alert) else None,
        "missing": [{"team": d.team, "name": d.team_name} for d in deliveries if d not in acknowledged],
    }


def _is_reported(alert: Alert) -> bool:
    return alert.state is AlertState.RELEASED and alert.by_mail_alone and alert.reported_at is not None


def audio(alert: Alert | None, offset: int, sounds: Sounds) -> Object:
    """A piece of what callees hear of an alert, a WAV file, and how large all of it is. Raises Gone."""
    if alert is None or alert.released_at is None or alert.erased_at is not None:
        raise Gone("there is no recording of that number, or it is erased")
    try:
        with sounds.to_play(alert.audio).open("rb") as file:
            size = file.seek(0, 2)
            file.seek(offset)
            piece = file.read(AUDIO)
    except OSError:
        raise Gone(f"the recording of alert {alert.id} cannot be read") from None
    return {"alert": alert.id, "size": size, "offset": offset, "data": b64encode(piece).decode("ascii")}
