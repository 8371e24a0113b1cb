"""The soak judges by what the SMSC took."""

from dataclasses import replace

import pytest

from bench.soak_sms import Result

GOOD = Result(
    sent=100, lost=0, duplicates=30, window=10, kills=3, unmarked=0, receipts=90, took_s=9.0, seed=1
)


def test_a_window_of_duplicates_for_each_kill_is_what_is_promised() -> None:
    assert GOOD.ok


@pytest.mark.parametrize("worse", [{"lost": 1}, {"duplicates": 31}, {"unmarked": 1}, {"kills": 2}])
def test_more_than_that_is_not(worse: dict[str, int]) -> None:
    assert not replace(GOOD, **worse).ok
