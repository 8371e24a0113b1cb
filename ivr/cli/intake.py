"""The recording an operator names: checked, brought into telephone form, and copied to the recordings.

Owns: what becomes of a foreign WAV file before it is a recording of ours.
"""

import contextlib
import secrets
import shutil
import subprocess
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ivr.adapters.audio.recordings import Recordings
from ivr.adapters.audio.wav import RATE, BadAudio
from ivr.adapters.pbx.tree import PbxMissing, find_programs
from ivr.domain.recording import Limits, Verdict
from ivr.ports import StoreAway

_SOX_S = 60.0


@contextmanager
def taken_in(given: Path, recordings: Recordings, limits: Limits) -> Iterator[tuple[Path, Verdict]]:
    """A copy of the recording `given` in telephone form, gone after the block, and the verdict on it.

    Raises BadAudio with what to do, StoreAway when the disk has no room for it.
    """
    if not recordings.has_room():
        raise StoreAway(
            "the disk is nearly full: no new recordings are taken; make room, see `tocsin doctor`"
        )
    copy = recordings.incoming / f"{secrets.token_hex(8)}.wav"
    try:
        if _is_telephone_form(given, limits):
            shutil.copyfile(given, copy)
        else:
            _convert(given, copy, limits)
        yield copy, _verdict(given, copy, recordings)
    finally:
        copy.unlink(missing_ok=True)


def _verdict(given: Path, copy: Path, recordings: Recordings) -> Verdict:
    try:
        return recordings.inspect_foreign(copy)
    except BadAudio as error:
        raise BadAudio(f"{given}{str(error).removeprefix(str(copy))}") from error


def _is_telephone_form(given: Path, limits: Limits) -> bool:
    if not given.is_file():
        raise BadAudio(f"{given}: there is no such file; name a WAV file")
    with given.open("rb") as file:
        head = file.read(12)
    if head[:4] != b"RIFF" or head[8:] != b"WAVE":
        raise BadAudio(f"{given}: is no WAV file; convert it: sox IN -r {RATE} -c 1 -b 16 OUT.wav")
    # What the module does not know (float samples, other codings) is left to sox.
    with contextlib.suppress(wave.Error, EOFError, ZeroDivisionError), wave.open(str(given), "rb") as sound:
        length_s = sound.getnframes() / sound.getframerate()
        if length_s > limits.longest_s:
            raise BadAudio(f"{given}: lasts {length_s:.1f} s; the limit is {limits.longest_s} s")
        return (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (1, 2, RATE)
    return False


def _convert(given: Path, copy: Path, limits: Limits) -> None:
    try:
        sox = find_programs().argv(
            "sox", "-V1", str(given.absolute()), "-r", str(RATE), "-c", "1", "-b", "16"
        )
    except PbxMissing as error:
        raise BadAudio(f"{given}: must be mono, 16 bit, {RATE} Hz; to convert others, {error}") from error
    done = subprocess.run(
        # One second more than the limit: enough to see that it is too long, and no more.
        [*sox, str(copy), "trim", "0", str(limits.longest_s + 1)],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=_SOX_S,
    )  # fmt: skip
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise BadAudio(f"{given}: cannot be converted: {said[-1] if said else 'sox does not say why'}")
