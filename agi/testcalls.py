"""Test calls to the numbers of a caller's team, and what came of each.

Owns: that the caller hears every result while they stay on the line. Who hangs up finds them in
`tocsin team show`.
"""

import logging
from functools import partial

from agi.caller import Caller
from agi.menu import Menu
from ivr.adapters.fastagi import ALL_KEYS
from ivr.domain import spoken
from ivr.domain.facts import ErrandWanted, Illegal
from ivr.domain.records import OPEN_ERRANDS, Errand, ErrandKind, ErrandState
from ivr.domain.spoken import prompt
from ivr.ports import StoreError

log = logging.getLogger(__name__)

_LOOK_S = 2
_LOOKS = 150
"""Longer than a test may wait for a line and ring."""
_ENDING = 4
"""So many digits tell a team's numbers apart."""


def test_numbers(caller: Caller) -> None:
    """Have every number of the caller's team called, if they want that."""
    numbers = caller.look_up(partial(caller.desk.numbers, caller.account.team))
    if not numbers:
        caller.channel.play([prompt("no-numbers")], ALL_KEYS)
        return
    confirm = Menu((*spoken.count(len(numbers)), prompt("test-menu")), "1")
    if caller.ask(confirm) == "1":
        errands = _wanted(caller, numbers)
        if errands:
            _follow(caller, errands)
        else:
            caller.channel.play([prompt("tests-refused")], ALL_KEYS)


def _wanted(caller: Caller, numbers: list[str]) -> list[int]:
    """The errands of the test calls that are now asked for; none for a number that had enough of late."""
    errands = []
    for number in numbers:
        fact = ErrandWanted(ErrandKind.TEST, number, caller.account.team, caller.account.uid)
        try:
            errand = caller.look_up(partial(caller.desk.ledger.apply, fact)).errand
        except (StoreError, Illegal):  # it left the directory meanwhile
            log.error("call %s: a test call is not on record", caller.channel.call_id)
        else:
            errands += [errand.id] if errand else []
    return errands


def _follow(caller: Caller, errands: list[int]) -> None:
    """Say what comes of each, until a key is pressed."""
    if caller.channel.play([prompt("test-under-way")], ALL_KEYS):
        return
    for _ in range(_LOOKS):
        now = [caller.look_up(partial(caller.desk.errand, errand)) for errand in errands]
        for errand in now:
            if errand.state not in OPEN_ERRANDS:
                errands.remove(errand.id)
                if caller.channel.play(_result(errand), ALL_KEYS):
                    return
        if not errands or caller.channel.wait(_LOOK_S):
            return


def _result(errand: Errand) -> list[str]:
    works = errand.state is ErrandState.DONE
    return [
        prompt("number-ending-in"),
        *spoken.spelled(errand.number[-_ENDING:]),
        prompt("test-works") if works else prompt("test-failed"),
    ]
