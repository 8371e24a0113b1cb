"""How long a network takes to be reached, by teams and lines; and what callers find meanwhile.

Owns: which cells are simulated, and the tables, plot and metrics that come of them. The seeds are fixed: the
same code gives the same numbers.
"""

import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from bench import clairvoyant, limits, plot, sim
from bench.fates import NIGHT, Network
from bench.policies import PARALLEL, POLICY
from bench.results import FOLDER, Metric, record
from ivr.domain.lines import TrunkView
from ivr.domain.policy import Policy, Rule

CELLS = (
    *((10, lines, 61) for lines in (2, 4, 8)),
    *((60, lines, 41) for lines in (4, 30)),
    *((100, lines, 41) for lines in (2, 4, 8, 10, 30, 60)),
    *((1000, lines, 11) for lines in (4, 10, 30, 60, 240)),
    (10_000, 240, 1),
)
"""Teams, lines, and runs with different seeds."""


@dataclass(frozen=True, slots=True)
class Cell:
    """The medians of one cell. Times in seconds; a share counts among those that can be reached."""

    reached: Sequence[float]
    """When 50, 90 and 100 % had been reached."""
    over_bound: float
    over_clairvoyant: float
    clairvoyant_over_bound: float


def cell(teams: int, lines: int, runs: int, persists: bool, policy: Policy) -> Cell:
    """Simulate one cell. Neither guard time, nor rate, nor kept lines: what the schedule itself costs. LB and
    clairvoyant are those of the default policy, whatever the policy."""
    networks = [Network(teams, seed, persists) for seed in range(runs)]
    paths = [[network.path(n, POLICY, sim.NOON) for n in range(teams)] for network in networks]
    bounds = [clairvoyant.lower_bound(p, lines) for p in paths]
    knowing = [clairvoyant.makespan(p, lines) for p in paths]
    reached = [sim.run(network, [TrunkView("sip-a", lines)], policy).reached_at for network in networks]
    return Cell(
        [statistics.median(at[round(len(at) * share) - 1] for at in reached) for share in (0.5, 0.9, 1.0)],
        statistics.median(at[-1] / b for at, b in zip(reached, bounds, strict=True)),
        statistics.median(at[-1] / k for at, k in zip(reached, knowing, strict=True)),
        statistics.median(k / b for k, b in zip(knowing, bounds, strict=True)),
    )


def makespans() -> dict[str, Metric]:
    """The tables of teams by lines."""
    metrics: dict[str, Metric] = {}
    missed: dict[bool, list[tuple[int, int, int]]] = {False: [], True: []}
    for title, suffix, persists, policy in (
        ("Drawn anew at each call; the second phone in parallel", "", False, PARALLEL),
        ("Drawn anew at each call; one phone at a time", ".sequential", False, POLICY),
        ("A number keeps its outcome; the second phone in parallel", ".persistent", True, PARALLEL),
    ):
        print(f"\n{title}")
        print("| teams | lines | 50 % | 90 % | 100 % | over LB | over clairvoyant | that over LB |")
        print("|---|---|---|---|---|---|---|---|")
        for teams, lines, runs in CELLS:
            if suffix and teams == 10_000:
                continue  # one cell of this size takes a minute
            found = cell(teams, lines, runs, persists, policy)
            times = " | ".join(_minutes(at) for at in found.reached)
            print(
                f"| {teams} | {lines} | {times} | {found.over_bound:.3f} | {found.over_clairvoyant:.3f} "
                f"| {found.clairvoyant_over_bound:.3f} |",
                flush=True,
            )
            metrics |= _metrics(f"{teams}x{lines}{suffix}", found, runs)
            if policy is PARALLEL and not _meets_the_aim(teams, lines, found):
                missed[persists].append((teams, lines, runs))
    limits.table(missed[False])
    limits.persisting(missed[True])
    return metrics


def _meets_the_aim(teams: int, lines: int, found: Cell) -> bool:
    most, bound = limits.aim(teams, lines)
    return most >= (found.over_bound if bound is clairvoyant.lower_bound else found.over_clairvoyant)


def _metrics(name: str, found: Cell, runs: int) -> dict[str, Metric]:
    return {
        f"sim.makespan_over_lb.{name}": Metric(
            round(found.over_bound, 4), "ratio", round(found.clairvoyant_over_bound, 4), runs
        ),
        f"sim.makespan_over_clairvoyant.{name}": Metric(
            round(found.over_clairvoyant, 4), "ratio", None, runs
        ),
    }


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.1f}"


def _paused(pause_s: float, growth: float) -> Policy:
    return replace(POLICY, busy=Rule(pause_s=pause_s), no_answer=Rule(pause_s=pause_s), growth=growth)


PAUSES = {
    "5 s, then 1.5 times longer each (default)": POLICY,
    "20 s": _paused(20, 1),
    "60 s": _paused(60, 1),
    "none": _paused(0, 1),
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
            PARALLEL,
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


NIGHT_AT = datetime(2026, 10, 25, 0, 0, tzinfo=UTC).timestamp()
"""An hour before Berlin sets its clocks back from three to two."""


def night(teams: int = 90, lines: int = 8) -> None:
    """An alert in the night of a clock change, to teams with calling hours. See fates.NIGHT."""
    network = Network(teams, 1, persists=False, hours=NIGHT)
    reached = sim.run(network, [TrunkView("sip-a", lines)], PARALLEL, begin=NIGHT_AT).reached_at
    print(
        f"\nIn the night of a clock change, {teams} teams, {lines} lines, a third closed until half past two"
    )
    print("| minutes | reached |")
    print("|---|---|")
    for minutes in (15, 29, 35, 60):
        print(f"| {minutes} | {sum(at <= 60 * minutes for at in reached)} |", flush=True)


def draw(teams: int = 100) -> None:
    """The share of teams reached over time, one curve for each number of lines."""
    drawn = {}
    for lines in (2, 4, 8, 30):
        result = sim.run(Network(teams, 1, persists=False), [TrunkView("sip-a", lines)], PARALLEL)
        points = [(at / 60, n / teams) for n, at in enumerate(result.reached_at, 1)]
        drawn[f"{lines} lines"] = [(0.0, 0.0), *points]
    FOLDER.mkdir(parents=True, exist_ok=True)
    svg = plot.curves(f"{teams} teams reached", "minutes after the release", "% reached", drawn)
    (FOLDER / "reached.svg").write_text(svg, encoding="utf-8")
    print(f"\nplot: {FOLDER / 'reached.svg'}")


def main() -> int:
    metrics = makespans() | callers()
    pauses()
    night()
    draw()
    print(f"metrics: {record(metrics)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
