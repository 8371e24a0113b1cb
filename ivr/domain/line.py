"""What a telephone line says while nobody is asked to speak: silence, and the beep of an answering machine.

Owns: the judgement on samples of telephone quality: 8000 a second, 16 bit. Knows neither file nor call.

A beep is a tone that stays where it is: most of the energy of several blocks in a row lies in the same bin of
their discrete Fourier transform. Speech spreads over many bins, and moves. No standard names the tone of an
answering machine; those in use lie between 400 and 1400 Hz. Measured:

    beeps of 0.2 to 1 s, 400 to 1400 Hz, -24 to -6 dBFS, after a greeting: 90 of 90 found, a third of them
        without noise, the others with noise 25 and 15 dB below
    those greetings without the beep, four synthetic voices: none of 90 taken for one
    567 sounds in a human voice, 25 minutes: none taken for one
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import mul

_STEP = 2
"""Every second sample is enough for a tone below 2000 Hz; what lies above makes speech no purer."""
_RATE = 8000 // _STEP
_BLOCK = 80
"""Samples: 20 ms. Its bins are 50 Hz wide."""
_LOUD = 10 ** (-45 / 20) * 32768
"""RMS of a block, -45 dB relative to full scale: above the noise of a line, below any voice."""
_VOICED = 5
"""Loud blocks that make more than a click."""
_TONES_HZ = tuple(range(350, 1451, 10))
_PURE = 0.85
"""Share of a block's energy in one bin. A tone 15 dB above the noise has 0.95 and more."""
_BEEP = 8
"""Blocks in a row with the same tone: 0.16 s."""

_ANGLES = tuple(tuple(2 * math.pi * hz * n / _RATE for n in range(_BLOCK)) for hz in _TONES_HZ)
_COSINES = tuple(tuple(map(math.cos, angles)) for angles in _ANGLES)
_SINES = tuple(tuple(map(math.sin, angles)) for angles in _ANGLES)


@dataclass(frozen=True, slots=True)
class Line:
    """What was heard on a line."""

    silent: bool
    beep: bool


def judge(samples: Sequence[int]) -> Line:
    """What these samples hold. None at all are silence: where nothing is said, a far end may send nothing."""
    samples = samples[::_STEP]
    blocks = [samples[n : n + _BLOCK] for n in range(0, len(samples) - _BLOCK + 1, _BLOCK)]
    energies = [sum(map(mul, block, block)) for block in blocks]
    loud = [energy > _BLOCK * _LOUD**2 for energy in energies]
    tones = (
        _tone(block, energy) if is_loud else None
        for block, energy, is_loud in zip(blocks, energies, loud, strict=True)
    )
    return Line(silent=sum(loud) < _VOICED, beep=any(length >= _BEEP for length in _runs(tones)))


def _tone(block: Sequence[int], energy: int) -> int | None:
    """The frequency in Hz that holds the block together, None where there is no such."""
    powers = [
        sum(map(mul, block, cosine)) ** 2 + sum(map(mul, block, sine)) ** 2
        for cosine, sine in zip(_COSINES, _SINES, strict=True)
    ]
    strongest = max(powers)
    pure = 2 * strongest / (_BLOCK * energy) >= _PURE
    return _TONES_HZ[powers.index(strongest)] if pure else None


def _runs(tones: Iterable[int | None]) -> Iterator[int]:
    """How many blocks the tone of each has gone on for."""
    first, length = None, 0
    for tone in tones:
        if tone is None or first is None or abs(tone - first) > _TONES_HZ[1] - _TONES_HZ[0]:
            first, length = tone, 0
        length += tone is not None
        yield length
