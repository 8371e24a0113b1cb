"""What `tocsin lines` shows: the trunks, how they are, and the calls on them.

Owns: the shape of that list (docs/cli.md). Nothing here changes anything.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Protocol

from ivr.domain.lines import TrunkView
from ivr.domain.records import TrunkState
from ivr.domain.trunk import as_it_is
from ivr.ports import Records
from ivr.services.listing import calls
from ivr.services.report import Document, rfc3339


class Configured(Protocol):
    """A trunk of the configuration."""

    @property
    def name(self) -> str: ...

    @property
    def lines(self) -> int: ...

    @property
    def internet(self) -> bool: ...


def lines(tx: Records, trunks: Sequence[Configured], now: float) -> list[Document]:
    """Each trunk, how many of its lines work, and the calls on them."""
    up = calls(tx, live=True)
    used = Counter(call["trunk"] for call in up)
    states = {state.name: state for state in tx.find(TrunkState)}
    return [
        {
            **_state(trunk, states.get(trunk.name, TrunkState(trunk.name)), used[trunk.name], now),
            "calls": [call for call in up if call["trunk"] == trunk.name],
        }
        for trunk in trunks
    ]


def _state(trunk: Configured, state: TrunkState, used: int, now: float) -> Document:
    seen = as_it_is(TrunkView(trunk.name, trunk.lines), state, now)
    working = seen.lines if seen.up else 0
    return {
        "trunk": trunk.name,
        "state": state.health.value,
        "why": state.why or None,
        "since": rfc3339(state.since or None),
        "internet": trunk.internet,
        "lines": trunk.lines,
        "working": working,
        "used": used,
        "free": max(0, working - used),
    }
