"""How fast submits leave: as the operator allows, and less while the SMSC says that it is too much."""

from itertools import pairwise

import pytest

from ivr.adapters.smpp.pace import Pace


def burst(pace: Pace, now: float, for_s: float, refused: bool = False) -> list[float]:
    """The moments at which submits leave, each of them answered at once."""
    left, end = [], now + for_s
    while now < end:
        if wait := pace.wait_s(now):
            now += wait
            continue
        left.append(now)
        pace.sent(now)
        if refused:
            pace.throttled(now, now)
        else:
            pace.taken()
        now += 0.001
    return left


def test_nothing_holds_up_a_link_that_is_never_refused() -> None:
    pace = Pace(None)
    for _ in range(1000):
        assert pace.wait_s(5.0) == 0
        pace.sent(5.0)
        pace.taken()


def test_never_more_than_the_operator_allows() -> None:
    left = burst(Pace(20), 0.0, 10.0)

    assert len(left) == pytest.approx(200, abs=2)


def test_an_hour_of_silence_earns_no_burst() -> None:
    pace = Pace(20)
    burst(pace, 0.0, 1.0)

    assert len(burst(pace, 3600.0, 1.0)) == pytest.approx(20, abs=1)


def test_it_slows_down_with_each_refusal_but_not_for_ever() -> None:
    left = burst(Pace(None), 0.0, 120.0, refused=True)

    pauses = [b - a for a, b in pairwise(left)]
    assert pauses[:4] == pytest.approx([0.05, 0.1, 0.2, 0.4], abs=0.002)
    assert max(pauses) == pytest.approx(5.0, abs=0.002)


def test_a_whole_window_refused_at_once_slows_it_down_once() -> None:
    pace = Pace(None)
    for _ in range(100):
        pace.throttled(sent_at=1.0, now=1.1)

    assert pace.wait_s(1.1) == pytest.approx(0.05)


def test_it_recovers_when_the_smsc_takes_again() -> None:
    pace = Pace(None)
    burst(pace, 0.0, 2.0, refused=True)
    burst(pace, 10.0, 60.0)

    assert len(burst(pace, 100.0, 1.0)) > 900
    assert not pace.is_slowed(200.0)


def test_it_recovers_to_what_the_operator_allows() -> None:
    pace = Pace(20)
    burst(pace, 0.0, 2.0, refused=True)
    burst(pace, 10.0, 60.0)

    assert len(burst(pace, 100.0, 10.0)) == pytest.approx(200, abs=2)


def test_after_one_refusal_the_first_one_taken_is_enough() -> None:
    pace = Pace(None)
    pace.throttled(sent_at=1.0, now=1.1)
    assert pace.is_slowed(1.2)
    pace.taken()
    assert not pace.is_slowed(1.2)
    assert pace._pause_s > 0


def test_a_refusal_of_long_ago_is_forgotten() -> None:
    pace = Pace(20)
    burst(pace, 0.0, 120.0, refused=True)
    assert pace.is_slowed(170.0)
    assert not pace.is_slowed(190.0)
    assert len(burst(pace, 190.0, 10.0)) == pytest.approx(200, abs=2)
