"""Verification words: by which a team knows that a call is ours.

Owns: the words, and how a list of them is drawn. They stand in the team's access letter; each call that we
make speaks the next one, and none is spoken twice.
"""

from collections.abc import Callable

WORDS = tuple(
    """
    acrobat almond anchor apricot avenue badger balcony banjo basket blanket bottle bridge bucket butter
    cabin camel candle canyon carpet castle cherry cinema circus cobra coffee compass copper cotton
    cricket dagger diamond dolphin dragon eagle elbow engine fabric falcon feather ferry fiddle flamingo
    forest fountain garden ginger giraffe glacier guitar hammer harbour helmet honey igloo island jacket
    jungle kangaroo kettle ladder lantern lemon library lobster magnet marble marmalade meadow mirror
    monkey mountain mushroom napkin necklace nutmeg octopus olive orchid oyster panther parrot pebble
    pencil pepper piano pillow pirate planet potato pumpkin puzzle pyramid rabbit raisin ribbon river
    robot rocket saddle salmon scissors shadow silver spider sugar sunset tiger tomato tractor trumpet
    tulip tunnel turtle umbrella uncle vampire velvet violin volcano walnut whistle window winter
    yoghurt zebra
    """.split()
)
"""Everyday words of two syllables or more, no two of which sound alike on a bad line."""

ISSUED = 50
"""Words in one letter."""
LOW = 10
"""So few left: time for another letter."""


def are_low(left: int) -> bool:
    """Whether so few words are left that others are to be sent."""
    return left <= LOW


def drawn(below: Callable[[int], int]) -> tuple[str, ...]:
    """A list for one letter, in the order in which it is spoken; `below(n)` is a random number from 0 to
    n - 1."""
    left = list(WORDS)
    chosen: list[str] = []
    while len(chosen) < ISSUED:
        chosen.append(left.pop(below(len(left))))
    return tuple(chosen)
