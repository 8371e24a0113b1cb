"""The health of a trunk: when it is left, when it is tried, when it is back, and who hears of it."""

from dataclasses import replace
from itertools import product
from typing import get_args

import pytest
from book import NOON
from hypothesis import given
from hypothesis import strategies as st

from ivr.domain import notices
from ivr.domain.effects import Note
from ivr.domain.facts import TrunkReported
from ivr.domain.lines import TrunkView
from ivr.domain.records import Call, CallState, Direction, Reached, TrunkHealth, TrunkState
from ivr.domain.trunk import (
    TABLE,
    CallsFailing,
    CallThrough,
    ProbeFailed,
    TrunkFact,
    as_it_is,
    decide,
    failing,
    got_through,
    probed_in_vain,
    shown_now,
)

UP, DOWN, SUSPECT = TrunkHealth.UP, TrunkHealth.DOWN, TrunkHealth.SUSPECT
LOST = TrunkReported("sip-a", 0, "OPTIONS not answered")
BACK = TrunkReported("sip-a", 30, "OPTIONS answered")


def trunk(health: TrunkHealth) -> TrunkState:
    left = {UP: None, DOWN: LOST, SUSPECT: CallsFailing()}[health]
    return TrunkState("sip-a") if left is None else decide(TrunkState("sip-a"), left, NOON)[0]


MOVES: list[tuple[TrunkHealth, TrunkFact, TrunkHealth]] = [
    (UP, LOST, DOWN),
    (UP, BACK, UP),
    (UP, CallsFailing(), SUSPECT),
    (UP, CallThrough(), UP),
    (UP, ProbeFailed(), UP),
    (DOWN, LOST, DOWN),
    (DOWN, BACK, UP),
    (DOWN, CallsFailing(), DOWN),
    (DOWN, CallThrough(), UP),
    (DOWN, ProbeFailed(), DOWN),
    (SUSPECT, LOST, DOWN),
    (SUSPECT, BACK, SUSPECT),
    (SUSPECT, CallsFailing(), SUSPECT),
    (SUSPECT, CallThrough(), UP),
    (SUSPECT, ProbeFailed(), SUSPECT),
]


@pytest.mark.parametrize(("health", "fact", "expected"), MOVES)
def test_moves(health: TrunkHealth, fact: TrunkFact, expected: TrunkHealth) -> None:
    after, notes = decide(trunk(health), fact, NOON + 9)

    assert after.health is expected
    assert (after.since == NOON + 9) == (expected is not health)
    assert bool(notes) == (expected is not health)


def test_every_pair_of_state_and_fact_is_named_above_and_none_is_illegal() -> None:
    assert {(health, type(fact)) for health, fact, _ in MOVES} == set(TABLE)
    assert set(TABLE) == set(product(TrunkHealth, get_args(TrunkFact)))


@pytest.mark.parametrize("fact", [LOST, BACK, TrunkReported("sip-a", 7, "two of three spans up")])
@pytest.mark.parametrize("health", TrunkHealth)
def test_a_report_told_twice_is_told_once(health: TrunkHealth, fact: TrunkReported) -> None:
    once, _ = decide(trunk(health), fact, NOON + 1)

    assert decide(once, fact, NOON + 2) == (once, ())


def test_the_pauses_before_a_probe_grow_to_a_minute_and_begin_anew_once_it_is_back() -> None:
    left, now, pauses = trunk(SUSPECT), NOON, []
    for _ in range(6):
        pauses.append(left.probe_at - now)
        now = left.probe_at + 4
        left, _ = decide(left, ProbeFailed(), now)
    assert pauses == [5, 10, 20, 40, 60, 60]

    back, _ = decide(left, CallThrough(), now)
    again, _ = decide(back, CallsFailing(), now + 100)
    assert again.probe_at == now + 105


def test_a_trunk_that_fails_and_then_is_down_is_not_tried_more_often_for_that() -> None:
    failing, _ = decide(trunk(SUSPECT), ProbeFailed(), NOON + 5)
    down, _ = decide(failing, LOST, NOON + 6)

    assert (down.health, down.pause_s, down.probe_at) == (DOWN, failing.pause_s, failing.probe_at)


def test_what_asterisk_says_does_not_clear_a_trunk_that_fails_but_has_it_tried_at_once() -> None:
    suspect, _ = decide(trunk(SUSPECT), ProbeFailed(), NOON + 9)
    after, _ = decide(suspect, BACK, NOON + 10)

    assert (after.health, after.probe_at) == (SUSPECT, NOON + 10)


def test_a_call_that_gets_through_disproves_that_it_has_no_line() -> None:
    after, notes = decide(trunk(DOWN), CallThrough(), NOON + 9)

    assert (after.lines, after.why) == (None, "a call got through")
    assert notes == (Note("trunk up", "sip-a: a call got through"),)


def test_fewer_lines_are_noted_and_used() -> None:
    fewer, notes = decide(trunk(UP), TrunkReported("sip-a", 30, "two spans up"), NOON)
    assert notes == ()
    fewer, notes = decide(fewer, TrunkReported("sip-a", 2, "span 2 down"), NOON)

    assert notes == (Note("trunk lines", "sip-a: 2, span 2 down"),)
    configured = TrunkView("sip-a", 30, reserve=4)
    assert as_it_is(configured, fewer, NOON) == replace(configured, lines=2, reserve=1)


def test_as_it_is() -> None:
    configured = TrunkView("sip-a", 30, reserve=4)

    assert as_it_is(configured, None, NOON) == configured
    assert as_it_is(configured, TrunkState("sip-a"), NOON) == configured
    assert as_it_is(configured, TrunkState("sip-a", lines=60), NOON) == configured
    for health in (DOWN, SUSPECT):
        left = as_it_is(configured, trunk(health), NOON + 1)
        assert left == replace(configured, up=False, probe_at=NOON + 5)


def test_a_probe_that_was_planned_before_the_clock_was_set_back_is_due() -> None:
    assert as_it_is(TrunkView("sip-a", 1), trunk(DOWN), NOON - 3600).probe_at == NOON - 3600


# -- what calls show -----------------------------------------------------------------------------------------

RINGS = Call("c", Direction.OUT, CallState.PLACED, "xyz", "+4940100001", "sip-a", NOON)


def ended(cause: int | None, reached: Reached | None = None, **more: object) -> Call:
    over = replace(RINGS, state=CallState.ENDED, ended_at=NOON + 4, cause=cause, reached=reached)
    return replace(over, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("cause", [0, 3, 18, 27, 34, 38, 41, 42, 44, 47, 102])
def test_a_call_that_ends_so_before_it_rings_speaks_against_its_trunk(cause: int) -> None:
    assert got_through(ended(cause)) is False
    assert got_through(ended(cause, Reached.NOWHERE)) is False
    assert got_through(ended(cause, Reached.RANG)) is True
    assert got_through(ended(cause, answered_at=NOON + 1)) is True


@pytest.mark.parametrize("cause", [1, 17, 20, 21, 22, 28])
def test_an_answer_of_the_far_end_speaks_for_its_trunk(cause: int) -> None:
    assert got_through(ended(cause)) is True


@pytest.mark.parametrize(
    "call",
    [
        RINGS,
        ended(None),
        ended(16),  # our own time-out: whether it reached anything is not known
        ended(19),
        ended(34, cancelled=True),
    ],
)
def test_what_shows_nothing(call: Call) -> None:
    assert got_through(call) is None


def test_only_news_counts() -> None:
    """That a call once rang says nothing of a trunk that has failed since."""
    rang = replace(RINGS, reached=Reached.RANG)

    assert shown_now(RINGS, rang) is True
    assert shown_now(rang, ended(16, Reached.RANG)) is None
    assert shown_now(RINGS, ended(16, Reached.RANG)) is None
    assert shown_now(RINGS, ended(16, Reached.RANG, probe=True)) is True
    assert shown_now(RINGS, ended(17)) is True
    assert shown_now(RINGS, ended(34)) is False


def test_a_probe_is_in_vain_if_it_reached_nobody_and_was_not_given_up_by_us() -> None:
    assert probed_in_vain(ended(34, probe=True))
    assert probed_in_vain(ended(19, probe=True))
    assert probed_in_vain(ended(None, probe=True))
    assert not probed_in_vain(ended(34))
    assert not probed_in_vain(ended(17, probe=True))
    assert not probed_in_vain(ended(34, probe=True, cancelled=True))
    assert not probed_in_vain(replace(RINGS, probe=True))


def row(*causes: int, first: int = 1, same_number: bool = False) -> list[Call]:
    return [
        ended(cause, id=f"c{n}", started_at=NOON + n, number=f"+494010000{1 if same_number else n}")
        for n, cause in enumerate(causes, first)
    ]


def test_a_row_of_three_numbers_in_any_order_of_telling() -> None:
    assert failing(row(34, 34, 18))
    assert failing(reversed(row(17, 34, 34, 18)))
    assert not failing(row(34, 34))
    assert not failing(row(34, 34, 34, 34, same_number=True))
    assert not failing(row(34, 17, 34, 34))
    assert failing([*row(34, 34, 34), *row(16, first=4)])  # which shows nothing
    assert not failing([*row(34, 34, 34), replace(RINGS, started_at=NOON + 9, reached=Reached.RANG)])


# -- who hears of it -----------------------------------------------------------------------------------------


def test_operators_hear_of_each_change_but_not_without_end() -> None:
    told, texts, state = 0, [], TrunkState("sip-a")
    for n in range(20):
        state, _ = decide(state, (LOST, BACK)[n % 2], NOON + n)
        state, text = notices.trunk(state, ["sip-b"], NOON + n)
        texts += [text] if text else []
        told += text is not None
    assert texts == [
        "Trunk sip-a is DOWN: OPTIONS not answered. Calls go over sip-b.",
        "Trunk sip-a is up again: OPTIONS answered.",
        "Trunk sip-a is DOWN: OPTIONS not answered. Calls go over sip-b.",
        "Trunk sip-a is up again: OPTIONS answered. It comes and goes: no more SMS about it for an hour.",
    ]
    state, _ = decide(state, LOST, NOON + 3600)
    assert notices.trunk(state, ["sip-b"], NOON + 3600)[1] == texts[0]


def test_that_none_is_left_is_told_loudly_and_longer() -> None:
    worn = replace(trunk(DOWN), told_at=NOON, told=notices.TRUNK_NOTICES)
    after, text = notices.trunk(worn, [], NOON + 9)

    assert text is not None
    assert "NO TRUNK IS LEFT" in text
    assert after.told == notices.TRUNK_NOTICES + 1
    assert notices.trunk(replace(worn, told=99), [], NOON + 9)[1] is None


facts = st.lists(
    st.tuples(st.sampled_from([fact for _, fact, _ in MOVES]), st.floats(0, 30)), min_size=1, max_size=40
)


@given(facts)
def test_a_trunk_that_is_not_up_is_never_left_for_more_than_a_minute(
    told: list[tuple[TrunkFact, float]],
) -> None:
    state, now = TrunkState("sip-a"), NOON
    for fact, later in told:
        now += later
        state, _ = decide(state, fact, now)
        assert state.health is UP or state.probe_at <= now + 60
        assert as_it_is(TrunkView("sip-a", 4), state, now).up is (state.health is UP)
