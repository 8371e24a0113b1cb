"""How the fault matrix counts: what was lost, repeated or too much is seen, and the rest is not."""

import errno
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from wav import RATE, write

from bench.faults import disk
from bench.faults.case import Case, count, hearings
from bench.faults.cast import CALL_S, moments
from ivr.pstn.cdr import Record
from ivr.pstn.witness import Audio

HAPPENED_AT = 100.0


def sound(seed: int, seconds: float) -> Audio:
    noise: Audio = 0.1 * np.random.default_rng(seed).normal(size=round(seconds * RATE))
    return noise


ALERT, OTHER = sound(1, 3), sound(2, 3.3)
QUIET = np.zeros(2 * RATE)


def record(started_at: float, ended_at: float | None, *, over_limit: bool = False) -> Record:
    return Record("+4940808000001", "", "to-phone", started_at, ended_at=ended_at, over_limit=over_limit)


def case(**counts: int) -> Case:
    counted = {"teams": 60, "in_flight": 2, "lost": 0, "repeated": 0, "over_limit": 0, "calls": 60, **counts}
    return Case("drop AMI", moment_s=1.0, seed=1, took_s=60.0, **counted)


@pytest.mark.parametrize(
    ("parts", "pressed_s", "heard"),
    [
        ((ALERT, QUIET), (1.0, 5.5), [True]),
        ((ALERT, QUIET), (1.0,), [False]),  # gone before it could press
        ((ALERT, QUIET), (65.0,), [False]),  # the line was dead
        ((ALERT[:10000], QUIET, ALERT[10000:], QUIET), (7.5,), [True]),  # the sound broke off and went on
        ((ALERT[:10000], QUIET, ALERT[18000:], QUIET), (7.5,), [False]),
        ((ALERT[:10000], QUIET, ALERT[14000:], QUIET), (7.5,), [False]),
        ((ALERT[:20500], QUIET), (7.5,), [False]),  # its end was not heard, and nothing behind it
        ((ALERT[:20500], QUIET, OTHER), (7.5,), [True]),  # the break lay at its end, and the voice went on
        ((ALERT[: 2 * RATE], QUIET), (7.5,), [False]),
        ((ALERT[2 * RATE - 4000 :], QUIET), (7.5,), [False]),
        ((OTHER, QUIET), (7.5,), []),
    ],
)
def test_what_a_phone_heard_and_did(
    tmp_path: Path, parts: tuple[Audio, ...], pressed_s: tuple[float, ...], heard: list[bool]
) -> None:
    alert, recording = write(tmp_path / "alert.wav", ALERT), write(tmp_path / "heard.wav", QUIET, *parts)
    pressed_at = tuple(HAPPENED_AT + at for at in pressed_s)
    call = replace(record(HAPPENED_AT - 1, None), answered_at=HAPPENED_AT, pressed_at=pressed_at)
    assert hearings([(call, recording)], alert) == heard


def test_calls_in_flight_are_those_that_were_up_at_the_fault() -> None:
    up = [record(90, 120), record(100, 101), record(99, None)]
    others = [record(80, 100), record(101, 120)]
    assert count([*up, *others], [], HAPPENED_AT)["in_flight"] == len(up)


def test_a_team_is_lost_unless_one_of_its_calls_reached_it_and_each_further_one_is_a_repeat() -> None:
    counted = count([], [[True], [False, True], [True, True, False], [False], []], HAPPENED_AT)
    assert (counted["teams"], counted["lost"], counted["repeated"]) == (5, 2, 3)


def test_a_call_beyond_the_lines_is_counted() -> None:
    records = [record(90, 91, over_limit=True), record(90, 120)]
    assert count(records, [], HAPPENED_AT)["over_limit"] == 1


def test_a_case_fails_for_one_lost_one_too_many_or_more_repeats_than_calls_in_flight() -> None:
    assert case().ok
    assert case(repeated=2).ok
    assert not case(repeated=3).ok
    assert not case(lost=1).ok
    assert not case(over_limit=1).ok


def test_moments_are_random_seeded_and_while_the_lines_are_in_use() -> None:
    drawn = [m for seed in range(20) for m in moments("drop AMI", seed, 3, teams=60, lines=30)]
    assert len(set(drawn)) == len(drawn)
    assert min(drawn) >= 1.0
    assert max(drawn) <= 2 * CALL_S
    assert moments("drop AMI", 1, 3, 60, 30) == moments("drop AMI", 1, 3, 60, 30)
    assert moments("drop AMI", 1, 3, 60, 30) != moments("SMSC gone", 1, 3, 60, 30)


def test_a_small_disk_is_full_to_the_last_block_and_then_has_room_again(tmp_path: Path) -> None:
    folder = tmp_path / "a disk"
    with disk.small(folder) as own:
        if not own:
            pytest.skip("this process may not mount a file system")
        (folder / "kept").write_bytes(b"here before")
        with disk.full(folder), pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
            (folder / "more").write_bytes(bytes(1))
        (folder / "more").write_bytes(bytes(100_000))
        assert (folder / "kept").read_bytes() == b"here before"
    assert list(folder.iterdir()) == []
