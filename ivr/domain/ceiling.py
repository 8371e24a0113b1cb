"""How many calls may be started in an hour, and for one alert: the fuse against what nobody has thought of.

Owns: both ceilings, and how much is left below them. They count calls, whatever became of them, errands among
those of an hour. What may not start waits; nothing is given up but by its own deadline.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

HOUR_S = 3600.0
_FEWEST = 200
"""No network is so small that it has to do with less, in an hour or for one alert."""
_SPARE = 6
"""Calls to a team beyond those of its policy: that somebody there was promised, to second phones, errands."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ceiling:
    per_hour: int
    per_alert: int


def ceiling(per_hour: int | None, per_alert: int | None, teams: int, max_calls: int) -> Ceiling:
    """What holds for so many teams, each called at most `max_calls` times about one alert. None: so much that
    it is never in the way of a network whose calls go as they should. A call serves every current alert of
    its team, so an hour of many alerts has hardly more calls than an hour of one."""
    plenty = max(_FEWEST, teams * (max_calls + _SPARE))
    return Ceiling(plenty if per_hour is None else per_hour, 2 * plenty if per_alert is None else per_alert)


@dataclass(frozen=True, slots=True)
class Budget:
    """What is left below the ceilings at one moment."""

    hour: int
    """Calls that may start now."""
    hour_at: float
    """When one more may."""
    alerts: Mapping[int, int] = field(default_factory=dict)
    """Of each open alert, the calls that may still start for it."""


def budget(
    most: Ceiling, in_the_hour: int, oldest: float | None, calls: Mapping[int, int], now: float
) -> Budget:
    """What is left where so many calls were started in the last hour, the first of them at `oldest`, and
    `calls` for each open alert."""
    return Budget(
        hour=max(0, most.per_hour - in_the_hour),
        hour_at=(now if oldest is None else oldest) + HOUR_S,
        alerts={alert: max(0, most.per_alert - count) for alert, count in calls.items()},
    )


class Meter:
    """Lets calls through while one plan is made, as far as the budget goes. None: there are no ceilings."""

    def __init__(self, left: Budget | None) -> None:
        self._hour: float = math.inf if left is None else left.hour
        self._hour_at = math.inf if left is None else left.hour_at
        self._alerts: dict[int, int] = dict(left.alerts) if left is not None else {}
        self.reached: set[int | None] = set()
        """The ceilings that kept a call from being started: None for that of the hour, else the alert's."""

    def may(self, alert: int) -> bool:
        """Whether a call may start for this alert, as far as its own ceiling goes."""
        if self._alerts.get(alert, math.inf) > 0:
            return True
        self.reached.add(alert)
        return False

    def of(self, starts: Iterable[T], alert_of: Callable[[T], int | None]) -> Iterator[T]:
        """Those of `starts` that there is room for. `alert_of` tells which alert one is for."""
        for start in starts:
            if self._hour < 1:
                self.reached.add(None)
                return
            alert = alert_of(start)
            if alert is None or self.may(alert):
                self._hour -= 1
                if alert is not None and alert in self._alerts:
                    self._alerts[alert] -= 1
                yield start

    @property
    def again_at(self) -> float:
        """When a call may start that the ceiling of the hour has kept; never, where it has kept none."""
        return self._hour_at if None in self.reached else math.inf
