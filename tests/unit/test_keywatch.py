"""When a key that ends is told of: at 30, 14, 7, 3 and 1 days, and when it has failed."""

import pytest

from ivr.domain.keywatch import DAYS, failing, news
from ivr.domain.records import FailingKey

DAY_S = 86_400.0


@pytest.mark.parametrize(
    ("left", "told"),
    [(31, None), (30, 30), (15, 30), (14, 14), (8, 14), (7, 7), (4, 7), (3, 3), (1, 1), (0.1, 1), (0, 0)],
)
def test_a_key_is_at_the_step_that_it_has_come_to(left: float, told: int | None) -> None:
    found = failing("A", "abc", lambda ahead_s: "it ends" if ahead_s >= left * DAY_S else None)
    assert found == (None if told is None else FailingKey("A", "abc", told, "it ends"))


def test_one_that_is_good_later_and_not_now_has_failed() -> None:
    found = failing("A", None, lambda ahead_s: "not valid yet" if ahead_s < DAY_S else None)
    assert found == FailingKey("A", None, 0, "not valid yet")


def test_it_is_news_when_it_is_new_or_nearer() -> None:
    def at(days: int) -> FailingKey:
        return FailingKey("A", "abc", days, "it ends")

    assert [news([at(before)], [at(7)]) == [at(7)] for before in DAYS] == [
        False,
        False,
        False,
        False,
        True,
        True,
    ]
    assert news([], [at(30)]) == [at(30)]
    assert news([FailingKey("B", "abc", 0, "")], [at(7)]) == [at(7)]
