"""What a plan asks for, the ledger does: the two on a real SQLite file, whatever happens to the calls.

A plan that the ledger refuses, or carries out without being done with it, would be made again at once, and so
on for ever; a delivery that no plan comes back to would be forgotten.
"""

import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from book import CALLED, Book, ManualClock
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from stateful import MODEST

from ivr.adapters.audio.recordings import Recordings
from ivr.adapters.store import SqlStore
from ivr.domain import facts
from ivr.domain.facts import Fact, Illegal
from ivr.domain.lines import TrunkView
from ivr.domain.policy import Policy, Rule
from ivr.domain.recording import Limits
from ivr.domain.records import (
    OPEN,
    OPEN_ERRANDS,
    Alert,
    Call,
    CallState,
    Delivery,
    Direction,
    Errand,
    ErrandKind,
    Leg,
    Reached,
    TrunkState,
    Via,
)
from ivr.domain.schedule import Plan, Start, View, plan
from ivr.domain.trunk import as_it_is
from ivr.services.ledger import Applied, Ledger

UP = (CallState.PLACED, CallState.ANSWERED)
LINES = 2
ROUNDS = 3
"""Plans until there is nothing to do: what one ends may free lines, or leave a phone ringing for nobody."""
alert_numbers = st.integers(1, 3)
called_teams = st.sampled_from(CALLED)


class Planned(RuleBasedStateMachine):
    """After each thing that happens, the dialler does what is to be done."""

    migrated: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        shutil.copy(self.migrated, self.folder / "tocsin.db")
        self.store = SqlStore(f"sqlite:///{self.folder}/tocsin.db")
        self.clock = ManualClock()
        self.again_at: float | None = None
        self.placed = 0
        self.passed: dict[tuple[int, str, str], float] = {}
        """When somebody has said at this number that the alert is not for them."""

    @initialize(
        deadline_s=st.sampled_from([300, 700, 1500]),
        max_calls=st.sampled_from([2, 5]),
        parallel_after_s=st.sampled_from([None, 2.0]),
        trunks=st.sampled_from([("sip-a",), ("sip-a", "sip-b")]),
    )
    def begin(
        self, deadline_s: float, max_calls: int, parallel_after_s: float | None, trunks: tuple[str, ...]
    ) -> None:
        self.trunks = trunks
        self.policy = Policy(
            deadline_s=deadline_s,
            max_calls=max_calls,
            parallel_after_s=parallel_after_s,
            busy=Rule(tries=2, pause_s=10),
        )
        ledger = Ledger(
            *(self.store, Recordings(self.folder, Limits()), self.policy, "+4940808077555", self.clock),
            trunks=trunks,
        )
        self.book = Book(self.store, ledger, self.clock, self.folder)
        self.happens(facts.AlertReleased(self.book.records()))

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.folder)

    # -- the dialler ---------------------------------------------------------------------------------------

    def happens(self, fact: Fact | None) -> Applied | None:
        """`fact`, if it may be; then the dialler does what is to be done."""
        applied = None
        if fact is not None:
            with suppress(Illegal):
                applied = self.book.apply(fact)
        for _ in range(ROUNDS):
            if not self.carried_out(plan(seen := self.seen(), self.clock.now)):
                self.nobody_is_forgotten(seen)
                return applied
        raise AssertionError(f"the dialler is never done: {plan(self.seen(), self.clock.now)}")

    def seen(self) -> View:
        states = {state.name: state for state in self.book.find(TrunkState)}
        return View(
            [as_it_is(TrunkView(name, LINES), states.get(name), self.clock.now) for name in self.trunks],
            self.book.find(Delivery, state=OPEN),
            self.book.find(Call, state=UP),
            self.policy.deadline_s,
            errands=self.book.find(Errand, state=OPEN_ERRANDS),
        )

    def carried_out(self, made: Plan) -> bool:
        """Whether there was anything to do. The ledger refuses none of it."""
        self.again_at = made.again_at
        asked: list[Fact] = [
            *map(facts.AlertExpired, made.expire),
            *map(facts.ErrandExpired, made.lapse),
            *map(facts.CallCancelled, made.cancel),
            *(facts.ErrandPlaced(e.errand, self.new_id(), e.trunk, e.probe) for e in made.errands),
            *(self.start(start) for start in made.start),
        ]
        for fact in asked:
            self.book.apply(fact)
        return bool(asked)

    def start(self, start: Start) -> Fact:
        assert any(self.may_ring(alert, start) for alert in start.alerts), start
        return facts.CallPlaced(
            self.new_id(), start.team, start.number, start.trunk, start.alerts, start.probe
        )

    def may_ring(self, alert: int, start: Start) -> bool:
        """Whether whoever answers there has not just said that this alert is not for them."""
        passed_at = self.passed.get((alert, start.team, start.number))
        delivery = self.book.delivery(alert, start.team)
        if passed_at is None or delivery.promised == start.number or delivery.since >= passed_at:
            return True
        return self.clock.now >= passed_at + self.policy.passed.pause_s

    def new_id(self) -> str:
        self.placed += 1
        return f"planned-{self.placed:04}"

    def nobody_is_forgotten(self, seen: View) -> None:
        """There is nothing to do now; then a call is up to whoever is not settled, or there is later."""
        engaged = {call.team for call in seen.calls}
        assert self.again_at is not None or {d.team for d in seen.deliveries} <= engaged

    # -- what may happen -----------------------------------------------------------------------------------

    def one(self, data: st.DataObject, *states: CallState, direction: Direction | None = None) -> str | None:
        """A call in one of these states, if there is one."""
        found = [c.id for c in self.book.find(Call, state=states) if direction in (None, c.direction)]
        return data.draw(st.sampled_from(found)) if found else None

    @rule(data=st.data(), key=st.booleans())
    def answered(self, data: st.DataObject, key: bool) -> None:
        call = self.one(data, CallState.PLACED, direction=Direction.OUT)
        if call is not None:
            self.happens(facts.CallAnswered(call))
            self.happens(facts.KeyPressed(call) if key else None)

    @rule(data=st.data())
    def passed_on(self, data: st.DataObject) -> None:
        call = self.one(data, CallState.ANSWERED, direction=Direction.OUT)
        if call is not None:
            self.happens(facts.CallPassed(call))
            for leg in self.book.find(Leg, call=call):
                self.passed[leg.alert, leg.team, self.book.call(call).number or ""] = self.clock.now

    @rule(data=st.data())
    def put_off(self, data: st.DataObject) -> None:
        call = self.one(data, CallState.ANSWERED, direction=Direction.OUT)
        if call is None:
            return
        applied = self.happens(facts.CallPutOff(call))
        if applied is not None and applied.held:
            legs = self.book.find(Leg, call=call)
            promised = [self.book.delivery(leg.alert, leg.team) for leg in legs]
            assert any((d.held_until or 0) < (d.deadline_at or 0) for d in promised if d.promised)
            self.happens(facts.CallEnded(call, 16))  # with that the script ends it

    @rule(
        data=st.data(),
        cause=st.sampled_from([None, 0, 1, 16, 17, 19, 34]),
        reached=st.none() | st.sampled_from(Reached),
    )
    def ended(self, data: st.DataObject, cause: int | None, reached: Reached | None) -> None:
        call = self.one(data, *UP)
        self.happens(facts.CallEnded(call, cause, reached) if call is not None else None)

    @rule(seconds=st.sampled_from([1, 10, 100, 300, 600]))
    def time_passes(self, seconds: int) -> None:
        self.clock.forward(seconds)
        self.happens(None)

    @precondition(lambda self: self.again_at is not None)
    @rule()
    def it_is_time_to_look_again(self) -> None:
        assert self.again_at is not None
        assert self.again_at > self.clock.now
        self.clock.now = self.again_at
        self.happens(None)

    @precondition(lambda self: len(self.book.find(Alert)) < 3)
    @rule()
    def another_is_raised(self) -> None:
        self.happens(facts.AlertReleased(self.book.records()))

    @rule(team=called_teams, alert=alert_numbers)
    def responding(self, team: str, alert: int) -> None:
        self.happens(facts.TeamResponding(alert, team, Via.SMS))

    @rule(team=called_teams, alert=alert_numbers)
    def acknowledged(self, team: str, alert: int) -> None:
        self.happens(facts.Acknowledged(alert, team, Via.HOTLINE, "40713"))

    @rule(
        team=called_teams,
        alert=alert_numbers,
        kind=st.sampled_from([facts.DeliveryRetried, facts.DeliverySkipped]),
    )
    def an_operator_steps_in(
        self, team: str, alert: int, kind: type[facts.DeliveryRetried | facts.DeliverySkipped]
    ) -> None:
        self.happens(kind(alert, team))

    @rule(alert=alert_numbers, kind=st.sampled_from([facts.AlertWithdrawn, facts.AlertClosed]))
    def is_over(self, alert: int, kind: type[facts.AlertWithdrawn | facts.AlertClosed]) -> None:
        self.happens(kind(alert))

    @rule(team=called_teams)
    def calls_in(self, team: str) -> None:
        call = self.new_id()
        self.happens(facts.CallCameIn(call, "sip-a"))
        self.happens(facts.TeamIdentified(call, team))

    @rule(team=called_teams)
    def wants_a_test_call(self, team: str) -> None:
        number = self.book.delivery(1, team).number
        self.happens(facts.ErrandWanted(ErrandKind.TEST, number, team) if number else None)


def test_a_plan_is_carried_out_once_and_nobody_is_forgotten(migrated: Path) -> None:
    Planned.migrated = migrated
    run_state_machine_as_test(Planned, settings=MODEST)
