"""Keys as tones in the sound (ITU-T Q.23), as a telephone sends them where nothing else carries them.

Owns: which two frequencies a key has, and the file that a phone plays to press keys.
"""

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE = 8000
_ROWS, _COLUMNS = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
_LEVEL = 0.2
"""Of each of the two, to full scale: about -12 dBm0 (ITU-T Q.24 has receivers take 0 to -25 and less)."""
_TELLS_S = 0.1
"""So much silence after the last tone tells whoever listens for tones that it is over."""

TONES = {
    key: (row, column)
    for row, keys in zip(_ROWS, ("123A", "456B", "789C", "*0#D"), strict=True)
    for key, column in zip(keys, _COLUMNS, strict=True)
}
"""The two frequencies of each key, Hz."""


def tone(key: str, seconds: float, level: float = _LEVEL) -> NDArray[np.float64]:
    """A key, as samples of -1 to 1; `level` is that of each of its frequencies."""
    at = 2 * np.pi * np.arange(round(seconds * RATE)) / RATE
    row, column = TONES[key]
    return level * (np.sin(row * at) + np.sin(column * at))


def write(path: Path, keys: str, ms: int) -> None:
    """Each of `keys` for `ms` milliseconds, with as much silence after it."""
    pause = np.zeros(round(ms * RATE / 1000))
    parts = [part for key in keys for part in (tone(key, ms / 1000), pause)]
    sound = np.concatenate([*parts, np.zeros(round(_TELLS_S * RATE))])
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes((sound * 32767).astype("<i2").tobytes())
