"""How much is left below the ceilings of our calls, counted from the store; and when operators hear of it.

Owns: the counting, and that a ceiling is one notice an hour and not one a plan. What the ceilings are, and
what they mean for a plan, the domain says.
"""

from collections.abc import Collection
from dataclasses import dataclass

from ivr.domain import wording
from ivr.domain.ceiling import HOUR_S, Budget, Ceiling, budget, ceiling
from ivr.domain.facts import CeilingReached
from ivr.domain.policy import Policy
from ivr.domain.records import Call, Direction, Leg, Team
from ivr.ports import AtLeast, Records


@dataclass(frozen=True, slots=True)
class Chosen:
    """The ceilings of the configuration; None: by the number of teams."""

    per_hour: int | None = None
    per_alert: int | None = None
    max_calls: int = Policy().max_calls
    """To a team about one alert, as the network's policy is."""

    def now(self, tx: Records) -> Ceiling:
        return ceiling(self.per_hour, self.per_alert, tx.count(Team), self.max_calls)


def left(tx: Records, most: Ceiling, alerts: Collection[int], now: float) -> Budget:
    """What is left now, in the hour and for these alerts."""
    count = tx.count(Call, direction=Direction.OUT, started_at=AtLeast(now - HOUR_S))
    calls = {alert: tx.count(Leg, alert=alert) for alert in alerts}
    oldest = None
    if count >= most.per_hour:
        oldest = tx.first(1, Call, direction=Direction.OUT, started_at=AtLeast(now - HOUR_S))[0].started_at
    return budget(most, count, oldest, calls, now)


def held(tx: Records, chosen: Chosen, alerts: Collection[int], now: float) -> str | None:
    """Why calls wait, for these alerts or for all; None if no ceiling is reached. For an operator."""
    most = chosen.now(tx)
    found = left(tx, most, alerts, now)
    if not found.hour:
        return wording.ceiling(None, most.per_hour)
    reached = [alert for alert in alerts if not found.alerts[alert]]
    return wording.ceiling(reached[0], most.per_alert) if reached else None


class Ceilings:
    """For the dialler."""

    def __init__(self, chosen: Chosen) -> None:
        self._chosen = chosen
        self._told: dict[int | None, float] = {}

    def left(self, tx: Records, alerts: Collection[int], now: float) -> Budget:
        """What is left now, in the hour and for these alerts."""
        return left(tx, self._chosen.now(tx), alerts, now)

    def news(self, tx: Records, held_by: Collection[int | None], now: float) -> list[CeilingReached]:
        """Those of the ceilings that keep somebody from being called which nobody has heard of lately."""
        fresh = [alert for alert in held_by if now - self._told.get(alert, -HOUR_S) >= HOUR_S]
        self._told |= dict.fromkeys(fresh, now)
        most = self._chosen.now(tx)
        return [CeilingReached(a, most.per_hour if a is None else most.per_alert) for a in fresh]
