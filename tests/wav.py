"""Sound that a test makes, as a file in telephone form."""

import subprocess
import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ivr.adapters.pbx.tree import find_programs
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


def spoken(folder: Path, texts: Sequence[tuple[str, str]]) -> list[Path]:
    """What flite's voices say: (voice, text) each."""
    programs, said = find_programs(), []
    for n, (voice, text) in enumerate(texts):
        raw, path = folder / f"raw {n}.wav", folder / f"{n}.wav"
        subprocess.run(programs.argv("flite", "-voice", voice, "-t", text, "-o", str(raw)), check=True)
        form = ("-r", "8000", "-c", "1", "-b", "16")
        subprocess.run(programs.argv("sox", str(raw), *form, str(path)), check=True)
        said.append(path)
    return said
