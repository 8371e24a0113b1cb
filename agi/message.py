"""The message on an answering machine: that there is an alert, whose and of when, and where to call.

Owns: when it is said, how often, and that nothing of an alert is in it. That nobody has pressed a key it must be
told: whether a machine or a silent person has taken a call, nothing on the line tells for certain.

A machine's greeting runs while we introduce ourselves, and in most calls its beep is over by then. So the message
is for a line that has fallen silent; a beep that comes all the same, while it is said, starts it anew.
"""

from collections.abc import Callable, Iterable

from agi import listen
from ivr.adapters.fastagi import Channel
from ivr.domain.line import Line
from ivr.domain.records import Alert
from ivr.domain.spoken import prompt
from ivr.services.desk import Desk

_SILENCE_S = 2
"""Longer than a pause within a greeting, and than the one before its beep."""
_WAITS = 15
"""So many times _SILENCE_S a line may go on speaking. One that never stops is no machine."""
_TELLINGS = 2


def leave(channel: Channel, desk: Desk, alerts: Iterable[Alert], left: Callable[[], None]) -> bool:
    """Leave the message; `left` is called whenever it was said to its end. True when 1 was pressed after all."""
    for _ in range(_WAITS):
        key, line = _overhear(channel, desk, [f"silence/{_SILENCE_S}"])
        if key:
            return True
        if line.silent:
            return _tell(channel, desk, alerts, left)
    return False


def _tell(channel: Channel, desk: Desk, alerts: Iterable[Alert], left: Callable[[], None]) -> bool:
    who_and_when = [sound for alert in alerts for sound in listen.raised(desk, alert)]
    message = [prompt("callout-greeting"), *who_and_when, prompt("machine-message")]
    to_tell, beep_awaited = _TELLINGS, True
    while to_tell:
        key, line = _overhear(channel, desk, message)
        if key:
            return True
        left()
        to_tell -= 1
        if line.beep and beep_awaited:
            to_tell, beep_awaited = _TELLINGS, False
    return False


def _overhear(channel: Channel, desk: Desk, sounds: Iterable[str]) -> tuple[str, Line]:
    """Play `sounds`: the 1 that interrupted, or '', and what the line said meanwhile."""
    with desk.overhearing() as path:
        return channel.overhear(path, sounds, "1"), desk.listen(path)
