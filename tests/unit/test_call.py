"""The life of one telephone call: its table, what is illegal, and news that comes late or twice."""

from itertools import product
from typing import get_args

import pytest
from book import NOON

from ivr.domain import call as calls
from ivr.domain.call import CallFact, decide
from ivr.domain.effects import Note, TellLegs
from ivr.domain.facts import (
    CallAnswered,
    CallCancelled,
    CallEnded,
    CallPassed,
    CallRang,
    Illegal,
    KeyPressed,
    ListenRefused,
    MessageLeft,
    TeamIdentified,
)
from ivr.domain.records import Call, CallState, Direction

PLACED, ANSWERED, ENDED = CallState.PLACED, CallState.ANSWERED, CallState.ENDED
LATER = NOON + 7

OUT = Call("c", Direction.OUT, PLACED, "xyz-cert", "+4940808077555", "sip-a", NOON)
IN = Call("c", Direction.IN, ANSWERED, None, None, "sip-a", NOON, NOON)


def call(state: CallState) -> Call:
    after = OUT
    if state is not PLACED:
        after, _ = decide(after, CallAnswered("c"), NOON + 3)
    if state is ENDED:
        after, _ = decide(after, CallEnded("c", 16), NOON + 5)
    return after


MOVES: list[tuple[CallState, CallFact, CallState]] = [
    (PLACED, CallRang("c"), PLACED),
    (ANSWERED, CallRang("c"), ANSWERED),
    (ENDED, CallRang("c"), ENDED),
    (PLACED, CallAnswered("c"), ANSWERED),
    (PLACED, KeyPressed("c"), ANSWERED),
    (PLACED, CallCancelled("c"), PLACED),
    (PLACED, CallEnded("c", 17), ENDED),
    (PLACED, MessageLeft("c"), PLACED),
    (PLACED, CallPassed("c"), PLACED),
    (PLACED, ListenRefused("c"), PLACED),
    (ANSWERED, ListenRefused("c"), ANSWERED),
    (ENDED, ListenRefused("c"), ENDED),
    (ANSWERED, CallAnswered("c"), ANSWERED),
    (ANSWERED, KeyPressed("c"), ANSWERED),
    (ANSWERED, CallCancelled("c"), ANSWERED),
    (ANSWERED, CallEnded("c", 16), ENDED),
    (ANSWERED, TeamIdentified("c", "xyz-cert"), ANSWERED),
    (ANSWERED, MessageLeft("c"), ANSWERED),
    (ANSWERED, CallPassed("c"), ANSWERED),
    (ENDED, CallPassed("c"), ENDED),
    (ENDED, CallAnswered("c"), ENDED),
    (ENDED, KeyPressed("c"), ENDED),
    (ENDED, CallCancelled("c"), ENDED),
    (ENDED, CallEnded("c", 16), ENDED),
    (ENDED, TeamIdentified("c", "xyz-cert"), ENDED),
    (ENDED, MessageLeft("c"), ENDED),
]

ILLEGAL: list[tuple[CallState, CallFact]] = [(PLACED, TeamIdentified("c", "xyz-cert"))]


@pytest.mark.parametrize(("state", "fact", "expected"), MOVES)
def test_moves(state: CallState, fact: CallFact, expected: CallState) -> None:
    after, _ = decide(call(state), fact, LATER)

    assert after.state is expected


@pytest.mark.parametrize(("state", "fact"), ILLEGAL)
def test_refuses(state: CallState, fact: CallFact) -> None:
    with pytest.raises(Illegal, match=f"call c is {state}: {type(fact).__name__}"):
        decide(call(state), fact, LATER)


def test_every_pair_of_state_and_fact_is_named_above() -> None:
    illegal = {(state, type(fact)) for state, fact in ILLEGAL}

    assert set(product(CallState, get_args(CallFact))) - set(calls.TABLE) == illegal
    assert {(state, type(fact)) for state, fact, _ in MOVES} == set(calls.TABLE)


def test_an_end_is_kept_with_its_cause_and_the_deliveries_hear_of_it() -> None:
    after, effects = decide(call(ANSWERED), CallEnded("c", 16), LATER)

    assert (after.ended_at, after.cause) == (LATER, 16)
    assert TellLegs() in effects


@pytest.mark.parametrize("state", CallState)
def test_who_presses_a_key_is_a_person_whenever_the_news_of_it_comes(state: CallState) -> None:
    after, _ = decide(call(state), KeyPressed("c"), LATER)

    assert after.person
    assert after.answered_at == (LATER if state is PLACED else NOON + 3)


def test_the_journal_shows_no_whole_number() -> None:
    _, effects = decide(call(PLACED), CallEnded("c", 17), LATER)

    assert "+4940808077555" not in repr(effects)
    assert "+4940…555, cause 17" in repr(effects)


def test_the_end_of_a_call_that_came_in_means_nothing_for_a_delivery() -> None:
    _, effects = decide(IN, CallEnded("c", 16), LATER)

    assert TellLegs() not in effects


def test_a_hangup_reported_twice_changes_nothing() -> None:
    once, _ = decide(call(PLACED), CallEnded("c", 17), LATER)

    assert decide(once, CallEnded("c", 17), LATER + 1) == (once, ())
    assert decide(once, CallEnded("c", None), LATER + 1) == (once, ())


def test_a_cause_that_comes_after_the_call_was_given_up_is_still_learned() -> None:
    lost, _ = decide(call(PLACED), CallEnded("c", None), LATER)
    found, effects = decide(lost, CallEnded("c", 17), LATER + 1)

    assert (found.cause, found.ended_at) == (17, LATER)
    assert effects == (TellLegs(),)


def test_an_answer_that_the_hangup_overtook_still_counts_as_an_answer() -> None:
    ended, _ = decide(call(PLACED), CallEnded("c", 16), LATER)
    answered, effects = decide(ended, CallAnswered("c"), LATER + 1)

    assert (answered.state, answered.answered_at) == (ENDED, LATER)
    assert effects == (TellLegs(),)
    assert decide(answered, CallAnswered("c"), LATER + 2) == (answered, ())


def test_a_message_that_is_said_twice_is_left_once() -> None:
    left, effects = decide(call(ANSWERED), MessageLeft("c"), LATER)

    assert left.message_left
    assert effects == (Note("message left", "+4940…555"),)
    assert decide(left, MessageLeft("c"), LATER + 9) == (left, ())


def test_a_call_is_cancelled_only_while_it_rings() -> None:
    ringing, _ = decide(call(PLACED), CallCancelled("c"), LATER)
    talking, _ = decide(call(ANSWERED), CallCancelled("c"), LATER)

    assert ringing.cancelled
    assert not talking.cancelled


def test_a_caller_who_proved_who_they_are_belongs_to_the_team() -> None:
    after, _ = decide(IN, TeamIdentified("c", "xyz-cert"), LATER)

    assert after.team == "xyz-cert"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (CallAnswered("c"), CallEnded("c", 16)),
        (CallEnded("c", 17), CallEnded("c", None)),
        (CallAnswered("c"), CallAnswered("c")),
        (MessageLeft("c"), CallEnded("c", 16)),
    ],
)
def test_facts_that_cross_tell_the_same_story(one: CallFact, other: CallFact) -> None:
    def story(*facts: CallFact) -> tuple[object, ...]:
        now = OUT
        for fact in facts:
            now, _ = decide(now, fact, LATER)
        return now.state, now.answered_at is not None, now.cause, now.cancelled, now.message_left

    assert story(one, other) == story(other, one)


def test_a_cause_that_nobody_knows_stands_out_in_the_journal() -> None:
    for cause, stands_out in ((17, False), (99, True), (None, False)):
        _, effects = decide(call(PLACED), CallEnded("c", cause), LATER)
        assert ("not in the table" in repr(effects)) is stands_out
