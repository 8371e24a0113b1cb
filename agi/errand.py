"""A call that we placed for something else than an alert. What is said in it, its kind decides.

Owns: that its answer is on record first. Nobody is asked for a PIN in a call that we make.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from agi import listen, operator
from agi.caller import Caller
from agi.hotline import main_menu
from agi.listen import Clerk
from agi.menu import Menu, ask
from ivr.adapters.fastagi import Channel, Script
from ivr.domain.facts import CallAnswered, CallBackDenied, ErrandDone, KeyPressed, TeamIdentified
from ivr.domain.records import OPEN_ERRANDS, Errand, ErrandKind
from ivr.domain.spoken import prompt
from ivr.services.desk import Desk

_LONGEST_S = 3600


@dataclass(frozen=True, slots=True)
class OnErrand:
    """A call on an errand, as the script of its kind needs it."""

    channel: Channel
    desk: Desk
    clerk: Clerk
    errand: Errand

    def done(self) -> None:
        """A person has pressed a key: what the errand was for has come about."""
        for fact in (KeyPressed(self.channel.call_id), ErrandDone(self.errand.id)):
            self.clerk.hand(partial(self.desk.ledger.apply, fact))


def errand(desk: Desk, patience_s: float = listen.PATIENCE_S) -> Script:
    """The script of a call on an errand."""

    def script(channel: Channel) -> None:
        with Clerk(channel.call_id, patience_s) as clerk:
            channel.hang_up_after(_LONGEST_S)
            clerk.hand(partial(desk.ledger.apply, CallAnswered(channel.call_id)))
            on = desk.errand_of(channel.call_id)
            _SCRIPTS[on.kind](OnErrand(channel, desk, clerk, on))
            listen.finish(channel)

    return script


def _call_back(on: OnErrand) -> None:
    """Whoever takes this phone is the account that asked for the call: its number is in the directory."""
    account = on.desk.account(on.errand.uid or "")
    key = ask(on.channel, Menu((prompt("callout-greeting"), prompt("called-back-press-1")), "12"))
    if key == "2":
        on.clerk.hand(partial(on.desk.ledger.apply, CallBackDenied(on.errand.id)))
        on.channel.play([prompt("not-asked-for")])
    if key != "1" or account is None:
        return
    on.done()
    on.clerk.hand(partial(on.desk.ledger.apply, TeamIdentified(on.channel.call_id, account.team)))
    main_menu(Caller(on.channel, on.desk, on.clerk, account))


def _test(on: OnErrand) -> None:
    """Somebody of the team wants to know whether we reach this phone."""
    if ask(on.channel, Menu((prompt("callout-greeting"), prompt("test-call-press-1")), "1")) == "1":
        on.done()
        on.channel.play([prompt("test-thanks")])


def _operator(on: OnErrand) -> None:
    """The duty operator, whom a caller wants to speak to."""
    account = on.desk.account(on.errand.uid or "")
    team = listen.name(on.desk, account.team, account.team) if account else []
    wanted = (prompt("callout-greeting"), *team, prompt("operator-wanted"))
    if ask(on.channel, Menu(wanted, "1")) != "1":
        return
    if on.desk.errand_of(on.channel.call_id).state not in OPEN_ERRANDS:
        on.channel.play([prompt("caller-has-left")])
        return
    on.done()
    on.channel.confer(operator.room(on.errand.id), "operator")


_SCRIPTS: Mapping[ErrandKind, Callable[[OnErrand], None]] = {
    ErrandKind.CALLBACK: _call_back,
    ErrandKind.TEST: _test,
    ErrandKind.OPERATOR: _operator,
}
