"""Texts that leave in writing. Owns: SMS wording. Never the content of an alert."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from ivr.domain.records import Alert, Delivery, DeliveryState, Source

_MOST_NAMES = 100
"""In one text: a long SMS has at most 255 parts (3GPP TS 23.040, 9.2.3.24.1), and nobody reads that many."""


def originator(alert: Alert) -> str:
    """Who stands behind an alert, in writing."""
    return f"operators for {alert.team_name}" if alert.source is Source.OPERATOR else alert.team_name


def alert_sms(alert: Alert, hotline: str) -> str:
    """The SMS that an alert was released: its number, who raised it, when, and where to listen."""
    return (
        f"ALERT {alert.id} from {originator(alert)}, {_minute(alert.released_at)}. Call {hotline} to listen."
    )


def withdrawal(alert: Alert) -> str:
    """To those who had it: the alert does not hold any more."""
    released, withdrawn = _minute(alert.released_at), _minute(alert.closed_at)
    return f"Alert {alert.id} from {originator(alert)}, of {released}, was WITHDRAWN at {withdrawn}."


def not_told(alert: int, teams: Iterable[str]) -> str:
    """To operators: who had a withdrawn alert and gets no SMS. `teams`: their names."""
    return f"Withdrawn alert {alert}: no mobile to tell: {_names(teams)}. Please call them."


def closing(alert: int, total: int, missing: Sequence[str]) -> str:
    """How an alert has ended. `missing`: names of the teams that have not acknowledged, of `total`."""
    if not total:
        return f"Alert {alert}: there was nobody to call."
    if not missing:
        return f"Alert {alert}: all {total} acknowledged."
    return f"Alert {alert}: {total - len(missing)} of {total} acknowledged; missing {_names(missing)}."


def missing(alert: int, missed: Sequence[Delivery], still_open: int) -> str:
    """Teams that were given up, or cannot be called now, while `still_open` others may yet acknowledge."""
    called = [d for d in missed if d.state is DeliveryState.EXHAUSTED and d.attempts]
    by_reason: dict[str, list[str]] = {}
    for d in missed:
        if d not in called:
            by_reason.setdefault(d.reason or "not called", []).append(d.team_name)
    told = [f"{reason}: {_names(teams)}" for reason, teams in sorted(by_reason.items())]
    if len(called) == 1:
        told.insert(0, f"{called[0].team_name} was not reached ({_count(called[0].attempts, 'call')})")
    elif called:
        teams = _names(f"{d.team_name} ({_count(d.attempts, 'call')})" for d in called)
        told.insert(0, f"{teams} were not reached")
    return f"Alert {alert}: {'. '.join(told)}. Still open: {_count(still_open, 'team')}."


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _names(names: Iterable[str]) -> str:
    ordered = sorted(names)
    shown = ", ".join(ordered[:_MOST_NAMES])
    more = len(ordered) - _MOST_NAMES
    return f"{shown} and {more} more" if more > 0 else shown


def _minute(at: float | None) -> str:
    assert at is not None
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"
