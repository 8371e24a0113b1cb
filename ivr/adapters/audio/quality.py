"""What a recording sounds like, in the few numbers that decide whether it is good.

Owns: the measurements. What follows from them is decided in domain.recording. Samples of telephone quality:
8000 a second, 16 bit.
"""

import array
import math

import numpy as np
from numpy.typing import NDArray

from ivr.domain.recording import Traits

_RATE = 8000
_BLOCK = 400
"""Samples: 50 ms. A bin of its spectrum is 20 Hz wide."""
_FULL = 32768.0
_LOUD = 0.1
"""Share of the mean power above which a block is taken for speech and not for a pause."""
_FLAT = 0.98
"""Share of the highest sample from which on a sample is at the ceiling."""
_FLAT_RUN = 3
"""Samples in a row at the ceiling that make a flat top: speech has them nowhere but at its highest peak."""
_BAND = slice(15, 110)
"""Bins of 300 to 2200 Hz: the tones of exchanges (ITU-T E.180/Q.35: 340 to 620 Hz) and more."""
_AROUND = 3
"""Bins on each side that belong to a line, with a Hann window."""
_PURE = 0.9
"""Share of a block's energy in its two strongest lines from which on it is a tone."""
_SAME_HZ = 15.0
_SILENCE_DBFS = -120.0


def measure(samples: "array.array[int]") -> Traits:
    """What the recording sounds like."""
    audio = np.asarray(samples, dtype=np.float64) / _FULL
    whole = float(np.mean(audio**2)) if audio.size else 0.0
    blocks = audio[: audio.size // _BLOCK * _BLOCK].reshape(-1, _BLOCK)
    power = np.mean(blocks**2, axis=1)
    loud = blocks[(power >= _LOUD * whole) & (power > 0)]
    return Traits(
        duration_s=audio.size / _RATE,
        level_dbfs=_dbfs(whole),
        speech_dbfs=_dbfs(float(np.mean(loud**2)) if loud.size else 0.0),
        clipped=_clipped(loud.ravel()),
        tonal=_tonal(loud),
    )


def _dbfs(power: float) -> float:
    return 10 * math.log10(power) if power > 10 ** (_SILENCE_DBFS / 10) else _SILENCE_DBFS


def _clipped(loud: NDArray[np.float64]) -> float:
    """Share of the speech that lies in flat tops."""
    if not loud.size:
        return 0.0
    ceiling = _FLAT * np.max(np.abs(loud))
    side = np.where(loud >= ceiling, 1, np.where(loud <= -ceiling, -1, 0))
    begins = np.flatnonzero(np.diff(side, prepend=2))
    lengths = np.diff(begins, append=side.size)
    flat = lengths[(side[begins] != 0) & (lengths >= _FLAT_RUN)]
    return float(flat.sum() / loud.size)


def _tonal(loud: NDArray[np.float64]) -> float:
    """Share of the speech that is one steady tone, or one pair of tones, and always the same."""
    if not loud.size:
        return 0.0
    power = np.abs(np.fft.rfft(loud * np.hanning(_BLOCK), axis=1)) ** 2
    total = power.sum(axis=1)
    first, first_hz = _strip(power)
    second, second_hz = _strip(power)
    pure = (first + second) / total >= _PURE
    # The middle of a pair, whichever of them is the stronger in a block; of a single tone, the tone.
    hz = (first * first_hz + second * second_hz) / (first + second)
    if not pure.any():
        return 0.0
    same = np.abs(hz - np.median(hz[pure])) <= _SAME_HZ
    return float(np.mean(pure & same))


def _strip(power: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Take the strongest line out of each spectrum: its energy, and its frequency in Hz."""
    peaks = np.argmax(power[:, _BAND], axis=1) + _BAND.start
    near = peaks[:, None] + np.arange(-_AROUND, _AROUND + 1)
    lines = np.take_along_axis(power, near, axis=1)
    np.put_along_axis(power, near, 0.0, axis=1)
    energy = lines.sum(axis=1)
    hz = (lines * near).sum(axis=1) / np.maximum(energy, 1e-30) * _RATE / _BLOCK
    return energy, hz
