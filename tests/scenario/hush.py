"""Silence on a line that nobody can account for.

Owns: which silence is a defect. A line may be silent for SILENCE_S at most, and again after each thing that
the person on the telephone does: they hear nothing while they press keys and while they speak into a
recording.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ivr.pstn import witness
from ivr.pstn.behaviour import Press
from ivr.pstn.cdr import Record

SILENCE_S = 1.5
"""A tick comes every half second wherever a key or the store is awaited, so that a busy machine may hold one
up for a second."""


@dataclass(frozen=True)
class Act:
    """What a person does until a key, the last of several."""

    keys: int
    spoken_s: float = 0.0
    """Time for which they were to speak, or to be silent, before the key."""


def unaccounted(recording: Path, record: Record, acts: Sequence[Act]) -> list[tuple[float, float]]:
    """The silences of `recording`, seconds from its start, that are too long. `record`: the exchange's own of
    the call, which tells when keys were pressed."""
    silences = witness.silences(recording, SILENCE_S)
    busy = list(_busy(recording, record, acts))
    return [
        piece for silence in silences for piece in _rest(silence, busy) if piece[1] - piece[0] > SILENCE_S
    ]


def _busy(recording: Path, record: Record, acts: Sequence[Act]) -> Iterator[tuple[float, float]]:
    """When the person was acting, in the time of the recording.

    That runs beside the clock: where a machine is busy, it loses packets' worth of it. So much may an act
    have been earlier or later.
    """
    assert record.answered_at is not None
    assert record.ended_at is not None
    audio, rate = witness.load(recording)
    off_s = abs(record.ended_at - record.answered_at - audio.size / rate)
    for at, act in zip(record.pressed_at, acts, strict=False):
        pressed_s = at - record.answered_at
        yield pressed_s - act.spoken_s - off_s, pressed_s + act.keys * 2 * Press.ms / 1000 + off_s


def _rest(silence: tuple[float, float], busy: Sequence[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    """The pieces of a silence in which the person did nothing."""
    start_s, end_s = silence
    for began_s, ended_s in busy:
        if began_s < end_s and ended_s > start_s:
            yield start_s, began_s
            start_s = max(start_s, ended_s)
    yield start_s, end_s
