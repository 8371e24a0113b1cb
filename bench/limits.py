"""How near to the aim anybody can come who does not know outcomes.

Owns: the aim, and the table of the cells that miss it. All of that table is in the mean: that is what the
bound of `ignorant` speaks of.
"""

import statistics
from collections.abc import Callable, Sequence

from bench import clairvoyant, ignorant, sim
from bench.fates import Network
from bench.policies import NO_PAUSE, PARALLEL, POLICY
from ivr.domain.lines import TrunkView
from ivr.domain.policy import Policy

TEAMS_DRAWN = 160_000
"""So many teams in all make the mean of a bound: its standard error is then about 0.001 of it,
0.004 where few teams share a line."""

PERSISTING_DRAWN = 40_000
"""The same where outcomes persist; of that schedule each draw is one, as of ours."""

Bound = Callable[[Sequence[clairvoyant.Path], int], float]


def aim(teams: int, lines: int) -> tuple[float, Bound]:
    """How many times what: near the bound, or where that cannot be, near the clairvoyant."""
    return (1.03, clairvoyant.lower_bound) if teams >= 10 * lines else (1.05, clairvoyant.makespan)


def table(missed: Sequence[tuple[int, int, int]]) -> None:
    """Of cells, as teams, lines and runs."""
    print("\nMeans where the aim is missed")
    print("| teams | lines | aim | reached | without any pause | nobody is below |")
    print("|---|---|---|---|---|---|")
    for teams, lines, runs in missed:
        most, _ = aim(teams, lines)
        reached, restless = (over_aim(teams, lines, runs, policy) for policy in (PARALLEL, NO_PAUSE))
        bound = least(teams, lines)
        print(f"| {teams} | {lines} | {most} | {reached:.3f} | {restless:.3f} | {bound:.3f} |", flush=True)


def persisting(missed: Sequence[tuple[int, int, int]]) -> None:
    """The same where a number keeps its outcome."""
    print("\nMeans where the aim is missed, outcomes persist")
    print("| teams | lines | aim | reached | no number twice |")
    print("|---|---|---|---|---|")
    for teams, lines, runs in missed:
        most, _ = aim(teams, lines)
        reached = over_aim(teams, lines, runs, PARALLEL, persists=True)
        networks = _networks(teams, max(runs, PERSISTING_DRAWN // teams), persists=True)
        once = statistics.mean(ignorant.each_once_s(network, lines) for network in networks)
        print(
            f"| {teams} | {lines} | {most} | {reached:.3f} | {once / _mean_bound(networks, lines):.3f} |",
            flush=True,
        )


def over_aim(teams: int, lines: int, runs: int, policy: Policy, persists: bool = False) -> float:
    """The mean time until all are reached who can be, as a multiple of the mean of what the aim is a
    multiple of."""
    networks = _networks(teams, runs, persists)
    took = (sim.run(network, [TrunkView("sip-a", lines)], policy).reached_at[-1] for network in networks)
    return statistics.mean(took) / _mean_bound(networks, lines)


def least(teams: int, lines: int) -> float:
    """The same of the bound of who does not know outcomes."""
    networks = _networks(teams, max(1, TEAMS_DRAWN // teams))
    return ignorant.makespan_s(networks, lines) / _mean_bound(networks, lines)


def _networks(teams: int, runs: int, persists: bool = False) -> list[Network]:
    return [Network(teams, seed, persists) for seed in range(runs)]


def _mean_bound(networks: Sequence[Network], lines: int) -> float:
    _, bound = aim(networks[0].teams, lines)
    paths = ([network.path(n, POLICY, sim.NOON) for n in range(network.teams)] for network in networks)
    return statistics.mean(bound(p, lines) for p in paths)
