"""The message on an answering machine: that there is an alert, whose and of when, and where to call.

Owns: when it is said, how often, and that nothing of an alert is in it. That nobody has pressed a key is for
`callout` to see: whether a machine or a silent person is on the line, nothing there tells for certain.

A machine's greeting runs while we introduce ourselves, and in most calls its beep is over by then. So the
message waits for a beep or a line that has fallen silent. It is said twice: a beep that falls into the first
telling comes before the second. One that falls into the pause after a telling starts it anew.
"""

from collections.abc import Callable

from agi import listen
from ivr.adapters.fastagi import Channel
from ivr.domain.line import Line
from ivr.domain.spoken import prompt
from ivr.services.briefing import Brief
from ivr.services.desk import Desk

_LISTEN_S = 4.0
"""Longer than a pause within a greeting, and than the one before its beep."""
_WAITS = 8
"""So many times _LISTEN_S a line may go on speaking. One that never stops is no machine."""
_PAUSE_S = 3.0
_TELLINGS = 2


def leave(channel: Channel, desk: Desk, brief: Brief, left: Callable[[], None]) -> bool:
    """Leave the message; `left` is called each time it was said to its end. True if 1 was pressed at last."""
    for _ in range(_WAITS):
        key, line = _overhear(channel, desk, _LISTEN_S)
        if key:
            return True
        if line.silent or line.beep:
            return _tell(channel, desk, brief, left)
    return False


def _tell(channel: Channel, desk: Desk, brief: Brief, left: Callable[[], None]) -> bool:
    who_and_when = [sound for alert in brief.alerts for sound in listen.raised(desk, alert, brief.team.clock)]
    message = [prompt("callout-greeting"), *who_and_when, prompt("machine-message")]
    to_tell, beep_awaited = _TELLINGS, True
    while to_tell:
        if channel.play(message, "1"):
            return True
        left()
        to_tell -= 1
        key, line = _overhear(channel, desk, _PAUSE_S)
        if key:
            return True
        if line.beep and beep_awaited:
            to_tell, beep_awaited = _TELLINGS, False
    return False


def _overhear(channel: Channel, desk: Desk, seconds: float) -> tuple[str, Line]:
    """Listen for so long: the 1 that ended it, or '', and what the line said."""
    with desk.overhearing() as path:
        return channel.overhear(path, seconds, "1"), desk.listen(path)
