"""What a team that needs secrecy is asked in a call that we make, before it hears an alert or instead of it.

Owns: the listening PIN. It opens alerts to whoever has the phone in hand, and nothing else; the PIN of an
account is never asked for here.
"""

import logging
from functools import partial

from agi.callee import Callee
from agi.menu import KEY_S
from ivr.domain.facts import ListenRefused, TeamResponding
from ivr.domain.records import Listen, Via
from ivr.domain.spoken import prompt
from ivr.ports import StoreError

log = logging.getLogger(__name__)

_MISSES = 3
_DIGITS = 20
"""More than any listening PIN has: what is longer is none, and is not left to answer the next question."""


def may_hear(callee: Callee) -> bool:
    """Whether alerts may be played in this call. If not, the callee is told where to hear them."""
    if callee.brief.listen is not Listen.PIN:
        return True
    lead: list[str] = []
    guessed = False
    for _ in range(_MISSES):
        pin = callee.channel.collect([*lead, prompt("enter-listen-pin")], _DIGITS, KEY_S)
        right = pin and _is_right(callee, pin)
        if right:
            return True
        if right is None:
            lead = [prompt("cannot-check-now")]
            break
        lead = [prompt("listen-pin-wrong")] if pin else [prompt("no-input")]
        guessed = guessed or pin != ""
    if guessed:
        callee.hand(ListenRefused(callee.channel.call_id))
    callee.channel.play([*lead, prompt("hear-it-on-the-hotline")])
    return False


def hold(callee: Callee) -> None:
    """Somebody will call in: the team is not called meanwhile, as if it had said that it is on it."""
    for alert in callee.brief.alerts:
        callee.hand(TeamResponding(alert.id, callee.brief.team.id, Via.KEYPRESS))
    callee.channel.play([prompt("call-in-thanks")])


def _is_right(callee: Callee, pin: str) -> bool | None:
    """None where that cannot be told now."""
    check = partial(callee.desk.door.may_listen, callee.brief.team.id, pin)
    try:
        return callee.clerk.wait(callee.channel, check, prompt("one-moment"))
    except StoreError:
        log.error("call %s: a listening PIN cannot be checked, the store is away", callee.channel.call_id)
        return None
