"""A call to the hotline: who calls, and what they are there for.

Owns: the main menu. Knows nothing of what each of its keys leads to.
"""

from contextlib import suppress
from functools import partial

from agi import listen, mine
from agi.caller import Caller, Gone
from agi.current import hear_current
from agi.listen import Clerk
from agi.login import login
from agi.menu import Menu
from agi.news import news
from agi.raising import Raising, offer
from ivr.adapters.fastagi import Channel, Script
from ivr.domain.facts import CallCameIn, TeamIdentified
from ivr.domain.spoken import prompt
from ivr.services.desk import Desk

_LONGEST_S = 3600
"""A caller may stay for an hour, then Asterisk ends the call."""
_ROUNDS = 20


def hotline(desk: Desk, patience_s: float = listen.PATIENCE_S) -> Script:
    """The script of a call that came in."""

    def script(channel: Channel) -> None:
        with Clerk(channel.call_id, patience_s) as clerk:
            channel.answer()
            channel.hang_up_after(_LONGEST_S)
            clerk.hand(partial(desk.ledger.apply, CallCameIn(channel.call_id, _trunk(channel.name))))
            account = login(channel, desk, clerk)
            if account is not None:
                clerk.hand(partial(desk.ledger.apply, TeamIdentified(channel.call_id, account.team)))
                main_menu(Caller(channel, desk, clerk, account))
            listen.finish(channel)

    return script


def _trunk(channel_name: str) -> str:
    """The trunk (PJSIP endpoint) of a channel: PJSIP/carrier-00000017 came in by carrier."""
    return channel_name.partition("/")[2].rpartition("-")[0]


def main_menu(caller: Caller) -> None:
    """All that a caller may do, until they are done or gone."""
    with suppress(Gone):
        _main_menu(caller)


def _main_menu(caller: Caller) -> None:
    offer(caller)
    lead = news(caller)
    for _ in range(_ROUNDS):
        match caller.ask(Menu((*lead, prompt("main-menu")), "12345", help=(prompt("help-main"),))):
            case "1":
                Raising(caller).run()
            case "2":
                hear_current(caller)
            case "3":
                mine.tell(caller)
            case "4":
                mine.withdraw(caller)
            case "5":
                mine.escalate(caller)
            case "#":
                return
        lead = []
