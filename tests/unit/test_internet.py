"""Whether an operator is told that nothing works without the Internet."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from ivr.config.internet import warning
from ivr.config.sms import Modem, Smsc
from ivr.config.trunk import Trunk


@dataclass(frozen=True)
class Way:
    internet: bool


ON, OFF = Way(True), Way(False)


@pytest.mark.parametrize(
    ("trunks", "smsc", "told"),
    [
        ([ON, OFF], [ON, OFF], None),
        ([OFF], [], None),
        ([ON], [], "EVERY TRUNK NEEDS THE INTERNET"),
        ([ON, ON], [ON, OFF], "EVERY TRUNK NEEDS THE INTERNET"),
        ([ON, OFF], [ON, ON], "EVERY SMSC NEEDS THE INTERNET"),
        ([ON], [ON], "EVERY TRUNK AND EVERY SMSC NEEDS THE INTERNET"),
    ],
)
def test_what_is_told(trunks: list[Way], smsc: list[Way], told: str | None) -> None:
    found = warning(trunks, smsc)

    assert found is None if told is None else found is not None and found.startswith(told)


def test_unless_said_otherwise_all_but_a_modem_needs_it() -> None:
    assert Trunk("sip-a", "sip.example", 4).internet
    assert Smsc("operator-a", "smpp.example", "tocsin").internet
    assert not Modem(Path("spool"), "modem").internet
