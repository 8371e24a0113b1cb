"""A menu as data, and the one loop that plays it.

Owns: the keys that mean the same everywhere (star one step back, hash done, 0 help), and that three misses
end a question. Who asks decides what back and done lead to.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from ivr.adapters.fastagi import ALL_KEYS, Channel
from ivr.domain.spoken import prompt

T = TypeVar("T")

KEY_S = 4
"""How long a key is awaited before the question is asked again, seconds. A soft tick is heard meanwhile."""
_EVERYWHERE = "*#"
_HELP = "0"


class OperatorWanted(Exception):
    """The caller has pressed 0 twice: they want a person."""


@dataclass(frozen=True, slots=True)
class Menu:
    prompts: tuple[str, ...]
    keys: str
    """The keys that mean something here, besides star, hash and 0."""
    help: tuple[str, ...] = (prompt("help"),)
    """What is said when 0 is pressed, before the question is asked again."""
    tries: int = 3
    """How often it is played before the caller is taken to be gone."""


def ask(channel: Channel, menu: Menu, operator: bool = False) -> str | None:
    """Play `menu` until one of its keys, star or hash is pressed, at any time. None when none was in all its
    tries: nobody seems to be there.

    A key interrupts the help, too, and counts. Raises OperatorWanted for a second 0 there, where there is an
    `operator` to be had.
    """
    lead: tuple[str, ...] = ()
    misses = 0
    while misses < menu.tries:
        key = _key(channel, (*lead, *menu.prompts))
        asked_for_help = key == _HELP
        if asked_for_help:
            key = helped(channel, menu, operator)
        if key and key in menu.keys + _EVERYWHERE:
            return key
        lead = (prompt("wrong-key"),) if key else ()
        misses += not asked_for_help
    return None


def helped(channel: Channel, menu: Menu, operator: bool = False) -> str:
    """Say the help of `menu`. The key that was pressed meanwhile; '' for none, or a 0 that leads nowhere.

    Raises OperatorWanted, as `ask` does.
    """
    if not operator:
        return channel.play(menu.help, ALL_KEYS).replace(_HELP, "")
    key = _key(channel, (*menu.help, prompt("help-operator")))
    if key == _HELP:
        raise OperatorWanted
    return key


def walk(items: Sequence[T], visit: Callable[[T], str]) -> bool:
    """Visit items one after another. A visit ends with a key: star leads to the item before, hash is done
    with them all, any other goes on. Whether the last one was gone past."""
    n = 0
    while 0 <= n < len(items):
        key = visit(items[n])
        if key == "#":
            return False
        n += -1 if key == "*" else 1
    return n == len(items)


def _key(channel: Channel, sounds: tuple[str, ...]) -> str:
    return channel.play(sounds, ALL_KEYS) or channel.wait(KEY_S)
