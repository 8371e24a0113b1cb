"""The simulation is sound: its bound is one, its clairvoyant obeys the rules, its lines are not exceeded."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench import clairvoyant, sim
from bench.fates import Network
from ivr.domain.policy import Policy
from ivr.domain.schedule import TrunkView

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
    result = simulated(teams, lines, seed, persists)

    assert result.makespan_s >= clairvoyant.lower_bound(result.paths, lines) - 1e-6
    assert len(result.reached_at) == teams or persists


def test_a_seed_gives_the_same_numbers_again() -> None:
    assert simulated(20, 3, seed=5) == simulated(20, 3, seed=5)
    assert simulated(20, 3, seed=5) != simulated(20, 3, seed=6)


def test_what_becomes_of_a_team_s_calls_does_not_depend_on_the_lines() -> None:
    fates = [[[line for _, line in path] for path in simulated(20, lines, seed=5).paths] for lines in (2, 20)]
    assert fates[0] == fates[1]


def test_a_line_that_is_kept_slows_the_dial_out() -> None:
    assert simulated(20, 2).makespan_s < simulated(20, 2, reserve=1).makespan_s == simulated(20, 1).makespan_s


@pytest.mark.parametrize(("reserve", "least", "most"), [(0, 0.5, 1.0), (1, 0.0, 0.2)])
def test_callers_are_blocked_unless_a_line_is_kept(reserve: int, least: float, most: float) -> None:
    trunks = [TrunkView("sip-a", 8, reserve=reserve)]
    result = sim.run(Network(200, 1, persists=False), trunks, POLICY, sim.Callers(120.0, 60.0, 1))

    assert result.callers > 5
    assert least <= result.blocked / result.callers <= most
