"""The life of an errand: its table, what is illegal, and its place among the calls about alerts."""

from dataclasses import replace
from itertools import product
from typing import get_args

import pytest
from book import NOON

from ivr.domain import errand as errands
from ivr.domain.errand import ErrandCallEnded, ErrandFact, StartErrand, decide
from ivr.domain.facts import ErrandDone, ErrandDropped, ErrandExpired, ErrandPlaced, ErrandWanted, Illegal
from ivr.domain.lines import TrunkView
from ivr.domain.records import (
    Call,
    CallState,
    Delivery,
    Direction,
    Disposition,
    Errand,
    ErrandKind,
    ErrandState,
)
from ivr.domain.schedule import Plan, View, plan

WAITING, CALLING, DONE, FAILED = ErrandState
NUMBER = "+4940808077501"
UNANSWERED = ErrandCallEnded("c", Disposition.NO_ANSWER)
JAM = ErrandCallEnded("c", Disposition.CONGESTION)


def errand(
    state: ErrandState = WAITING, kind: ErrandKind = ErrandKind.CALLBACK, number: str = NUMBER, id: int = 1
) -> Errand:
    fresh = errands.wanted(ErrandWanted(kind, number, "xyz-cert"), NOON)
    return replace(fresh, id=id, due_at=NOON, state=state, call=None if state is WAITING else "c")


MOVES: list[tuple[ErrandState, ErrandFact, ErrandState]] = [
    (WAITING, ErrandPlaced(1, "c", "sip-a"), CALLING),
    (WAITING, ErrandDone(1), DONE),
    (WAITING, ErrandDropped(1), FAILED),
    (WAITING, ErrandExpired(1), FAILED),
    (WAITING, UNANSWERED, WAITING),
    (CALLING, ErrandDone(1), DONE),
    (CALLING, ErrandDropped(1), FAILED),
    (CALLING, ErrandExpired(1), CALLING),
    (CALLING, UNANSWERED, FAILED),
    (CALLING, JAM, WAITING),
    (CALLING, ErrandCallEnded("another", Disposition.NO_ANSWER), CALLING),
    (DONE, ErrandDone(1), DONE),
    (DONE, ErrandDropped(1), DONE),
    (DONE, ErrandExpired(1), DONE),
    (DONE, UNANSWERED, DONE),
    (FAILED, ErrandDone(1), DONE),
    (FAILED, ErrandDropped(1), FAILED),
    (FAILED, ErrandExpired(1), FAILED),
    (FAILED, UNANSWERED, FAILED),
]
ILLEGAL = [(state, ErrandPlaced) for state in (CALLING, DONE, FAILED)]


@pytest.mark.parametrize(("before", "fact", "after"), MOVES)
def test_move(before: ErrandState, fact: ErrandFact, after: ErrandState) -> None:
    assert decide(errand(before), fact, NOON + 1)[0].state is after


def test_every_pair_is_a_move_or_illegal() -> None:
    pairs = set(product(ErrandState, get_args(ErrandFact)))
    assert {(before, type(fact)) for before, fact, _ in MOVES} | set(ILLEGAL) == pairs
    for state, kind in ILLEGAL:
        with pytest.raises(Illegal):
            decide(errand(state), kind(1, "c", "sip-a"), NOON)


@pytest.mark.parametrize(("how", "soonest_s"), [(Disposition.CONGESTION, 1), (Disposition.BUSY, 5)])
def test_a_jam_and_a_busy_phone_are_tried_again_while_it_is_of_use(
    how: Disposition, soonest_s: float
) -> None:
    again, _ = decide(errand(CALLING), ErrandCallEnded("c", how), NOON + 10)
    assert again.state is WAITING
    assert NOON + 10 + soonest_s < again.due_at <= NOON + 20
    too_late, _ = decide(errand(CALLING), ErrandCallEnded("c", how), errand().until - 1)
    assert (too_late.state, too_late.reason) == (FAILED, how)


def test_a_phone_that_nobody_takes_is_not_rung_twice() -> None:
    unanswered, _ = decide(errand(CALLING), UNANSWERED, NOON + 10)
    assert (unanswered.state, unanswered.reason) == (FAILED, "no-answer")


def test_a_busy_phone_is_rung_again_for_a_call_back_alone() -> None:
    busy, _ = decide(errand(CALLING, ErrandKind.OPERATOR), ErrandCallEnded("c", Disposition.BUSY), NOON + 10)
    assert (busy.state, busy.reason) == (FAILED, "busy")


def test_who_is_called_back_has_the_time_to_hang_up_and_is_called_within_a_minute() -> None:
    fresh = errands.wanted(ErrandWanted(ErrandKind.CALLBACK, NUMBER, "xyz-cert"), NOON)
    assert NOON + 8 < fresh.due_at <= NOON + 20
    assert errands.wanted(ErrandWanted(ErrandKind.OPERATOR, NUMBER), NOON).due_at == NOON


# -- among the other calls -----------------------------------------------------------------------------------


def delivery(team: str) -> Delivery:
    return Delivery(17, team, team.upper(), number=f"+4940-{team}", due_at=NOON, since=NOON - 600)


def ringing(number: str, errand: int | None = None, team: str | None = "xyz-cert") -> Call:
    return Call(
        f"to-{number}", Direction.OUT, CallState.PLACED, team, number, "sip-a", NOON - 5, errand=errand
    )


def planned(*what: Errand | Delivery | Call, lines: int = 4, now: float = NOON) -> Plan:
    return plan(
        View(
            [TrunkView("sip-a", lines)],
            [w for w in what if isinstance(w, Delivery)],
            [w for w in what if isinstance(w, Call)],
            3600.0,
            errands=[w for w in what if isinstance(w, Errand)],
        ),
        now,
    )


def test_a_call_back_gets_the_last_line_and_a_test_gives_way_to_an_alert() -> None:
    back, test = errand(), errand(kind=ErrandKind.TEST, number="+4940808077502", id=2)
    decided = planned(test, delivery("abc-cert"), back, lines=1)
    assert (decided.errands, decided.start) == ((StartErrand(1, NUMBER, "sip-a"),), ())
    decided = planned(test, delivery("abc-cert"), lines=1)
    assert (decided.errands, len(decided.start)) == ((), 1)
    decided = planned(test, delivery("abc-cert"), lines=2)
    assert (len(decided.errands), len(decided.start)) == (1, 1)


def test_no_line_no_call_and_who_waits_for_one_is_looked_at_again_when_it_lapses() -> None:
    decided = planned(errand(), ringing("+4940808077509"), lines=1)
    assert decided.errands == ()
    assert decided.again_at == errand().until
    assert planned(errand(), now=errand().until).lapse == (1,)
    assert planned(errand(), now=errand().until).errands == ()


def test_a_phone_that_rings_already_is_not_rung_for_an_errand() -> None:
    assert planned(errand(), ringing(NUMBER)).errands == ()
    assert planned(errand(), replace(errand(), id=2)).errands == (StartErrand(1, NUMBER, "sip-a"),)


def test_a_phone_rings_on_while_its_errand_is_open_and_no_longer() -> None:
    call = ringing(NUMBER, errand=1)
    assert planned(replace(errand(CALLING), call=call.id), call).cancel == ()
    assert planned(call).cancel == (call.id,)


def test_an_alert_does_not_wait_for_a_phone_of_its_team_that_only_rings_for_an_errand() -> None:
    call = ringing(NUMBER, errand=1)
    assert [s.team for s in planned(errand(CALLING), call, delivery("xyz-cert")).start] == ["xyz-cert"]
    answered = replace(call, state=CallState.ANSWERED, answered_at=NOON - 1)
    assert planned(errand(CALLING), answered, delivery("xyz-cert")).start == ()
