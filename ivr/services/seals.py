"""Seals the journal, and finds out later whether it is still as it was sealed.

Owns: how far the journal is sealed. A seal keeps the value of the chain (domain.chain) after one line. It is
made in the background, so that no fact waits for it; what was written since is not vouched for yet.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from ivr.domain.chain import BEGIN, link
from ivr.domain.records import Entry, Seal
from ivr.ports import AtLeast, Records, Store

_MOST = 1000
"""Lines read at once, and at most in one seal: so many are named where they are not what they were."""


@dataclass(frozen=True, slots=True)
class Span:
    """Lines of the journal, by their ids."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Report:
    """What the journal looks like beside its seals."""

    sealed: int
    """Lines that are as they were sealed, or lie in `broken`."""
    unsealed: int
    """Lines that no seal takes in yet."""
    broken: tuple[Span, ...]
    """Where lines were changed, removed or added."""
    chain: str
    """The value of the last seal: to be noted elsewhere."""
    chains: frozenset[str]
    """The values of all of them."""


def seal(store: Store, now: float) -> None:
    """Seal what was written since the last time. Raises StoreAway."""
    while _seal_some(store, now):
        pass


def _seal_some(store: Store, now: float) -> bool:
    """Make one seal; whether there may be more to do."""
    with store.read() as tx:
        before = tx.get(Seal, tx.latest(Seal)) or Seal(0, 0.0, 0, BEGIN)
        entries = tx.first(_MOST, Entry, id=AtLeast(before.last + 1))
    if not entries:
        return False
    chain = before.chain
    for entry in entries:
        chain = link(chain, entry)
    with store.write() as tx:
        if tx.latest(Seal) != before.id:  # another process was quicker
            return False
        tx.add(Seal(0, now, entries[-1].id, chain))
    return len(entries) == _MOST


def examine(tx: Records) -> Report:
    """Compare the journal with every seal of it."""
    seals = tx.find(Seal)
    entries = _journal(tx)
    entry = next(entries, None)
    chain, first, sealed, broken = BEGIN, 1, 0, []
    for one in seals:
        while entry is not None and entry.id <= one.last:
            chain, sealed = link(chain, entry), sealed + 1
            entry = next(entries, None)
        if chain != one.chain:
            broken.append(Span(first, one.last))
            chain = one.chain  # what comes after it is judged by itself
        first = one.last + 1
    unsealed = (entry is not None) + sum(1 for _ in entries)
    return Report(sealed, unsealed, tuple(broken), chain, frozenset(s.chain for s in seals))


def _journal(tx: Records) -> Iterator[Entry]:
    """Every line, in order, never many in memory."""
    start = 1
    while page := tx.first(_MOST, Entry, id=AtLeast(start)):
        yield from page
        start = page[-1].id + 1
