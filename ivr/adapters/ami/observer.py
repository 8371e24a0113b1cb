"""What else is watched on the manager interface, beside the calls: the shape of an observer.

An observer turns what Asterisk tells of one thing (a trunk's contact, a span) into facts. A new one is made
for each connection, so that what it remembers begins anew there: all is told once, and then what changes.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from ivr.domain.facts import Fact
from ivr.ports import PbxAway


class Refused(PbxAway):
    """Asterisk does not know an action, or does not let us; the message says what to do."""


Send = Callable[[Mapping[str, str]], Awaitable[Sequence[Any]]]
"""Sends one action and returns all that answers it, a list action's events between them. Raises PbxAway."""


class Observer(Protocol):
    @property
    def events(self) -> Mapping[str, Callable[[Any], Iterable[Fact]]]:
        """What to make of an event, by its name."""
        ...

    @property
    def every_s(self) -> float:
        """How often `ask` is called; math.inf: when the connection has come up, and no more."""
        ...

    async def ask(self, send: Send) -> Iterable[Fact]:
        """How things stand now. Raises PbxAway."""
        ...
