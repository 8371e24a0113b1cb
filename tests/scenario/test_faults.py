"""A short, seeded part of the fault matrix; `make faults` plays all of it. See docs/faults.md."""

from pathlib import Path

import pytest

from bench.faults.matrix import Matrix, Scale
from ivr.ports import Programs

pytestmark = pytest.mark.scenario

FAULTS = ("kill -9 service", "kill -9 asterisk", "drop AMI", "disk full")


def test_whatever_breaks_nobody_is_lost_and_no_line_is_used_twice(asterisk: Programs, tmp_path: Path) -> None:
    small = Scale(teams=4, lines=3, moments=1, seed=7, stages=2)
    cases = list(Matrix(asterisk, tmp_path / "some stages", FAULTS, small).run())
    assert [case.fault for case in cases] == list(FAULTS)
    assert all(case.in_flight > 0 for case in cases), "each fault met calls"
    assert [case for case in cases if not case.ok] == []
