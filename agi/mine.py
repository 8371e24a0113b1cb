"""A caller's own alerts: how they are doing, withdrawing one, and having the teams called about a mail.

Owns: that nothing is withdrawn but by a second key, pressed after it was said what it does.
"""

import logging
from collections.abc import Iterable
from functools import partial

from agi import listen
from agi.caller import Caller
from agi.menu import Menu, walk
from agi.sending import follow, send
from ivr.adapters.fastagi import ALL_KEYS
from ivr.domain import spoken
from ivr.domain.facts import AlertWithdrawn
from ivr.domain.progress import Progress
from ivr.domain.records import Alert, Source
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
        key = caller.channel.play(_names(caller, item), menu.keys + "*#") or caller.ask(
            Menu((*names, *more), keys)
        )
    return key


def _names(caller: Caller, item: Progress) -> Iterable[str]:
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
    menu = _about(alert, prompt("withdraw-menu"), last)
    while (key := caller.ask(menu)) == "1":
        caller.channel.play([prompt("withdraw-confirm-before")])
        caller.channel.flush()
        sure = caller.ask(_SURE)
        if sure == "1":
            _withdraw(caller, alert)
        if sure != "*":
            return "#"
    return key


def _about(alert: Alert, question: str, last: bool) -> Menu:
    """Asks `question`, to which 1 says yes, about one of several alerts."""
    head = (prompt("alert-word"), *spoken.count(alert.id), question)
    return Menu(head, "1") if last else Menu((*head, prompt("next-own-menu")), "13")


def _withdraw(caller: Caller, alert: Alert) -> None:
    fact = partial(caller.desk.ledger.apply, AlertWithdrawn(alert.id))
    try:
        caller.clerk.wait(caller.channel, fact, prompt("not-yet-withdrawn-hold"))
    except StoreError:
        log.error("alert %s: not withdrawn", alert.id)
        caller.channel.play([prompt("not-withdrawn")])
    else:
        caller.channel.play([prompt("alert-word"), *spoken.count(alert.id), prompt("is-withdrawn")])


def escalate(caller: Caller) -> None:
    """Have the teams called about an alert that came by mail, and went out by mail alone."""
    by_mail = caller.look_up(partial(caller.desk.drafts, caller.account.team, Source.MAIL))
    if not by_mail:
        caller.channel.play([prompt("no-mail-alerts")], ALL_KEYS)
    walk(by_mail, lambda alert: _offer_escalation(caller, alert, last=alert is by_mail[-1]))


def _offer_escalation(caller: Caller, alert: Alert, last: bool) -> str:
    menu = _about(alert, prompt("escalate-menu"), last)
    while (key := caller.ask(menu)) == "1":
        went = send(caller, alert, alert.callback)
        if went == "sent":
            follow(caller, alert)
        elif went == "kept":
            caller.channel.play([prompt("draft-kept")], ALL_KEYS)
        if went != "back":
            return "#"
    return key
