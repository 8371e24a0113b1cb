"""A caller gives their account another PIN.

Owns: that the present PIN is asked for first, and never in a call that we made: who calls and asks for one
is a stranger. Whoever guesses at it spends the account's failure budget, and hears what a guesser at the
log-in hears. No digit is ever logged.
"""

import logging
from functools import partial

from agi.caller import Caller, Gone
from ivr.adapters.fastagi import ALL_KEYS
from ivr.domain.budget import Login
from ivr.domain.spoken import prompt
from ivr.ports import StoreError

log = logging.getLogger(__name__)

_TRIES = 3
_DIGITS = 20
_DIGIT_S = 5
_BACK = "*"


def change_pin(caller: Caller) -> None:
    """Ask for the present PIN and twice for the new one; star, or no digit, leaves it as it is."""
    if caller.channel.script != "hotline":
        caller.channel.play([prompt("pin-by-calling-us")], ALL_KEYS)
        return
    new = _new(caller) if _knows_it(caller) else ""
    if not new:
        caller.channel.play([prompt("pin-not-changed")])
        return
    try:
        caller.look_up(partial(caller.desk.door.change_pin, caller.account, new))
    except StoreError:
        log.error("call %s: a PIN is not changed", caller.channel.call_id)
        caller.channel.play([prompt("pin-not-changed")])
    else:
        caller.channel.play([prompt("pin-changed")])


def _knows_it(caller: Caller) -> bool:
    """Whether the caller is still who logged in. Raises Gone for one who guesses."""
    lead: list[str] = []
    for mistakes in range(_TRIES):
        old = _keyed(caller, [*lead, prompt("enter-present-pin")])
        if not old:
            return False
        confirm = partial(caller.desk.door.confirm, caller.channel.call_id, caller.account, old, mistakes)
        login = caller.look_up(confirm)
        if login is Login.IN:
            return True
        log.warning("call %s: change of PIN %s", caller.channel.call_id, login)
        lead = [prompt("pin-wrong")]
        if login is Login.HELD:
            lead = [prompt("called-back-soon")]
            break
    caller.channel.play(lead)
    raise Gone


def _new(caller: Caller) -> str:
    """The new PIN, keyed twice; '' for none."""
    lead: list[str] = []
    for _ in range(_TRIES):
        chosen = _keyed(caller, [*lead, prompt("enter-new-pin")])
        if not chosen:
            return ""
        if not caller.desk.door.may_be_pin(caller.account, chosen):
            lead = [prompt("pin-refused")]
        elif _keyed(caller, [prompt("enter-new-pin-again")]) == chosen:
            return chosen
        else:
            lead = [prompt("pins-differ")]
    caller.channel.play(lead)
    return ""


def _keyed(caller: Caller, sounds: list[str]) -> str:
    digits = caller.channel.collect(sounds, _DIGITS, _DIGIT_S)
    return "" if _BACK in digits else digits
