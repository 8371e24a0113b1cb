"""How far ahead people are told that a key or certificate for mail comes to its end.

Owns: the days, and what is news. Must not know how it is found out, nor who tells whom.
"""

from collections.abc import Callable, Collection, Iterable

from ivr.domain.records import FailingKey

DAYS = (0, 1, 3, 7, 14, 30)
"""Told at each of these, once; 0: it cannot be used any more."""
_DAY_S = 86_400.0


def failing(what: str, team: str | None, why_in: Callable[[float], str | None]) -> FailingKey | None:
    """How a key stands. `why_in(s)`: why it cannot be used in `s` seconds, None where it can. `what` names
    it; `team` is None for the list's own. None: there is nothing to tell for longer than a month."""
    for days in DAYS:
        if why := why_in(days * _DAY_S):
            return FailingKey(what, team, days, why)
    return None


def how(days: int) -> str:
    """At one of these steps, behind the name of a key."""
    return f"fails within {days} day{'s'[: days != 1]}" if days else "cannot be used any more"


def news(known: Iterable[FailingKey], now: Collection[FailingKey]) -> list[FailingKey]:
    """Those of `now` that are not `known`, or were when there was more time."""
    before = {key.what: key.days for key in known}
    return [key for key in now if key.days < before.get(key.what, DAYS[-1] + 1)]
