"""The ledger on a real SQLite file, told facts in any order, lost, late and twice."""

import shutil
import tempfile
from pathlib import Path
from typing import Any

from book import CALLED, Book, ManualClock
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from stateful import MODEST

from ivr.adapters.audio.recordings import Recordings
from ivr.adapters.store import SqlStore
from ivr.domain import facts, gsm
from ivr.domain.delivery import HOLD_S
from ivr.domain.facts import Fact, Illegal
from ivr.domain.notices import TRUNK_NOTICES
from ivr.domain.policy import Policy, Rule
from ivr.domain.recording import Limits
from ivr.domain.records import (
    OPEN,
    Alert,
    AlertState,
    Call,
    CallState,
    Delivery,
    DeliveryState,
    Disposition,
    Leg,
    Outcome,
    Reached,
    Sms,
    TrunkState,
    Via,
)
from ivr.domain.trunk import got_through
from ivr.services.ledger import Ledger

D = DeliveryState
POLICY = Policy(deadline_s=900, max_calls=3, parallel_after_s=2, busy=Rule(tries=2, pause_s=10))
OPERATOR = "+4917100099"
alert_numbers = st.integers(1, 3)
called_teams = st.sampled_from(CALLED)
TRUNKS = ("sip-a", "sip-b")
over = st.sampled_from([*TRUNKS, "gone"])
causes = st.sampled_from([None, 0, 1, 16, 17, 18, 19, 21, 34, 34, 99])


class AnyOrder(RuleBasedStateMachine):
    """Facts in any order, lost, late and twice: each is refused, or leads to a state that is no lie."""

    migrated: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        shutil.copy(self.migrated, self.folder / "tocsin.db")
        store = SqlStore(f"sqlite:///{self.folder}/tocsin.db")
        self.clock = ManualClock()
        recordings = Recordings(self.folder, Limits())
        ledger = Ledger(
            *(store, recordings, POLICY, "+4940808077555", self.clock), trunks=TRUNKS, operators=(OPERATOR,)
        )
        self.book = Book(store, ledger, self.clock, self.folder)
        self.store = store
        self.acknowledged: set[tuple[int, str]] = set()

    def teardown(self) -> None:
        self.come_to_rest()
        self.store.close()
        shutil.rmtree(self.folder)

    def tell(self, fact: Fact) -> None:
        before = self.book.everything()
        try:
            self.book.apply(fact)
        except Illegal:
            assert self.book.everything() == before

    def calls(self, **where: Any) -> list[str]:
        return [c.id for c in self.book.find(Call, **where)]

    # -- what may happen ---------------------------------------------------------------------------------

    @precondition(lambda self: len(self.book.find(Alert)) < 3)
    @rule(team=st.sampled_from(["abc-cert", "def-cert"]), sent=st.booleans())
    def recorded(self, team: str, sent: bool) -> None:
        alert = self.book.records(team)
        if sent:
            self.tell(facts.AlertReleased(alert))

    @rule(alert=alert_numbers)
    def released(self, alert: int) -> None:
        self.tell(facts.AlertReleased(alert))

    @rule(alert=alert_numbers)
    def withdrawn(self, alert: int) -> None:
        self.tell(facts.AlertWithdrawn(alert))

    @rule(alert=alert_numbers)
    def expired(self, alert: int) -> None:
        self.tell(facts.AlertExpired(alert))

    @rule(seconds=st.sampled_from([1, 10, 100, 300]))
    def time_passes(self, seconds: int) -> None:
        self.clock.forward(seconds)

    @rule(team=called_teams, data=st.data())
    def placed(self, team: str, data: st.DataObject) -> None:
        """As the dialler does: to all waiting deliveries of a team, at one of their numbers."""
        waiting = self.book.find(Delivery, team=team, state=D.WAITING)
        held = self.book.find(Delivery, team=team, state=D.RESPONDING)
        waiting += [d for d in held if d.due_at <= self.clock.now]
        if waiting and not self.book.find(Call, team=team, state=[CallState.PLACED, CallState.ANSWERED]):
            number = data.draw(st.sampled_from([d.number for d in waiting]))
            trunk, probe = data.draw(over), data.draw(st.booleans())
            self.book.rings(team, *(d.alert for d in waiting), number=number, trunk=trunk, probe=probe)

    @rule(trunk=over, lines=st.integers(0, 2))
    def reported(self, trunk: str, lines: int) -> None:
        self.tell(facts.TrunkReported(trunk, lines, "a report"))

    @precondition(lambda self: self.calls())
    @rule(data=st.data(), alert=alert_numbers)
    def placed_out_of_turn(self, data: st.DataObject, alert: int) -> None:
        """Twice, or for a delivery that no longer waits."""
        call = data.draw(st.sampled_from(self.calls()) | st.just("other"))
        engaged = {c.team for c in self.book.find(Call, state=[CallState.PLACED, CallState.ANSWERED])}
        team = data.draw(st.sampled_from(CALLED))
        if call != "other" or team in engaged:
            self.tell(facts.CallPlaced(call, team, "+4940100002", "sip-a", (alert,)))

    @rule(team=called_teams, data=st.data())
    def placed_beside(self, team: str, data: st.DataObject) -> None:
        """As the dialler does: a second phone, while one call of the team rings."""
        theirs = self.book.find(Call, team=team, state=[CallState.PLACED, CallState.ANSWERED])
        wished = [d.beside for d in self.book.find(Delivery, team=team, state=D.CALLING) if d.beside]
        if [c.state for c in theirs] == [CallState.PLACED] and wished:
            number = data.draw(st.sampled_from(wished))
            along = [
                d.alert
                for d in self.book.find(Delivery, team=team, state=[D.WAITING, D.CALLING])
                if d.state is D.WAITING or d.beside == number
            ]
            self.book.rings(team, *along, number=number)

    @precondition(lambda self: self.calls())
    @rule(
        data=st.data(),
        kind=st.sampled_from(
            [
                facts.CallRang,
                *(facts.CallAnswered, facts.KeyPressed, facts.CallCancelled, facts.MessageLeft),
                *(facts.CallPassed, facts.CallPutOff),
            ]
        ),
    )
    def something_comes_of_a_call(self, data: st.DataObject, kind: Any) -> None:
        self.tell(kind(data.draw(st.sampled_from(self.calls()))))

    @precondition(lambda self: self.calls())
    @rule(data=st.data(), cause=causes, reached=st.none() | st.sampled_from(Reached))
    def ended(self, data: st.DataObject, cause: int | None, reached: Reached | None) -> None:
        self.tell(facts.CallEnded(data.draw(st.sampled_from(self.calls())), cause, reached))

    @precondition(lambda self: self.calls())
    @rule(data=st.data(), alert=alert_numbers, heard_s=st.floats(0.1, 9), whole=st.booleans())
    def heard(self, data: st.DataObject, alert: int, heard_s: float, whole: bool) -> None:
        self.tell(facts.AlertHeard(data.draw(st.sampled_from(self.calls())), alert, heard_s, whole))

    @precondition(lambda self: self.calls())
    @rule(data=st.data(), alert=alert_numbers, team=called_teams)
    def pressed_1(self, data: st.DataObject, alert: int, team: str) -> None:
        call = data.draw(st.sampled_from(self.calls()))
        self.tell(facts.Acknowledged(alert, team, Via.KEYPRESS, None, call))

    @rule(alert=alert_numbers, team=called_teams)
    def acknowledged_otherwise(self, alert: int, team: str) -> None:
        self.tell(facts.Acknowledged(alert, team, Via.HOTLINE, "40713"))

    @rule(alert=alert_numbers, team=called_teams)
    def responding(self, alert: int, team: str) -> None:
        self.tell(facts.TeamResponding(alert, team, Via.OPERATOR))

    @rule(
        sender=st.sampled_from(["+4940100002", "+4917100004", OPERATOR, "+4917199999"]),
        text=st.sampled_from(["on it", "on it 1", "onit 2", "STATUS 1", "status", "stop", "", "on it 99"]),
        reference=st.sampled_from("abc"),
        place=st.none() | st.builds(gsm.Place, st.just(1), st.just(2), st.integers(1, 2)),
    )
    def texted(self, sender: str, text: str, reference: str, place: gsm.Place | None) -> None:
        self.tell(facts.SmsReceived(sender, text, reference, 120, place))

    @rule()
    def the_rest_of_a_text_is_given_up(self) -> None:
        self.tell(facts.SmsRestMissing())

    @precondition(lambda self: self.book.find(Sms))
    @rule(data=st.data(), what=st.sampled_from(["submitted", "deferred", "failed", "expired", "delivered"]))
    def something_comes_of_an_sms(self, data: st.DataObject, what: Any) -> None:
        sms = data.draw(st.sampled_from(self.book.find(Sms))).id
        match what:
            case "submitted":
                self.tell(facts.SmsSubmitted(sms, (f"m-{sms}",)))
            case "deferred":
                self.tell(facts.SmsDeferred(sms, "busy"))
            case "failed":
                self.tell(facts.SmsFailed(sms, "refused"))
            case _:
                self.tell(facts.SmsReceipt(f"m-{sms}", what))

    @rule(alert=alert_numbers)
    def report_due(self, alert: int) -> None:
        self.tell(facts.ReportDue(alert))

    @rule(alert=alert_numbers)
    def closed(self, alert: int) -> None:
        self.tell(facts.AlertClosed(alert))

    @rule(alert=alert_numbers)
    def caller_lost(self, alert: int) -> None:
        self.tell(facts.CallerLost(alert))

    @rule(alert=alert_numbers, team=called_teams)
    def retried(self, alert: int, team: str) -> None:
        self.tell(facts.DeliveryRetried(alert, team))

    @rule(alert=alert_numbers, team=called_teams)
    def skipped(self, alert: int, team: str) -> None:
        self.tell(facts.DeliverySkipped(alert, team))

    # -- what is always true -----------------------------------------------------------------------------

    @invariant()
    def an_alert_is_open_exactly_while_somebody_must_acknowledge(self) -> None:
        for alert in self.book.find(Alert):
            states = list(self.book.states(alert.id).values())
            open_ = any(state in OPEN for state in states)
            assert (alert.state is AlertState.RELEASED) == open_
            assert (alert.closed_at is None) == (alert.state in (AlertState.DRAFT, AlertState.RELEASED))
            if alert.state is AlertState.CLOSED:
                everybody = all(state is D.ACKNOWLEDGED for state in states)
                assert (alert.outcome is Outcome.ALL_ACKNOWLEDGED) == everybody

    @invariant()
    def a_delivery_is_calling_exactly_while_a_call_for_it_is_up(self) -> None:
        up = {c.id for c in self.book.find(Call, state=[CallState.PLACED, CallState.ANSWERED])}
        live = {(leg.alert, leg.team) for leg in self.book.find(Leg) if leg.call in up}
        for d in self.book.find(Delivery):
            if d.state in OPEN and d.state is not D.RESPONDING:
                assert (d.state is D.CALLING) == ((d.alert, d.team) in live)
            if d.state in (D.WAITING, D.RESPONDING):
                assert d.number is not None
            if d.state is D.EXHAUSTED:
                assert d.reason

    @invariant()
    def no_number_and_never_three_phones_of_a_team_ring_at_once(self) -> None:
        up = self.book.find(Call, state=[CallState.PLACED, CallState.ANSWERED])
        for team in CALLED:
            theirs = [c.number for c in up if c.team == team]
            assert len(theirs) <= 2
            assert len(set(theirs)) == len(theirs)

    @invariant()
    def nobody_s_calls_are_held_for_ever(self) -> None:
        for d in self.book.find(Delivery):
            assert d.holds <= 2
            assert d.held_until is None or d.held_until <= self.clock.now + HOLD_S

    @invariant()
    def operators_know_how_every_closed_alert_has_ended(self) -> None:
        for alert in self.book.find(Alert, state=AlertState.CLOSED):
            told = [s.text for s in self.book.find(Sms, alert=alert.id, number=OPERATOR)]
            told = [t for t in told if "still open" not in t and "not reached" not in t]  # but how it went
            endings = [t for t in told if "acknowledged" in t or "nobody to call" in t]
            assert endings, told
            assert (": all " in endings[-1]) == (alert.outcome is Outcome.ALL_ACKNOWLEDGED)

    @invariant()
    def what_was_acknowledged_stays_acknowledged(self) -> None:
        now = {(d.alert, d.team) for d in self.book.find(Delivery, state=D.ACKNOWLEDGED)}
        assert self.acknowledged <= now
        self.acknowledged = now

    @invariant()
    def a_call_has_its_dispositions_exactly_when_it_has_ended(self) -> None:
        ended = set(self.calls(state=CallState.ENDED))
        for leg in self.book.find(Leg):
            assert (leg.disposition is not None) == (leg.call in ended)
            if leg.disposition is not None:
                assert (leg.disposition is Disposition.ACKNOWLEDGED) == leg.acknowledged

    @invariant()
    def nobody_is_called_more_often_than_the_policy_allows(self) -> None:
        """Attempts are bounded, and so are the calls of one: each goes over another trunk, but for probes."""
        calls = {c.id: c for c in self.book.find(Call)}
        for d in self.book.find(Delivery):
            counted: dict[int, list[Call]] = {}
            for leg in self.book.find(Leg, alert=d.alert, team=d.team):
                call = calls[leg.call]
                in_vain = call.probe and got_through(call) is False
                if call.started_at > d.since and leg.disposition is not Disposition.CANCELLED and not in_vain:
                    counted.setdefault(leg.n, []).append(call)
            assert len(counted) <= POLICY.max_calls + d.holds  # one that was promised is made
            for attempt in counted.values():
                assert len({c.number for c in attempt}) == 1
                assert len({c.trunk for c in attempt}) == len(attempt)

    @invariant()
    def what_is_known_of_the_trunks_is_told_in_bounds(self) -> None:
        for state in self.book.find(TrunkState):
            assert state.is_up or state.probe_at <= self.clock.now + 60
            assert state.told <= 2 * TRUNK_NOTICES

    def come_to_rest(self) -> None:
        """Whatever happened: when the calls have ended and the deadline has passed, nothing is left open."""
        for call in self.calls():
            self.tell(facts.CallEnded(call, None))
        self.clock.forward(POLICY.deadline_s)
        for alert in self.book.find(Alert, state=AlertState.RELEASED):
            self.tell(facts.AlertExpired(alert.id))
        assert not self.book.find(Delivery, state=OPEN)
        assert not self.book.find(Alert, state=AlertState.RELEASED)


def test_any_order_of_facts_ends_in_legal_states(migrated: Path) -> None:
    AnyOrder.migrated = migrated
    run_state_machine_as_test(AnyOrder, settings=MODEST)
