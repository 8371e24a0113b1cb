"""Texts that leave in writing. Owns: SMS wording. Never the content of an alert."""

from datetime import UTC, datetime

from ivr.domain.records import Alert, Source


def originator(alert: Alert) -> str:
    """Who stands behind an alert, in writing."""
    return f"operators for {alert.team_name}" if alert.source is Source.OPERATOR else alert.team_name


def alert_sms(alert: Alert, hotline: str) -> str:
    """The SMS that an alert was released: its number, who raised it, when, and where to listen."""
    assert alert.released_at is not None
    when = datetime.fromtimestamp(alert.released_at, UTC).strftime("%Y-%m-%d %H:%M")
    return f"ALERT {alert.id} from {originator(alert)}, {when} UTC. Call {hotline} to listen."
