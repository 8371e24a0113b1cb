"""Numbers in the forms that carriers want."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.adapters.pbx import dialstring
from ivr.adapters.pbx.dialstring import Unwritable
from ivr.config.numbers import Numbers
from ivr.config.trunk import Trunk

HOTLINE = "+4940808077555"
OFFICE = "+494066969302"


def trunk(**numbers: object) -> Trunk:
    return Trunk("sip-a", "sip.example.net", lines=4, numbers=Numbers(**numbers))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("number", "numbers", "dialled"),
    [
        (OFFICE, {}, "+494066969302"),
        (OFFICE, {"called": "e164"}, "494066969302"),
        (OFFICE, {"called": "international"}, "00494066969302"),
        (OFFICE, {"called": "national"}, "04066969302"),
        (OFFICE, {"called": "national", "prefix": "0"}, "004066969302"),
        (OFFICE, {"called": "+e164", "prefix": "01033"}, "01033+494066969302"),
        (OFFICE, {"called": "national", "country": "AT"}, "00494066969302"),
        (OFFICE, {"called": "national", "country": "US"}, "011494066969302"),
        (OFFICE, {"called": "international", "country": "RU"}, "810494066969302"),
        ("+12025550123", {"called": "national", "country": "US"}, "2025550123"),
        ("+14165550123", {"called": "national", "country": "US"}, "4165550123"),
        ("+390612345678", {"called": "national", "country": "IT"}, "0612345678"),
        ("+436641234567", {"called": "national"}, "00436641234567"),
        ("+88213123456", {"called": "national"}, "0088213123456"),
        ("+999123456789", {"called": "national"}, "00999123456789"),
        # 112345 would be an emergency call as soon as its third digit is dialled.
        ("+49112345", {"called": "national"}, "0049112345"),
        ("+49110123456", {"called": "national"}, "0049110123456"),
    ],
)
def test_a_called_number_has_the_form_that_its_carrier_wants(
    number: str, numbers: dict[str, str], dialled: str
) -> None:
    assert dialstring.channel(trunk(**numbers), number, HOTLINE) == f"PJSIP/{dialled}@to@sip-a"


@pytest.mark.parametrize(
    ("numbers", "caller"),
    [
        ({}, "<+4940808077555>"),
        ({"caller": "e164", "called": "national"}, "<4940808077555>"),
        ({"caller": "national", "prefix": "9"}, "<040808077555>"),
        ({"caller": "national", "country": "AT"}, "<004940808077555>"),
    ],
)
def test_the_caller_id_is_the_hotline_in_the_form_that_the_carrier_wants(
    numbers: dict[str, str], caller: str
) -> None:
    assert dialstring.caller_id(trunk(**numbers), HOTLINE) == caller


@pytest.mark.parametrize(
    ("numbers", "hotline", "told"),
    [
        ({"country": "XX"}, HOTLINE, "XX has no telephone numbers"),
        ({}, "+999123456789", "that of .* has no telephone numbers"),
        ({"country": "BR", "called": "national"}, HOTLINE, "BR has several international prefixes"),
    ],
)
def test_a_form_that_there_is_not_is_refused(numbers: dict[str, str], hotline: str, told: str) -> None:
    with pytest.raises(Unwritable, match=told):
        dialstring.channel(trunk(**numbers), OFFICE, hotline)


@given(st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True), st.sampled_from(["DE", "IT", "US", "DK", "NO"]))
def test_no_number_becomes_a_shorter_one_or_one_of_an_emergency_service(number: str, country: str) -> None:
    dialled = dialstring.written(number, "national", country)
    assert number.removeprefix("+").endswith(dialled.lstrip("0")) or dialled.endswith(number[1:])
    assert not dialled.startswith(("110", "112", "911"))
