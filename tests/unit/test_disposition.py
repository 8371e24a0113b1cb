"""What became of a call: the cause decides where nobody answered, what was heard where somebody did."""

from dataclasses import replace

import pytest
from book import NOON

from ivr.domain.disposition import of_leg, trunk_fault
from ivr.domain.records import Call, CallState, Direction, Disposition, Leg, Reached


def ended(cause: int | None, answered: bool = False, cancelled: bool = False) -> Call:
    return Call(
        "c",
        Direction.OUT,
        CallState.ENDED,
        "xyz-cert",
        "+4940100004",
        "sip-a",
        NOON,
        answered_at=NOON + 3 if answered else None,
        ended_at=NOON + 20,
        cause=cause,
        cancelled=cancelled,
    )


def leg(heard_s: float = 0.0, whole: bool = False, acknowledged: bool = False) -> Leg:
    return Leg("c", 17, "xyz-cert", 1, heard_s, whole, acknowledged)


@pytest.mark.parametrize(
    ("cause", "expected"),
    [
        (1, "unallocated"),
        (22, "unallocated"),
        (28, "unallocated"),
        (16, "no-answer"),
        (17, "busy"),
        (18, "no-answer"),
        (19, "no-answer"),
        (20, "no-answer"),
        (21, "rejected"),
        (31, "no-answer"),
        (3, "congestion"),
        (27, "congestion"),
        (34, "congestion"),
        (38, "congestion"),
        (41, "congestion"),
        (42, "congestion"),
        (58, "failed"),
        (127, "failed"),
        (0, "failed"),
    ],
)
def test_where_nobody_answered_the_cause_tells(cause: int, expected: str) -> None:
    assert of_leg(ended(cause), leg()) is Disposition(expected)


@pytest.mark.parametrize("cause", [0, 2, 3, 18, 27, 34, 38, 41, 42, 44, 47, 102])
def test_a_trunk_s_fault_ends_where_the_phone_rings(cause: int) -> None:
    assert trunk_fault(cause, None)
    assert trunk_fault(cause, Reached.NOWHERE)
    assert not trunk_fault(cause, Reached.RANG)


@pytest.mark.parametrize("cause", [None, 1, 16, 17, 19, 20, 21, 22, 28, 31, 58, 99, 127])
def test_the_rest_is_no_trunk_s_fault(cause: int | None) -> None:
    assert not trunk_fault(cause, None)


@pytest.mark.parametrize("cause", [None, 99, 4711, -1])
def test_an_unknown_cause_has_a_name(cause: int | None) -> None:
    assert of_leg(ended(cause), leg()) is Disposition.UNKNOWN


@pytest.mark.parametrize("cause", [16, 17, None])
def test_answered_never_means_heard_whatever_the_cause(cause: int | None) -> None:
    assert of_leg(ended(cause, answered=True), leg()) is Disposition.UNHEARD


def test_what_the_script_saw_decides_for_an_answered_call() -> None:
    call = ended(16, answered=True)

    assert of_leg(call, leg(heard_s=4)) is Disposition.PARTIAL
    assert of_leg(call, leg(heard_s=9, whole=True)) is Disposition.HEARD
    assert of_leg(call, leg(heard_s=4, acknowledged=True)) is Disposition.ACKNOWLEDGED


def test_heard_counts_even_where_the_answer_was_never_seen() -> None:
    assert of_leg(ended(None), leg(heard_s=9, whole=True)) is Disposition.HEARD


def test_where_a_message_was_left_it_was_a_machine_unless_somebody_heard_the_alert() -> None:
    call = replace(ended(16, answered=True), message_left=True)

    assert of_leg(call, leg()) is Disposition.MACHINE
    assert of_leg(call, leg(heard_s=4)) is Disposition.PARTIAL
    assert of_leg(call, leg(heard_s=9, whole=True)) is Disposition.HEARD
    assert of_leg(call, leg(acknowledged=True)) is Disposition.ACKNOWLEDGED
    assert of_leg(replace(call, answered_at=None), leg()) is Disposition.MACHINE, "the answer was not seen"


@pytest.mark.parametrize("answered", [False, True])
def test_a_call_that_we_ended_is_no_fault_of_the_team(answered: bool) -> None:
    assert of_leg(ended(16, answered, cancelled=True), leg()) is Disposition.CANCELLED


def test_what_was_heard_counts_more_than_that_we_wanted_to_end_it() -> None:
    call = ended(16, answered=True, cancelled=True)

    assert of_leg(call, leg(heard_s=2)) is Disposition.PARTIAL
    assert of_leg(call, leg(acknowledged=True)) is Disposition.ACKNOWLEDGED
