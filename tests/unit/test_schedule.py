"""Who is dialled next: the cases one by one, and what holds for every view."""

from collections import Counter
from dataclasses import replace

import pytest
from book import NOON
from hypothesis import given
from hypothesis import strategies as st

from ivr.domain.lines import TrunkView, look_back
from ivr.domain.records import Call, CallState, Delivery, DeliveryState, Direction, Severity
from ivr.domain.schedule import Plan, Start, View, plan

WAITING, CALLING = DeliveryState.WAITING, DeliveryState.CALLING
RESPONDING = DeliveryState.RESPONDING
HOUR = 3600.0


def waiting(
    team: str, alert: int = 17, due: float = 0.0, attempts: int = 0, number: str | None = ""
) -> Delivery:
    """A delivery that is due `due` seconds from now."""
    to = f"+4940-{team}" if number == "" else number
    return Delivery(alert, team, team.upper(), WAITING, NOON + due, to, attempts, since=NOON - 600)


def ringing(team: str, number: str = "", trunk: str = "sip-a") -> Call:
    to = number or f"+4940-{team}"
    return Call(f"to-{team}", Direction.OUT, CallState.PLACED, team, to, trunk, NOON - 5)


def calling_in(team: str | None, trunk: str = "sip-a") -> Call:
    return Call(
        f"from-{team}", Direction.IN, CallState.ANSWERED, team, None, trunk, NOON - 5, answered_at=NOON - 5
    )


def view(*what: Delivery | Call, lines: int = 4, up: bool = True) -> View:
    return View(
        [TrunkView("sip-a", lines, up)],
        [d for d in what if isinstance(d, Delivery)],
        [c for c in what if isinstance(c, Call)],
        HOUR,
    )


def started(*what: Delivery | Call, lines: int = 4) -> list[str]:
    """The teams that are called now, in this order."""
    return [s.team for s in plan(view(*what, lines=lines), NOON).start]


class TestLines:
    def test_each_team_that_is_due_gets_a_line(self) -> None:
        assert plan(view(waiting("xyz")), NOON).start == (Start("xyz", "+4940-xyz", "sip-a", (17,)),)

    def test_never_more_calls_than_lines(self) -> None:
        assert len(started(*[waiting(t) for t in "abcdef"], lines=4)) == 4

    def test_calls_that_are_up_take_lines_out_and_in(self) -> None:
        assert len(started(ringing("x"), calling_in(None), *[waiting(t) for t in "abcdef"], lines=4)) == 2

    def test_a_trunk_that_is_down_carries_nothing(self) -> None:
        assert plan(view(waiting("xyz"), up=False), NOON).start == ()

    def test_what_one_trunk_cannot_carry_the_next_one_does(self) -> None:
        trunks = [TrunkView("sip-a", 1), TrunkView("sip-b", 9, up=False), TrunkView("sip-c", 2)]
        two_trunks = replace(view(*[waiting(t) for t in "abcd"]), trunks=trunks)

        assert [s.trunk for s in plan(two_trunks, NOON).start] == ["sip-a", "sip-c", "sip-c"]

    def test_the_trunk_that_holds_the_number_for_unallocated_is_asked_again_only_where_no_other_is_free(
        self,
    ) -> None:
        avoiding = view(replace(waiting("xyz"), avoid_trunk="sip-a"))
        two_trunks = replace(avoiding, trunks=[TrunkView("sip-a", 1), TrunkView("sip-b", 1)])

        assert [s.trunk for s in plan(two_trunks, NOON).start] == ["sip-b"]
        assert [s.trunk for s in plan(avoiding, NOON).start] == ["sip-a"]

    def test_more_calls_than_lines_after_a_change_of_the_configuration_start_nothing(self) -> None:
        assert started(ringing("a"), ringing("b"), waiting("c"), lines=1) == []


def limited(
    *what: Delivery | Call,
    lines: int = 4,
    guard_s: float = 0.0,
    cps: int | None = None,
    reserve: int = 0,
    at: float = 0.0,
) -> Plan:
    """The plan at `at` seconds from now, on a trunk with these limits."""
    calls = [c for c in what if isinstance(c, Call)]
    trunk = TrunkView("sip-a", lines, guard_s=guard_s, cps=cps, reserve=reserve)
    seen = View(
        [trunk],
        [d for d in what if isinstance(d, Delivery)],
        [c for c in calls if c.state is not CallState.ENDED],
        HOUR,
        [c for c in calls if c.state is CallState.ENDED],
    )
    return plan(seen, NOON + at)


def over(call: Call, ended: float, began: float = -30.0) -> Call:
    """The call, from `began` to `ended` seconds from now."""
    return replace(call, state=CallState.ENDED, started_at=NOON + began, ended_at=NOON + ended)


class TestGuard:
    def test_a_line_rests_after_a_call(self) -> None:
        made = limited(over(ringing("x"), -1.5), waiting("a"), lines=1, guard_s=2)

        assert (made.start, made.again_at) == ((), NOON + 0.5)

    def test_and_not_a_moment_longer(self) -> None:
        made = limited(over(ringing("x"), -1.5), waiting("a"), lines=1, guard_s=2, at=0.5)

        assert len(made.start) == 1

    def test_the_line_of_a_caller_rests_too(self) -> None:
        assert limited(over(calling_in("x"), -1), waiting("a"), lines=1, guard_s=2).start == ()

    def test_the_other_lines_do_not(self) -> None:
        assert len(limited(over(ringing("x"), -1), *map(waiting, "abc"), lines=2, guard_s=2).start) == 1

    def test_a_clock_that_was_set_back_leaves_no_line_resting(self) -> None:
        assert len(limited(over(ringing("x"), HOUR), waiting("a"), lines=1, guard_s=2).start) == 1

    def test_who_has_a_line_need_not_wait_for_one_that_rests(self) -> None:
        made = limited(over(ringing("x"), -1), waiting("a"), lines=2, guard_s=2)

        assert made.again_at == NOON - 600 + HOUR


class TestRate:
    def test_no_more_calls_start_in_a_second_than_the_carrier_allows(self) -> None:
        made = limited(*map(waiting, "abcd"), cps=3)

        assert len(made.start) == 3
        assert made.again_at is not None
        assert NOON + 1 <= made.again_at <= NOON + 1.1

    def test_calls_that_have_begun_count_also_when_they_are_over(self) -> None:
        up, ended = replace(ringing("x"), started_at=NOON - 0.2), over(ringing("y"), -0.1, began=-0.4)

        assert len(limited(up, ended, *map(waiting, "abc"), lines=9, cps=3).start) == 1

    def test_calls_that_came_in_do_not(self) -> None:
        assert len(limited(replace(calling_in(None), started_at=NOON), waiting("a"), cps=1).start) == 1

    def test_what_one_trunk_may_not_start_yet_the_next_one_does(self) -> None:
        trunks = [TrunkView("sip-a", 4, cps=1), TrunkView("sip-b", 4)]
        made = plan(replace(view(*map(waiting, "abc")), trunks=trunks), NOON)

        assert [s.trunk for s in made.start] == ["sip-a", "sip-b", "sip-b"]


class TestLinesForCallers:
    def test_are_left_free(self) -> None:
        assert len(limited(*map(waiting, "abcdef"), lines=8, reserve=2).start) == 6

    def test_are_free_lines_so_a_caller_on_one_asks_for_another(self) -> None:
        long_ago = replace(calling_in(None), started_at=NOON - 300)

        assert len(limited(long_ago, *map(waiting, "abcdefgh"), lines=8, reserve=2).start) == 5

    def test_are_more_while_people_call(self) -> None:
        called = [replace(over(calling_in(None), -n, began=-n - 5), id=f"{n}") for n in (5, 20)]

        assert len(limited(*called, *map(waiting, "abcdefgh"), lines=8, reserve=1).start) == 5

    def test_are_at_most_half_of_the_lines_however_many_call(self) -> None:
        called = [replace(over(calling_in(None), -n, began=-n - 1), id=f"{n}") for n in range(20)]

        assert len(limited(*called, *map(waiting, "abcdefgh"), lines=8, reserve=1).start) == 4

    def test_are_given_back_when_nobody_calls_any_longer(self) -> None:
        called = over(calling_in(None), -20, began=-40)
        made = limited(called, *map(waiting, "abcd"), lines=4, reserve=1)

        assert len(made.start) == 2
        assert made.again_at == NOON + 20
        assert len(limited(called, *map(waiting, "abcd"), lines=4, reserve=1, at=20).start) == 3

    def test_are_none_unless_asked_for(self) -> None:
        assert len(limited(over(calling_in(None), -5), *map(waiting, "abcd"), lines=4).start) == 4


def test_a_call_that_is_over_has_no_line_and_keeps_its_team_until_that_is_on_record() -> None:
    gone = replace(ringing("abc-cert"), state=CallState.ENDED)

    assert started(gone, waiting("abc-cert"), waiting("xyz-cert"), lines=1) == ["xyz-cert"]


def test_a_plan_need_not_know_what_ended_before_its_limits_began() -> None:
    assert look_back([TrunkView("sip-a", 4), TrunkView("sip-b", 9)]) == 0
    assert look_back([TrunkView("sip-a", 4, guard_s=7, cps=2), TrunkView("sip-b", 9)]) == 7
    assert look_back([TrunkView("sip-a", 4, reserve=1, guard_s=7)]) >= 60


class TestOrder:
    def test_first_calls_come_before_second_ones(self) -> None:
        assert started(waiting("again", due=-300, attempts=1), waiting("first", due=-1), lines=1) == ["first"]

    def test_then_the_more_severe_alert(self) -> None:
        low, high = waiting("low", 17, due=-9), waiting("high", 18, due=-1)
        low, high = replace(low, severity=Severity.LOW), replace(high, severity=Severity.HIGH)
        again = replace(waiting("again", 18, due=-99, attempts=1), severity=Severity.HIGH)

        assert started(low, high, again, lines=3) == ["high", "low", "again"]
        assert started(replace(low, attempts=1), replace(again, attempts=2), lines=1) == ["again"]

    def test_of_two_alerts_to_one_team_the_more_severe_one_decides_its_turn(self) -> None:
        low, high = waiting("xyz", 17, due=-9), replace(waiting("xyz", 18), severity=Severity.HIGH)

        assert started(replace(low, severity=Severity.LOW), high, waiting("abc", due=-9), lines=1) == ["xyz"]

    def test_then_whoever_has_been_due_longest(self) -> None:
        assert started(waiting("later", due=-1), waiting("long", due=-30), lines=1) == ["long"]

    def test_then_the_older_alert(self) -> None:
        assert started(waiting("new", alert=18), waiting("old", alert=17), lines=1) == ["old"]

    def test_nobody_is_called_before_they_are_due(self) -> None:
        assert started(waiting("xyz", due=0.001)) == []


class TestOneTeam:
    def test_two_current_alerts_are_one_call(self) -> None:
        assert plan(view(waiting("xyz", 18), waiting("xyz", 17)), NOON).start == (
            Start("xyz", "+4940-xyz", "sip-a", (17, 18)),
        )

    def test_the_call_takes_along_an_alert_that_is_not_due_yet_and_goes_to_the_due_one_s_number(self) -> None:
        both = (waiting("xyz", 17, due=20, number="office"), waiting("xyz", 18, number="mobile"))

        assert plan(view(*both), NOON).start == (Start("xyz", "mobile", "sip-a", (17, 18)),)

    def test_is_not_called_while_it_is_being_called(self) -> None:
        assert started(ringing("xyz"), waiting("xyz", alert=18)) == []

    def test_is_not_called_while_it_calls_in(self) -> None:
        assert started(calling_in("xyz"), waiting("xyz")) == []

    def test_a_number_that_two_teams_share_never_rings_twice_at_once(self) -> None:
        assert started(waiting("abc", number="shared"), waiting("xyz", number="shared")) == ["abc"]
        assert started(ringing("abc", "shared"), waiting("xyz", number="shared")) == []

    def test_without_a_number_is_not_called(self) -> None:
        assert started(waiting("xyz", number=None)) == []

    def test_that_is_being_called_is_not_called(self) -> None:
        assert started(replace(waiting("xyz"), state=CALLING)) == []

    def test_that_is_on_it_is_called_again_when_its_time_is_over(self) -> None:
        assert started(replace(waiting("xyz", due=1), state=RESPONDING)) == []
        assert started(replace(waiting("xyz", due=0), state=RESPONDING)) == ["xyz"]

    def test_that_is_on_it_for_one_alert_is_called_about_the_other_alone(self) -> None:
        on_it = replace(waiting("xyz", 17, due=300), state=RESPONDING)

        assert [s.alerts for s in plan(view(on_it, waiting("xyz", 18)), NOON).start] == [(18,)]


def with_second(team: str, alert: int = 17, due: float = 0.0, to: str = "mobile") -> Delivery:
    """A delivery whose first phone rings, and whose second one may `due` seconds from now."""
    return replace(waiting(team, alert), state=CALLING, beside=to, beside_at=NOON + due)


class TestSecondPhone:
    def test_rings_beside_the_first(self) -> None:
        assert plan(view(ringing("xyz"), with_second("xyz")), NOON).start == (
            Start("xyz", "mobile", "sip-a", (17,)),
        )

    def test_not_before_its_time_and_then_without_another_event(self) -> None:
        made = plan(view(ringing("xyz"), with_second("xyz", due=3)), NOON)

        assert (made.start, made.again_at) == ((), NOON + 3)

    def test_only_on_a_line_that_nobody_else_wants(self) -> None:
        again = waiting("again", attempts=3)

        assert started(ringing("xyz"), with_second("xyz", due=-9), again, lines=2) == ["again"]
        assert started(ringing("xyz"), with_second("xyz", due=-9), again, lines=3) == ["again", "xyz"]

    def test_does_not_begin_to_ring_after_the_deadline(self) -> None:
        assert plan(view(ringing("xyz"), with_second("xyz")), NOON - 600 + HOUR).start == ()

    def test_never_rings_beside_a_call_that_was_answered(self) -> None:
        answered = replace(ringing("xyz"), state=CallState.ANSWERED)

        assert plan(view(answered, with_second("xyz")), NOON) == Plan()

    def test_never_becomes_a_third(self) -> None:
        both = (ringing("xyz"), replace(ringing("xyz", "mobile"), id="second"))

        assert started(*both, with_second("xyz", to="home")) == []

    def test_never_rings_while_the_team_calls_in_or_the_first_call_is_being_ended(self) -> None:
        assert started(ringing("xyz"), calling_in("xyz"), with_second("xyz")) == []
        assert started(replace(ringing("xyz"), cancelled=True), with_second("xyz")) == []

    def test_that_another_team_s_call_rings_already_is_left_alone(self) -> None:
        assert started(ringing("xyz"), ringing("abc", "mobile"), with_second("xyz")) == []

    def test_takes_along_every_alert(self) -> None:
        made = plan(view(ringing("xyz"), with_second("xyz"), waiting("xyz", 18, due=60)), NOON)

        assert [s.alerts for s in made.start] == [(17, 18)]

    def test_stops_ringing_when_a_person_speaks_on_the_first(self) -> None:
        person = replace(ringing("xyz"), state=CallState.ANSWERED, person=True)
        second = replace(ringing("xyz", "mobile"), id="second")

        assert plan(view(person, second, with_second("xyz")), NOON).cancel == ("second",)

    def test_goes_on_ringing_when_perhaps_a_machine_answered_the_first(self) -> None:
        answered = replace(ringing("xyz"), state=CallState.ANSWERED)
        second = replace(ringing("xyz", "mobile"), id="second")

        assert plan(view(answered, second, with_second("xyz")), NOON).cancel == ()

    def test_that_was_answered_too_is_not_dropped(self) -> None:
        person = replace(ringing("xyz"), state=CallState.ANSWERED, person=True)
        second = replace(ringing("xyz", "mobile"), id="second", state=CallState.ANSWERED)

        assert plan(view(person, second, with_second("xyz")), NOON).cancel == ()


class TestCancelling:
    def test_a_call_that_nobody_needs_stops_ringing(self) -> None:
        assert plan(view(ringing("xyz")), NOON).cancel == ("to-xyz",)

    def test_a_call_that_somebody_needs_goes_on(self) -> None:
        assert plan(view(ringing("xyz"), replace(waiting("xyz"), state=CALLING)), NOON).cancel == ()

    def test_a_team_that_is_on_it_is_no_longer_called(self) -> None:
        on_it = replace(waiting("xyz", due=300), state=RESPONDING)

        assert plan(view(ringing("xyz"), on_it), NOON).cancel == ("to-xyz",)

    def test_a_team_that_calls_in_is_no_longer_called(self) -> None:
        needed = replace(waiting("xyz"), state=CALLING)

        assert plan(view(ringing("xyz"), calling_in("xyz"), needed), NOON).cancel == ("to-xyz",)

    def test_a_caller_who_has_not_yet_proved_who_they_are_stops_nobody_s_call(self) -> None:
        needed = replace(waiting("xyz"), state=CALLING)

        assert plan(view(ringing("xyz"), calling_in(None), needed), NOON).cancel == ()

    def test_an_answered_call_is_never_dropped(self) -> None:
        assert plan(view(replace(ringing("xyz"), state=CallState.ANSWERED)), NOON).cancel == ()

    def test_a_call_is_cancelled_once(self) -> None:
        assert plan(view(replace(ringing("xyz"), cancelled=True)), NOON).cancel == ()

    def test_a_caller_is_never_hung_up(self) -> None:
        assert plan(view(calling_in("xyz")), NOON).cancel == ()


class TestTime:
    def test_looks_again_when_the_next_one_is_due(self) -> None:
        assert plan(view(waiting("abc", due=50), waiting("xyz", due=20)), NOON).again_at == NOON + 20

    def test_looks_again_at_the_deadline(self) -> None:
        assert plan(view(waiting("xyz", due=2 * HOUR)), NOON).again_at == NOON - 600 + HOUR

    def test_with_nobody_waiting_there_is_nothing_to_wait_for(self) -> None:
        assert plan(view(replace(waiting("xyz"), state=CALLING)), NOON).again_at is None

    def test_at_the_deadline_the_alert_expires(self) -> None:
        assert plan(view(waiting("xyz", due=HOUR)), NOON - 600 + HOUR).expire == (17,)

    def test_whoever_is_overdue_is_not_called_in_the_same_breath(self) -> None:
        assert plan(view(waiting("xyz")), NOON - 600 + HOUR) == Plan(expire=(17,))

    def test_a_call_that_is_up_may_outlast_the_deadline(self) -> None:
        up = replace(waiting("xyz"), state=CALLING)

        assert plan(view(ringing("xyz"), up), NOON + 2 * HOUR) == Plan()

    def test_also_if_the_team_is_on_it(self) -> None:
        on_it = replace(waiting("xyz", due=3 * HOUR), state=RESPONDING)
        answered = replace(ringing("xyz"), state=CallState.ANSWERED)

        assert plan(view(answered, on_it), NOON + 2 * HOUR) == Plan()
        assert plan(view(on_it), NOON + 2 * HOUR) == Plan(expire=(17,))


# -- what holds for every view -------------------------------------------------------------------------------

LETTERS = "abcdef"
letters = st.sampled_from(LETTERS)
trunk_names = st.sampled_from(["sip-a", "sip-b", "gone"])
moments = st.integers(-4000, 4000).map(float)


def numbers_of(team: str) -> st.SearchStrategy[str]:
    return st.sampled_from([f"+4940-{team}", f"+4917-{team}"])


@st.composite
def a_delivery(draw: st.DrawFn) -> Delivery:
    team = draw(letters)
    return Delivery(
        draw(st.integers(1, 3)),
        team,
        team.upper(),
        draw(st.sampled_from([WAITING, WAITING, WAITING, CALLING, RESPONDING])),
        NOON + draw(moments),
        draw(st.none() | numbers_of(team)),
        draw(st.integers(0, 3)),
        since=NOON - draw(st.integers(0, 4000)),
        beside=draw(st.none() | numbers_of(team)),
        beside_at=NOON + draw(moments),
        severity=draw(st.sampled_from(Severity)),
        tried=draw(st.sampled_from(["", "", "sip-a", "sip-b", "sip-a,sip-b"])),
        afresh_at=NOON + draw(moments),
    )


@st.composite
def a_call(draw: st.DrawFn, n: int) -> Call:
    direction = draw(st.sampled_from(Direction))
    team = draw(letters)
    out = direction is Direction.OUT
    state = draw(st.sampled_from([CallState.PLACED, CallState.ANSWERED]))
    return Call(
        f"up-{n}",
        direction,
        state,
        team if out else draw(st.none() | letters),
        draw(numbers_of(team)) if out else None,
        draw(trunk_names),
        NOON - draw(st.sampled_from([0.0, 0.4, 1.0, 10.0, 59.0, 90.0])),
        cancelled=draw(st.booleans()),
        person=state is CallState.ANSWERED and draw(st.booleans()),
        probe=out and draw(st.sampled_from([False, False, True])),
    )


@st.composite
def a_trunk(draw: st.DrawFn, name: str) -> TrunkView:
    return TrunkView(
        name,
        draw(st.integers(0, 4)),
        draw(st.sampled_from([True, True, False])),
        draw(st.sampled_from([0.0, 0.3, 2.0])),
        draw(st.sampled_from([None, None, 1, 3])),
        draw(st.integers(0, 2)),
        draw(st.none() | moments.map(lambda moment: NOON + moment)),
    )


@st.composite
def an_ended_call(draw: st.DrawFn, n: int) -> Call:
    ended = draw(st.integers(0, 700)) / 10
    began = ended + draw(st.integers(0, 300)) / 10
    call = draw(a_call(n))
    return replace(
        call, id=f"ended-{n}", state=CallState.ENDED, started_at=NOON - began, ended_at=NOON - ended
    )


@st.composite
def views(draw: st.DrawFn) -> View:
    return View(
        [draw(a_trunk("sip-a")), draw(a_trunk("sip-b"))],
        draw(st.lists(a_delivery(), max_size=14, unique_by=lambda d: (d.alert, d.team))),
        [draw(a_call(n)) for n in range(draw(st.integers(0, 5)))],
        HOUR,
        [draw(an_ended_call(n)) for n in range(draw(st.integers(0, 5)))],
    )


def kept(seen: View, trunk: TrunkView) -> int:
    """Lines of a trunk that must stay free for callers."""
    if trunk.reserve == 0:
        return 0
    callers = [
        c for c in (*seen.calls, *seen.recent) if c.direction is Direction.IN and c.trunk == trunk.name
    ]
    lately = sum(c.started_at > NOON - 60 for c in callers)
    return max(trunk.reserve, min(trunk.reserve + lately, trunk.lines // 2))


def usable(seen: View, trunk: TrunkView, started: int) -> int:
    """Calls that this trunk could still start after `started` calls."""
    up = sum(c.trunk == trunk.name for c in seen.calls)
    ended = [c for c in seen.recent if c.trunk == trunk.name]
    resting = sum(c.ended_at is not None and c.ended_at + trunk.guard_s > NOON for c in ended)
    lines = trunk.lines - up - resting - kept(seen, trunk)
    if not trunk.up:
        probed = any(c.probe for c in seen.calls if c.trunk == trunk.name)
        due = trunk.probe_at is not None and trunk.probe_at <= NOON
        lines = min(lines, 1) if due and not probed else 0
    return (lines if trunk.cps is None else min(lines, trunk.cps - fresh(seen, trunk))) - started


def fresh(seen: View, trunk: TrunkView) -> int:
    """Calls that began within the last second on this trunk."""
    out = [c for c in (*seen.calls, *seen.recent) if c.direction is Direction.OUT and c.trunk == trunk.name]
    return sum(c.started_at + 1.05 > NOON for c in out)


def asked(seen: View, d: Delivery) -> str | None:
    """The number that this delivery asks to be called now."""
    theirs = [c for c in seen.calls if c.team == d.team]
    if d.state is CALLING:
        alone = len(theirs) == 1 and theirs[0].state is CallState.PLACED and not theirs[0].cancelled
        rung = d.beside in {c.number for c in seen.calls}
        rings = alone and theirs[0].direction is Direction.OUT
        return d.beside if rings and not rung and d.beside_at <= NOON < d.since + HOUR else None
    return d.number if not theirs and d.due_at <= NOON < d.since + HOUR else None


def due(seen: View) -> dict[str, list[Delivery]]:
    """Of each team that may be called now, the deliveries that ask for it."""
    found: dict[str, list[Delivery]] = {}
    for d in seen.deliveries:
        if asked(seen, d):
            found.setdefault(d.team, []).append(d)
    return found


def carried_out(seen: View, made: Plan) -> View:
    """The view after the plan was carried out."""
    starts = {(s.team, alert) for s in made.start for alert in s.alerts}
    after = []
    for d in seen.deliveries:
        if d.alert in made.expire and d.state is not CALLING and d.since + HOUR <= NOON:
            continue
        state = CALLING if (d.team, d.alert) in starts else d.state
        called = d.team in {s.team for s in made.start}
        after.append(replace(d, state=state, beside=None if called else d.beside))
    calls = [replace(c, cancelled=c.cancelled or c.id in made.cancel) for c in seen.calls]
    calls += [
        Call(f"new-{n}", Direction.OUT, CallState.PLACED, s.team, s.number, s.trunk, NOON, probe=s.probe)
        for n, s in enumerate(made.start)
    ]
    return replace(seen, deliveries=after, calls=calls)


@given(views())
def test_no_trunk_ever_carries_more_calls_than_its_lines_and_limits_allow(seen: View) -> None:
    made = plan(seen, NOON)
    started = Counter(s.trunk for s in made.start)

    up = {t.name: t.up for t in seen.trunks}
    assert all(start.probe is not up[start.trunk] for start in made.start)
    for trunk in seen.trunks:
        if started[trunk.name]:
            assert usable(seen, trunk, started[trunk.name]) >= 0


@given(views())
def test_no_number_and_no_team_is_called_twice_at_once(seen: View) -> None:
    made = plan(seen, NOON)

    rung = [c.number for c in seen.calls if c.number] + [s.number for s in made.start]
    assert (
        max((n for number, n in Counter(rung).items() if number in {s.number for s in made.start}), default=1)
        == 1
    )
    assert len({s.team for s in made.start}) == len(made.start)
    for start in made.start:
        assert sum(c.team == start.team for c in seen.calls) <= 1


@given(views())
def test_only_who_is_due_is_called_and_all_their_alerts_come_along(seen: View) -> None:
    asking = due(seen)
    for start in plan(seen, NOON).start:
        assert start.number in {asked(seen, d) for d in asking[start.team]}
        same = {d.alert for d in asking[start.team] if d.state is not CALLING or d.beside == start.number}
        assert same <= set(start.alerts)


@given(views())
def test_no_line_that_may_be_used_is_idle_while_somebody_is_due(seen: View) -> None:
    made = plan(seen, NOON)

    started = Counter(s.trunk for s in made.start)
    free = {t.name for t in seen.trunks if usable(seen, t, started[t.name]) > 0}
    if free:
        for team in set(due(seen)) - {s.team for s in made.start}:
            assert any(free <= failed_over(d) for d in due(seen)[team])


def failed_over(d: Delivery) -> set[str]:
    """The trunks that may not be used for this delivery now."""
    return set(d.tried.split(",")) if d.afresh_at > NOON else set()


@given(views())
def test_an_attempt_never_goes_twice_over_one_trunk_without_its_pause(seen: View) -> None:
    asking = due(seen)
    for start in plan(seen, NOON).start:
        assert any(start.trunk not in failed_over(d) or d.state is CALLING for d in asking[start.team])


@given(views())
def test_nobody_gets_a_second_call_before_everybody_had_a_first(seen: View) -> None:
    asking = {
        team: min(99 if d.state is CALLING else min(d.attempts, 1) for d in theirs)
        for team, theirs in due(seen).items()
    }
    called = {s.team for s in plan(seen, NOON).start}

    stuck = {team for team, theirs in due(seen).items() if any(failed_over(d) for d in theirs)}
    left_out = [asking[team] for team in set(asking) - called - stuck]
    assert all(asking[team] <= min(left_out, default=999) for team in called)


def settled(seen: View) -> View:
    """The view after a plan was carried out, and what follows from it: who expired needs no call any more."""
    once = carried_out(seen, plan(seen, NOON))
    return carried_out(once, Plan(cancel=plan(once, NOON).cancel))


@given(views())
def test_a_plan_that_was_carried_out_leaves_nothing_to_do(seen: View) -> None:
    made = plan(seen, NOON)
    again = plan(carried_out(seen, made), NOON)

    assert (again.start, again.expire) == ((), ())
    assert made.expire or not again.cancel


@given(views(), st.integers(0, 99))
def test_until_the_moment_to_look_again_there_is_nothing_to_do(seen: View, percent: int) -> None:
    made = plan(seen, NOON)
    until = made.again_at if made.again_at is not None else NOON + 10 * HOUR
    assert until > NOON

    sooner = plan(settled(seen), NOON + percent * (until - NOON) / 100)
    assert (sooner.start, sooner.cancel, sooner.expire) == ((), (), ())


@given(views())
def test_only_our_own_ringing_calls_are_cancelled(seen: View) -> None:
    calls = {c.id: c for c in seen.calls}
    for call in plan(seen, NOON).cancel:
        assert calls[call].direction is Direction.OUT
        assert calls[call].state is CallState.PLACED


@given(st.integers(1, 5), st.integers(1, 12), st.floats(0, 3), st.floats(0.1, 8))
def test_carried_out_over_time_the_rate_and_the_rests_are_kept_and_no_line_waits_longer(
    cps: int, lines: int, guard_s: float, lasts_s: float
) -> None:
    """Whoever looks again when the plan says so, and at every hangup, calls as fast as is allowed."""
    trunk = TrunkView("sip-a", lines, guard_s=guard_s, cps=cps)
    left = [waiting(f"t{n}") for n in range(30)]
    up: list[Call] = []
    ended: list[Call] = []
    began: list[float] = []
    now = NOON
    while left:
        ended += [
            replace(c, state=CallState.ENDED, ended_at=now) for c in up if c.started_at + lasts_s <= now
        ]
        up = [c for c in up if c.started_at + lasts_s > now]
        made = plan(View([trunk], left, up, HOUR, ended), now)
        for start in made.start:
            up.append(replace(ringing(start.team), started_at=now))
            began.append(now)
        left = [d for d in left if d.team not in {s.team for s in made.start}]
        now = min(m for m in (made.again_at, *(c.started_at + lasts_s for c in up)) if m is not None)

    for n, at in enumerate(began):
        # Allowed is what neither the rate nor a line forbids; each call began at the first such moment.
        by_rate = began[n - cps] + 1.05 if n >= cps else NOON
        by_line = began[n - lines] + lasts_s + guard_s if n >= lines else NOON
        assert at == pytest.approx(max(by_rate, by_line), abs=1e-5)
