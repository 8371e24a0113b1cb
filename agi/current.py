"""The current alerts, as a caller hears and acknowledges them."""

from agi import listen
from agi.caller import Caller
from agi.menu import Menu
from ivr.adapters.fastagi import HungUp
from ivr.domain.facts import Acknowledged
from ivr.domain.records import Alert, Via
from ivr.domain.spoken import prompt
from ivr.services.desk import Current

_LISTEN = Menu((prompt("press-1-to-acknowledge-2-again-hash-next"),), "12")
_LISTEN_AGAIN = Menu((prompt("press-2-again-hash-next"),), "2")


def hear_current(caller: Caller) -> None:
    current = caller.desk.current(caller.account.team)
    if not current:
        caller.channel.play([prompt("no-current-alerts")])
    for item in current:
        _one(caller, item)


def _one(caller: Caller, item: Current) -> None:
    """One alert, until it is acknowledged or left. Hash goes on to the next at any time."""
    menu = _LISTEN_AGAIN if item.acknowledged else _LISTEN
    lead = [prompt("already-acknowledged")] if item.acknowledged else []
    zone = caller.desk.clock(caller.account.team)
    if caller.channel.play([*listen.raised(caller.desk, item.alert, zone), *lead], "#"):
        return
    for _ in range(listen.PLAYS):
        played = listen.hear(caller.channel, caller.desk, item.alert, menu.keys + "#")
        if played.how == "hangup":
            raise HungUp
        if played.how == "missing":
            return
        key = played.key or caller.ask(menu)
        if key == "1":
            _acknowledge(caller, item.alert)
        if key != "2":
            return


def _acknowledge(caller: Caller, alert: Alert) -> None:
    fact = Acknowledged(alert.id, caller.account.team, Via.HOTLINE, caller.account.uid)
    listen.acknowledge(caller.channel, caller.clerk, caller.desk, fact)
