"""The ceilings of our calls, and what a plan makes of them."""

import math
from dataclasses import replace

import pytest
from book import NOON
from hypothesis import given
from hypothesis import strategies as st
from test_schedule import HOUR, ringing, view, waiting

from ivr.domain.ceiling import Budget, Ceiling, budget, ceiling
from ivr.domain.records import Call, Delivery, DeliveryState, Errand, ErrandKind
from ivr.domain.schedule import Plan, plan


def planned(*what: Delivery | Call, left: Budget, lines: int = 4, errands: tuple[Errand, ...] = ()) -> Plan:
    return plan(replace(view(*what, lines=lines), budget=left, errands=errands), NOON)


def left(hour: int = 100, again_s: float = 600.0, **alerts: int) -> Budget:
    return Budget(hour, NOON + again_s, {int(name[1:]): count for name, count in alerts.items()})


def errand(n: int, kind: ErrandKind = ErrandKind.CALLBACK) -> Errand:
    return Errand(n, kind, f"+4940-errand-{n}", None, None, NOON - 1, NOON + 60)


class TestOfTheHour:
    def test_so_many_calls_start_and_no_more(self) -> None:
        found = planned(*[waiting(t) for t in "abcdef"], left=left(hour=2))
        assert len(found.start) == 2
        assert found.held_by == {None}
        assert found.again_at == NOON + 600

    def test_where_there_is_room_for_all_nobody_hears_of_it(self) -> None:
        found = planned(*[waiting(t) for t in "abc"], left=left(hour=3))
        assert len(found.start) == 3
        assert not found.held_by

    def test_at_the_ceiling_nothing_starts_until_the_hour_has_room(self) -> None:
        found = planned(waiting("a"), left=left(hour=0))
        assert not found.start
        assert found.again_at == NOON + 600

    def test_what_waits_for_a_line_alone_is_not_kept_by_the_ceiling(self) -> None:
        view_ = replace(view(waiting("a"), ringing("b"), lines=1), budget=left(hour=0))
        found = plan(view_, NOON)
        assert not found.held_by

    def test_a_deadline_that_comes_before_is_not_missed(self) -> None:
        late = replace(waiting("a"), since=NOON - HOUR + 30)
        assert planned(late, left=left(hour=0)).again_at == NOON + 30

    def test_errands_count_and_come_first_but_tests_last(self) -> None:
        several = (errand(1), errand(2, ErrandKind.TEST))
        found = planned(waiting("a"), left=left(hour=2), errands=several)
        assert [start.errand for start in found.errands] == [1]
        assert len(found.start) == 1
        assert found.held_by == {None}

    def test_what_rings_already_is_not_rung_off(self) -> None:
        view_ = replace(view(waiting("a"), ringing("a")), budget=left(hour=0))
        assert not plan(view_, NOON).cancel


class TestOfAnAlert:
    def test_so_many_calls_start_for_it_and_those_of_another_go_on(self) -> None:
        several = [waiting(t, alert=17) for t in "abc"] + [waiting(t, alert=18) for t in "de"]
        found = planned(*several, left=left(a17=1, a18=9), lines=9)
        assert [start.alerts for start in found.start].count((17,)) == 1
        assert [start.alerts for start in found.start].count((18,)) == 2
        assert found.held_by == {17}

    def test_at_the_ceiling_its_teams_wait_and_the_line_goes_to_another(self) -> None:
        found = planned(waiting("a", alert=17), waiting("b", alert=18), left=left(a17=0, a18=9), lines=1)
        assert [start.team for start in found.start] == ["b"]
        assert found.held_by == {17}

    def test_it_goes_along_in_a_call_that_is_made_for_another_alert(self) -> None:
        found = planned(waiting("a", alert=17), waiting("a", alert=18), left=left(a17=0, a18=9))
        assert [start.alerts for start in found.start] == [(17, 18)]

    def test_one_that_is_not_due_is_not_kept_by_the_ceiling(self) -> None:
        assert not planned(waiting("a", due=60), left=left(a17=0)).held_by

    def test_its_deadline_still_counts(self) -> None:
        late = replace(waiting("a"), since=NOON - HOUR - 1)
        assert planned(late, left=left(a17=0)).expire == (17,)

    def test_no_second_phone_rings_for_it_and_the_line_is_anothers(self) -> None:
        both = [
            replace(waiting(t, alert), state=DeliveryState.CALLING, beside=f"+4940-{t}2", beside_at=NOON - 1)
            for t, alert in (("a", 17), ("b", 18))
        ]
        found = planned(*both, ringing("a"), ringing("b"), left=left(a17=0, a18=9), lines=3)
        assert [start.team for start in found.start] == ["b"]


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(17, 19)), unique=True, max_size=20),
    st.integers(0, 12),
    st.dictionaries(st.integers(17, 19), st.integers(0, 5)),
    st.integers(1, 12),
)
def test_no_plan_goes_beyond_a_ceiling(
    who: list[tuple[int, int]], hour: int, alerts: dict[int, int], lines: int
) -> None:
    deliveries = [waiting(f"t{team}", alert) for team, alert in who]
    found = plan(replace(view(*deliveries, lines=lines), budget=Budget(hour, NOON + 60, alerts)), NOON)
    assert len(found.start) <= min(hour, lines)
    for alert, count in alerts.items():
        assert sum(start.alerts == (alert,) for start in found.start) <= count
    assert found.again_at is None or found.again_at > NOON, "the dialler would never rest"


class TestCeiling:
    def test_it_grows_with_the_network_and_leaves_a_small_one_room(self) -> None:
        assert ceiling(None, None, 4, 24) == Ceiling(200, 400)
        assert ceiling(None, None, 60, 24) == Ceiling(1800, 3600)

    @pytest.mark.parametrize("teams", [1, 6, 60, 1000])
    def test_a_network_in_which_nobody_is_ever_reached_stays_below_it(self, teams: int) -> None:
        assert ceiling(None, None, teams, 24).per_hour > teams * 24

    def test_what_is_chosen_counts(self) -> None:
        assert ceiling(5, 7, 60, 24) == Ceiling(5, 7)

    def test_what_is_left(self) -> None:
        found = budget(Ceiling(10, 5), 9, NOON - 3000, {17: 2, 18: 6}, NOON)
        assert found == Budget(1, NOON + 600, {17: 3, 18: 0})
        assert budget(Ceiling(10, 5), 12, NOON - 3000, {}, NOON).hour == 0
        assert not math.isinf(budget(Ceiling(10, 5), 0, None, {}, NOON).hour_at)
