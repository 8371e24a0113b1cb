"""A sound file of telephone quality: read with suspicion, judged, mended, made even (pydub).

Owns: the one form of file that is taken. pydub's resampler aliases and a cut WAV makes it look for ffmpeg, so
nothing is resampled here and the header is checked first. Must not know where recordings are kept.
"""

import array
import hashlib
import struct
import warnings
import wave
from pathlib import Path

import numpy as np

with warnings.catch_warnings():
    # pydub looks for ffmpeg when it is loaded, and WAV files need none; it also loads audioop, which Python
    # 3.13 has dropped and audioop-lts brings back.
    warnings.simplefilter("ignore", RuntimeWarning)
    warnings.simplefilter("ignore", DeprecationWarning)
    from pydub import AudioSegment

from ivr.adapters.audio import keys, quality
from ivr.domain.recording import Limits, Traits, Verdict, gain_db, problem, remark

RATE = 8000
"""Hz: telephone quality, what Asterisk records and plays without transcoding."""
_HEADER = 44
"""Octets before the sound in a WAV file as Asterisk writes it."""
_HOW = "sox IN -r 8000 -c 1 -b 16 OUT.wav"


class BadAudio(Exception):
    """A file that is no usable recording. The message says why."""


def judged(path: Path, limits: Limits) -> Verdict:
    """What is in the file, and what is wrong with it. Raises OSError, and BadAudio with what to do."""
    traits = _measure(load(path))
    return Verdict(problem(traits, limits), traits.duration_s, sha256(path), remark(traits))


def _measure(sound: AudioSegment) -> Traits:
    return quality.measure(array.array("h", sound.raw_data))


def level(sound: AudioSegment) -> AudioSegment | None:
    """What callees hear instead of it; None where it is good as it is."""
    clean = _without_keys(sound)
    gain = gain_db(_measure(clean))
    even = _without_keys(clean.apply_gain(gain)) if gain else clean  # louder, what was too low may be a key
    return None if even is sound else even


def _without_keys(sound: AudioSegment) -> AudioSegment:
    """`sound` itself where it holds no tone of a key."""
    samples = np.frombuffer(sound.raw_data, dtype="<i2")
    clean = keys.without_keys(samples)
    return sound if clean is samples else _sound(clean.tobytes())


def load(path: Path) -> AudioSegment:
    """Its sound. Raises OSError, and BadAudio with what to do."""
    try:
        with wave.open(str(path), "rb") as file:
            form = (file.getnchannels(), file.getsampwidth(), file.getframerate())
            frames = file.readframes(file.getnframes())
    except (wave.Error, EOFError, RuntimeError) as error:  # RuntimeError: lengths that contradict each other
        why = str(error) or "its header is wrong"
        raise BadAudio(f"{path}: is no WAV file ({why}); convert it: {_HOW}") from error
    if form != (1, 2, RATE):
        raise BadAudio(f"{path}: must be mono, 16 bit, 8000 Hz; convert it: {_HOW}")
    whole = frames[: len(frames) // 2 * 2]  # a file that was cut may end within a sample
    return _sound(whole)


def _sound(frames: bytes) -> AudioSegment:
    return AudioSegment(data=frames, sample_width=2, frame_rate=RATE, channels=1)


def mend(path: Path) -> None:
    """Asterisk writes the lengths into the header when it closes the file: if it died first, they say 0."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        head = file.read(_HEADER)
        if size > _HEADER and head[:4] == b"RIFF" and head[36:] == b"data\0\0\0\0":
            file.seek(4)
            file.write(struct.pack("<I", size - 8))
            file.seek(_HEADER - 4)
            file.write(struct.pack("<I", size - _HEADER))


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
