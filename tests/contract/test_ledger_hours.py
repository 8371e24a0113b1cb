"""The ledger on a real SQLite file: calling hours, the policy of a team, and numbers that do not exist."""

import json
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from book import NOON, Book, ManualClock

from ivr.adapters.audio.recordings import Recordings
from ivr.adapters.pins import Pins
from ivr.adapters.store import SqlStore
from ivr.config import Settings
from ivr.domain import facts
from ivr.domain.facts import Illegal
from ivr.domain.lines import TrunkView
from ivr.domain.records import (
    AlertState,
    Call,
    CallingHours,
    DeliveryState,
    Entry,
    Leg,
    Number,
    NumberKind,
    Outcome,
    Team,
)
from ivr.domain.schedule import View, plan
from ivr.services.directory import Directory
from ivr.services.ledger import Ledger

D = DeliveryState
NO_ANSWER, UNALLOCATED = 19, 1
XYZ, OFFICE, MOBILE = "xyz-cert", "+4940100004", "+4917100004"
CLOSED = "no number may be called at this hour"
FRIDAY_16 = datetime(2026, 11, 20, 16, tzinfo=ZoneInfo("Europe/Berlin")).timestamp()
FRIDAY_17 = FRIDAY_16 + 3600


def team(book: Book, *numbers: tuple[str, CallingHours], **policy: object) -> None:
    """XYZ-CERT has these numbers, and its own policy."""
    with book.store.write() as tx:
        tx.put(Team(XYZ, "XYZ-CERT", zone="Europe/Berlin", policy=json.dumps(policy) if policy else None))
        tx.drop(*tx.find(Number, team=XYZ))
        tx.put(*(Number(XYZ, n, number, hours=hours) for n, (number, hours) in enumerate(numbers)))


def number(book: Book, which: str) -> Number:
    (found,) = book.find(Number, number=which)
    return found


class TestCallingHours:
    def test_a_call_that_got_its_line_too_late_is_not_made(self, book: Book, clock: ManualClock) -> None:
        clock.now = FRIDAY_17 - 60
        team(book, (OFFICE, CallingHours.OFFICE), (MOBILE, CallingHours.ALWAYS))
        alert = book.raises()
        assert book.delivery(alert, XYZ).number == OFFICE
        clock.now = FRIDAY_17
        refused = book.apply(facts.CallPlaced("late", XYZ, OFFICE, "sip-a", (alert,)))

        assert refused.call is None
        assert not book.find(Call) and not book.find(Leg)
        after = book.delivery(alert, XYZ)
        assert (after.state, after.number, after.attempts) == (D.WAITING, MOBILE, 0)
        assert after.due_at <= clock.now

        placed = book.apply(facts.CallPlaced("now", XYZ, MOBILE, "sip-a", (alert,)))
        assert placed.call == book.call("now")

    def test_a_number_that_has_left_the_directory_is_not_called(self, book: Book) -> None:
        alert = book.raises()
        team(book, (MOBILE, CallingHours.ALWAYS))
        book.apply(facts.CallPlaced("late", XYZ, OFFICE, "sip-a", (alert,)))

        assert not book.find(Call)
        assert book.delivery(alert, XYZ).number == MOBILE

    def test_too_late_for_an_acknowledged_delivery_is_illegal_as_any_call_is(
        self, book: Book, clock: ManualClock
    ) -> None:
        clock.now = FRIDAY_17 - 60
        team(book, (OFFICE, CallingHours.OFFICE))
        alert = book.raises()
        book.acknowledges(alert, XYZ)
        clock.now = FRIDAY_17
        with pytest.raises(Illegal):
            book.apply(facts.CallPlaced("late", XYZ, OFFICE, "sip-a", (alert,)))

    def test_where_none_opens_in_time_the_team_is_missing_at_once(
        self, book: Book, clock: ManualClock
    ) -> None:
        clock.now = FRIDAY_17
        team(book, (OFFICE, CallingHours.OFFICE))
        alert = book.raises()

        assert (book.delivery(alert, XYZ).state, book.delivery(alert, XYZ).reason) == (D.EXHAUSTED, CLOSED)
        for other in ("def-cert", "ghi-cert"):
            book.acknowledges(alert, other)
        assert (book.alert(alert).state, book.alert(alert).outcome) == (AlertState.CLOSED, Outcome.INCOMPLETE)

    def test_where_one_opens_in_time_the_team_is_missing_at_once_and_called_then(
        self, book: Book, clock: ManualClock
    ) -> None:
        clock.now = FRIDAY_16
        team(book, (MOBILE, CallingHours.OUT))
        alert = book.raises()
        closed = book.delivery(alert, XYZ)

        assert (closed.state, closed.reason, closed.due_at) == (D.WAITING, CLOSED, FRIDAY_17)
        assert [(e.team, e.detail) for e in book.find(Entry) if e.what == "team cannot be called now"] == [
            (XYZ, f"XYZ-CERT: {CLOSED}")
        ]
        clock.now = FRIDAY_17
        call = book.rings(XYZ, alert)
        assert (book.call(call).number, book.delivery(alert, XYZ).reason) == (MOBILE, None)

    def test_a_call_that_is_answered_after_hours_still_takes_on_what_was_released(
        self, book: Book, clock: ManualClock
    ) -> None:
        clock.now = FRIDAY_17 - 5
        team(book, (OFFICE, CallingHours.OFFICE))
        first = book.raises()
        call = book.rings(XYZ, first)
        second = book.raises()
        clock.now = FRIDAY_17 + 5
        book.answers(call)

        assert book.states(second)[XYZ] is D.CALLING
        assert [leg.alert for leg in book.find(Leg, call=call)] == [first, second]


class TestPolicyOfATeam:
    def test_its_ring_time(self, book: Book) -> None:
        team(book, (OFFICE, CallingHours.ALWAYS), ring_s=55)
        alert = book.raises()
        ring_s = {
            t: book.apply(
                facts.CallPlaced(t, t, str(book.delivery(alert, t).number), "sip-a", (alert,))
            ).ring_s
            for t in (XYZ, "def-cert")
        }

        assert ring_s == {XYZ: 55, "def-cert": 30}

    def test_its_cap_bounds_congestion_too(self, book: Book, clock: ManualClock) -> None:
        team(book, (OFFICE, CallingHours.ALWAYS), max_calls=2, congestion={"tries": 20})
        alert = book.raises()
        for _ in range(2):
            book.calls_in_vain(XYZ, alert, 34)

        assert book.delivery(alert, XYZ).reason == "not reached in 2 calls"

    @pytest.mark.parametrize("deadline_s", [600.0, 40_000.0])
    def test_its_deadline(
        self, deadline_s: float, book: Book, clock: ManualClock, settings: Settings
    ) -> None:
        """Shorter and longer than the network's: the plan tells of it, and the ledger agrees."""
        team(book, (OFFICE, CallingHours.ALWAYS), deadline_s=deadline_s)
        alert = book.raises()
        for other in ("def-cert", "ghi-cert"):
            book.acknowledges(alert, other)
        view = View([TrunkView("sip-a", 0)], [book.delivery(alert, XYZ)], [], settings.policy.deadline_s)

        assert plan(view, NOON + deadline_s - 1).expire == ()
        assert plan(view, NOON).again_at == NOON + deadline_s
        assert plan(view, NOON + deadline_s).expire == (alert,)
        clock.now = NOON + deadline_s - 1
        book.apply(facts.AlertExpired(alert))
        assert book.states(alert)[XYZ] is D.WAITING
        clock.now = NOON + deadline_s
        book.apply(facts.AlertExpired(alert))
        assert book.delivery(alert, XYZ).reason == "the deadline has passed"


class TestNumbersThatDoNotExist:
    def test_are_flagged_once_without_the_number_in_the_journal(self, book: Book, clock: ManualClock) -> None:
        alert = book.raises()
        call = book.rings(XYZ, alert)
        book.hangs_up(call, UNALLOCATED)
        clock.forward(9)
        book.hangs_up(call, UNALLOCATED)

        assert number(book, OFFICE).unallocated_at == NOON
        assert number(book, MOBILE).unallocated_at is None
        lines = [e for e in book.find(Entry) if e.what == "number is unallocated"]
        assert [(e.team, e.detail) for e in lines] == [(XYZ, "+4940…004")]

    def test_an_answer_clears_the_flag(self, book: Book, clock: ManualClock) -> None:
        alert = book.raises()
        book.calls_in_vain(XYZ, alert, UNALLOCATED)
        again = book.raises()
        call = book.rings(XYZ, again, number=OFFICE)
        book.answers(call)
        book.answers(call)

        assert number(book, OFFICE).unallocated_at is None
        assert book.journal().count("number answers again") == 1

    def test_an_import_keeps_the_flag_of_a_number_that_stays_and_clears_that_of_a_new_one(
        self, book: Book, tmp_path: Path, clock: ManualClock
    ) -> None:
        directory = Directory(book.store, Pins(), clock)
        alert = book.raises()
        book.calls_in_vain(XYZ, alert, UNALLOCATED)
        file = tmp_path / "teams.yaml"
        entry = "teams: [{{id: xyz-cert, name: XYZ-CERT, numbers: [{{number: '{}'}}]}}]"
        file.write_text(entry.format(OFFICE))
        directory.import_file(file)
        assert number(book, OFFICE).unallocated_at == NOON
        file.write_text(entry.format("+4940100014"))
        directory.import_file(file)
        assert [n.unallocated_at for n in book.find(Number, team=XYZ)] == [None]

    def test_with_two_trunks_the_second_one_is_asked_before_the_number_is_given_up(
        self, settings: Settings, store: SqlStore, recordings: Recordings, clock: ManualClock
    ) -> None:
        ledger = Ledger(
            store, recordings, settings.policy, "+4940808077555", clock, trunks=("sip-a", "sip-b")
        )
        book = Book(store, ledger, clock, recordings.incoming)
        alert = book.raises()
        book.calls_in_vain(XYZ, alert, UNALLOCATED)
        once = book.delivery(alert, XYZ)
        assert (once.number, once.avoid_trunk, number(book, OFFICE).unallocated_at) == (OFFICE, "sip-a", None)

        trunks = [TrunkView("sip-a", 1), TrunkView("sip-b", 1)]
        (start,) = plan(View(trunks, [once], [], 3600), clock.now).start
        assert start.trunk == "sip-b"
        book.calls_in_vain(XYZ, alert, UNALLOCATED)
        twice = book.delivery(alert, XYZ)
        assert (twice.number, twice.avoid_trunk) == (MOBILE, None)
        assert number(book, OFFICE).unallocated_at == NOON


def test_kinds_are_called_in_the_order_the_team_wishes(book: Book) -> None:
    team(book, (OFFICE, CallingHours.ALWAYS), order=["mobile"])
    with book.store.write() as tx:
        tx.put(Number(XYZ, 1, MOBILE, kind=NumberKind.MOBILE))
    alert = book.raises()

    assert book.delivery(alert, XYZ).number == MOBILE
