"""What the configuration says of how a carrier wants telephone numbers written."""

import re
from dataclasses import dataclass
from typing import Literal

from ivr.config import values

Style = Literal["+e164", "e164", "international", "national"]
"""+4940808077555, 4940808077555, 004940808077555, 040808077555. What is not of the country itself has the
international prefix in the last two."""


def _prefix(digits: str) -> str:
    if not re.fullmatch(r"[0-9*#]{1,8}", digits):
        raise ValueError('must be 1 to 8 of 0-9, * and #, in "quotation marks"')
    return digits


def _country(code: str) -> str:
    if not re.fullmatch(r"[A-Z]{2}", code):
        raise ValueError("must be a country of ISO 3166, such as DE")
    return code


@dataclass(frozen=True, slots=True)
class Numbers:
    """The forms in which numbers go to one carrier. What comes from it may have any form."""

    called: Style = "+e164"
    caller: Style = "+e164"
    """Of the caller ID, which is the hotline's number on every trunk."""
    prefix: str = values.checked(_prefix, default="")
    """Dialled before the called number: for an outside line, or to choose a carrier."""
    country: str | None = values.checked(_country, default=None)
    """Where the carrier is. Default: the country of the hotline's number."""
