"""A caller speaks the name of their team, as it is to be heard in every call from then on.

Owns: that nothing is kept that its speaker has not heard and confirmed by key.
"""

from functools import partial

from agi import listen
from agi.caller import Caller
from agi.studio import take
from ivr.adapters.fastagi import ALL_KEYS
from ivr.domain.spoken import prompt

_TAKES = 8
_LONGEST_S = 8


def record_name(caller: Caller) -> None:
    """Play the name as it is spoken now, record another, review it, and keep it or not."""
    team = caller.account.team
    for _ in range(_TAKES if caller.desk.may_record() else 0):
        now = listen.name(caller.desk, team, team)
        caller.channel.play([prompt("your-name-is-spoken"), *now, prompt("name-speak")], ALL_KEYS)
        with caller.desk.overhearing() as path:
            choice = take(caller, path, _LONGEST_S)
            keep = partial(caller.desk.record_name, team, path.with_suffix(".wav"))
            if choice == "1" and caller.look_up(keep):
                caller.channel.play([prompt("name-kept"), *listen.name(caller.desk, team, team)], ALL_KEYS)
                return
        if choice != "3":
            break
    caller.channel.play([prompt("studio-nothing-kept")], ALL_KEYS)
