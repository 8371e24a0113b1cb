"""Which telephone numbers may stand in the directory, and how one is shown in a log."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.domain.number import is_emergency, masked, subscriber


@pytest.mark.parametrize(
    "text",
    ["+4940808077555", "+49 40 808077-555", "+49 (40) 8080.77555", "+49/40/808077555", " +4940808077555 "],
)
def test_a_number_may_be_written_as_people_write_it(text: str) -> None:
    assert subscriber(text) == "+4940808077555"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "+",
        "4940808077555",
        "040808077555",
        "+0940808077555",
        "+494",
        "+4940808077555123",
        "+49408080x",
        "++4940808077555",
        "+49408080\r\nAction",
        "+4940８０８077555",
        "Local/s@hotline",
        "+4940808077555;ext=1",
    ],
)
def test_what_is_no_e164_number_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a number in E\.164 form, such as"):
        subscriber(text)


@pytest.mark.parametrize(
    "text",
    ["112", "+49112", "+49 110", "0049112", "911", "+1911", "+1 (911)", "999", "+44999", "00112", "+33 15"],
)
def test_an_emergency_number_is_refused_with_and_without_a_country_code(text: str) -> None:
    if text == "+33 15":  # no emergency number of the list, but too short to be called
        with pytest.raises(ValueError, match=r"E\.164"):
            subscriber(text)
    else:
        with pytest.raises(ValueError, match="is an emergency number and is never called; remove it"):
            subscriber(text)


@pytest.mark.parametrize(
    "text", ["+4940112112", "+49911998877", "+4711212345", "+1911555012", "+35312999911"]
)
def test_a_number_that_merely_holds_those_digits_may_be_called(text: str) -> None:
    assert subscriber(text) == text


@pytest.mark.parametrize("text", ["+49 (0)40 808077555", "+49(0) 40808077555", "+49 ( 0 ) 40 808077555"])
def test_a_trunk_prefix_in_brackets_is_refused_for_it_would_be_dialled(text: str) -> None:
    with pytest.raises(ValueError, match=r"leave out the \(0\)"):
        subscriber(text)


@given(st.text(alphabet="+0123456789 ()-./x"))
def test_whatever_is_accepted_can_be_dialled_as_it_is(text: str) -> None:
    try:
        number = subscriber(text)
    except ValueError:
        return
    assert number.startswith("+")
    assert number[1:].isdecimal()
    assert 8 <= len(number) <= 16
    assert not is_emergency(number[1:])
    assert subscriber(number) == number


def test_a_log_shows_enough_of_a_number_to_tell_lines_apart() -> None:
    assert masked("+4940808077555") == "+4940…555"
    assert masked("+4940808077666") == "+4940…666"


@pytest.mark.parametrize(("number", "shown"), [(None, "-"), ("", "-"), ("112", "…"), ("+4940808", "…")])
def test_a_short_number_is_not_shown_at_all(number: str | None, shown: str) -> None:
    assert masked(number) == shown
