"""What is on record of trunks, and of attempts that go on over the next one; who hears of it."""

import pytest
from book import NOON, Book, ManualClock

from ivr.adapters.audio.recordings import Recordings
from ivr.adapters.store import SqlStore
from ivr.config import Settings
from ivr.domain import facts
from ivr.domain.lines import TrunkView
from ivr.domain.records import (
    Call,
    Delivery,
    DeliveryState,
    Errand,
    ErrandKind,
    ErrandState,
    Leg,
    Reached,
    Sms,
    TrunkHealth,
    TrunkState,
)
from ivr.domain.schedule import Plan, View, plan
from ivr.domain.trunk import as_it_is
from ivr.services.ledger import Ledger
from ivr.services.lines import lines
from ivr.services.report import alert_document

OPERATOR = "+4917100099"
XYZ = "xyz-cert"
TRUNKS = [TrunkView("sip-a", 2), TrunkView("sip-b", 2)]


@pytest.fixture
def book(settings: Settings, store: SqlStore, recordings: Recordings, clock: ManualClock) -> Book:
    names = tuple(trunk.name for trunk in TRUNKS)
    ledger = Ledger(
        *(store, recordings, settings.policy, "+4940808077555", clock), trunks=names, operators=(OPERATOR,)
    )
    return Book(store, ledger, clock, recordings.incoming)


def state(book: Book, name: str = "sip-a") -> TrunkState:
    found = book.get(TrunkState, name)
    assert isinstance(found, TrunkState)
    return found


def attempts(book: Book, alert: int, team: str = XYZ) -> list[tuple[int, str]]:
    calls = {call.id: call for call in book.find(Call)}
    legs = sorted(book.find(Leg, alert=alert, team=team), key=lambda leg: leg.call)
    return [(leg.n, calls[leg.call].trunk) for leg in legs]


def planned(book: Book, *deliveries: Delivery) -> Plan:
    states = {s.name: s for s in book.find(TrunkState)}
    trunks = [as_it_is(trunk, states.get(trunk.name), book.clock.now) for trunk in TRUNKS]
    return plan(View(trunks, deliveries, [], 3600, errands=book.find(Errand)), book.clock.now)


def told(book: Book) -> list[str]:
    return [s.text for s in book.find(Sms, number=OPERATOR) if "runk" in s.text]


class TestAnAttempt:
    def test_goes_on_over_the_next_trunk_at_once_under_the_same_number(self, book: Book) -> None:
        alert = book.raises()
        book.clock.forward(1)
        book.calls_in_vain(XYZ, alert, 34)
        once = book.delivery(alert, XYZ)
        assert (once.state, once.tried, once.due_at, once.attempts) == (
            DeliveryState.WAITING,
            "sip-a",
            book.clock.now,
            0,
        )
        (start,) = planned(book, once).start
        assert (start.trunk, start.number) == ("sip-b", once.number)

        book.calls_in_vain(XYZ, alert, 17, trunk="sip-b")
        assert attempts(book, alert) == [(1, "sip-a"), (1, "sip-b")]
        assert book.delivery(alert, XYZ).attempts == 1

        book.clock.forward(60)
        book.calls_in_vain(XYZ, alert, 34)
        assert attempts(book, alert) == [(1, "sip-a"), (1, "sip-b"), (2, "sip-a")]

    def test_is_shown_in_the_order_of_its_calls(self, book: Book) -> None:
        alert = book.raises()
        for call, trunk in (("z", "sip-a"), ("a", "sip-b")):
            book.clock.forward(1)
            book.apply(facts.CallPlaced(call, XYZ, "+4940100004", trunk, (alert,)))
            book.apply(facts.CallEnded(call, 34))
        with book.store.read() as tx:
            shown = alert_document(tx, alert)["deliveries"]
        (calls,) = (d["calls"] for d in shown if d["team"]["id"] == XYZ)
        assert [(call["id"], call["n"], call["trunk"]) for call in calls] == [
            ("z", 1, "sip-a"),
            ("a", 1, "sip-b"),
        ]

    def test_waits_for_a_line_of_the_next_trunk_no_longer_than_its_pause(self, book: Book) -> None:
        alert = book.raises()
        book.clock.forward(1)
        book.calls_in_vain(XYZ, alert, 34)
        once = book.delivery(alert, XYZ)
        inbound = [
            Call(f"in-{n}", *_CAME_IN, "sip-b", book.clock.now)  # type: ignore[arg-type]
            for n in range(2)
        ]
        made = plan(View(TRUNKS, [once], inbound, 3600), book.clock.now)
        assert (made.start, made.again_at) == ((), once.afresh_at)
        later = plan(View(TRUNKS, [once], inbound, 3600), once.afresh_at)
        assert [start.trunk for start in later.start] == ["sip-a"]

    def test_that_all_trunks_failed_is_one_congestion(self, book: Book) -> None:
        alert = book.raises()
        book.clock.forward(1)
        book.calls_in_vain(XYZ, alert, 34)
        book.calls_in_vain(XYZ, alert, 18, trunk="sip-b")
        after = book.delivery(alert, XYZ)
        assert (after.tried, after.attempts) == ("", 1)
        assert (after.number, after.due_at) == ("+4917100004", book.clock.now)

    def test_that_rang_does_not_go_on(self, book: Book) -> None:
        alert = book.raises()
        book.clock.forward(1)
        call = book.rings(XYZ, alert)
        book.apply(facts.CallEnded(call, 34, Reached.RANG))
        after = book.delivery(alert, XYZ)
        assert (after.tried, after.attempts) == ("", 1)

    def test_is_worked_out_anew_when_the_cause_comes_late_or_twice(self, book: Book) -> None:
        alert = book.raises()
        book.clock.forward(1)
        call = book.rings(XYZ, alert)
        book.hangs_up(call, None)
        assert book.delivery(alert, XYZ).tried == ""
        book.hangs_up(call, 34)
        once = book.delivery(alert, XYZ)
        book.hangs_up(call, 34)
        assert book.delivery(alert, XYZ) == once
        assert (once.tried, once.attempts) == ("sip-a", 0)


_CAME_IN = ("in", "answered", None, None)


class TestATrunk:
    def fails(self, book: Book, alert: int, times: int, probe: bool = False) -> None:
        teams = [d.team for d in book.find(Delivery, alert=alert)][:times]
        for team in teams:
            book.calls_in_vain(team, alert, 18, rings_s=6.4, probe=probe)

    def test_is_left_after_three_numbers_in_a_row_and_operators_know(self, book: Book) -> None:
        alert = book.raises()
        self.fails(book, alert, 2)
        assert book.find(TrunkState) == []
        third = book.find(Delivery, alert=alert)[2].team
        book.calls_in_vain(third, alert, 18)

        assert state(book).health is TrunkHealth.SUSPECT
        assert told(book) == ["Trunk sip-a is DOWN: calls to 3 numbers failed in a row. Calls go over sip-b."]
        assert "trunk suspect" in book.journal()

    def test_that_is_the_last_one_is_said_loudly(self, book: Book) -> None:
        book.apply(facts.TrunkReported("sip-b", 0, "OPTIONS not answered"))
        book.apply(facts.TrunkReported("sip-a", 0, "OPTIONS not answered"))

        assert "NO TRUNK IS LEFT" in told(book)[1]

    def test_is_up_again_as_soon_as_a_phone_rings(self, book: Book) -> None:
        alert = book.raises()
        book.apply(facts.TrunkReported("sip-a", 0, "OPTIONS not answered"))
        book.clock.forward(5)
        call = book.rings(XYZ, alert, probe=True)
        book.apply(facts.CallRang(call))

        assert (state(book).health, state(book).lines) == (TrunkHealth.UP, None)
        assert told(book)[-1] == "Trunk sip-a is up again: a call got through."

    def test_is_tried_by_one_call_and_left_for_longer_if_that_fails(self, book: Book) -> None:
        alert = book.raises()
        book.apply(facts.TrunkReported("sip-a", 0, "OPTIONS not answered"))
        waiting = book.find(Delivery, alert=alert, state=DeliveryState.WAITING)
        assert {(s.trunk, s.probe) for s in planned(book, *waiting).start} == {("sip-b", False)}
        book.clock.forward(5)
        starts = planned(book, *waiting).start
        assert [(s.trunk, s.probe) for s in starts] == [("sip-a", True), ("sip-b", False), ("sip-b", False)]

        book.calls_in_vain(XYZ, alert, 18, rings_s=6.4, probe=True)
        assert state(book).probe_at == book.clock.now + 10
        assert book.delivery(alert, XYZ).attempts == 0

    def test_is_not_cleared_by_the_end_of_a_call_that_rang_before(self, book: Book) -> None:
        alert = book.raises()
        call = book.rings(XYZ, alert)
        book.apply(facts.TrunkReported("sip-a", 0, "OPTIONS not answered"))
        book.clock.forward(20)
        book.apply(facts.CallEnded(call, 19, Reached.RANG))

        assert state(book).health is TrunkHealth.DOWN

    def test_as_operators_see_it(self, book: Book, settings: Settings) -> None:
        book.apply(facts.TrunkReported("sip-a", 3, "span 2 down"))
        with book.store.read() as tx:
            (first, *_) = lines(tx, settings.trunks, NOON)
        keys = ("trunk", "state", "why", "internet", "lines", "working", "used", "free")
        assert [first[key] for key in keys] == ["sip-a", "up", "span 2 down", True, 4, 3, 0, 3]

        book.apply(facts.TrunkReported("sip-a", 0, "D-channel of span 1 down"))
        with book.store.read() as tx:
            (first, *_) = lines(tx, settings.trunks, NOON)
        assert [first[key] for key in keys] == [
            *("sip-a", "down", "D-channel of span 1 down", True, 4, 0, 0, 0),
        ]


def test_an_errand_goes_over_another_trunk_after_its_pause(book: Book) -> None:
    number = "+4940100004"
    applied = book.apply(facts.ErrandWanted(ErrandKind.TEST, number, XYZ))
    assert applied.errand is not None
    (start,) = planned(book).errands
    assert start.trunk == "sip-a"
    book.apply(facts.ErrandPlaced(start.errand, "e-1", start.trunk))
    book.apply(facts.CallEnded("e-1", 18))

    again = book.get(Errand, start.errand)
    assert again is not None
    assert (again.state, again.avoid_trunk) == (ErrandState.WAITING, "sip-a")
    book.clock.forward(again.due_at - book.clock.now)
    assert [s.trunk for s in planned(book).errands] == ["sip-b"]
