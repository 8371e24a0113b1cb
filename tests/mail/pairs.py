"""Attacks and their twins, on their way into the corpus."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from ivr.domain.mail import Reason, Standard

Twins = tuple[bytes, bytes]
"""The attack, and a mail that differs from it in the attack alone and is good."""
House = TypeVar("House")
"""Who makes them."""


class Attacks(Generic[House]):
    """Of one file; decorates what makes them. `made` has them by name, with the class of attacks and the
    reason for which each is refused."""

    def __init__(self) -> None:
        self.made: dict[str, tuple[str, Reason, Callable[[House], Twins]]] = {}

    def __call__(
        self, group: str, reason: Reason
    ) -> Callable[[Callable[[House], Twins]], Callable[[House], Twins]]:
        def keep(make: Callable[[House], Twins]) -> Callable[[House], Twins]:
            self.made[make.__name__] = (group, reason, make)
            return make

        return keep


@dataclass(frozen=True)
class Pair:
    group: str
    """The class of attacks."""
    differs: str
    """What the attack has, and its twin has not."""
    reason: Reason
    standard: Standard
    by: str
    attack: bytes
    benign: bytes
    at: datetime
    """When the list gets both."""
    attack_at: datetime | None = None
    """When it gets the attack, where that is the difference."""
    is_replay: bool = False
    """The list has taken the twin before."""


def words(name: str, make: Callable[..., object] | None = None) -> str:
    """The name of what makes it, as one reads it, and whatever else that says of itself."""
    more = " ".join((make.__doc__ or "").split()) if make else ""
    return f"{name.replace('_', ' ')}{': ' if more else ''}{more}"
