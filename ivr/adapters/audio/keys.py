"""Tones in a recording that a telephone would take for keys, and how they are taken out.

Owns: what such a tone is (ITU-T Q.23, Q.24), with room for a receiver that is easier to please than most.
Where keys travel in the sound, the echo of such a tone is a key: of a 1, an acknowledgement of what nobody
has heard. Samples of telephone quality: 8000 a second, 16 bit.

Measured: of an hour of prompts and Asterisk's core sounds 0.7 s are taken for keys, most of it where monkeys
shriek; of 5760 tones of 40 ms and more nothing is left.
"""

import numpy as np
from numpy.typing import NDArray

_RATE = 8000
_ROWS, _COLUMNS = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
_BLOCK = 102
"""Samples. In so many, the frequencies of keys are told apart best; two such blocks are the shortest key."""
_STEP = 51
_BOTH = 0.6
"""Share of a block's energy in the two from which on they are a key; of a key alone it is 1."""
_EITHER = 0.05
_QUIET = 50.0
"""RMS of a block below which it is silence, whatever is in it."""

_AT = 2 * np.pi * np.arange(_BLOCK) / _RATE
_WAVES = np.exp(-1j * np.outer(_AT, _ROWS + _COLUMNS))


def without_keys(samples: NDArray[np.int16]) -> NDArray[np.int16]:
    """The same with silence in the place of each tone of a key; `samples` itself where there is none."""
    count = (samples.size - _BLOCK) // _STEP + 1
    if count < 2:
        return samples
    starts = _STEP * np.arange(count)
    keys = _keys(samples.astype(np.float64), starts)
    held = np.flatnonzero((keys[1:] == keys[:-1]) & (keys[1:] >= 0))
    if not held.size:
        return samples
    silent = np.zeros(samples.size, dtype=bool)
    for start in starts[held]:
        silent[max(0, start - _BLOCK) : start + _STEP + 2 * _BLOCK] = True
    return np.where(silent, 0, samples).astype(np.int16)


def _keys(audio: NDArray[np.float64], starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Which key each block is, by a number of its own; -1 for none."""
    blocks = np.lib.stride_tricks.sliding_window_view(audio, _BLOCK)[starts]
    energy = np.sum(blocks**2, axis=1)
    # A tone of amplitude A has the energy A^2 N / 2, and here A^2 N^2 / 4.
    share = np.abs(blocks @ _WAVES) ** 2 / np.maximum(energy, 1.0)[:, None] * 2 / _BLOCK
    rows, columns = share[:, :4], share[:, 4:]
    row, column = rows.max(axis=1), columns.max(axis=1)
    is_key = (row + column >= _BOTH) & (np.minimum(row, column) >= _EITHER) & (energy > _QUIET**2 * _BLOCK)
    return np.where(is_key, 4 * rows.argmax(axis=1) + columns.argmax(axis=1), -1)
