"""What an SMS to us is taken for, and how many answers there are."""

from dataclasses import replace

import pytest
from book import NOON
from hypothesis import given
from hypothesis import strategies as st

from ivr.domain import gsm
from ivr.domain.answers import (
    Said,
    Wish,
    heard_on_it,
    helpful,
    may_answer,
    meant,
    own_standing,
    sender,
    standing,
    stopped,
    stranger,
    understood,
)
from ivr.domain.records import Alert, AlertState, Delivery, DeliveryState, Source

HOTLINE = "+4940808077555"
ALERT = Alert(
    17, AlertState.RELEASED, "abc", "ABC", None, Source.HOTLINE, "17.wav", NOON, 9.0, "00", released_at=NOON
)
OPEN = Delivery(17, "xyz", "XYZ")
HELD = replace(OPEN, state=DeliveryState.RESPONDING, held_until=NOON + 600)
DONE = replace(OPEN, state=DeliveryState.ACKNOWLEDGED, acknowledged_at=NOON + 60)
LOST = replace(OPEN, state=DeliveryState.EXHAUSTED)


@pytest.mark.parametrize(
    "text",
    [
        "ON IT 17",
        "on it 17",
        "On  It\n17",
        "ONIT 17",
        "ONIT17",
        "on it #17",
        "We're on it #17!",
        "We\u2019re on it, alert 17.",
        "I am on it (17)",
        "17 on it",
        "#17: we are on it",
        "alert no. 17: on it",
        "alert 17 - team is on it, back in 20 min",
        "on it for the alert 17, ETA 20 minutes",
        "\uff2f\uff2e \uff29\uff34 \uff11\uff17",  # as a Japanese keyboard writes it
        "urgent alert 17, CERT on it",
    ],
)
def test_on_it_is_understood_however_it_is_written(text: str) -> None:
    assert understood(text) == Said(Wish.ON_IT, 17)


@pytest.mark.parametrize("text", ["on it", "OnIt", "We're on it, call me at +491710000455", "on it!"])
def test_on_it_without_a_number(text: str) -> None:
    assert understood(text) == Said(Wish.ON_IT)


@pytest.mark.parametrize(
    "text",
    [
        "not on it 17",
        "We are not on it",
        "nobody is on it 17",
        "no one is on it",
        "who is on it?",
        "Who's on it",
        "Are you on it?",
        "is anybody on it",
        "can't be on it 17",
        "on item 17",
        "carbonit 17",
        "17",
        "",
        "OK",
        "yes 17",
        "acknowledge 17",
    ],
)
def test_a_denial_a_question_and_anything_else_keep_no_phone_from_ringing(text: str) -> None:
    assert understood(text) == Said(Wish.UNCLEAR)


@pytest.mark.parametrize("text", ["STATUS 17", "status17", "Status #17?", "what is the status of alert 17"])
def test_status_is_understood(text: str) -> None:
    assert understood(text) == Said(Wish.STATUS, 17)


@pytest.mark.parametrize("text", ["STOP", "stop!", "Stop.", "please stop", "STOP STATUS"])
def test_stop_is_understood(text: str) -> None:
    assert understood(text).wish is Wish.STOP


def test_stop_is_what_is_said_first_and_no_word_in_a_sentence() -> None:
    assert understood("do not stop calling").wish is Wish.UNCLEAR
    assert understood("stopover").wish is Wish.UNCLEAR


@given(st.text(max_size=300))
def test_any_text_is_taken_for_something_and_its_number_fits_the_store(text: str) -> None:
    number = understood(text).alert
    assert number is None or 0 <= number < 2**31


def test_the_longest_sms_is_read_in_no_time_that_matters() -> None:
    for text in ("on it " + "alert " * 8000, "a" * 40_000, "on " * 13_000, "1" * 40_000, "\ud800" * 9):
        understood(text)


def test_of_what_is_longer_than_any_sms_the_beginning_is_read_up_to_a_whole_word() -> None:
    assert understood("on it 17" + " x" * 40_000) == Said(Wish.ON_IT, 17)
    assert understood("x " * 2000 + "on it 17") == Said(Wish.UNCLEAR)
    for before in range(1570, 1600):  # the number is read whole or not at all
        assert understood("y" * before + " on it 17 " + "z" * 99) in (
            *(Said(Wish.ON_IT, 17), Said(Wish.ON_IT), Said(Wish.UNCLEAR)),
        )


@pytest.mark.parametrize("address", ["+4917100004", "4917100004", "004917100004", " 4917100004 "])
def test_a_sender_is_a_number(address: str) -> None:
    assert sender(address) == "+4917100004"


@pytest.mark.parametrize("address", ["", "TOCSIN", "1234", "+112", "017100004", "++49171000044"])
def test_what_is_no_number_of_a_person_is_nobody(address: str) -> None:
    assert sender(address) is None


def test_the_alert_is_the_one_that_was_named_else_the_only_one() -> None:
    assert meant(Said(Wish.ON_IT, 17), [18]) == 17
    assert meant(Said(Wish.ON_IT), [18]) == 18
    assert meant(Said(Wish.ON_IT), [17, 18]) is None
    assert meant(Said(Wish.ON_IT), []) is None


class TestHowManyAnswers:
    def test_three_an_hour_to_one_who_is_not_understood(self) -> None:
        assert may_answer(Wish.UNCLEAR, True, 2, 0)
        assert not may_answer(Wish.UNCLEAR, True, 3, 0)
        assert not may_answer(Wish.STOP, True, 3, 0)

    def test_more_to_one_of_us_who_is(self) -> None:
        assert may_answer(Wish.STATUS, True, 19, 99)
        assert not may_answer(Wish.ON_IT, True, 20, 0)

    @pytest.mark.parametrize("wish", Wish)
    def test_to_strangers_few_and_few_to_all_of_them(self, wish: Wish) -> None:
        assert may_answer(wish, False, 2, 19)
        assert not may_answer(wish, False, 3, 3)
        assert not may_answer(wish, False, 0, 20)


class TestWords:
    def test_on_it_is_no_acknowledgement_and_says_what_is_one(self) -> None:
        listen = f"This is no acknowledgement. Call {HOTLINE}, listen, and press 1 to acknowledge."

        assert heard_on_it(ALERT, HELD, HOTLINE, NOON) == (
            f"Alert 17: noted, your calls pause until 14:13 UTC. {listen}"
        )
        assert heard_on_it(ALERT, LOST, HOTLINE, NOON) == f"Alert 17: noted. {listen}"
        for goes_on in (OPEN, replace(HELD, held_until=NOON)):
            assert heard_on_it(ALERT, goes_on, HOTLINE, NOON) == (
                f"Alert 17: noted before, so your calls go on. {listen}"
            )

    def test_whoever_has_acknowledged_is_told_so(self) -> None:
        assert heard_on_it(ALERT, DONE, HOTLINE, NOON) == "Alert 17: XYZ has acknowledged already. Thank you."

    def test_the_originator_hears_of_all_and_a_team_of_itself(self) -> None:
        assert standing(ALERT, [DONE, OPEN, replace(LOST, team_name="QRS")]) == (
            "Alert 17: 1 of 3 acknowledged; not reached: QRS; still open: XYZ."
        )
        assert own_standing(ALERT, OPEN, HOTLINE, NOON) == (
            f"Alert 17: XYZ has not acknowledged. Calls go on. Call {HOTLINE}, listen, and press 1."
        )
        assert own_standing(ALERT, DONE, HOTLINE, NOON) == "Alert 17: XYZ acknowledged at 14:04 UTC."
        assert "pause until 14:13 UTC" in own_standing(ALERT, HELD, HOTLINE, NOON)
        assert "not called any more" in own_standing(ALERT, LOST, HOTLINE, NOON)

    def test_an_alert_that_has_ended_stands_as_it_ended(self) -> None:
        withdrawn = replace(ALERT, state=AlertState.WITHDRAWN, closed_at=NOON)

        assert standing(replace(ALERT, state=AlertState.CLOSED), [DONE]) == "Alert 17: all 1 acknowledged."
        assert standing(replace(ALERT, state=AlertState.DRAFT), []) == (
            "Alert 17 is a draft: it was NOT sent."
        )
        assert standing(withdrawn, [OPEN]) == "Alert 17 was withdrawn."
        for text in (
            own_standing(withdrawn, OPEN, HOTLINE, NOON),
            heard_on_it(withdrawn, OPEN, HOTLINE, NOON),
        ):
            assert "WITHDRAWN" in text

    def test_each_answer_fits_into_one_sms_of_the_simple_alphabet(self) -> None:
        longest = replace(HELD, team_name="N" * 40)
        alert = replace(ALERT, id=99_999)
        texts = [
            stranger(HOTLINE),
            helpful(range(17, 20), HOTLINE),
            helpful([], HOTLINE),
            stopped(HOTLINE),
            heard_on_it(alert, longest, HOTLINE, NOON),
            own_standing(alert, longest, HOTLINE, NOON),
        ]
        assert [len(gsm.split(text, 0).parts) for text in texts] == [1] * len(texts)
        assert {gsm.split(text, 0).alphabet for text in texts} == {gsm.Alphabet.GSM7}
