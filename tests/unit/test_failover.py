"""Alerts whose trunks go down and come back, in simulated time: the real plan, breaker and policy."""

from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bench import outages, sim
from bench.fates import Network
from bench.outages import Failing, Outage
from bench.policies import PARALLEL, POLICY
from bench.sim import NOON, Team
from ivr.domain import attempts
from ivr.domain.lines import TrunkView
from ivr.domain.policy import Policy
from ivr.domain.records import DeliveryState
from ivr.domain.schedule import Start

A, B = TrunkView("sip-a", 3), TrunkView("sip-b", 3)
DEAD, ALIVE = 1e7, 0.0


class Watched(Failing):
    """What must hold of every call that is placed."""

    placed: list[tuple[float, Start]]
    reported: dict[str, float]

    def _report(self, outage: Outage, lines: int) -> None:
        self.reported[outage.trunk] = self._now - self._begin  # at that word a trunk may be tried at once
        super()._report(outage, lines)

    def _start(self, team: Team, start: Start) -> None:
        now = self._now - self._begin
        is_up = {trunk.name: trunk.up for trunk in self._seen_trunks()}
        assert start.probe is not is_up[start.trunk], "only a probe goes over a trunk that is not up"
        if start.probe:
            assert not any(c.probe for c in self._up.values() if c.trunk == start.trunk)
            since = self.reported.get(start.trunk, 0.0)
            before = [at for at, s in self.placed if s.trunk == start.trunk and s.probe and at > since]
            assert all(now - at >= 5 for at in before), "a probe after a pause"
        super()._start(team, start)
        used = sum(c.trunk == start.trunk for c in self._up.values())
        assert used <= next(t.lines for t in self._trunks if t.name == start.trunk)
        assert len({c.number for c in self._up.values()}) == len(self._up), "nobody is called twice at once"
        self.placed.append((now, start))


def played(
    teams: int, policy: Policy, seed: int, *lost: Outage, trunks: tuple[TrunkView, ...] = (A, B)
) -> Watched:
    alert = Watched(Network(teams, seed, persists=False), trunks, policy, lost)
    alert.placed, alert.reported = [], {}
    alert.run()
    return alert


an_outage = st.builds(
    lambda trunk, begin, lasts, silent, reported: Outage(trunk, begin, begin + lasts, silent, reported),
    st.sampled_from(["sip-a", "sip-b"]),
    st.floats(0, 300),
    st.floats(1, 900),
    st.booleans(),
    st.booleans(),
)


@settings(max_examples=60, deadline=None)
@example(
    teams=4,
    seed=0,
    lost=[
        Outage("sip-a", 0, 1, False, False),
        Outage("sip-b", 0, 1, False, True),
        Outage("sip-b", 0, 10, False, True),
    ],
    policy=POLICY,
)
@given(
    st.integers(1, 14),
    st.integers(0, 9),
    st.lists(an_outage, max_size=4),
    st.sampled_from([POLICY, PARALLEL]),
)
def test_whatever_trunks_do_everybody_is_called_to_an_end(
    teams: int, seed: int, lost: list[Outage], policy: Policy
) -> None:
    alert = played(teams, policy, seed, *lost)

    for team in alert._teams.values():
        assert team.delivery.state in (DeliveryState.ACKNOWLEDGED, DeliveryState.EXHAUSTED)
        assert len(attempts.of(team.past, 2).counted) <= policy.max_calls
        if team.delivery.state is DeliveryState.EXHAUSTED:
            assert len(attempts.of(team.past, 2).counted) >= 12, "no outage spends their tries"


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 20), st.integers(0, 9))
def test_trunks_that_never_fail_change_nothing(teams: int, seed: int) -> None:
    network = Network(teams, seed, persists=False)
    without = sim.run(network, [A, B], POLICY)

    assert outages.run(network, [A, B], POLICY, []) == without


@pytest.mark.parametrize("silent", [True, False])
@pytest.mark.parametrize("reported", [True, False])
def test_a_dead_trunk_costs_little_beside_a_network_that_never_had_it(silent: bool, reported: bool) -> None:
    dead = Outage("sip-a", ALIVE, DEAD, silent, reported)
    network = Network(24, 1, persists=False)
    alone = sim.run(network, [B], POLICY).makespan_s

    alert = played(24, POLICY, 1, dead)
    assert alert._now - NOON < 1.2 * alone
    over_it = [start for _, start in alert.placed if start.trunk == "sip-a"]
    assert sum(not start.probe for start in over_it) <= 2 * A.lines, "it is left"


def test_a_trunk_that_is_back_is_used_again_within_its_pause() -> None:
    lost = Outage("sip-a", 0, 100, silent=True, reported=False)
    alert = played(40, POLICY, 1, lost)

    again = [at for at, start in alert.placed if start.trunk == "sip-a" and not start.probe and at > 20]
    assert 100 < again[0] < 100 + 60 + 2


def test_an_outage_of_all_trunks_spends_no_tries_and_ends_when_it_ends() -> None:
    """An hour without any trunk: calls go on trying, each trunk at its own rate, and everybody is reached."""
    both = [Outage(name, 0, 3600, silent=False, reported=False) for name in ("sip-a", "sip-b")]
    alert = played(5, replace(POLICY, deadline_s=1e9), 1, *both)

    assert all(team.delivery.state is DeliveryState.ACKNOWLEDGED for team in alert._teams.values())
    during = [start for at, start in alert.placed if at < 3600]
    assert 100 < sum(start.probe for start in during) < 140  # of both, about one a minute
    assert sum(not start.probe for start in during) <= 2 * 6
    first = next(at for at, start in alert.placed if at >= 3600)
    assert first < 3660
