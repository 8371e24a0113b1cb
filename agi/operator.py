"""A caller and the duty operator: the call that fetches the operator, and the line between the two.

Owns: that the caller hears how it stands, and comes back to the menu whatever becomes of it. The operator's
call is an errand: it waits for a line as any call does.
"""

import logging
from functools import partial

from agi.caller import Caller
from ivr.adapters.fastagi import ALL_KEYS, Channel, HungUp
from ivr.domain.facts import ErrandDropped, ErrandWanted, Illegal
from ivr.domain.records import OPEN_ERRANDS, ErrandKind, ErrandState
from ivr.domain.spoken import prompt
from ivr.ports import StoreError

log = logging.getLogger(__name__)

_LOOK_S = 2
"""Between two looks at how the call stands. A tick is heard meanwhile."""
_LOOKS = 40
_SAY_AGAIN = 5
"""After so many looks it is said again that the call is under way."""


def connect(caller: Caller) -> None:
    """Fetch the duty operator. Any key gives up waiting."""
    number = caller.desk.settings.network.duty_operator
    assert number is not None
    wanted = partial(
        caller.desk.ledger.apply, ErrandWanted(ErrandKind.OPERATOR, number, uid=caller.account.uid)
    )
    try:
        errand = caller.look_up(wanted).errand
    except (StoreError, Illegal):
        log.error("call %s: the duty operator cannot be called", caller.channel.call_id)
        errand = None
    if errand is None:
        caller.channel.play([prompt("operator-not-reached")], ALL_KEYS)
        return
    try:
        how = _await(caller, errand.id)
    except HungUp:
        caller.clerk.hand(partial(caller.desk.ledger.apply, ErrandDropped(errand.id)))
        raise
    if how is ErrandState.DONE and _joined(caller.channel, errand.id):
        caller.channel.confer(room(errand.id), "caller")
    elif how is None:
        caller.clerk.hand(partial(caller.desk.ledger.apply, ErrandDropped(errand.id)))
    else:
        caller.channel.play([prompt("operator-not-reached")], ALL_KEYS)


def _await(caller: Caller, errand: int) -> ErrandState | None:
    """How the call to the operator has ended; None when the caller waits no longer."""
    for n in range(_LOOKS):
        if n % _SAY_AGAIN == 0 and caller.channel.play([prompt("operator-is-called")], ALL_KEYS):
            return None
        state = caller.look_up(partial(caller.desk.errand, errand)).state
        if state not in OPEN_ERRANDS:
            return state
        if caller.channel.wait(_LOOK_S):
            return None
    caller.channel.play([prompt("operator-not-reached")], ALL_KEYS)
    return None


def _joined(channel: Channel, errand: int) -> bool:
    """Whether the operator, who has pressed a key, is on the line between us. A moment may pass till then."""
    for _ in range(3):
        if channel.variable(f"CONFBRIDGE_INFO(parties,{room(errand)})") not in ("", "0"):
            return True
        channel.wait(1)
    return False


def room(errand: int) -> str:
    """The name of the line between the two."""
    return f"operator-{errand}"
