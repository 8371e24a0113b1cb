"""A caller's own alerts: how they are doing, withdrawing one, and having the teams called about a mail.

Owns: that nothing is withdrawn or sent but by a second key, pressed after it was said what it does.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial

from agi import listen
from agi.caller import Caller
from agi.menu import Menu, walk
from ivr.adapters.fastagi import ALL_KEYS
from ivr.domain import spoken
from ivr.domain.facts import AlertReleased, AlertWithdrawn, Illegal
from ivr.domain.progress import Progress
from ivr.domain.records import Alert, Source
from ivr.domain.spoken import prompt
from ivr.ports import StoreError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Twice:
    """The two questions before something is done that cannot be undone."""

    first: str
    before: tuple[str, ...]
    """What the second key is going to do. No key counts while it is said."""
    sure: Menu


_WITHDRAW = _Twice(
    prompt("withdraw-menu"),
    (prompt("withdraw-confirm-before"),),
    Menu((prompt("withdraw-confirm-after"),), "1"),
)
_ESCALATE = _Twice(
    prompt("escalate-menu"), (prompt("confirm-send-before"),), Menu((prompt("confirm-send-after"),), "1")
)


def tell(caller: Caller) -> None:
    """How the caller's alerts are doing, the newest first."""
    sent = caller.look_up(partial(caller.desk.sent, caller.account.team))
    if not sent:
        caller.channel.play([prompt("no-own-alerts")])
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
        caller.channel.play([prompt("no-own-alerts")])
    walk(sent, lambda alert: _offer(caller, alert, alert is sent[-1], _WITHDRAW, _withdraw))


def escalate(caller: Caller) -> None:
    """Have the teams called about an alert that came by mail, and went out by mail alone."""
    by_mail = caller.look_up(partial(caller.desk.drafts, caller.account.team, Source.MAIL))
    if not by_mail:
        caller.channel.play([prompt("no-mail-alerts")])
    teams = spoken.teams(caller.look_up(partial(caller.desk.teams_to_call, caller.account.team)))
    ask = replace(_ESCALATE, before=(*_ESCALATE.before, *teams))
    walk(by_mail, lambda alert: _offer(caller, alert, alert is by_mail[-1], ask, _escalate))


def _offer(caller: Caller, alert: Alert, last: bool, ask: _Twice, do: Callable[[Caller, Alert], None]) -> str:
    """Have `do` done with `alert` if the caller says so twice; the key that leads on."""
    more = () if last else (prompt("next-own-menu"),)
    choose = Menu((prompt("alert-word"), *spoken.count(alert.id), ask.first, *more), "13" if more else "1")
    while (key := caller.ask(choose)) == "1":
        caller.channel.play(ask.before)
        caller.channel.flush()  # a key counts only once it was said what it does
        sure = caller.ask(ask.sure)
        if sure == "1":
            do(caller, alert)
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
    else:
        caller.channel.play([prompt("alert-word"), *spoken.count(alert.id), prompt("is-withdrawn")])


def _escalate(caller: Caller, alert: Alert) -> None:
    fact = partial(caller.desk.ledger.apply, AlertReleased(alert.id))
    number = (prompt("alert-word"), *spoken.count(alert.id))
    try:
        teams = caller.clerk.wait(caller.channel, fact, prompt("not-yet-sent-hold")).teams
    except StoreError:
        log.error("alert %s: not released, it is kept as a draft", alert.id)
        caller.channel.play([prompt("not-sent")])
    except Illegal:  # withdrawn meanwhile
        caller.channel.play([prompt("cancelled")])
    else:
        caller.channel.play([*number, prompt("on-its-way"), *spoken.teams(teams)])
