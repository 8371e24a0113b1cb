"""The current alerts, as a caller hears and acknowledges them.

Owns: the keys while an alert plays, and where in it the caller is.
"""

from dataclasses import replace
from functools import partial

from agi import listen
from agi.caller import Caller
from agi.menu import Menu, walk
from ivr.adapters.fastagi import ALL_KEYS, HungUp
from ivr.domain.facts import Acknowledged
from ivr.domain.records import Via
from ivr.domain.spoken import prompt
from ivr.services.desk import Current

_STEP_S = 5.0
"""How far 4 winds back and 6 forward."""
_PAUSE_S = 10
_PAUSES = 12
"""So many times _PAUSE_S a pause may last; then the alert goes on."""

_LISTEN = Menu((prompt("listen-menu"),), "1234", help=(prompt("help-listen"),))
_LISTEN_AGAIN = Menu((prompt("listen-again-menu"),), "234", help=(prompt("help-listen"),))


def hear_current(caller: Caller) -> None:
    """One after another, the newest first: 3 the next, star the one before, hash no more."""
    current = caller.look_up(partial(caller.desk.current, caller.account.team))
    if not current:
        caller.channel.play([prompt("no-current-alerts")], ALL_KEYS)
        return

    def visit(n: int) -> str:
        key = _Visit(caller, current[n]).run()
        if key == "1" and _acknowledged(caller, current[n]):
            current[n] = replace(current[n], acknowledged=True)
        return key

    if walk(range(len(current)), visit):
        caller.channel.play([prompt("no-more-alerts")], ALL_KEYS)


def _acknowledged(caller: Caller, item: Current) -> bool:
    fact = Acknowledged(item.alert.id, caller.account.team, Via.HOTLINE, caller.account.uid)
    return listen.acknowledge(caller.channel, caller.clerk, caller.desk, fact)


class _Visit:
    """One alert, until a key leads away from it: 1, 3, star or hash."""

    def __init__(self, caller: Caller, item: Current) -> None:
        self._caller = caller
        self._channel = caller.channel
        self._item = item
        self._menu = _LISTEN_AGAIN if item.acknowledged else _LISTEN
        self._at_s = 0.0

    def run(self) -> str:
        lead = [prompt("already-acknowledged")] if self._item.acknowledged else []
        zone = self._caller.look_up(partial(self._caller.desk.clock, self._caller.account.team))
        raised = listen.raised(self._caller.desk, self._item.alert, zone)
        key = self._channel.play([*raised, *listen.about(self._item.alert), *lead], ALL_KEYS)
        if key == "0":
            key = self._caller.helped(self._menu)
        if key and key in "3*#":
            return key
        while True:
            key = self._play() or self._caller.ask(self._menu)
            if key == "2":
                self._at_s = 0.0
            elif key == "4":
                self._at_s = max(0.0, self._at_s - _STEP_S)
            else:
                return key

    def _play(self) -> str:
        """Play on; the key that ended it, '' at its end. Wind, pause and help are seen to here."""
        sound = str(self._caller.desk.audio(self._item.alert).with_suffix(""))
        while (played := self._channel.stream(sound, ALL_KEYS, self._at_s)).how == "key":
            self._at_s = played.at_s
            match played.key:
                case "5":
                    key = self._paused()
                case "0":
                    key = self._caller.helped(self._menu)
                case "1" if played.at_s < listen.DOUBLE_PRESS_S:
                    continue
                case _:
                    key = played.key
            if key == "4":
                self._at_s = max(0.0, self._at_s - _STEP_S)
            elif key == "6":
                self._at_s += _STEP_S
            elif key and key in self._menu.keys + "*#":
                return key
        if played.how == "hangup":
            raise HungUp
        self._at_s = played.at_s
        if played.how == "missing":
            self._channel.play([prompt("alert-unplayable")], ALL_KEYS)
            return "3"
        return ""

    def _paused(self) -> str:
        """The key that ends a pause; '' when it has lasted too long."""
        key = self._channel.play([prompt("paused")], ALL_KEYS)
        for _ in range(_PAUSES):
            key = key or self._channel.wait(_PAUSE_S)
        return key
