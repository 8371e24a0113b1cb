"""A short, seeded part of the fault matrix; `make faults` plays all of it. See docs/faults.md."""

from pathlib import Path

import pytest

from bench.faults.case import play
from bench.faults.cast import cast, moments, speak
from ivr.ports import Programs
from ivr.pstn.stage import Stage

pytestmark = pytest.mark.scenario

SEED = 7


def test_a_service_that_is_killed_loses_nobody(asterisk: Programs, home: Path, tmp_path: Path) -> None:
    alert = speak(asterisk, tmp_path / "alert.wav")
    [moment_s] = moments("kill -9 service", SEED, 1, teams=4, lines=3)
    with Stage(asterisk, cast(4, 3, home), home) as stage:
        case = play(stage, "kill -9 service", moment_s, SEED, alert)
    assert case.in_flight > 0, "the fault met calls"
    assert case.lost == 0
    assert case.repeated <= case.in_flight
    assert case.over_limit == 0
