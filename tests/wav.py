"""Sound that a test makes, as a file in telephone form."""

import wave
from pathlib import Path

import numpy as np

from ivr.pstn.witness import Audio

RATE = 8000


def write(path: Path, *parts: Audio) -> Path:
    """The parts, -1 to 1, one after the other."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(np.concatenate(parts), -1, 1) * 32767).astype("<i2").tobytes())
    return path
