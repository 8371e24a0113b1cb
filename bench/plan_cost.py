"""What one plan costs as deliveries grow: it is made anew at every event.

Owns: views of the worst kind. Every team is due, every line is free but those that rest or are kept, and all
limits of a trunk are in force.
"""

import statistics
import sys
import time

from bench.results import Metric, record
from bench.sim import NOON
from ivr.domain.lines import TrunkView
from ivr.domain.records import Call, CallState, Delivery, Direction
from ivr.domain.schedule import View, plan

RUNS = 41
LINES = 240


def view(deliveries: int) -> View:
    """Every delivery is due; half of the lines have a call, and as many calls have just ended."""
    half = LINES // 2
    up = [
        Call(f"up-{n}", Direction.OUT, CallState.PLACED, f"busy-{n}", f"+4930{n:07}", "sip-a", NOON - 20)
        for n in range(half)
    ]
    ended = [
        Call(f"e-{n}", Direction.OUT, CallState.ENDED, f"t-{n}", None, "sip-a", NOON - 40, ended_at=NOON - 1)
        for n in range(half // 2)
    ]
    waiting = [
        Delivery(
            17, f"team-{n}", "", due_at=NOON - n % 97, number=f"+4940{n:07}", attempts=n % 4, since=NOON - 99
        )
        for n in range(deliveries)
    ]
    return View([TrunkView("sip-a", LINES, guard_s=2.0, cps=100, reserve=2)], waiting, up, 14_400.0, ended)


def measure(deliveries: int) -> Metric:
    """The median milliseconds of a plan."""
    seen = view(deliveries)
    took = []
    for _ in range(RUNS):
        began = time.perf_counter()
        made = plan(seen, NOON)
        took.append((time.perf_counter() - began) * 1000)
        assert made.start
    return Metric(round(statistics.median(took), 2), "ms", None, RUNS)


def main() -> int:
    metrics = {f"schedule.plan_ms.{n}": measure(n) for n in (1000, 10_000)}
    for name, metric in metrics.items():
        print(f"{name:28} {metric.value:8.2f} ms (median of {metric.n})")
    record(metrics)
    return 0


if __name__ == "__main__":
    sys.exit(main())
