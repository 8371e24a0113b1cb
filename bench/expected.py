"""What the dial-out bench should come to: its matrices in simulated time, where many can be played.

Owns: a matrix as a network of the simulation, and how far the median of a few matrices may lie from that of
all. Calls take as long as they did at the exchange; all else takes no time.

    python -m bench.expected [--teams 60] [--lines 30] [--matrices 400]
"""

import argparse
import random
import statistics
import sys
from collections import Counter
from collections.abc import Sequence

from bench import clairvoyant, matrix, sim
from bench.fates import Fate
from bench.matrix import GREETING_CUT_S, Lengths, Matrix
from ivr.domain.lines import TrunkView
from ivr.domain.nextcall import Phone
from ivr.domain.policy import Policy
from ivr.domain.records import Disposition

LENGTHS = Lengths(busy_s=0.001, no_answer_s=5.027, talk_s=14.815)
"""As calibrated on the machine of docs/bench.md."""
RUNS = (5, 11, 41)
RESAMPLES = 2000


class Played:
    """A matrix, for one simulated dial-out: it remembers which number was called how often."""

    def __init__(self, rows: Matrix, lengths: Lengths) -> None:
        self._rows = rows
        self._lengths = lengths
        self._called: Counter[str] = Counter()

    @property
    def teams(self) -> int:
        return len(self._rows)

    def numbers(self, team: int) -> list[Phone]:
        return self._rows[team].phones

    def fate(self, team: int, n: int, number: str) -> Fate:
        outcome = self._rows[team].outcome(number, self._called[number])
        self._called[number] += 1
        line_s = self._lengths.of(outcome)
        if outcome.disposition is not Disposition.ACKNOWLEDGED:
            return Fate(outcome.disposition, line_s)
        rings_s = outcome.answer_after_s
        return Fate(outcome.disposition, line_s, rings_s, rings_s + GREETING_CUT_S)


def over_clairvoyant(teams: int, lines: int, seed: int, policy: Policy) -> float:
    """The makespan of the matrix of this seed, as a multiple of the clairvoyant schedule's."""
    rows = matrix.drawn(teams, seed)
    result = sim.run(Played(rows, LENGTHS), [TrunkView("practice", lines)], policy)
    return result.reached_at[-1] / clairvoyant.makespan(matrix.paths(rows, LENGTHS), lines)


def standard_error(ratios: Sequence[float], runs: int) -> float:
    """Of the median of so many runs, if the matrices were drawn from these."""
    draw = random.Random(runs)
    return statistics.stdev(statistics.median(draw.choices(ratios, k=runs)) for _ in range(RESAMPLES))


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.expected", description="the dial-out bench, simulated")
    parser.add_argument("--teams", type=int, default=60)
    parser.add_argument("--lines", type=int, default=30)
    parser.add_argument("--matrices", type=int, default=400, help="seeds 1, 2, ...")
    args = parser.parse_args()
    for name, settings in (("two phones", matrix.PARALLEL), ("one phone at a time", matrix.POLICY)):
        policy = matrix.sequential(settings)
        seeds = range(1, args.matrices + 1)
        ratios = [over_clairvoyant(args.teams, args.lines, seed, policy) for seed in seeds]
        print(
            f"{args.teams}x{args.lines} {name}: over clairvoyant, median {statistics.median(ratios):.4f}, "
            f"mean {statistics.mean(ratios):.4f}"
        )
        for runs in RUNS:
            first = statistics.median(ratios[:runs])
            print(f"  {runs:3} runs: {first:.4f}, standard error {standard_error(ratios, runs):.4f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
