"""The simulation is sound: its bound is one, its clairvoyant obeys the rules, its lines are not exceeded."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import clairvoyant, sim
from bench.fates import NIGHT, Network
from bench.simulate import NIGHT_AT
from ivr.domain.lines import TrunkView
from ivr.domain.policy import Policy

POLICY = Policy(deadline_s=1e9)
seconds = st.integers(1, 90).map(float)
paths = st.lists(st.lists(st.tuples(seconds, seconds), min_size=1, max_size=4), min_size=1, max_size=12)


def simulated(teams: int, lines: int, seed: int = 1, persists: bool = False, reserve: int = 0) -> sim.Result:
    return sim.run(Network(teams, seed, persists), [TrunkView("sip-a", lines, reserve=reserve)], POLICY)


@given(paths, st.integers(1, 5))
def test_knowing_the_future_does_not_beat_the_bound(
    drawn: Sequence[Sequence[tuple[float, float]]], lines: int
) -> None:
    assert clairvoyant.makespan(drawn, lines) >= clairvoyant.lower_bound(drawn, lines)


def test_the_clairvoyant_calls_the_longest_path_first() -> None:
    short, long = [(0.0, 10.0)], [(0.0, 10.0), (5.0, 10.0)]

    assert clairvoyant.makespan([short, long], 1) == 10 + 10 + 10
    assert clairvoyant.makespan([short, long], 2) == 25
    assert clairvoyant.lower_bound([short, long], 1) == 30


@settings(max_examples=20)
@given(st.integers(1, 30), st.integers(1, 8), st.integers(0, 5), st.booleans())
def test_no_simulated_alert_is_faster_than_the_bound(
    teams: int, lines: int, seed: int, persists: bool
) -> None:
    network = Network(teams, seed, persists)
    result = simulated(teams, lines, seed, persists)
    walked = [network.path(n, POLICY, sim.NOON) for n in range(teams)]

    assert result.makespan_s >= clairvoyant.lower_bound(walked, lines) - 1e-6
    assert len(result.reached_at) == teams or persists


def test_a_team_that_is_called_alone_walks_its_path() -> None:
    for seed in range(9):
        path = Network(1, seed, persists=False).path(0, POLICY, sim.NOON)
        assert simulated(1, 1, seed).makespan_s == pytest.approx(sum(pause + line for pause, line in path))


def test_two_phones_at_once_are_faster_where_lines_are_idle_and_no_slower_where_not() -> None:
    both = replace(POLICY, parallel_after_s=5)
    for lines, share in ((30, 0.95), (2, 1.001)):
        took = [
            sum(
                sim.run(Network(20, seed, persists=False), [TrunkView("sip-a", lines)], policy).makespan_s
                for seed in range(8)
            )
            for policy in (both, POLICY)
        ]
        assert took[0] < share * took[1]


def test_in_the_night_of_a_clock_change_nobody_is_called_out_of_hours() -> None:
    """A third of the teams opens at half past two: the first time, and an hour later the second time."""
    result = sim.run(
        Network(30, 1, persists=False, hours=NIGHT), [TrunkView("sip-a", 30)], POLICY, begin=NIGHT_AT
    )

    early = [at for at in result.reached_at if at < 1800]
    assert len(early) == 20
    assert len(result.reached_at) == 30


def test_a_seed_gives_the_same_numbers_again() -> None:
    assert simulated(20, 3, seed=5) == simulated(20, 3, seed=5)
    assert simulated(20, 3, seed=5) != simulated(20, 3, seed=6)


def test_a_line_that_is_kept_slows_the_dial_out() -> None:
    assert simulated(20, 2).makespan_s < simulated(20, 2, reserve=1).makespan_s == simulated(20, 1).makespan_s


@pytest.mark.parametrize(("reserve", "least", "most"), [(0, 0.5, 1.0), (1, 0.0, 0.2)])
def test_callers_are_blocked_unless_a_line_is_kept(reserve: int, least: float, most: float) -> None:
    trunks = [TrunkView("sip-a", 8, reserve=reserve)]
    result = sim.run(Network(200, 1, persists=False), trunks, POLICY, sim.Callers(120.0, 60.0, 1))

    assert result.callers > 5
    assert least <= result.blocked / result.callers <= most
