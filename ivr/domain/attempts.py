"""The calls of a delivery, taken together into attempts.

Owns: which calls count as one. A call that fails by its trunk before anything rings goes on over the next
trunk, within the same attempt; when it has failed over each of them, all those calls together are one that
met congestion. What follows from an attempt is the business of `nextcall`.

A failed probe counts for nothing: it was placed to learn of a trunk, at the rate that is good for the trunk,
and an outage of all of them must not spend the tries of the teams.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ivr.domain.records import Disposition


@dataclass(frozen=True, slots=True)
class Past:
    """One ended call of a delivery, as policy sees it."""

    number: str
    disposition: Disposition
    ended_at: float
    trunk: str = ""
    fault: bool = False
    """It failed by its trunk, before anything rang."""
    probe: bool = False
    """Its trunk was not up when it was placed."""


@dataclass(frozen=True, slots=True)
class Attempts:
    """What the calls of a delivery come to."""

    counted: Sequence[Past] = ()
    """Those that count, one for each attempt that is over, in the order of their end."""
    under_way: Mapping[str, Sequence[Past]] = field(default_factory=dict)
    """By number: the calls of an attempt that has failed so far, while there is a trunk it has not tried."""
    last_at: float | None = None
    """When the last call ended, whether it counts or not."""

    uncounted: int = 0
    """How many calls are not counted, because others stand for them or they were probes."""


def of(past: Iterable[Past], trunks: int) -> Attempts:
    """The attempts of the calls `past` (in the order of their end), where there are so many trunks. A
    cancelled call was ended by us because the team was no longer to be called; it is no attempt."""
    counted: list[Past] = []
    under_way: dict[str, list[Past]] = {}
    calls = [call for call in past if call.disposition is not Disposition.CANCELLED]
    for call in calls:
        tried = under_way.pop(call.number, [])
        if not call.fault:
            counted.append(call)
            continue
        if any(call.trunk == before.trunk for before in tried):  # it had rested, and was called anew
            counted += ended(tried)
            tried = []
        tried.append(call)
        if len(tried) < trunks:
            under_way[call.number] = tried
        else:
            counted += ended(tried)
    return Attempts(counted, under_way, calls[-1].ended_at if calls else None, len(calls) - len(counted))


def ended(tried: Sequence[Past]) -> list[Past]:
    """What the failed calls of one attempt come to once it is over: one, or none if all were probes."""
    if all(call.probe for call in tried):
        return []
    return [replace(tried[-1], disposition=Disposition.CONGESTION, fault=False)]


def goes_on(past: Iterable[Past], number: str, trunk: str, trunks: int) -> bool:
    """Whether a call to `number` over `trunk` belongs to the attempt under way."""
    tried = of(past, trunks).under_way.get(number, ())
    return bool(tried) and all(call.trunk != trunk for call in tried)
