"""The dial-out bench, without a telephone: the matrix, the peer's order, what the records tell."""

from collections import Counter
from collections.abc import Sequence

import pytest

from bench import clairvoyant, exchanged, matrix
from bench.callfiles import Feeder
from bench.matrix import Lengths, Outcome, Row
from ivr.domain.records import Disposition
from ivr.pstn.cdr import Record

LENGTHS = Lengths(busy_s=0.0, no_answer_s=5.0, talk_s=14.0)
POLICY = matrix.sequential()

QUIET, BUSY = Outcome(Disposition.NO_ANSWER), Outcome(Disposition.BUSY)
ANSWER = Outcome(Disposition.ACKNOWLEDGED, 1.0)


def row(n: int, first: Sequence[Outcome], second: Sequence[Outcome] = (ANSWER,)) -> Row:
    return Row(f"team-{n}", {f"+49301{n}": first, f"+49302{n}": second})


def record(
    number: str, started: float, ended: float, cause: int = 19, answered: float | None = None
) -> Record:
    return Record(number, "+49", "to-phone", started, answered, ended, cause)


def test_the_matrix_is_drawn_once_and_as_often_answered_as_said() -> None:
    rows = matrix.drawn(2000, 1)
    drawn = Counter(o.disposition for r in rows for outcomes in r.outcomes.values() for o in outcomes)
    shares = {kind: many / drawn.total() for kind, many in drawn.items()}

    assert rows[:60] == matrix.drawn(60, 1)
    assert shares[Disposition.ACKNOWLEDGED] == pytest.approx(0.6, abs=0.02)
    assert shares[Disposition.BUSY] == pytest.approx(0.15, abs=0.02)


def test_a_team_s_calls_follow_the_policy_through_the_outcomes_of_its_numbers() -> None:
    steps = list(matrix.steps(row(1, [QUIET, QUIET, ANSWER], [BUSY, ANSWER]), POLICY, LENGTHS))

    # No answer: the other number at once. Busy: the first one again, when its pause is over; then the second.
    assert [(step.number[-2:], step.pause_s) for step in steps] == [
        ("11", 0.0), ("21", 0.0), ("11", 1.0), ("21", 0.0),
    ]  # fmt: skip
    assert clairvoyant.lower_bound([[(s.pause_s, LENGTHS.of(s.outcome)) for s in steps]], 1) == 5 + 6 + 15


def test_the_phones_play_the_matrix() -> None:
    cast = matrix.cast([row(1, [BUSY, QUIET, ANSWER])], 4)

    busy, quiet, answer = cast.phones[0].calls
    assert (busy.cause, quiet.cause, answer.cause) == (17, 19, None)
    assert answer.answer_after == 1.0
    assert cast.policy["ring_s"] < quiet.answer_after


def test_the_feeder_makes_first_calls_first_and_never_more_than_there_are_lines() -> None:
    rows = [row(1, [BUSY], [BUSY]), row(2, [QUIET]), row(3, [ANSWER])]
    feeder = Feeder(rows, POLICY, 2, now=0.0)

    assert list(feeder.start(0.0)) == ["+493011", "+493012"]
    assert feeder.again_at is None  # every line is taken
    feeder.ended("+493011", Disposition.BUSY, 0.1)
    feeder.ended("+493012", Disposition.NO_ANSWER, 5.0)
    assert list(feeder.start(5.0)) == ["+493013", "+493021"]  # due at 0.1; team 2's other number only now
    feeder.ended("+493013", Disposition.ACKNOWLEDGED, 20.0)
    feeder.ended("+493021", Disposition.ACKNOWLEDGED, 20.0)
    assert list(feeder.start(20.0)) == ["+493022"]
    feeder.ended("+493022", Disposition.ACKNOWLEDGED, 40.0)
    assert feeder.done


def test_the_feeder_keeps_to_the_pause() -> None:
    feeder = Feeder([row(1, [BUSY], [BUSY])], POLICY, 1, now=0.0)

    for number in ("+493011", "+493021"):
        assert list(feeder.start(0.0)) == [number]
        feeder.ended(number, Disposition.BUSY, 0.0)
    assert list(feeder.start(0.9)) == []
    assert feeder.again_at == 1.0
    assert list(feeder.start(1.0)) == ["+493011"]


def test_a_line_counts_as_idle_only_while_somebody_is_due() -> None:
    rows = [row(1, [ANSWER]), row(2, [BUSY, ANSWER]), row(3, [ANSWER])]
    records = [
        record("+493011", 0.0, 10.0, 16, 1.0),
        record("+493012", 0.001, 0.002, 17),
        record("+493013", 0.012, 15.0, 16, 1.0),  # team 3 waited for the line that the busy one freed
        record("+493022", 10.5, 25.0, 16, 11.0),  # team 2 is due since 0.002, and took the line freed at 10
        record("+493021", 17.0, 18.0),  # team 1 was reached: nobody waited for the line freed at 15
    ]

    took = exchanged.free_line_to_invite_ms(records, rows, POLICY, lines=2)

    assert took == pytest.approx([10.0, 500.0])


def test_a_dial_out_lasts_until_everybody_is_reached_and_no_longer() -> None:
    rows = [row(1, [ANSWER]), row(2, [ANSWER])]
    records = [
        record("+493011", 5.0, 20.0, 16, 6.0),
        record("+493012", 5.0, 22.0, 16, 6.0),
        record("+493021", 6.0, 30.0, 16, 7.0),  # team 1's second phone, taken as well
    ]

    assert exchanged.makespan_s(records, rows) == 17.0


def test_a_dial_out_is_sound_if_no_team_is_called_again_after_an_answered_call() -> None:
    rows = [row(1, [ANSWER]), row(2, [ANSWER])]
    records = [
        record("+493011", 5.0, 20.0, 16, 6.0),
        record("+493021", 6.0, 30.0, 16, 7.0),  # its second phone rang beside, and was answered too
        record("+493012", 5.0, 22.0, 16, 6.0),
    ]

    assert exchanged.is_sound(records, rows)
    assert not exchanged.is_sound([*records, record("+493022", 22.5, 23.0)], rows)


def test_a_call_that_overlaps_the_clearing_of_the_last_one_took_no_time() -> None:
    rows = [row(1, [ANSWER]), row(2, [ANSWER]), row(3, [ANSWER])]
    records = [
        record("+493011", 0.0, 10.002, 16, 1.0),
        record("+493012", 10.0, 20.0, 16, 11.0),
        record("+493013", 20.01, 30.0, 16, 21.0),
    ]

    assert exchanged.free_line_to_invite_ms(records, rows, POLICY, lines=1) == pytest.approx([0.0, 10.0])
