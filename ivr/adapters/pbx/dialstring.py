"""What Asterisk is asked to dial, and with which caller ID: numbers as each carrier wants them written.

Owns: the one way from a number in E.164 form to what leaves on a trunk. Pure; the rules of countries are
those of `phonenumbers`. Must not know whether a number may be called at all.
"""

import re
from typing import assert_never

import phonenumbers

from ivr.config.numbers import Numbers, Style
from ivr.config.trunk import Trunk
from ivr.domain import endpoint


class Unwritable(ValueError):
    """The configuration asks for a form of numbers that there is not. The message says what to do."""


def channel(trunk: Trunk, number: str, hotline: str) -> str:
    """The Channel of an Originate: `number` (E.164) over `trunk`. Raises Unwritable, as for any number."""
    numbers = trunk.numbers
    dialled = numbers.prefix + written(number, numbers.called, country(numbers, hotline))
    return endpoint.channel(trunk.name, dialled)


def caller_id(trunk: Trunk, hotline: str) -> str:
    """The CallerID of an Originate: the hotline's number on every trunk, for on-call phones let that one
    through do-not-disturb. Raises Unwritable."""
    return f"<{written(hotline, trunk.numbers.caller, country(trunk.numbers, hotline))}>"


def country(numbers: Numbers, hotline: str) -> str:
    """The carrier's country, ISO 3166. Raises Unwritable."""
    parsed = _parsed(hotline)
    own = phonenumbers.region_code_for_country_code(parsed.country_code or 0) if parsed else None
    chosen = numbers.country or own
    if chosen not in phonenumbers.SUPPORTED_REGIONS:
        raise Unwritable(
            f"numbers.country: {chosen or 'that of ' + hotline} has no telephone numbers; name another"
        )
    return chosen


def written(number: str, style: Style, country: str) -> str:
    """`number` (E.164) as somebody in `country` writes it in this style: digits, with + for "+e164".

    A number that the country's plan does not have is written internationally: without the rules of its kind,
    what is left of it might begin as the number of an emergency service does.
    """
    match style:
        case "+e164":
            return number
        case "e164":
            return number.removeprefix("+")
        case "international":
            return _international_prefix(country) + number.removeprefix("+")
        case "national":
            abroad = _international_prefix(country) + number.removeprefix("+")
            parsed = _parsed(number)
            if parsed is None or parsed.country_code != phonenumbers.country_code_for_region(country):
                return abroad
            if not phonenumbers.is_valid_number(parsed):
                return abroad
            return _digits(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL))
        case _:
            assert_never(style)


def _parsed(number: str) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(number)
    except phonenumbers.NumberParseException:  # a country code that nobody has: no country writes it
        return None


def _international_prefix(country: str) -> str:
    """Such as 00, or 011 in North America. Raises Unwritable where callers choose a carrier by it."""
    known = phonenumbers.PhoneMetadata.metadata_for_region(country)
    assert known is not None  # `country` is supported
    prefix = known.preferred_international_prefix or known.international_prefix or ""
    if not re.fullmatch(r"[0-9]+(~[0-9]+)?", prefix):  # ~: where one waits for a tone
        raise Unwritable(f"numbers: {country} has several international prefixes; write e164 or +e164")
    return _digits(prefix)


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)
