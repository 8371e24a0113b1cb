"""How long a network takes to be reached, by teams and lines; and what callers find meanwhile.

Owns: which cells are simulated, and the tables, plot and metrics that come of them. The seeds are fixed: the
same code gives the same numbers.
"""

import math
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bench import clairvoyant, plot, sim
from bench.fates import Network
from bench.results import FOLDER, Metric, record
from ivr.domain.policy import Policy, Rule
from ivr.domain.schedule import TrunkView

POLICY = Policy(deadline_s=1e9)
"""The default one, without a deadline: a makespan is wanted, also where it takes days."""

CELLS = (
    *((10, lines, 30) for lines in (2, 4, 8)),
    *((60, lines, 15) for lines in (4, 30)),
    *((100, lines, 15) for lines in (2, 4, 8, 10, 30, 60)),
    *((1000, lines, 2) for lines in (4, 10, 30, 60, 240)),
    (10_000, 240, 1),
)
"""Teams, lines, and runs with different seeds."""


@dataclass(frozen=True, slots=True)
class Cell:
    """The medians of one cell. Times in seconds; None where that share was not reached."""

    teams: int
    lines: int
    persists: bool
    runs: int
    reached: Sequence[float | None]
    """When 50, 90 and 100 % had been reached."""
    makespan_s: float
    over_bound: float
    over_clairvoyant: float
    clairvoyant_over_bound: float

    def metrics(self) -> dict[str, Metric]:
        name = f"{self.teams}x{self.lines}" + (".persistent" if self.persists else "")
        return {
            f"sim.makespan_over_lb.{name}": Metric(
                round(self.over_bound, 4), "ratio", round(self.clairvoyant_over_bound, 4), self.runs
            ),
            f"sim.makespan_over_clairvoyant.{name}": Metric(
                round(self.over_clairvoyant, 4), "ratio", None, self.runs
            ),
        }


def cell(teams: int, lines: int, runs: int, persists: bool, policy: Policy = POLICY) -> Cell:
    """Simulate one cell. Neither guard time, nor rate, nor kept lines: what the schedule itself costs."""
    results = [
        sim.run(Network(teams, seed, persists), [TrunkView("sip-a", lines)], policy) for seed in range(runs)
    ]
    bounds = [clairvoyant.lower_bound(r.paths, lines) for r in results]
    knowing = [clairvoyant.makespan(r.paths, lines) for r in results]
    return Cell(
        teams,
        lines,
        persists,
        runs,
        [_median_or_never([r.reached_by(teams, share) for r in results]) for share in (0.5, 0.9, 1.0)],
        statistics.median(r.makespan_s for r in results),
        statistics.median(r.makespan_s / b for r, b in zip(results, bounds, strict=True)),
        statistics.median(r.makespan_s / k for r, k in zip(results, knowing, strict=True)),
        statistics.median(k / b for k, b in zip(knowing, bounds, strict=True)),
    )


def _median_or_never(times: Sequence[float | None]) -> float | None:
    middle = statistics.median(math.inf if at is None else at for at in times)
    return None if math.isinf(middle) else middle


def makespans() -> dict[str, Metric]:
    """The table of teams by lines."""
    metrics: dict[str, Metric] = {}
    for persists in (False, True):
        print(f"\nOutcomes {'persist per number' if persists else 'drawn anew at each call'}")
        print("| teams | lines | 50 % | 90 % | 100 % | settled | over LB | over clairvoyant | that over LB |")
        print("|---|---|---|---|---|---|---|---|---|")
        for teams, lines, runs in CELLS:
            if persists and teams == 10_000:
                continue  # one cell of this size takes a minute
            found = cell(teams, lines, runs, persists)
            times = " | ".join(_minutes(at) for at in (*found.reached, found.makespan_s))
            print(
                f"| {teams} | {lines} | {times} | {found.over_bound:.3f} | {found.over_clairvoyant:.3f} "
                f"| {found.clairvoyant_over_bound:.3f} |",
                flush=True,
            )
            metrics |= found.metrics()
    return metrics


def _minutes(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds / 60:.1f}"


PAUSES = {
    "60 s a round, 20 s busy (default)": POLICY,
    "20 s a round, 10 s busy": replace(POLICY, round_pause_s=20, busy=Rule(3, 10)),
    "none": replace(POLICY, round_pause_s=0, busy=Rule(3, 0)),
}


def pauses() -> None:
    """What the pauses before a retry cost, in times LB: idle lines that no order of calls fills."""
    sizes = ((60, 4), (100, 4), (100, 10), (300, 10))
    print("\nPauses")
    print("| pauses |", " | ".join(f"{teams} x {lines}" for teams, lines in sizes), "|")
    print("|---|---|---|---|---|")
    for name, policy in PAUSES.items():
        found = [cell(teams, lines, 10, persists=False, policy=policy).over_bound for teams, lines in sizes]
        print(f"| {name} |", " | ".join(f"{ratio:.3f}" for ratio in found), "|", flush=True)


@dataclass(frozen=True, slots=True)
class Inbound:
    """Dial-outs with somebody calling in every minute, for a minute and a half."""

    makespan_s: float
    callers: int
    blocked: int

    @property
    def blocking(self) -> float:
        return self.blocked / self.callers if self.callers else 0.0


def inbound(teams: int, lines: int, reserve: int, runs: int, every_s: float | None) -> Inbound:
    """The mean of `runs` dial-outs; `every_s` None: nobody calls in."""
    trunks = [TrunkView("sip-a", lines, reserve=reserve)]
    results = [
        sim.run(
            Network(teams, seed, persists=False),
            trunks,
            POLICY,
            sim.Callers(every_s, 90.0, seed) if every_s else None,
        )
        for seed in range(runs)
    ]
    return Inbound(
        statistics.mean(r.makespan_s for r in results),
        sum(r.callers for r in results),
        sum(r.blocked for r in results),
    )


def callers() -> dict[str, Metric]:
    """What is kept for callers, and what that costs against a dial-out that nobody calls into."""
    metrics = {}
    print("\nCallers while a network is called, each for 90 s on average")
    print("| lines | a caller every | kept | callers | blocked | blocked if none is kept | makespan, times |")
    print("|---|---|---|---|---|---|---|")
    for lines, teams, runs, every_s, reserve in (
        (4, 60, 40, 600.0, 1),
        (8, 120, 24, 300.0, 1),
        (8, 120, 24, 300.0, 2),
        (30, 600, 20, 60.0, 1),
        (30, 600, 8, 60.0, 2),
    ):
        kept = inbound(teams, lines, reserve, runs, every_s)
        greedy = inbound(teams, lines, 0, runs // 4, every_s)
        alone = inbound(teams, lines, 0, runs, None)
        cost = kept.makespan_s / alone.makespan_s
        print(
            f"| {lines} | {every_s / 60:.0f} min | {reserve} | {kept.callers} | {100 * kept.blocking:.1f} % "
            f"| {100 * greedy.blocking:.0f} % | {cost:.3f} |",
            flush=True,
        )
        if (lines, reserve) == (30, 1):
            metrics = {
                "sim.inbound_blocking.30": Metric(
                    round(kept.blocking, 4), "share", round(greedy.blocking, 4), kept.callers
                ),
                "sim.inbound_cost.30": Metric(round(cost, 4), "ratio", 1.0, runs),
            }
    return metrics


def draw(teams: int = 100) -> None:
    """The share of teams reached over time, one curve for each number of lines."""
    drawn = {}
    for lines in (2, 4, 8, 30):
        result = sim.run(Network(teams, 1, persists=False), [TrunkView("sip-a", lines)], POLICY)
        points = [(at / 60, n / teams) for n, at in enumerate(result.reached_at, 1)]
        drawn[f"{lines} lines"] = [(0.0, 0.0), *points]
    FOLDER.mkdir(parents=True, exist_ok=True)
    svg = plot.curves(f"{teams} teams reached", "minutes after the release", "% reached", drawn)
    (FOLDER / "reached.svg").write_text(svg, encoding="utf-8")
    print(f"\nplot: {FOLDER / 'reached.svg'}")


def main() -> int:
    metrics = makespans() | callers()
    pauses()
    draw()
    print(f"metrics: {record(metrics)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
