"""A team's settings, as a caller of it changes them by telephone."""

from collections.abc import Callable, Mapping

from agi.caller import Caller
from agi.menu import Menu
from agi.namesound import record_name
from agi.pinchange import change_pin
from agi.testcalls import test_numbers
from ivr.domain.spoken import prompt

_ROUNDS = 20
_ROOMS: Mapping[str, Callable[[Caller], None]] = {"1": change_pin, "2": record_name, "3": test_numbers}
_MENU = Menu((prompt("settings-menu"),), "".join(_ROOMS))


def settings(caller: Caller) -> None:
    """Until the caller is done: star and hash both lead back to the main menu."""
    for _ in range(_ROUNDS):
        key = caller.ask(_MENU)
        if key not in _ROOMS:
            return
        _ROOMS[key](caller)
