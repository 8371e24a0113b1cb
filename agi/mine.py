"""A caller's own alerts: how they are doing, and withdrawing one.

Owns: that nothing is withdrawn but by a second key, pressed after it was said what it does.
"""

import logging
from collections.abc import Iterable
from functools import partial

from agi import listen
from agi.caller import Caller
from agi.menu import Menu, walk
from ivr.adapters.fastagi import ALL_KEYS
from ivr.domain import spoken
from ivr.domain.facts import AlertWithdrawn, Illegal
from ivr.domain.progress import Progress
from ivr.domain.records import Alert
from ivr.domain.spoken import prompt
from ivr.ports import StoreError

log = logging.getLogger(__name__)


_SURE = Menu((prompt("withdraw-confirm-after"),), "1")


def tell(caller: Caller) -> None:
    """How the caller's alerts are doing, the newest first."""
    sent = caller.look_up(partial(caller.desk.sent, caller.account.team))
    if not sent:
        caller.channel.play([prompt("no-own-alerts")], ALL_KEYS)
    walk(sent, lambda item: _tell(caller, item, last=item is sent[-1]))


def _tell(caller: Caller, item: Progress, last: bool) -> str:
    """One alert; the key that leads on."""
    counts = [
        *(prompt("alert-word"), *spoken.count(item.alert.id)),
        *spoken.acknowledged(item.acknowledged, item.teams),
        *(*spoken.count(item.reached), prompt("count-reached")),
        *(*spoken.count(len(item.missing)), prompt("count-missing")),
    ]
    names = [prompt("names-menu")] if item.missing else []
    more = [] if last else [prompt("next-own-menu")]
    keys = ("1" if names else "") + ("3" if more else "")
    if not keys:
        return caller.channel.play(counts, ALL_KEYS)
    menu = Menu((*counts, *names, *more), keys)
    key = caller.ask(menu)
    while key == "1":
        key = caller.channel.play(missing_names(caller, item), menu.keys + "*#") or caller.ask(
            Menu((*names, *more), keys)
        )
    return key


def missing_names(caller: Caller, item: Progress) -> Iterable[str]:
    """Of the teams that have not acknowledged."""
    for delivery in item.missing:
        yield from listen.name(caller.desk, delivery.team, delivery.team_name)


def withdraw(caller: Caller) -> None:
    """Choose one of the caller's alerts and withdraw it."""
    sent = [item.alert for item in caller.look_up(partial(caller.desk.sent, caller.account.team))]
    if not sent:
        caller.channel.play([prompt("no-own-alerts")], ALL_KEYS)
    walk(sent, lambda alert: _offer_withdrawal(caller, alert, last=alert is sent[-1]))


def _offer_withdrawal(caller: Caller, alert: Alert, last: bool) -> str:
    """The key that leads on. The second 1 counts only once it was said what it does."""
    head = (prompt("alert-word"), *spoken.count(alert.id), prompt("withdraw-menu"))
    menu = Menu(head, "1") if last else Menu((*head, prompt("next-own-menu")), "13")
    while (key := caller.ask(menu)) == "1":
        caller.channel.play([prompt("withdraw-confirm-before")])
        caller.channel.flush()
        sure = caller.ask(_SURE)
        if sure == "1":
            _withdraw(caller, alert)
        if sure != "*":
            return "#"
    return key


def _withdraw(caller: Caller, alert: Alert) -> None:
    fact = partial(caller.desk.ledger.apply, AlertWithdrawn(alert.id))
    try:
        caller.clerk.wait(caller.channel, fact, prompt("not-yet-withdrawn-hold"))
    except StoreError:
        log.error("alert %s: not withdrawn", alert.id)
        caller.channel.play([prompt("not-withdrawn")])
    except Illegal:  # it is erased: nobody who had it is known any more
        caller.channel.play([prompt("alert-word"), *spoken.count(alert.id), prompt("ended-meanwhile")])
    else:
        caller.channel.play([prompt("alert-word"), *spoken.count(alert.id), prompt("is-withdrawn")])
