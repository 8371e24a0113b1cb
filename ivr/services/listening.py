"""The listening PIN of a team: it opens alerts in calls that we make to it, and nothing else.

Owns: its issue. Only its hash is kept.
"""

import secrets

from ivr.domain.pin import LISTEN_SHORTEST, listening
from ivr.domain.records import Entry, ListenPin, Team
from ivr.ports import Clock, Store
from ivr.services.directory import BadEntry, PinHash
from ivr.services.report import NotThere


def issue(store: Store, pins: PinHash, clock: Clock, team: str, chosen: str | None = None) -> str:
    """Give the team a listening PIN, random unless chosen; the PIN, which is kept nowhere else.

    Raises NotThere, StoreAway, and BadEntry for one that may not be issued.
    """
    try:
        pin = _random() if chosen is None else listening(chosen)
    except ValueError as error:
        raise BadEntry(str(error)) from error
    pin_hash = pins.hash(pin)
    with store.write() as tx:
        if tx.get(Team, team) is None:
            raise NotThere(f"there is no team {team}; `tocsin team list` shows those there are")
        tx.put(ListenPin(team, pin_hash))
        tx.add(Entry(0, clock(), "listening PIN issued", team=team))
    return pin


def _random() -> str:
    while True:
        candidate = "".join(secrets.choice("0123456789") for _ in range(LISTEN_SHORTEST + 2))
        try:
            return listening(candidate)
        except ValueError:
            continue  # too easy to guess
