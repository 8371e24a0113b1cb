"""The journal, and what vouches for it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the journal: what happened, when, to what. Never a PIN, text or whole number."""

    id: int
    at: float
    what: str
    alert: int | None = None
    team: str | None = None
    call: str | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Seal:
    """Vouches for the journal up to its entry `last`: see domain.chain."""

    id: int
    at: float
    last: int
    """The last entry that it takes in; the first one follows the last one of the seal before."""
    chain: str
