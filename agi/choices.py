"""What a callee may ask for besides the alert itself: keys 3, 7, 8, 9 and 0, the same in all of a call.

Owns: what each of them does and says. What is promised is on record before it is said.
"""

from functools import partial

from agi.callee import Callee
from ivr.adapters.fastagi import ALL_KEYS
from ivr.domain import spoken
from ivr.domain.facts import CallPassed, CallPutOff
from ivr.domain.records import Alert
from ivr.domain.spoken import prompt
from ivr.ports import StoreError

KEYS = "37890"
HELP = (prompt("callout-help"),)


def take(callee: Callee, key: str, alert: Alert) -> str | None:
    """Do what `key`, one of KEYS, asks for. The key that was pressed meanwhile, or ''; None when the callee
    wants no more of this call."""
    match key:
        case "3":
            _pass(callee)
            return None
        case "7":
            return _put_off(callee)
        case "8":
            return callee.channel.play(_number_for_questions(alert), ALL_KEYS)
        case "9":
            return callee.channel.play([prompt("how-to-verify")], ALL_KEYS)
        case _:
            return callee.channel.play(HELP, ALL_KEYS)


def _pass(callee: Callee) -> None:
    fact = CallPassed(callee.channel.call_id)
    try:
        callee.clerk.wait(callee.channel, partial(callee.desk.ledger.apply, fact), prompt("one-moment"))
    except StoreError:
        callee.channel.play([prompt("not-noted")])
    else:
        callee.channel.play([prompt("passed-on") if callee.brief.others else prompt("passed-alone")])


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


def _number_for_questions(alert: Alert) -> list[str]:
    if alert.callback is None:
        return [prompt("questions-nowhere")]
    return [prompt("questions-at"), *spoken.spelled(alert.callback)]
