"""A call to the hotline: who calls, and what they are there for.

Owns: the main menu. Knows nothing of what each of its keys leads to.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import TypeVar

from agi import listen, mine, operator
from agi.caller import Caller, Gone
from agi.current import hear_current
from agi.escalation import escalate
from agi.listen import Clerk
from agi.login import login
from agi.menu import Menu, OperatorWanted
from agi.news import news
from agi.raising import Raising, offer
from agi.settings import settings
from agi.studio import record_text
from ivr.adapters.fastagi import Channel, Script
from ivr.domain import endpoint
from ivr.domain.facts import CallCameIn, TeamIdentified
from ivr.domain.spoken import prompt
from ivr.services.desk import Desk

R = TypeVar("R")

_LONGEST_S = 3600
"""A caller may stay for an hour, then Asterisk ends the call."""
_ROUNDS = 20

_ROOMS: Mapping[str, Callable[[Caller], None]] = {
    "1": lambda caller: Raising(caller).run(),
    "2": hear_current,
    "3": mine.tell,
    "4": mine.withdraw,
    "5": escalate,
    "6": record_text,  # not spoken: for an operator whose shell has shown a code
    "8": settings,
}
"""What the keys of the main menu lead to."""
_KEYS = "".join(_ROOMS)


def hotline(desk: Desk, patience_s: float = listen.PATIENCE_S) -> Script:
    """The script of a call that came in."""

    def script(channel: Channel) -> None:
        # Nobody on the line waits for what is put on record of the call itself: that has a clerk of its own,
        # or what the caller asks for would have to wait behind it.
        with Clerk(channel.call_id, patience_s) as clerk, Clerk(channel.call_id, patience_s) as registrar:
            channel.answer()
            channel.hang_up_after(_LONGEST_S)
            registrar.hand(
                partial(desk.ledger.apply, CallCameIn(channel.call_id, endpoint.trunk(channel.name)))
            )
            account = login(channel, desk, clerk)
            if account is not None:
                registrar.hand(partial(desk.ledger.apply, TeamIdentified(channel.call_id, account.team)))
                main_menu(Caller(channel, desk, clerk, account))
            listen.finish(channel)

    return script


def main_menu(caller: Caller) -> None:
    """All that a caller may do, until they are done or gone. What they have not sent comes first."""
    with suppress(Gone):
        _or_operator(caller, offer)
        lead = news(caller)
        for _ in range(_ROUNDS):
            if _or_operator(caller, partial(_choose, lead)) == "#":
                return
            lead = []


def _choose(lead: list[str], caller: Caller) -> str:
    key = caller.ask(Menu((*lead, prompt("main-menu")), _KEYS, help=(prompt("help-main"),)))
    if key in _ROOMS:
        _ROOMS[key](caller)
    return key


def _or_operator(caller: Caller, part: Callable[[Caller], R]) -> R | None:
    """What `part` comes to; None where the caller wanted a person meanwhile."""
    try:
        return part(caller)
    except OperatorWanted:
        operator.connect(caller)
        return None
