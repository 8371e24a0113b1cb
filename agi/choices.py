"""What a callee may ask for besides the alert itself: keys 3, 7, 9 and 0, the same in all of a call.

Owns: what each of them does and says. What is promised is on record before it is said.
"""

from functools import partial

from agi.callee import Callee
from ivr.adapters.fastagi import ALL_KEYS
from ivr.domain.facts import CallPassed, CallPutOff
from ivr.domain.records import Listen
from ivr.domain.spoken import prompt
from ivr.ports import StoreError

KEYS = "3790"
_HELP = (prompt("callout-help"),)
_HELP_CALL_IN = (prompt("call-in-help"),)


def help_before(callee: Callee) -> tuple[str, ...]:
    """What is said of the keys before the alert, or instead of it."""
    return _HELP_CALL_IN if callee.brief.listen is Listen.CALL_IN else _HELP


def take(callee: Callee, key: str, help_: tuple[str, ...]) -> str | None:
    """Do what `key`, one of KEYS, asks for; 0 asks for `help_`. The key that was pressed meanwhile, or '';
    None when the callee wants no more of this call."""
    match key:
        case "3":
            _pass(callee)
            return None
        case "7":
            return _put_off(callee)
        case "9":
            return callee.channel.play([prompt("how-to-verify")], ALL_KEYS)
        case _:
            return callee.channel.play(help_, ALL_KEYS)


def _pass(callee: Callee) -> None:
    fact = CallPassed(callee.channel.call_id)
    try:
        callee.clerk.wait(callee.channel, partial(callee.desk.ledger.apply, fact), prompt("one-moment"))
    except StoreError:
        callee.channel.play([prompt("not-noted")])
    else:
        callee.channel.play([prompt("passed-on") if callee.brief.has_others else prompt("passed-alone")])


def _put_off(callee: Callee) -> str | None:
    fact = CallPutOff(callee.channel.call_id)
    try:
        apply = partial(callee.desk.ledger.apply, fact)
        granted = callee.clerk.wait(callee.channel, apply, prompt("one-moment")).held
    except StoreError:
        return callee.channel.play([prompt("not-noted")], ALL_KEYS)
    if not granted:
        return callee.channel.play([prompt("put-off-refused")], ALL_KEYS)
    callee.channel.play([prompt("put-off-granted")])
    return None
