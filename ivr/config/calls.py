"""What the configuration says of the calls we make: to which numbers, and how many."""

import re
from dataclasses import dataclass

from ivr.config import values
from ivr.domain.numberclass import ALLOWED, NumberClass


def _each_once(allow: tuple[NumberClass, ...]) -> tuple[NumberClass, ...]:
    if len(set(allow)) < len(allow):
        raise ValueError("names a class of numbers twice")
    return allow


def _countries(codes: tuple[str, ...]) -> tuple[str, ...]:
    for code in codes:
        if not re.fullmatch(r"[A-Z]{2}|001", code):
            raise ValueError(f"{code!r} is no code of a country, such as DE (ISO 3166)")
    return codes


@dataclass(frozen=True, slots=True)
class Calls:
    """What bounds the cost of our calls. Emergency numbers are never called, whatever stands here."""

    allow: tuple[NumberClass, ...] = values.checked(_each_once, default=ALLOWED)
    """Classes of numbers that may be called."""
    countries: tuple[str, ...] = values.checked(_countries, default=())
    """Countries that are not foreign, besides that of the hotline (ISO 3166)."""
    per_hour: int | None = values.checked(values.within(1, 1_000_000), default=None)
    """Calls that may be started in an hour. Default: more than a network needs, see ivr.domain.ceiling."""
    per_alert: int | None = values.checked(values.within(1, 1_000_000), default=None)
    """Calls for one alert. Default: the same."""
