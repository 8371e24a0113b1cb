"""What a team asks about alerts of its own. Owns: which of them it is still asked about. Changes nothing."""

from ivr.domain.progress import Progress, progress
from ivr.domain.records import Alert, AlertState, Delivery, Leg, Source
from ivr.ports import AtLeast, Records

RECENT_S = 7 * 86_400.0
"""How long after its release an alert that is closed is still told of, and may be withdrawn by telephone."""


def sent(tx: Records, team: str, now: float) -> list[Progress]:
    """The alerts of `team` that are released, or were of late, the newest first, and how they go."""
    open_ones = tx.find(Alert, team=team, state=AlertState.RELEASED)
    closed = tx.find(Alert, team=team, state=AlertState.CLOSED, released_at=AtLeast(now - RECENT_S))
    return [
        progress(alert, tx.find(Delivery, alert=alert.id), tx.find(Leg, alert=alert.id))
        for alert in sorted([*open_ones, *closed], key=lambda a: -a.id)
    ]


def by_mail(tx: Records, team: str) -> list[Progress]:
    """The alerts of `team` that are out by mail alone and not acknowledged by all, the newest first."""
    released = tx.find(Alert, team=team, state=AlertState.RELEASED, source=Source.MAIL, escalated_at=None)
    return [
        progress(alert, tx.find(Delivery, alert=alert.id), ())
        for alert in sorted(released, key=lambda a: -a.id)
    ]


def drafts(tx: Records, team: str, *sources: Source) -> list[Alert]:
    """What `team` has recorded and not sent, the newest first; of these `sources`."""
    return sorted(tx.find(Alert, team=team, state=AlertState.DRAFT, source=sources), key=lambda a: -a.id)
