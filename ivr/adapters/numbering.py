"""What class a telephone number is of, and of which country: the numbering plans, by `phonenumbers`.

Owns: how the library's types become our classes. Which of these may be called is not known here.
"""

from collections.abc import Iterator
from functools import lru_cache

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberType, shortnumberinfo

from ivr.domain.number import is_emergency
from ivr.domain.numberclass import NumberClass, Refusal, Rules, Seen, refusal

_BY_TYPE = {
    PhoneNumberType.FIXED_LINE: NumberClass.FIXED,
    PhoneNumberType.FIXED_LINE_OR_MOBILE: NumberClass.FIXED,
    PhoneNumberType.MOBILE: NumberClass.MOBILE,
    PhoneNumberType.VOIP: NumberClass.VOIP,
    PhoneNumberType.TOLL_FREE: NumberClass.TOLL_FREE,
    PhoneNumberType.PREMIUM_RATE: NumberClass.PREMIUM,
    PhoneNumberType.SHARED_COST: NumberClass.SHARED_COST,
    PhoneNumberType.PERSONAL_NUMBER: NumberClass.SHARED_COST,
    PhoneNumberType.UAN: NumberClass.SHARED_COST,
    PhoneNumberType.PAGER: NumberClass.SHARED_COST,
    PhoneNumberType.VOICEMAIL: NumberClass.FIXED,
}

_BY_CODE = {
    870: NumberClass.SATELLITE,  # Inmarsat
    878: NumberClass.SHARED_COST,  # universal personal telecommunications
    881: NumberClass.SATELLITE,  # global mobile satellite systems
    882: NumberClass.SATELLITE,  # international networks
    883: NumberClass.SATELLITE,
    979: NumberClass.PREMIUM,  # international premium rate service
}
"""Codes of no country, by ITU-T E.164 (list of assigned codes): whatever stands behind them."""

_LESS, _MORE = 4, 4
"""Digits by which a number may be too long or too short and still be taken for one of its range."""


def may_call(hotline: str, allow: frozenset[NumberClass], countries: frozenset[str]) -> Refusal:
    """The rule for numbers of the network whose hotline has this number, E.164."""
    rules = Rules(allow, countries | {look(hotline).country})
    return lambda number: refusal(look(number), rules)


@lru_cache(maxsize=16_384)
def look(number: str) -> Seen:
    """What the numbering plans say of `number`, E.164."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return Seen(NumberClass.UNKNOWN, "", is_emergency(number.removeprefix("+")))
    code = int(parsed.country_code or 0)
    nearest = next((n for n in _nearest(number, parsed) if phonenumbers.is_valid_number(n)), parsed)
    country = phonenumbers.region_code_for_number(nearest)
    kind = _BY_CODE.get(code) or _BY_TYPE.get(phonenumbers.number_type(nearest), NumberClass.UNKNOWN)
    return Seen(kind, country or phonenumbers.region_code_for_country_code(code), _is_emergency(parsed))


def _nearest(number: str, parsed: PhoneNumber) -> Iterator[PhoneNumber]:
    """The number, then others of its range: an exchange does not mind digits too many, and what lacks some
    reaches nobody else."""
    yield parsed
    near = [number[:-n] for n in range(1, _LESS + 1)] + [number + "0" * n for n in range(1, _MORE + 1)]
    for other in near:
        try:
            yield phonenumbers.parse(other)
        except phonenumbers.NumberParseException:
            continue


def _is_emergency(parsed: PhoneNumber) -> bool:
    """By our own list, and by that of each country that has the number's code."""
    national = phonenumbers.national_significant_number(parsed)
    regions = phonenumbers.region_codes_for_country_code(parsed.country_code or 0)
    return is_emergency(f"{parsed.country_code}{national}") or any(
        shortnumberinfo.is_emergency_number(national, region) for region in regions
    )
