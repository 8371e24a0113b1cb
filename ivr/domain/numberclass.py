"""Classes of telephone numbers, by what a call to them costs and whom it reaches, and which may be called.

Owns: the classes, and the rule. Which class a number is of, a numbering plan tells: see
ivr.adapters.numbering.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from ivr.domain.number import is_emergency

Refusal = Callable[[str], str | None]
"""Why a number (E.164) is never called, in words that follow the number; None for one that may be."""

EMERGENCY = "is an emergency number and is never called; remove it"


def emergency(number: str) -> str | None:
    """The refusal that holds where there is no numbering plan."""
    return EMERGENCY if is_emergency(number.removeprefix("+")) else None


class NumberClass(StrEnum):
    FIXED = "fixed"
    """A landline; or a landline or mobile, where the plan does not tell them apart, as in North America."""
    MOBILE = "mobile"
    VOIP = "voip"
    TOLL_FREE = "toll-free"
    SHARED_COST = "shared-cost"
    """And what else has a price that the called party chooses: personal and company numbers, pagers."""
    PREMIUM = "premium"
    SATELLITE = "satellite"
    """And the international networks of +882 and +883, whose price nobody can foresee."""
    UNKNOWN = "unknown"
    """Not in the plan, as it is known here: a new range, or no number at all."""
    FOREIGN = "foreign"
    """Of another country than the hotline's and those that are named. Beside one of the classes above."""


ALLOWED = (
    NumberClass.FIXED,
    NumberClass.MOBILE,
    NumberClass.VOIP,
    NumberClass.TOLL_FREE,
    NumberClass.UNKNOWN,
    NumberClass.FOREIGN,
)
"""Where nothing else is said. A network of CSIRTs is of many countries, and what the plan does not know is
called: a range that is newer than this installation must not keep a team from hearing an alert."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a numbering plan says of a number."""

    kind: NumberClass
    country: str
    """ISO 3166; "001" for a number of no country."""
    emergency: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    """Which numbers may be called."""

    allow: frozenset[NumberClass]
    home: frozenset[str]
    """Countries that are not foreign."""


def refusal(seen: Seen, rules: Rules) -> str | None:
    """Why the number is never called, in words that follow the number; None if it may be."""
    if seen.emergency:
        return EMERGENCY
    if seen.kind not in rules.allow:
        return (
            f"is of the class {seen.kind}, which may not be called; remove it, or add {seen.kind} to "
            "calls.allow in the configuration"
        )
    if seen.country not in rules.home and NumberClass.FOREIGN not in rules.allow:
        return (
            f"is a number of {seen.country}, and foreign ones may not be called; remove it, or add "
            f"{seen.country} to calls.countries in the configuration"
        )
    return None
