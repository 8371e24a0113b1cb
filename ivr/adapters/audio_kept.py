"""Whether a recording is what it was when it was kept, and whether what callees hear is made of it.

Owns: that nothing but a file of ours is read, and no link or pipe in its place: what is read may be exported.
"""

import errno
import hashlib
import io
import os
import stat
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Condition = Literal["intact", "copy-changed", "changed", "missing"]

_ROUNDING = 2
"""So far, in steps of 16 bit, a sample may be from the original's times the gain."""
_SOFTEST = 0.01
"""Gain below which a copy is no copy, but silence."""


@dataclass(frozen=True, slots=True)
class Kept:
    condition: Condition
    content: bytes | None
    """What is there now, be it changed; None where no file is, or none of ours."""


def look(path: Path, checksum: str, copy: Path) -> Kept:
    """The recording at `path`, kept with this SHA-256; `copy`: that of an even level, where there is one."""
    try:
        content = _content(path)
    except FileNotFoundError:
        return Kept("missing", None)
    if content is None or hashlib.sha256(content).hexdigest() != checksum:
        return Kept("changed", content)
    try:
        played = _content(copy)
    except FileNotFoundError:
        return Kept("intact", content)
    if played is None or not _is_of(_samples(played), _samples(content)):
        return Kept("copy-changed", content)
    return Kept("intact", content)


def _content(path: Path) -> bytes | None:
    """None for what is no file. Raises FileNotFoundError and other OSError."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if error.errno == errno.ELOOP:  # a symbolic link
            return None
        raise
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return None
        with open(handle, "rb", closefd=False) as file:
            return file.read()
    finally:
        os.close(handle)


def _samples(content: bytes) -> NDArray[np.float64]:
    """None at all for what is no WAV file of 16 bit."""
    try:
        with wave.open(io.BytesIO(content)) as file:
            frames = file.readframes(file.getnframes()) if file.getsampwidth() == 2 else b""
    except (wave.Error, EOFError, RuntimeError):
        frames = b""
    return np.frombuffer(frames[: len(frames) // 2 * 2], "<i2").astype(np.float64)


def _is_of(copy: NDArray[np.float64], original: NDArray[np.float64]) -> bool:
    """Whether the one is the other, louder or softer, cut off at full scale."""
    if copy.size != original.size:
        return False
    free = np.abs(copy) < np.iinfo(np.int16).max
    energy = float(np.sum(original[free] ** 2))
    gain = float(np.sum(copy[free] * original[free])) / energy if energy else 0.0
    louder = np.clip(original * gain, -32768, 32767)
    return gain >= _SOFTEST and bool(np.all(np.abs(copy - louder) <= _ROUNDING))
