"""Which UIDs and PINs may be issued."""

import pytest

from ivr.domain.pin import pin, uid


@pytest.mark.parametrize("text", ["4071", "40712", "0000000001"])
def test_a_uid_has_four_to_ten_digits(text: str) -> None:
    assert uid(text) == text


@pytest.mark.parametrize("text", ["", "407", "12345678901", "40a12", "４０７１２", "-4071", "4071 ", "+4071"])
def test_any_other_uid_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a UID has 4 to 10 digits"):
        uid(text)


@pytest.mark.parametrize("text", ["271828", "31415926", "4812903755", "904173", "20249999", "001234"])
def test_a_pin_that_nobody_would_guess_may_be_issued(text: str) -> None:
    assert pin(text, "40712") == text


@pytest.mark.parametrize("text", ["", "27182", "27182818284", "27182x", "２７１８２８", "27 1828"])
def test_a_pin_has_six_to_ten_digits(text: str) -> None:
    with pytest.raises(ValueError, match="a PIN has 6 to 10 digits"):
        pin(text, "40712")


@pytest.mark.parametrize(
    "text",
    [
        "123456",
        "987654",
        "890123",
        "246802",
        "135791",
        "111111",
        "000000",
        "121212",
        "123123",
        "12341234",
        "112112",
        "000001",
        "110010",
        "241265",
        "122465",
        "651224",
        "19651224",
        "24122001",
    ],
)
def test_a_pin_that_is_guessed_first_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="too easy to guess"):
        pin(text, "40712")


@pytest.mark.parametrize(("text", "of"), [("407129", "40712"), ("940712", "40712"), ("271828", "5271828")])
def test_a_pin_that_holds_the_uid_or_stands_in_it_is_refused(text: str, of: str) -> None:
    with pytest.raises(ValueError, match="too easy to guess"):
        pin(text, of)


@pytest.mark.parametrize("text", ["123456", "407129", "27182"])
def test_a_refusal_never_repeats_the_pin(text: str) -> None:
    with pytest.raises(ValueError) as refused:
        pin(text, "40712")

    assert text not in str(refused.value)
