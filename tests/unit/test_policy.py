"""When and where a team is called again: the rules one by one, and what holds for every history."""

import heapq
from collections.abc import Sequence
from dataclasses import fields, replace

import pytest
from book import NOON
from hypothesis import given
from hypothesis import strategies as st

from ivr.domain import delivery as deliveries
from ivr.domain import schedule
from ivr.domain.delivery import CallsChanged, History
from ivr.domain.facts import AlertExpired, CallPlaced
from ivr.domain.policy import CallAt, Past, Phone, Policy, Rule, Spent, next_call
from ivr.domain.records import Call, CallState, Delivery, DeliveryState, Direction, Disposition
from ivr.domain.schedule import Start, TrunkView, View

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

    def test_a_busy_phone_is_called_again_before_the_next_number(self) -> None:
        assert after((OFFICE, "busy")) == CallAt(OFFICE, NOON + 20)
        assert after((OFFICE, "busy"), (OFFICE, "busy")) == CallAt(OFFICE, NOON + 20)

    def test_a_phone_that_stays_busy_gives_way_to_the_next_number(self) -> None:
        assert after(*[(OFFICE, "busy")] * 3) == CallAt(MOBILE, NOON)

    def test_nobody_there_means_the_next_number_at_once(self) -> None:
        assert after((OFFICE, "no-answer")) == CallAt(MOBILE, NOON)

    def test_behind_the_last_number_the_list_begins_again_after_a_pause(self) -> None:
        assert after((OFFICE, "no-answer"), (MOBILE, "no-answer")) == CallAt(OFFICE, NOON + 60)

    def test_congestion_is_tried_again_soon_and_often(self) -> None:
        assert after(*[(OFFICE, "congestion")] * 4) == CallAt(OFFICE, NOON + 10)
        assert after(*[(OFFICE, "congestion")] * 5) == CallAt(MOBILE, NOON)

    def test_who_heard_it_and_pressed_nothing_is_asked_once_more(self) -> None:
        assert after((OFFICE, "heard")) == CallAt(OFFICE, NOON + 30)
        assert after((OFFICE, "heard"), (OFFICE, "heard")) == CallAt(MOBILE, NOON)

    def test_a_dead_number_gives_way_at_once_and_for_good(self) -> None:
        assert after((OFFICE, "unallocated")) == CallAt(MOBILE, NOON)
        assert after((OFFICE, "unallocated"), (MOBILE, "no-answer")) == CallAt(MOBILE, NOON + 60)

    def test_when_every_number_is_dead_that_is_the_reason(self) -> None:
        assert after((OFFICE, "unallocated"), (MOBILE, "unallocated")) == Spent("every number is unallocated")

    def test_a_call_that_we_ended_does_not_count(self) -> None:
        assert after((OFFICE, "cancelled")) == after()
        assert after((OFFICE, "busy"), (OFFICE, "cancelled")) == CallAt(OFFICE, NOON - 60 + 20)

    def test_a_number_that_left_the_directory_gives_way_to_the_first(self) -> None:
        assert after((HOME, "busy")) == CallAt(OFFICE, NOON)

    def test_a_number_that_came_into_the_directory_is_called_in_its_turn(self) -> None:
        assert after((OFFICE, "no-answer"), (MOBILE, "no-answer"), numbers=(OFFICE, MOBILE, HOME)) == CallAt(
            HOME, NOON
        )

    def test_the_rounds_come_to_an_end(self) -> None:
        policy = replace(POLICY, rounds=2)
        twice = [(OFFICE, "no-answer"), (MOBILE, "no-answer")] * 2

        assert after(*twice, policy=policy) == Spent("not reached in 4 calls, 2 rounds")

    def test_the_calls_come_to_an_end_whatever_became_of_them(self) -> None:
        policy = replace(POLICY, max_calls=2, busy=Rule(tries=20))

        assert after((OFFICE, "busy"), (OFFICE, "busy"), policy=policy) == Spent("not reached in 2 calls")

    def test_without_a_number_there_is_nothing_to_try(self) -> None:
        assert after(numbers=()) == Spent("has no number in the directory")

    @pytest.mark.parametrize("disposition", [d for d in Disposition if d is not Disposition.ACKNOWLEDGED])
    def test_every_disposition_but_an_acknowledgement_has_an_answer(self, disposition: Disposition) -> None:
        assert isinstance(after((OFFICE, disposition)), CallAt)


# -- what holds for every history ----------------------------------------------------------------------------

NUMBERS = (OFFICE, MOBILE, HOME)
unreached = st.sampled_from([d for d in Disposition if d is not Disposition.ACKNOWLEDGED])
rules = st.builds(Rule, tries=st.integers(1, 4), pause_s=st.floats(0, 60))
policies = st.builds(
    Policy,
    deadline_s=st.floats(60, 3600),
    max_calls=st.integers(1, 12),
    rounds=st.integers(1, 4),
    round_pause_s=st.floats(0, 120),
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
        self.up: list[tuple[float, int, Start, Disposition]] = []
        self.most_up = 0
        for team in TEAMS:
            self.open[team], _ = deliveries.opened(17, team, team, self.numbers(team), policy, NOON)

    def numbers(self, team: str) -> list[Phone]:
        return phones([f"+49401{TEAMS.index(team)}{n:05}" for n in range(2)])

    def tell(self, team: str, fact: CallPlaced | CallsChanged | AlertExpired) -> None:
        history = History(
            self.numbers(team),
            self.past[team],
            live=any(start.team == team for _, _, start, _ in self.up),
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
                heapq.heappush(self.up, (self.now + lasts_s, calls, start, fate))
            self.most_up = max(self.most_up, len(self.up))
            moments = [m for m in (plan.again_at, self.up[0][0] if self.up else None) if m is not None]
            if not moments or all(d.state is DeliveryState.EXHAUSTED for d in self.open.values()):
                return
            self.now = min(moments)
            while self.up and self.up[0][0] <= self.now:
                _, _, start, fate = heapq.heappop(self.up)
                self.past[start.team].append(Past(start.number, fate, self.now))
                self.tell(start.team, CallsChanged())

    def view(self) -> View:
        calls = [
            Call(str(n), Direction.OUT, CallState.PLACED, start.team, start.number, "sip-a", NOON)
            for _, n, start, _ in self.up
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
