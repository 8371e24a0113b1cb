"""Who is dialled next: the cases one by one, and what holds for every view."""

from collections import Counter
from dataclasses import replace

import pytest
from book import NOON
from hypothesis import given
from hypothesis import strategies as st

from ivr.domain.records import Call, CallState, Delivery, DeliveryState, Direction
from ivr.domain.schedule import Plan, Start, TrunkView, View, plan

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


class TestOrder:
    def test_first_calls_come_before_second_ones(self) -> None:
        assert started(waiting("again", due=-300, attempts=1), waiting("first", due=-1), lines=1) == ["first"]

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

    @pytest.mark.parametrize("state", [CALLING, RESPONDING])
    def test_that_is_not_waiting_is_not_called(self, state: DeliveryState) -> None:
        assert started(replace(waiting("xyz"), state=state)) == []


class TestCancelling:
    def test_a_call_that_nobody_needs_stops_ringing(self) -> None:
        assert plan(view(ringing("xyz")), NOON).cancel == ("to-xyz",)

    def test_a_call_that_somebody_needs_goes_on(self) -> None:
        assert plan(view(ringing("xyz"), replace(waiting("xyz"), state=CALLING)), NOON).cancel == ()

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
    )


@st.composite
def a_call(draw: st.DrawFn, n: int) -> Call:
    direction = draw(st.sampled_from(Direction))
    team = draw(letters)
    out = direction is Direction.OUT
    return Call(
        f"up-{n}",
        direction,
        draw(st.sampled_from([CallState.PLACED, CallState.ANSWERED])),
        team if out else draw(st.none() | letters),
        draw(numbers_of(team)) if out else None,
        draw(trunk_names),
        NOON - 10,
        cancelled=draw(st.booleans()),
    )


@st.composite
def views(draw: st.DrawFn) -> View:
    return View(
        [
            TrunkView(name, draw(st.integers(0, 4)), draw(st.sampled_from([True, True, False])))
            for name in ("sip-a", "sip-b")
        ],
        draw(st.lists(a_delivery(), max_size=14, unique_by=lambda d: (d.alert, d.team))),
        [draw(a_call(n)) for n in range(draw(st.integers(0, 5)))],
        HOUR,
    )


def due(seen: View) -> dict[str, list[Delivery]]:
    """Of each team that may be called now, the deliveries that ask for it."""
    engaged = {c.team for c in seen.calls}
    found: dict[str, list[Delivery]] = {}
    for d in seen.deliveries:
        asks = d.state is WAITING and d.number and d.due_at <= NOON < d.since + HOUR
        if asks and d.team not in engaged:
            found.setdefault(d.team, []).append(d)
    return found


def carried_out(seen: View, made: Plan) -> View:
    """The view after the plan was carried out."""
    starts = {(s.team, alert) for s in made.start for alert in s.alerts}
    after = []
    for d in seen.deliveries:
        if d.alert in made.expire and d.state is WAITING and d.since + HOUR <= NOON:
            continue
        after.append(replace(d, state=CALLING) if (d.team, d.alert) in starts else d)
    calls = [replace(c, cancelled=c.cancelled or c.id in made.cancel) for c in seen.calls]
    calls += [
        Call(f"new-{n}", Direction.OUT, CallState.PLACED, s.team, s.number, s.trunk, NOON)
        for n, s in enumerate(made.start)
    ]
    return replace(seen, deliveries=after, calls=calls)


@given(views())
def test_no_trunk_ever_carries_more_calls_than_it_has_lines(seen: View) -> None:
    made = plan(seen, NOON)

    before = Counter(c.trunk for c in seen.calls)
    for trunk, new in Counter(s.trunk for s in made.start).items():
        lines = {t.name: t.lines for t in seen.trunks if t.up}
        assert before[trunk] + new <= lines[trunk]


@given(views())
def test_no_number_and_no_team_is_called_twice_at_once(seen: View) -> None:
    made = plan(seen, NOON)

    rung = [c.number for c in seen.calls if c.number] + [s.number for s in made.start]
    assert (
        max((n for number, n in Counter(rung).items() if number in {s.number for s in made.start}), default=1)
        == 1
    )
    assert len({s.team for s in made.start}) == len(made.start)
    assert not {s.team for s in made.start} & {c.team for c in seen.calls}


@given(views())
def test_only_who_is_due_is_called_and_all_their_alerts_come_along(seen: View) -> None:
    asking = due(seen)
    for start in plan(seen, NOON).start:
        assert start.number in {d.number for d in asking[start.team]}
        assert {d.alert for d in asking[start.team]} <= set(start.alerts)


@given(views())
def test_no_line_is_idle_while_somebody_is_due(seen: View) -> None:
    made = plan(seen, NOON)

    taken = Counter(c.trunk for c in seen.calls) + Counter(s.trunk for s in made.start)
    if any(t.up and taken[t.name] < t.lines for t in seen.trunks):
        assert {s.team for s in made.start} == set(due(seen))


@given(views())
def test_nobody_gets_a_second_call_before_everybody_had_a_first(seen: View) -> None:
    asking = {team: min(d.attempts for d in theirs) for team, theirs in due(seen).items()}
    called = {s.team for s in plan(seen, NOON).start}

    left_out = [asking[team] for team in set(asking) - called]
    assert all(asking[team] <= min(left_out, default=99) for team in called)


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
