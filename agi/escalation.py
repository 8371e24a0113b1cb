"""Having the teams called about an alert that is out by mail alone.

Owns: that nobody is called but by a key that was pressed after it was said how many teams that are, and that
"is now being telephoned" is spoken only once that is on record.
"""

import logging
from functools import partial

from agi.caller import Caller
from agi.menu import Menu, walk
from agi.mine import missing_names
from agi.sending import follow
from ivr.adapters.fastagi import ALL_KEYS
from ivr.domain import spoken
from ivr.domain.facts import AlertEscalated, Illegal
from ivr.domain.progress import Progress
from ivr.domain.records import Alert, AlertState, Via
from ivr.domain.spoken import prompt
from ivr.ports import StoreError

log = logging.getLogger(__name__)

_SURE = Menu((prompt("escalate-sure"),), "1")


def escalate(caller: Caller) -> None:
    """The caller's own alerts that are out by mail and not acknowledged by all, the newest first."""
    waiting = caller.look_up(partial(caller.desk.by_mail, caller.account.team))
    if not waiting:
        caller.channel.play([prompt("no-mail-alerts")], ALL_KEYS)
    walk(waiting, lambda item: _offer(caller, item, last=item is waiting[-1]))


def _offer(caller: Caller, item: Progress, last: bool) -> str:
    """One alert; the key that leads on."""
    zone = caller.look_up(partial(caller.desk.clock, caller.account.team))
    sent_at = item.alert.released_at or item.alert.recorded_at
    sent = (prompt("by-mail"), *spoken.moment(sent_at, zone))
    missing = (*spoken.count(len(item.missing)), prompt("count-missing"))
    head = (prompt("alert-word"), *spoken.count(item.alert.id), *sent, *missing)
    ways = (prompt("escalate-menu"),) if last else (prompt("escalate-menu"), prompt("next-own-menu"))
    keys = "12" if last else "123"
    whole, short = Menu((*head, *ways), keys), Menu(ways, keys)
    key = caller.ask(whole)
    while key in ("1", "2"):
        if key == "2":
            key = caller.channel.play(missing_names(caller, item), keys + "*#") or caller.ask(short)
        elif (key := _sure(caller, item)) == "1":
            _escalate(caller, item.alert)
            return "#"
        elif key == "*":
            key = caller.ask(whole)
        else:
            caller.channel.play([prompt("not-escalated-left")], ALL_KEYS)
    return key


def _sure(caller: Caller, item: Progress) -> str:
    """1, star or hash: it counts once the number of teams was spoken."""
    caller.channel.play([prompt("escalate-before"), *spoken.teams(len(item.missing))])
    caller.channel.flush()
    return caller.ask(_SURE)


def _escalate(caller: Caller, alert: Alert) -> None:
    fact = AlertEscalated(alert.id, Via.HOTLINE, caller.account.team)
    work = partial(caller.desk.ledger.apply, fact)
    try:
        teams = caller.clerk.wait(caller.channel, work, prompt("not-yet-escalated-hold")).teams
    except StoreError:
        log.error("alert %s: not escalated", alert.id)
        caller.channel.play([prompt("not-escalated")])
        return
    except Illegal:
        _meanwhile(caller, alert)
        return
    number = spoken.count(alert.id)
    caller.channel.play([prompt("alert-word"), *number, prompt("is-telephoned"), *spoken.teams(teams)])
    follow(caller, alert)


def _meanwhile(caller: Caller, alert: Alert) -> None:
    """Somebody else was quicker: they have escalated it, or it has ended."""
    sent = caller.look_up(partial(caller.desk.sent, caller.account.team))
    now = next((item.alert for item in sent if item.alert.id == alert.id), None)
    going = now is not None and now.state is AlertState.RELEASED
    what = prompt("escalated-meanwhile") if going else prompt("ended-meanwhile")
    caller.channel.play([prompt("alert-word"), *spoken.count(alert.id), what])
