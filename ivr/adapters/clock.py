"""The clock of the service: the system's wall clock, but it never goes back.

Owns: what happens when the system's clock is stepped. Everything that is due later is kept as a time of day,
so an hour back would hold every retry for an hour; this clock goes on from where it was, or, where the step
came before it was started, from the last moment on record. A step forward is followed: what is due comes
early, and deadlines come nearer.
"""

import logging
import threading
import time
from collections.abc import Callable

log = logging.getLogger(__name__)

_STEP_S = 2.0
"""More than slewing and a busy machine make between two looks."""


class SteadyClock:
    """A Clock (see ports), for all threads. `wall` is in seconds since the epoch, `steady` in seconds since
    any moment and is never stepped. Nothing is shown that lies before the moment `last`."""

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
        last: float = 0.0,
    ) -> None:
        self._wall = wall
        self._steady = steady
        self._lock = threading.Lock()
        self._ahead_s = max(wall(), last) - steady()
        """How far this clock is ahead of `steady`."""
        self._is_back = False

    def __call__(self) -> float:
        with self._lock:
            steady = self._steady()
            ahead_s = self._wall() - steady
            if ahead_s >= self._ahead_s:
                if ahead_s - self._ahead_s > _STEP_S:
                    log.warning("the system clock went %.0f s forward", ahead_s - self._ahead_s)
                self._ahead_s = ahead_s
                self._is_back = False
            elif self._ahead_s - ahead_s > _STEP_S and not self._is_back:
                self._is_back = True
                log.error(
                    "the system clock went %.0f s back; the service keeps its time until it is restarted: "
                    "do so when no alert is open",
                    self._ahead_s - ahead_s,
                )
            return steady + self._ahead_s
