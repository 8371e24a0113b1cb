"""What Asterisk tells of calls, on one connection to its manager interface, as facts.

Owns: how far each call out has got. Asterisk says at its end why a call failed and not where (libpri keeps
the location of ITU-T Q.850 to itself), but on the way it says what was heard of the call: DialState.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ivr.domain.facts import CallAnswered, CallEnded, CallRang, Fact
from ivr.domain.records import Reached

_RINGING, _UP = "5", "6"
"""ChannelState of a channel whose phone rings, and of an answered one (Asterisk: AST_STATE_*)."""

_HEARD = {"PROCEEDING": Reached.TAKEN, "PROGRESS": Reached.THROUGH, "RINGING": Reached.RANG}
_WAY = list(Reached)
_ENDED = 1000
"""So many calls that are over are remembered; Asterisk's answer to their Originate comes within moments."""


class Calls:
    """Remembers a call as long as it has a channel; of one that had it before this connection was there it
    does not know how far it got."""

    def __init__(self) -> None:
        self._reached: dict[str, Reached] = {}
        self._ended: deque[str] = deque(maxlen=_ENDED)

    def has_seen(self, call: str) -> bool:
        """Whether the call has, or had until lately, a channel."""
        return call in self._reached or call in self._ended

    @property
    def events(self) -> Mapping[str, Callable[[Any], Iterable[Fact]]]:
        return {
            "Newchannel": self._begin,
            "DialState": self._state,
            "Newstate": self._newstate,
            "Hangup": self._hangup,
        }

    def _begin(self, event: Any) -> Iterable[Fact]:
        self._reached[event.uniqueid] = Reached.NOWHERE
        return ()

    def _state(self, event: Any) -> Iterable[Fact]:
        call, heard = event.destuniqueid, _HEARD.get(event.dialstatus)
        if heard and call in self._reached:
            self._reached[call] = max(self._reached[call], heard, key=_WAY.index)
        return ()

    def _newstate(self, event: Any) -> Iterable[Fact]:
        if event.channelstate == _UP:
            yield CallAnswered(event.uniqueid)
        elif event.channelstate == _RINGING:
            yield CallRang(event.uniqueid)

    def _hangup(self, event: Any) -> Iterable[Fact]:
        reached = self._reached.pop(event.uniqueid, None)
        self._ended.append(event.uniqueid)
        if event.channelstate in (_RINGING, _UP):
            reached = Reached.RANG
        yield CallEnded(event.uniqueid, int(event.cause), reached)
