"""What the failure budgets come to: the odds of a guesser in a year, by the policy and all PINs there are."""

from dataclasses import replace

import pytest
from book import NOON
from hypothesis import given
from hypothesis import strategies as st

from ivr.domain.budget import YEAR_S, Attempt, Guessing, Login, Pace, Spent, decide, rings
from ivr.domain.pin import PIN_SHORTEST, is_weak

POLICY = Guessing()
FRESH = Spent(0.0, 0.0)
WRONG, RIGHT = Attempt(False), Attempt(True)


@pytest.fixture(scope="module")
def pins() -> int:
    """How many PINs of the shortest length may be issued; longer ones are harder to guess."""
    return sum(not is_weak(f"{n:0{PIN_SHORTEST}}") for n in range(10**PIN_SHORTEST))


def guesses_that_could_win(spent: Spent, of_uid: bool, policy: Guessing = POLICY) -> int:
    """In a year, of somebody who never rests: one attempt a minute is far more than is ever allowed. A guess
    that is HELD wins nothing: right, it rings a phone of the account's team, where no guesser is."""
    now, won = NOON, 0
    while now < NOON + YEAR_S:
        decided = decide(spent, WRONG, policy, now)
        if decided.login is Login.WRONG:
            won += 1
            spent = decided.spent if of_uid else replace(decided.spent, uid=0.0)  # another UID each time
            now += 60
        else:
            until = min(policy.uid.every_s, policy.network.every_s) / 12
            now += until
    return won


def test_the_odds_of_guessing_one_account_in_a_year(pins: int) -> None:
    guesses = guesses_that_could_win(FRESH, of_uid=True)
    assert guesses <= POLICY.uid.a_year()
    assert POLICY.uid.a_year() / pins <= 1 / 1000


def test_the_odds_of_guessing_any_account_in_a_year_its_uids_being_known(pins: int) -> None:
    guesses = guesses_that_could_win(FRESH, of_uid=False)
    assert POLICY.uid.a_year() < guesses <= POLICY.network.a_year()
    assert POLICY.network.a_year() / pins <= 1 / 1000


def test_no_two_of_a_guesser_s_own_log_ins_give_back_what_guesses_at_another_have_spent() -> None:
    """An insider guesses at another's UID, then logs in with their own: mistakes count by UID, so that there
    are none to forgive."""
    guessed = decide(FRESH, WRONG, POLICY, NOON).spent
    own = decide(replace(guessed, uid=0.0), RIGHT, POLICY, NOON).spent
    assert own.network == guessed.network


def test_a_mistake_before_the_right_pin_costs_nothing() -> None:
    once = decide(FRESH, WRONG, POLICY, NOON).spent
    after = decide(once, replace(RIGHT, mistakes=1), POLICY, NOON + 9).spent
    assert POLICY.uid.left(after.uid, NOON + 9) == POLICY.uid.burst
    assert POLICY.network.left(after.network, NOON + 9) == POLICY.network.burst


def test_either_budget_holds_everybody_and_only_the_right_pin_is_called_back() -> None:
    for spent in (Spent(NOON * 2, 0.0), Spent(0.0, NOON * 2)):
        right, wrong = (decide(spent, attempt, POLICY, NOON) for attempt in (RIGHT, WRONG))
        assert (right.login, wrong.login) == (Login.HELD, Login.HELD)
        assert (right.call_back, wrong.call_back) == (True, False)
        assert right.spent == wrong.spent == spent


def test_call_backs_are_counted_within_the_hour() -> None:
    def call_back(*before: float) -> bool:
        spent = Spent(NOON * 2, 0.0, [NOON - b for b in before])
        return decide(spent, RIGHT, POLICY, NOON).call_back

    assert call_back(60)
    assert not call_back(60, 3599)
    assert call_back(60, 3600)


def test_who_spends_the_last_of_it_is_seen_once() -> None:
    spent, ran_out = FRESH, []
    for n in range(POLICY.uid.burst + 2):
        decided = decide(spent, WRONG, POLICY, NOON + n)
        spent, ran_out = decided.spent, [*ran_out, decided.ran_out]
    assert ran_out == [*[False] * (POLICY.uid.burst - 1), True, False, False]


def test_a_clock_that_was_set_back_does_not_spend_it_for_longer_than_the_whole_of_it() -> None:
    pace = Pace(5, 100.0)
    spent = pace.charged(NOON + 10**6, NOON)
    assert pace.left(spent, NOON + 500) == 5


@given(st.lists(st.floats(0, 3000), max_size=60), st.integers(1, 6))
def test_no_stretch_of_time_has_more_failures_than_its_burst_and_its_pace(
    pauses: list[float], burst: int
) -> None:
    pace, now, spent, charged = Pace(burst, 1000.0), NOON, 0.0, []
    for pause in pauses:
        now += pause
        if pace.left(spent, now):
            spent = pace.charged(spent, now)
            charged.append(now)
    for n, begin in enumerate(charged):
        for m, end in enumerate(charged[n:], 1):
            assert m <= burst + (end - begin) / 1000.0 + 1e-6


def test_calls_back_go_round_the_numbers() -> None:
    assert [rings(["a", "b"], n) for n in range(3)] == ["a", "b", "a"]
    assert rings([], 0) is None
