"""Which class a number is of, and whether it may be called."""

import pytest

from ivr.adapters import numbering
from ivr.domain import numberclass
from ivr.domain.numberclass import ALLOWED, NumberClass, Rules, Seen

HOTLINE = "+4940808077555"


@pytest.mark.parametrize(
    ("number", "kind", "country"),
    [
        ("+4940808077501", "fixed", "DE"),
        ("+4917655500501", "mobile", "DE"),
        ("+12025550123", "fixed", "US"),
        ("+447700123456", "mobile", "GB"),
        ("+442079460304", "fixed", "GB"),
        ("+498001234567", "toll-free", "DE"),
        ("+80012345678", "toll-free", "001"),
        ("+491805123456", "shared-cost", "DE"),
        ("+447012345678", "shared-cost", "GB"),
        ("+499001234567", "premium", "DE"),
        ("+19005550123", "premium", "US"),
        ("+4711212345", "unknown", "NO"),
        ("+8816123456789", "satellite", "001"),
        ("+87077123456", "satellite", "001"),
        ("+882161234567", "satellite", "001"),
        ("+88351000123456", "satellite", "001"),
        ("+979123456789", "premium", "001"),
        ("+99912345678", "unknown", ""),
    ],
)
def test_a_number_is_of_a_class_and_a_country(number: str, kind: str, country: str) -> None:
    assert numbering.look(number) == Seen(NumberClass(kind), country)


@pytest.mark.parametrize("number", ["+49900123456789", "+4990012345678", "+499001234", "+97912345678"])
def test_digits_too_many_or_too_few_do_not_make_another_class_of_a_number(number: str) -> None:
    """An exchange puts a call through with the digits it needs, and does not mind the rest."""
    assert numbering.look(number).kind is NumberClass.PREMIUM


@pytest.mark.parametrize(
    "number", ["+49112", "+490112", "+44999", "+1911", "+33112", "+81119", "+41144", "+54107"]
)
def test_the_emergency_numbers_of_each_country_are_known(number: str) -> None:
    """Also those that our own list does not have: 107 is the ambulance of Argentina."""
    assert numbering.look(number).emergency


@pytest.mark.parametrize("number", ["+911123456789", "+4911212345678", "+390112345678", "+15109111234"])
def test_a_number_that_only_begins_like_an_emergency_number_is_none(number: str) -> None:
    assert not numbering.look(number).emergency


def rules(*allow: str, home: str = "DE") -> Rules:
    return Rules(frozenset(map(NumberClass, allow)), frozenset(home.split()))


def test_by_default_neither_premium_nor_satellite_nor_shared_cost_is_called() -> None:
    default = Rules(frozenset(ALLOWED), frozenset({"DE"}))
    refused = {kind for kind in NumberClass if numberclass.refusal(Seen(kind, "DE"), default) is not None}
    assert refused == {NumberClass.PREMIUM, NumberClass.SATELLITE, NumberClass.SHARED_COST}


def test_a_refusal_says_what_to_change() -> None:
    premium = numberclass.refusal(Seen(NumberClass.PREMIUM, "DE"), rules("fixed"))
    assert premium is not None
    assert "class premium" in premium
    assert "add premium to calls.allow" in premium
    foreign = numberclass.refusal(Seen(NumberClass.FIXED, "FR"), rules("fixed"))
    assert foreign is not None
    assert "add FR to calls.countries" in foreign


def test_a_number_abroad_is_called_where_its_country_is_named_or_all_are() -> None:
    abroad = Seen(NumberClass.FIXED, "FR")
    assert numberclass.refusal(abroad, rules("fixed", home="DE FR")) is None
    assert numberclass.refusal(abroad, rules("fixed", "foreign")) is None
    assert numberclass.refusal(abroad, rules("foreign")) is not None


def test_no_rule_allows_an_emergency_number() -> None:
    everything = rules(*NumberClass)
    assert numberclass.refusal(Seen(NumberClass.FIXED, "DE", emergency=True), everything) is not None


def test_the_country_of_the_hotline_is_at_home() -> None:
    may_call = numbering.may_call(HOTLINE, frozenset({NumberClass.FIXED}), frozenset({"FR"}))
    assert may_call("+4940808077501") is None
    assert may_call("+33142685300") is None
    assert may_call("+442079460304") is not None
    assert may_call("+4917655500501") is not None
