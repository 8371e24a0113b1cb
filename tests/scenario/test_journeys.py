"""Golden conversations over real calls to the hotline: see journey_calls."""

from collections.abc import Callable
from pathlib import Path

import pytest
from journey_calls import play

from ivr.ports import Programs

pytestmark = pytest.mark.scenario


@pytest.mark.parametrize(
    "name",
    ("raise-and-send", "wrong-pin-thrice", "hotline-acknowledge", "status", "withdraw"),
)
def test_journey_over_a_call(
    name: str, asterisk: Programs, home: Path, speech: Callable[[float], Path]
) -> None:
    play(name, asterisk, home, speech)
