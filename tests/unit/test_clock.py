"""The service's clock, on two clocks that are set by hand."""

from ivr.adapters.clock import SteadyClock


class Hands:
    """A system's two clocks."""

    def __init__(self) -> None:
        self.wall = 1_000_000.0
        self.steady = 50.0

    def passes(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds

    def clock(self) -> SteadyClock:
        return SteadyClock(lambda: self.wall, lambda: self.steady)


def test_it_shows_the_systems_time() -> None:
    hands = Hands()
    clock = hands.clock()
    hands.passes(12.5)
    assert clock() == 1_000_012.5


def test_an_hour_back_delays_nothing() -> None:
    hands = Hands()
    clock = hands.clock()
    due_at = clock() + 20
    hands.wall -= 3600
    hands.passes(19)
    assert clock() < due_at
    hands.passes(1)
    assert clock() >= due_at


def test_an_hour_forward_is_followed() -> None:
    hands = Hands()
    clock = hands.clock()
    hands.wall += 3600
    assert clock() == 1_003_600.0


def test_it_is_the_systems_again_once_that_has_caught_up() -> None:
    hands = Hands()
    clock = hands.clock()
    hands.wall -= 3600
    assert clock() == 1_000_000.0
    hands.wall += 3605
    assert clock() == hands.wall


def test_started_with_the_system_an_hour_back_it_goes_on_from_the_last_moment() -> None:
    hands = Hands()
    clock = SteadyClock(lambda: hands.wall, lambda: hands.steady, last=1_003_600.0)
    hands.passes(7)
    assert clock() == 1_003_607.0


def test_a_last_moment_long_ago_means_nothing() -> None:
    hands = Hands()
    clock = SteadyClock(lambda: hands.wall, lambda: hands.steady, last=900_000.0)
    assert clock() == 1_000_000.0
