"""What the benchmarks compare with: the bound of who knows no outcomes, and the matrix in simulated time."""

import statistics
from dataclasses import replace
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import ignorant, matrix, sim
from bench.expected import LENGTHS, Played, over_clairvoyant
from bench.fates import Fate, Network
from bench.policies import NO_PAUSE, PARALLEL, POLICY
from ivr.domain.lines import TrunkView
from ivr.domain.records import Disposition

MATRIX_POLICY = matrix.sequential()
ONE_PHONE_NO_PAUSE = replace(NO_PAUSE, parallel_after_s=None)


def test_one_line_for_one_team_is_busy_until_a_call_is_answered() -> None:
    for seed in range(9):
        network = Network(1, seed, persists=False)
        line_s = 0.0
        for n in range(99):
            fate = network.drawn(f"call {n}")
            line_s += fate.line_s
            if fate.disposition is Disposition.ACKNOWLEDGED:
                break
        assert ignorant.all_ended_s(network, 1) == pytest.approx(line_s)


def test_the_bound_counts_calls_that_have_ended_not_those_that_began() -> None:
    for seed in range(9):
        network = Network(4, seed, persists=False, alert_s=1000)
        assert ignorant.all_ended_s(network, 4) > 1000
        assert ignorant.all_ended_s(network, 2) > 2000


class InOrder:
    """A network in which the fate of a call depends on nothing but how many were begun before it."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._begun = count()
        self.teams = network.teams
        self.numbers = network.numbers

    def fate(self, team: int, n: int, number: str) -> Fate:
        return self._network.drawn(f"call {next(self._begun)}")


@given(st.integers(1, 20), st.integers(1, 6), st.integers(0, 1000))
def test_who_does_not_know_outcomes_is_not_below_the_bound(teams: int, lines: int, seed: int) -> None:
    network = Network(teams, seed, persists=False)
    least = ignorant.all_ended_s(network, lines)

    for policy in (POLICY, ONE_PHONE_NO_PAUSE):
        took = sim.run(InOrder(network), [TrunkView("sip-a", lines)], policy).makespan_s
        assert took > least - 1e-6


def test_the_bound_is_near_what_can_be_done_where_lines_are_scarce() -> None:
    for seed in range(9):
        network = Network(60, seed, persists=False)
        took = sim.run(InOrder(network), [TrunkView("sip-a", 3)], ONE_PHONE_NO_PAUSE).makespan_s
        assert took < 1.03 * ignorant.all_ended_s(network, 3)


def test_where_lines_are_many_the_last_few_teams_count_more() -> None:
    networks = [Network(100, seed, persists=False) for seed in range(20)]
    took = [sim.run(network, [TrunkView("sip-a", 60)], NO_PAUSE).makespan_s for network in networks]

    all_ended = statistics.mean(ignorant.all_ended_s(network, 60) for network in networks)
    assert 1.02 * all_ended < ignorant.makespan_s(networks, 60) < statistics.mean(took)


def test_where_outcomes_persist_each_number_is_called_once_and_the_last_answer_counts() -> None:
    network = Network(7, 3, persists=True)
    fates = [[network.fate(team, 0, n.number) for n in network.numbers(team)] for team in range(7)]
    firsts = [first for first, _ in fates]
    seconds = [second for first, second in fates if first.pressed_after_s is None]
    while seconds[-1].pressed_after_s is None:  # nobody waits for the end of those
        seconds.pop()

    took = sum(fate.line_s for fate in [*firsts, *seconds])
    assert ignorant.each_once_s(network, 1) == pytest.approx(took)


def test_where_outcomes_persist_ours_takes_no_longer_than_calling_no_number_twice() -> None:
    networks = [Network(60, seed, persists=True) for seed in range(12)]
    took = [sim.run(network, [TrunkView("sip-a", 30)], PARALLEL).reached_at[-1] for network in networks]
    once = [ignorant.each_once_s(network, 30) for network in networks]
    assert statistics.mean(took) < 1.02 * statistics.mean(once)


def test_a_team_of_the_matrix_that_is_called_alone_walks_its_path() -> None:
    for row in matrix.drawn(30, 1):
        steps = list(matrix.steps(row, MATRIX_POLICY, LENGTHS))
        result = sim.run(Played([row], LENGTHS), [TrunkView("practice", 1)], MATRIX_POLICY)
        assert result.makespan_s == pytest.approx(sum(s.pause_s + LENGTHS.of(s.outcome) for s in steps))


def test_a_matrix_is_played_anew_each_time() -> None:
    policy = matrix.sequential(matrix.PARALLEL)
    assert over_clairvoyant(20, 10, 3, policy) == over_clairvoyant(20, 10, 3, policy)
