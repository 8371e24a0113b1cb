"""A menu as data, and the one loop that plays it."""

from dataclasses import dataclass

from ivr.adapters.fastagi import ALL_KEYS, Channel
from ivr.domain.spoken import prompt

KEY_S = 4
"""How long a key is awaited before the question is asked again, seconds."""


@dataclass(frozen=True, slots=True)
class Menu:
    prompts: tuple[str, ...]
    keys: str
    """The keys that mean something here."""
    tries: int = 3
    """How often it is played before the caller is taken to be gone."""
    timeout_s: int = KEY_S


def ask(channel: Channel, menu: Menu) -> str | None:
    """Play `menu` until one of its keys is pressed, at any time; None when none was in all its tries."""
    lead: tuple[str, ...] = ()
    for _ in range(menu.tries):
        key = channel.play((*lead, *menu.prompts), ALL_KEYS) or channel.wait(menu.timeout_s)
        if key and key in menu.keys:
            return key
        lead = (prompt("wrong-key"),) if key else ()
    return None
