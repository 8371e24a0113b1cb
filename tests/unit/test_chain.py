"""The chain over the journal: the same lines give the same value, any other ones another."""

from dataclasses import replace
from functools import reduce
from typing import Any

import pytest
from book import NOON

from ivr.domain.chain import BEGIN, link
from ivr.domain.records import Entry

LINES = [
    Entry(1, NOON, "alert recorded", 17, "abc-cert", None, "9.3 s, hotline"),
    Entry(2, NOON + 0.1, "Größe", None, None, "tocsin-1", ""),
    Entry(4, NOON + 0.2, "alert closed", 17),
]


def value(lines: list[Entry]) -> str:
    return reduce(link, lines, BEGIN)


def test_the_value_is_the_same_for_ever() -> None:
    """Written down once: another form would break the chain of every journal there is."""
    assert value(LINES) == "63ea9ed465ca8f6ebdf0d662a363516e14d4d91d3a6c77dfb4fc5cc2481de89e"


@pytest.mark.parametrize(
    "change",
    [{"id": 3}, {"at": NOON}, {"what": "x"}, {"alert": 1}, {"team": "t"}, {"call": None}, {"detail": "-"}],
)
def test_every_field_counts(change: dict[str, Any]) -> None:
    assert value([LINES[0], replace(LINES[1], **change), LINES[2]]) != value(LINES)


@pytest.mark.parametrize("lines", [LINES[1:], LINES[:2], LINES[:1] + LINES[2:], LINES[::-1]])
def test_no_line_can_go_and_none_can_move(lines: list[Entry]) -> None:
    assert value(lines) != value(LINES)


def test_no_part_of_a_line_can_be_taken_for_another() -> None:
    one, other = Entry(1, NOON, 'a","b', team="c"), Entry(1, NOON, "a", team='b","c')

    assert link(BEGIN, one) != link(BEGIN, other)
