"""What a caller hears first, before any menu: what became of their alerts, and what waits for them."""

from functools import partial

from agi.caller import Caller
from ivr.domain import spoken
from ivr.domain.records import AlertState
from ivr.domain.spoken import prompt
from ivr.services.desk import Desk

_FRESH_S = 86_400.0
"""How long after its release an alert that is closed is news to its originator."""


def news(caller: Caller) -> list[str]:
    """How the latest alert of the caller's team goes, and what it has not heard."""
    return caller.look_up(partial(_news, caller.desk, caller.account.team))


def _news(desk: Desk, team: str) -> list[str]:
    return [*_sent(desk, team), *_waiting(desk, team)]


def _sent(desk: Desk, team: str) -> list[str]:
    for latest in desk.sent(team)[:1]:
        since = desk.ledger.now() - (latest.alert.released_at or 0.0)
        if latest.alert.state is AlertState.RELEASED or since < _FRESH_S:
            return [
                prompt("your-alert"),
                *spoken.count(latest.alert.id),
                prompt("was-sent"),
                *spoken.acknowledged(latest.acknowledged, latest.teams),
            ]
    return []


def _waiting(desk: Desk, team: str) -> list[str]:
    waiting = sum(not c.acknowledged for c in desk.current(team))
    if waiting == 0:
        return []
    if waiting == 1:
        return [prompt("there-is"), *spoken.count(1), prompt("alert-not-acknowledged")]
    return [prompt("there-are"), *spoken.count(waiting), prompt("alerts-not-acknowledged")]
