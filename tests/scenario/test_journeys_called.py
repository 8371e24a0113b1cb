"""Golden conversations over real calls of the hotline to teams: see journey_calls."""

from collections.abc import Callable
from pathlib import Path

import pytest
from journey_calls import play

from ivr.ports import Programs

pytestmark = pytest.mark.scenario


@pytest.mark.parametrize(
    "name",
    (
        "acknowledge-during-the-alert",
        "no-key-no-content",
        "two-alerts-in-one-call",
        "not-me-in-the-alert",
        "whom-to-ask",
    ),
)
def test_journey_over_a_call(
    name: str, asterisk: Programs, home: Path, speech: Callable[[float], Path]
) -> None:
    play(name, asterisk, home, speech)
