"""When and where a team is called again: the rules one by one, and what holds for every history."""

import heapq
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from book import NOON
from hypothesis import given
from hypothesis import strategies as st

from ivr.domain import delivery as deliveries
from ivr.domain import schedule
from ivr.domain.attempts import Past
from ivr.domain.delivery import CallsChanged, History, NumberClosed
from ivr.domain.effects import TeamMissing
from ivr.domain.facts import AlertExpired, CallPlaced
from ivr.domain.hours import Hours
from ivr.domain.lines import TrunkView
from ivr.domain.nextcall import CallAt, Phone, Spent, next_call
from ivr.domain.policy import Policy, Rule, for_team
from ivr.domain.records import (
    Call,
    CallingHours,
    CallState,
    Delivery,
    DeliveryState,
    Direction,
    Disposition,
    NumberKind,
)
from ivr.domain.schedule import Start, View

NOT_THEM = "whoever answered said that it is not for them"
OFFICE, MOBILE, HOME = "+4940100004", "+4917100004", "+4940200004"
POLICY = Policy()


def phones(numbers: Sequence[str]) -> list[Phone]:
    return [Phone(number) for number in numbers]


def after(
    *calls: tuple[str, str], numbers: Sequence[str] = (OFFICE, MOBILE), policy: Policy = POLICY
) -> object:
    """What follows these calls (number, disposition), which ended a minute apart, the last one at NOON."""
    past = [
        Past(number, Disposition(disposition), NOON - 60 * (len(calls) - n))
        for n, (number, disposition) in enumerate(calls, 1)
    ]
    return next_call(policy, phones(numbers), past, NOON - 9000, NOON)


class TestTheRules:
    def test_the_first_number_is_called_at_once(self) -> None:
        assert after() == CallAt(OFFICE, NOON - 9000)

    def test_a_phone_that_was_not_reached_gives_way_to_the_next_number_at_once(self) -> None:
        assert after((OFFICE, "busy")) == after((OFFICE, "no-answer")) == CallAt(MOBILE, NOON)

    def test_whoever_may_be_called_first_is_next(self) -> None:
        """The office rang a minute ago and may ring again; the mobile rests for a moment."""
        assert after((OFFICE, "no-answer"), (MOBILE, "no-answer")) == CallAt(OFFICE, NOON)

    def test_an_only_number_rests_before_it_is_called_again(self) -> None:
        assert after((OFFICE, "busy"), numbers=[OFFICE]) == CallAt(OFFICE, NOON + 5)
        assert after((OFFICE, "heard"), numbers=[OFFICE]) == CallAt(OFFICE, NOON + 20)

    def test_where_somebody_was_there_that_number_is_called_once_more_first(self) -> None:
        for how, pause_s in (("heard", 20), ("partial", 5), ("unknown", 5)):
            assert after((OFFICE, how)) == CallAt(OFFICE, NOON + pause_s)
            assert after((OFFICE, how), (OFFICE, how)) == CallAt(MOBILE, NOON)
            assert after((OFFICE, how), (OFFICE, "busy")) == CallAt(MOBILE, NOON)
            assert after((OFFICE, how), (MOBILE, how)) == CallAt(
                MOBILE, NOON + pause_s
            )  # the first one there

    def test_where_somebody_passed_the_others_are_called_at_once(self) -> None:
        """Even one that would rest for a while yet."""
        policy = replace(POLICY, busy=Rule(pause_s=600))
        assert after((MOBILE, "busy"), (OFFICE, "passed"), policy=policy) == CallAt(MOBILE, NOON)
        assert after((MOBILE, "busy"), (OFFICE, "no-answer"), policy=policy) == CallAt(OFFICE, NOON + 5)

    def test_and_that_number_only_after_a_long_while(self) -> None:
        later = [(OFFICE, "passed"), (MOBILE, "no-answer"), (MOBILE, "no-answer")]
        assert after(*later) == CallAt(MOBILE, NOON + 7.5)
        assert after(*later[:1], *later[1:], numbers=[OFFICE]) == CallAt(
            OFFICE, NOON - 120 + 900, closed=NOT_THEM
        )

    def test_a_team_of_which_everybody_passed_is_missing_until_its_first_number_has_rested(self) -> None:
        assert after((OFFICE, "passed"), numbers=[OFFICE]) == CallAt(OFFICE, NOON + 900, closed=NOT_THEM)
        assert after((OFFICE, "passed"), (MOBILE, "passed")) == CallAt(OFFICE, NOON + 840, closed=NOT_THEM)
        assert after(*[(OFFICE, "passed")] * 3, numbers=[OFFICE]) == Spent("not reached in 3 calls")

    def test_unless_it_was_given_up(self) -> None:
        once = replace(POLICY, heard=Rule(tries=1))

        assert after((OFFICE, "heard"), policy=once) == CallAt(MOBILE, NOON)

    def test_each_further_pause_of_a_number_is_longer_up_to_the_longest(self) -> None:
        pauses = [after(*[(OFFICE, "busy")] * calls, numbers=[OFFICE]) for calls in (1, 2, 3, 11)]

        assert pauses == [CallAt(OFFICE, NOON + pause_s) for pause_s in (5, 7.5, 11.25, 5 * 1.5**10)]
        shorter = replace(POLICY, longest_pause_s=60)
        assert after(*[(OFFICE, "busy")] * 11, numbers=[OFFICE], policy=shorter) == CallAt(OFFICE, NOON + 60)

    def test_a_pause_that_is_longer_than_the_longest_does_not_grow(self) -> None:
        policy = replace(POLICY, busy=Rule(pause_s=600), longest_pause_s=60)

        assert after(*[(OFFICE, "busy")] * 3, numbers=[OFFICE], policy=policy) == CallAt(OFFICE, NOON + 600)

    def test_of_several_that_may_be_called_the_one_with_the_fewest_calls_is_next(self) -> None:
        calls = [(OFFICE, "busy"), (MOBILE, "busy"), (OFFICE, "busy"), (HOME, "no-answer")]
        numbers = (OFFICE, MOBILE, HOME)

        assert after(*calls, numbers=numbers) == CallAt(MOBILE, NOON)
        assert after(*calls[:3], numbers=numbers) == CallAt(HOME, NOON)

    def test_a_number_that_ended_so_too_often_is_given_up(self) -> None:
        policy = replace(POLICY, rejected=Rule(tries=2, pause_s=0))
        twice = [(OFFICE, "rejected")] * 2

        assert after(*twice, (MOBILE, "busy"), policy=policy) == CallAt(MOBILE, NOON + 5)
        assert after(*twice, numbers=[OFFICE], policy=policy) == Spent("not reached in 2 calls")
        assert after(*twice[1:], (OFFICE, "busy"), numbers=[OFFICE], policy=policy) == CallAt(
            OFFICE, NOON + 7.5
        )

    def test_a_dead_number_gives_way_at_once_and_for_good(self) -> None:
        assert after((OFFICE, "unallocated")) == CallAt(MOBILE, NOON)
        assert after((OFFICE, "unallocated"), (MOBILE, "no-answer")) == CallAt(MOBILE, NOON + 5)

    def test_a_number_that_rings_is_left_out(self) -> None:
        numbers = phones([OFFICE, MOBILE])

        assert next_call(POLICY, numbers, [], NOON, NOON, ringing=[OFFICE]) == CallAt(MOBILE, NOON)
        assert isinstance(next_call(POLICY, numbers, [], NOON, NOON, ringing=[OFFICE, MOBILE]), Spent)

    def test_when_every_number_is_dead_that_is_the_reason(self) -> None:
        assert after((OFFICE, "unallocated"), (MOBILE, "unallocated")) == Spent("every number is unallocated")

    def test_a_call_that_we_ended_does_not_count(self) -> None:
        assert after((OFFICE, "cancelled")) == after()
        assert after((OFFICE, "busy"), (OFFICE, "cancelled")) == CallAt(MOBILE, NOON - 60)

    def test_a_number_that_left_the_directory_gives_way_to_the_first(self) -> None:
        assert after((HOME, "busy")) == CallAt(OFFICE, NOON)

    def test_a_number_that_came_into_the_directory_is_called_at_once(self) -> None:
        assert after((OFFICE, "no-answer"), (MOBILE, "no-answer"), numbers=(OFFICE, MOBILE, HOME)) == CallAt(
            HOME, NOON
        )

    def test_the_calls_come_to_an_end_whatever_became_of_them(self) -> None:
        policy = replace(POLICY, max_calls=2)

        assert after((OFFICE, "congestion"), (MOBILE, "busy"), policy=policy) == Spent(
            "not reached in 2 calls"
        )

    def test_without_a_number_there_is_nothing_to_try(self) -> None:
        assert after(numbers=()) == Spent("has no number in the directory")

    @pytest.mark.parametrize("disposition", [d for d in Disposition if d is not Disposition.ACKNOWLEDGED])
    def test_every_disposition_but_an_acknowledgement_has_an_answer(self, disposition: Disposition) -> None:
        assert isinstance(after((OFFICE, disposition)), CallAt)


# -- calling hours, kinds and trunks -------------------------------------------------------------------------

BERLIN = "Europe/Berlin"
FRIDAY_16 = datetime(2026, 11, 20, 16, tzinfo=ZoneInfo(BERLIN)).timestamp()
FIVE = FRIDAY_16 + 3600
BY_DAY = Phone(OFFICE, NumberKind.OFFICE, Hours(CallingHours.OFFICE, zone=BERLIN))
BY_NIGHT = Phone(HOME, NumberKind.OTHER, Hours(CallingHours.OUT, zone=BERLIN))
ANY_TIME = Phone(MOBILE, NumberKind.MOBILE)
CLOSED = "no number may be called at this hour"


class TestCallingHours:
    def test_a_closed_number_gives_way_to_the_next_that_is_open(self) -> None:
        assert next_call(POLICY, [BY_NIGHT, BY_DAY], [], FRIDAY_16, FRIDAY_16) == CallAt(OFFICE, FRIDAY_16)

    def test_a_number_that_closes_before_its_retry_gives_way(self) -> None:
        past = [Past(OFFICE, Disposition.BUSY, FIVE - 10)]

        assert next_call(POLICY, [BY_DAY, ANY_TIME], past, FRIDAY_16, FIVE - 10) == CallAt(MOBILE, FIVE - 10)

    def test_where_none_is_open_the_first_to_open_is_called_then(self) -> None:
        step = next_call(POLICY, [BY_NIGHT], [], FRIDAY_16, FRIDAY_16, FRIDAY_16 + 7200)

        assert step == CallAt(HOME, FIVE, closed=CLOSED)

    def test_where_none_opens_before_the_deadline_that_is_the_reason(self) -> None:
        assert next_call(POLICY, [BY_DAY], [], FIVE, FIVE, FIVE + 4 * 3600) == Spent(CLOSED)

    def test_where_none_opens_any_more_the_calls_so_far_are_told(self) -> None:
        past = [Past(OFFICE, Disposition.NO_ANSWER, FIVE - 10)]

        step = next_call(POLICY, [BY_DAY], past, FRIDAY_16, FIVE, FIVE + 3600)
        assert step == Spent(f"not reached in 1 calls; then {CLOSED}")

    def test_a_number_that_closed_while_the_call_waited_for_a_line_gives_way(self) -> None:
        in_time = next_call(POLICY, [BY_DAY, ANY_TIME], [], FIVE - 1, FIVE - 1)
        too_late = next_call(POLICY, [BY_DAY, ANY_TIME], [], FIVE - 1, FIVE)

        assert (in_time, too_late) == (CallAt(OFFICE, FIVE - 1), CallAt(MOBILE, FIVE - 1))

    def test_who_was_closed_when_the_others_were_given_up_still_has_a_turn(self) -> None:
        policy = replace(POLICY, no_answer=Rule(tries=2))
        numbers = [BY_NIGHT, ANY_TIME]
        in_vain = [Past(MOBILE, Disposition.NO_ANSWER, FRIDAY_16 + n) for n in (60, 180)]
        then = next_call(policy, numbers, in_vain, FRIDAY_16, FRIDAY_16 + 180, FIVE + 3600)
        assert then == CallAt(HOME, FIVE, closed=CLOSED)

        past = [*in_vain, *[Past(HOME, Disposition.NO_ANSWER, FIVE + 30)] * 2]
        assert isinstance(next_call(policy, numbers, past, FRIDAY_16, FIVE + 30, FIVE + 3600), Spent)


class TestOrderOfKinds:
    def test_the_kinds_that_are_named_come_first_in_the_order_of_the_list(self) -> None:
        policy = replace(POLICY, order=(NumberKind.MOBILE, NumberKind.OFFICE))
        listed = [Phone(HOME), Phone(OFFICE, NumberKind.OFFICE), Phone(MOBILE, NumberKind.MOBILE)]
        past: list[Past] = []
        for _ in range(3):
            step = next_call(policy, listed, past, NOON, NOON)
            assert isinstance(step, CallAt)
            past.append(Past(step.number, Disposition.NO_ANSWER, NOON + len(past)))

        assert [p.number for p in past] == [MOBILE, OFFICE, HOME]

    def test_without_a_wish_they_are_called_as_listed(self) -> None:
        listed = [Phone(OFFICE, NumberKind.OFFICE), Phone(MOBILE, NumberKind.MOBILE)]

        assert next_call(POLICY, listed, [], NOON, NOON) == CallAt(OFFICE, NOON)


class TestUnallocatedWithTwoTrunks:
    def test_the_number_is_called_once_more_and_not_over_the_same_trunk(self) -> None:
        past = [Past(OFFICE, Disposition.UNALLOCATED, NOON, "sip-a")]
        step = next_call(POLICY, phones([OFFICE, MOBILE]), past, NOON, NOON, trunks=2)

        assert step == CallAt(OFFICE, NOON, avoid="sip-a")

    def test_then_it_gives_way_for_good(self) -> None:
        past = [Past(OFFICE, Disposition.UNALLOCATED, NOON + n, trunk) for n, trunk in enumerate("ab")]
        assert next_call(POLICY, phones([OFFICE, MOBILE]), past, NOON, NOON, trunks=2) == CallAt(
            MOBILE, NOON + 1
        )

        past.append(Past(MOBILE, Disposition.NO_ANSWER, NOON + 2))
        assert next_call(POLICY, phones([OFFICE, MOBILE]), past, NOON, NOON, trunks=2) == CallAt(
            MOBILE, NOON + 2 + 5
        )


class TestPolicyOfATeam:
    def test_only_what_is_named_differs(self) -> None:
        differs = json.dumps({"ring_s": 45.0, "busy": {"tries": 7}, "order": ["mobile"]})
        policy = for_team(POLICY, differs)

        assert policy == replace(
            POLICY, ring_s=45.0, busy=Rule(7, POLICY.busy.pause_s), order=(NumberKind.MOBILE,)
        )

    def test_a_team_that_says_nothing_has_that_of_the_network(self) -> None:
        assert for_team(POLICY, None) is not None
        assert for_team(POLICY, None) == POLICY


# -- what holds for every history ----------------------------------------------------------------------------

NUMBERS = (OFFICE, MOBILE, HOME)
unreached = st.sampled_from([d for d in Disposition if d is not Disposition.ACKNOWLEDGED])
rules = st.builds(Rule, tries=st.integers(1, 4), pause_s=st.floats(0, 60))
policies = st.builds(
    Policy,
    deadline_s=st.floats(60, 3600),
    max_calls=st.integers(1, 12),
    growth=st.floats(1, 3),
    longest_pause_s=st.floats(0, 300),
    parallel_after_s=st.none() | st.floats(0, 30),
    **{f.name: rules for f in fields(Policy) if isinstance(getattr(POLICY, f.name), Rule)},
)
directories = st.lists(st.sampled_from(NUMBERS), unique=True, max_size=3)
histories = st.lists(
    st.builds(Past, st.sampled_from(NUMBERS), unreached, st.floats(NOON, NOON + 3600)), max_size=15
).map(lambda past: sorted(past, key=lambda p: p.ended_at))


@given(policies, directories, histories)
def test_no_call_goes_to_a_dead_number_or_to_one_outside_the_directory(
    policy: Policy, numbers: list[str], past: list[Past]
) -> None:
    step = next_call(policy, phones(numbers), past, NOON, NOON)

    if isinstance(step, CallAt):
        assert step.number in numbers
        assert Past(step.number, Disposition.UNALLOCATED, 0) not in [replace(p, ended_at=0) for p in past]


@given(policies, directories, histories)
def test_no_call_is_due_before_the_last_one_ended(
    policy: Policy, numbers: list[str], past: list[Past]
) -> None:
    step = next_call(policy, phones(numbers), past, NOON, NOON)

    if isinstance(step, CallAt):
        counted = [p.ended_at for p in past if p.disposition is not Disposition.CANCELLED]
        assert step.due_at >= max(counted, default=NOON)


@given(policies, directories, histories)
def test_the_same_history_has_the_same_answer(policy: Policy, numbers: list[str], past: list[Past]) -> None:
    assert next_call(policy, phones(numbers), past, NOON, NOON) == next_call(
        policy, tuple(phones(numbers)), tuple(past), NOON, NOON
    )


@given(policies, directories, st.lists(unreached, min_size=60, max_size=60))
def test_a_team_that_is_never_reached_is_called_max_calls_times_at_most(
    policy: Policy, numbers: list[str], fates: list[Disposition]
) -> None:
    past: list[Past] = []
    now = NOON
    for fate in fates:
        step = next_call(policy, phones(numbers), past, NOON, NOON)
        if isinstance(step, Spent):
            break
        now = max(now, step.due_at)
        past.append(Past(step.number, fate, now))

    counted = [p for p in past if p.disposition is not Disposition.CANCELLED]
    assert len(counted) <= policy.max_calls
    assert isinstance(step, Spent) or len(past) - len(counted) >= 60 - policy.max_calls


@given(policies, directories.filter(len), st.randoms(use_true_random=False))
def test_a_team_whose_phones_all_work_has_each_of_them_called(
    policy: Policy, numbers: list[str], chance: object
) -> None:
    """Unless the cap on calls comes first."""
    past: list[Past] = []
    while isinstance(step := next_call(policy, phones(numbers), past, NOON, NOON), CallAt):
        past.append(Past(step.number, Disposition.NO_ANSWER, step.due_at + 1))

    assert {p.number for p in past} == set(numbers) or len(past) == policy.max_calls


@given(policies, directories, histories)
def test_the_pauses_of_one_number_never_hold_up_another(
    policy: Policy, numbers: list[str], past: list[Past]
) -> None:
    """A number that was not called yet is due as soon as the last call is over, in which nobody listened."""
    step = next_call(policy, phones(numbers), past, NOON, NOON)
    counted = [p for p in past if p.disposition is not Disposition.CANCELLED]
    listened = counted and counted[-1].disposition.value in ("heard", "partial", "unknown")

    if isinstance(step, CallAt) and not listened and set(numbers) - {p.number for p in counted}:
        assert step.due_at == max([NOON, *(p.ended_at for p in counted)])


# -- the rules and the schedule together ---------------------------------------------------------------------

TEAMS = ("def-cert", "ghi-cert", "xyz-cert")


class World:
    """Phones of which none ever acknowledges, dialled by the real schedule under the real policy."""

    def __init__(self, policy: Policy, lines: int, fates: Sequence[tuple[Disposition, float]]) -> None:
        self.policy = policy
        self.trunks = [TrunkView("sip-a", lines)]
        self.fates = list(fates)
        self.now = NOON
        self.open: dict[str, Delivery] = {}
        self.past: dict[str, list[Past]] = {team: [] for team in TEAMS}
        self.up: list[tuple[float, int, Start, Disposition, float]] = []
        self.most_up = self.most_of_a_team = 0
        for team in TEAMS:
            self.open[team], _ = deliveries.opened(17, team, team, self.numbers(team), policy, NOON)

    def numbers(self, team: str) -> list[Phone]:
        return phones([f"+49401{TEAMS.index(team)}{n:05}" for n in range(2)])

    def tell(self, team: str, fact: CallPlaced | CallsChanged | AlertExpired) -> None:
        history = History(
            self.numbers(team),
            self.past[team],
            up={start.number: at for _, _, start, _, at in self.up if start.team == team},
            expired=self.now >= NOON + self.policy.deadline_s,
        )
        self.open[team], _ = deliveries.decide(self.open[team], fact, history, self.policy, self.now)

    def run(self) -> None:
        """Until nothing is left to do."""
        calls = 0
        while True:
            plan = schedule.plan(self.view(), self.now)
            for _ in plan.expire:
                for team in TEAMS:
                    self.tell(team, AlertExpired(17))
            for start in plan.start:
                fate, lasts_s = self.fates[calls % len(self.fates)]
                self.tell(start.team, CallPlaced("c", start.team, start.number, "sip-a", (17,)))
                calls += 1
                heapq.heappush(self.up, (self.now + lasts_s, calls, start, fate, self.now))
            ringing = [start.number for _, _, start, _, _ in self.up]
            assert len(set(ringing)) == len(ringing), "a number is called twice at the same time"
            of_a_team = Counter(start.team for _, _, start, _, _ in self.up).values()
            self.most_of_a_team = max([self.most_of_a_team, *of_a_team])
            self.most_up = max(self.most_up, len(self.up))
            moments = [m for m in (plan.again_at, self.up[0][0] if self.up else None) if m is not None]
            if not moments or all(d.state is DeliveryState.EXHAUSTED for d in self.open.values()):
                return
            self.now = min(moments)
            while self.up and self.up[0][0] <= self.now:
                _, _, start, fate, _ = heapq.heappop(self.up)
                self.past[start.team].append(Past(start.number, fate, self.now))
                self.tell(start.team, CallsChanged())

    def view(self) -> View:
        calls = [
            Call(str(n), Direction.OUT, CallState.PLACED, start.team, start.number, "sip-a", at)
            for _, n, start, _, at in self.up
        ]
        waiting = [d for d in self.open.values() if d.state is not DeliveryState.EXHAUSTED]
        return View(self.trunks, waiting, calls, self.policy.deadline_s)


@given(
    policies,
    st.integers(1, 3),
    st.lists(st.tuples(unreached, st.floats(1, 60)), min_size=1, max_size=30),
)
def test_under_a_fair_schedule_every_delivery_comes_to_an_end(
    policy: Policy, lines: int, fates: list[tuple[Disposition, float]]
) -> None:
    world = World(policy, lines, fates)
    world.run()

    assert {d.state for d in world.open.values()} == {DeliveryState.EXHAUSTED}
    assert all(world.past.values()) or world.now >= NOON + policy.deadline_s
    assert world.now <= NOON + policy.deadline_s + 60  # the last call was up when the deadline came
    assert world.most_up <= lines
    assert world.most_of_a_team <= (1 if policy.parallel_after_s is None else 2)


# -- calling hours under any history, on a weekend when the clocks change ------------------------------------

all_hours = st.builds(
    Hours,
    st.sampled_from(CallingHours),
    st.sampled_from(["Mon-Fri 09:00-17:00", "Sat-Sun 02:30-05:00", "Sat 22:00-24:00, Sun 00:00-02:15"]),
    st.sampled_from([BERLIN, "America/New_York"]),
)
listings = st.lists(all_hours, min_size=1, max_size=3).map(
    lambda hours: [Phone(number, hours=h) for number, h in zip(NUMBERS, hours, strict=False)]
)
SATURDAYS = [datetime(2026, *day, 20, tzinfo=ZoneInfo("UTC")).timestamp() for day in
             ((3, 7), (3, 28), (10, 24), (10, 31))]  # fmt: skip


@given(
    policies.map(lambda policy: replace(policy, deadline_s=36 * 3600.0)),
    listings,
    st.sampled_from(SATURDAYS),
    st.lists(st.tuples(unreached, st.floats(0, 7200)), min_size=1, max_size=20),
)
def test_no_call_is_placed_out_of_its_hours_however_long_lines_are_scarce(
    policy: Policy, listed: list[Phone], saturday: float, fates: list[tuple[Disposition, float]]
) -> None:
    now, past, turn = saturday, list[Past](), 0
    hours = {phone.number: phone.hours for phone in listed}
    delivery, _ = deliveries.opened(17, "xyz-cert", "XYZ-CERT", listed, policy, now)
    while delivery.state is DeliveryState.WAITING and turn < 60:
        fate, late_s = fates[turn % len(fates)]
        turn += 1
        now = max(now, delivery.due_at) + late_s  # no line was free before
        history = History(listed, past, {}, expired=now >= saturday + policy.deadline_s)
        delivery, _ = deliveries.decide(delivery, NumberClosed(), history, policy, now)
        if delivery.state is not DeliveryState.WAITING or delivery.due_at > now:
            continue
        assert delivery.number is not None
        assert hours[delivery.number].open_at(now)
        past = [*past, Past(delivery.number, fate, now)]
        history = replace(history, past=past)
        delivery, _ = deliveries.decide(delivery, CallsChanged(), history, policy, now)

    counted = [p for p in past if p.disposition is not Disposition.CANCELLED]
    assert len(counted) <= policy.max_calls
    assert all(p.ended_at < saturday + policy.deadline_s for p in past)


@given(policies, listings, st.sampled_from(SATURDAYS), st.floats(0, 48 * 3600))
def test_a_team_is_missing_at_once_exactly_when_none_of_its_numbers_is_open(
    policy: Policy, listed: list[Phone], saturday: float, after_s: float
) -> None:
    now = saturday + after_s
    fresh, effects = deliveries.opened(17, "xyz-cert", "XYZ-CERT", listed, policy, now)

    closed = not any(phone.hours.open_at(now) for phone in listed)
    assert (fresh.reason == CLOSED) is closed is (TeamMissing(fresh) in effects)
    openings = [phone.hours.opens_at(now) for phone in listed]
    in_time = any(o is not None and o < now + policy.deadline_s for o in openings)
    assert fresh.state is (DeliveryState.WAITING if in_time else DeliveryState.EXHAUSTED)
