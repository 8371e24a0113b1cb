"""What is left when the Internet is away: whether any trunk and any SMSC does not need it."""

from collections.abc import Sequence
from typing import Protocol


class Way(Protocol):
    """A trunk, an SMSC, or a modem."""

    @property
    def internet(self) -> bool: ...


def warning(trunks: Sequence[Way], smsc: Sequence[Way]) -> str | None:
    """What an operator must know if every way out is over the Internet; None where each kind has another."""
    no_call = all(way.internet for way in trunks)
    no_sms = bool(smsc) and all(way.internet for way in smsc)
    if no_call and no_sms:
        return (
            "EVERY TRUNK AND EVERY SMSC NEEDS THE INTERNET: while it is away nobody hears of an alert; "
            "have one that does not, and mark it `internet: false`"
        )
    if no_call:
        return (
            "EVERY TRUNK NEEDS THE INTERNET: while it is away nobody can be called; have one that does not, "
            "and mark it `internet: false`"
        )
    if no_sms:
        return (
            "EVERY SMSC NEEDS THE INTERNET: while it is away no SMS leaves; have one that does not, or a "
            "modem, and mark it `internet: false`"
        )
    return None
