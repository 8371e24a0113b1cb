"""How texts become sound: the catalogue of prompts and the names of teams, spoken by flite.

Owns: the recipe of a sound for the telephone (8 kHz, mono, 16 bit, trimmed, level), and when one has to be
made anew. A human recording in the folder `recorded` beside the sounds always wins. Must not know what plays
them.
"""

import array
import hashlib
import math
import re
import subprocess
import tempfile
import unicodedata
import wave
from collections.abc import Callable
from pathlib import Path

from ivr.adapters.speech import tones
from ivr.adapters.speech.texts import SpeechError, texts, translated
from ivr.config import Settings
from ivr.domain import spoken, words
from ivr.ports import Programs

_VOICE = ("-voice", "rms", "--setf", "duration_stretch=0.95")
"""Of flite's voices the one best understood after telephone coding; a little brisk."""

TELEPHONE = ("-b", "16", "-c", "1", "-r", "8000")
_EDGE = ("silence", "1", "0.02", "-45d", "reverse")
_CLEAN = ("highpass", "100", "norm", "-3", *_EDGE, *_EDGE, "pad", "0.02", "0.1")
"""The pause between two sounds comes behind the first: what follows a key is heard at once."""
_BRISK = ("tempo", "-s", "1.15")
"""For Asterisk's words, which are spoken one by one and slowly; pitch stays (WSOLA)."""
_LEVEL_DBFS = -20.0
"""RMS, pauses included: as loud as Asterisk's own digits and dates, which stand between our texts."""
_PEAK_DBFS = -1.0
_SHORTEST_S = 0.2
"""With both pads: less than this is no word."""
_LONGEST_S = 60.0
_LARGEST = 20_000_000
"""Octets of a recording that is taken in."""

_RECIPE = repr((_VOICE, TELEPHONE, _CLEAN, _BRISK, _LEVEL_DBFS, _PEAK_DBFS))
_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")


class Voice:
    """Makes sounds with the flite and sox of `programs` in the folders of `settings`."""

    def __init__(self, programs: Programs, settings: Settings) -> None:
        self._programs = programs
        self._settings = settings

    def render_all(self, progress: Callable[[int, int], None]) -> None:
        """Make each sound that is not there yet: `sounds/LANGUAGE/ID.wav` for the prompts, and below it the
        words for numbers, dates and letters, Asterisk's own without the silence around them.

        `progress` is called with how many are done, and of how many. Raises SpeechError, PbxMissing, BadFile.
        """
        folder = self._settings.sounds / self._settings.language
        prompts = texts(self._settings) | {f"words/{word}": word for word in words.WORDS}
        translated(self._settings)  # or a mistake in it would show when somebody is to speak it
        total = len(prompts) + len(spoken.WORDS)
        for done, (name, text) in enumerate(prompts.items()):
            progress(done, total)
            if not self.say(text, folder / f"{name}.wav"):
                raise SpeechError(f"prompts/{self._settings.language}.yaml: {name}: {text!r} makes no sound")
        for done, word in enumerate(spoken.WORDS, len(prompts)):
            progress(done, total)
            self._take_over(word, folder)
        tones.waiting(folder / "waiting.wav", spoken.WAITING_S)
        progress(total, total)

    def _take_over(self, word: str, folder: Path) -> None:
        core = self._programs.sounds / f"{word}.wav"
        if not core.is_file():
            raise SpeechError(f"{core} is missing: install Asterisk's English core sounds as WAV files")
        self._make(folder / f"{word}.wav", b"core", core.read_bytes(), str(core))

    def say_name(self, team: str, spoken: str) -> Path | None:
        """The sound of a team's name, `sounds/names/TEAM.wav`; None when the name makes none: spell it."""
        if not _ID.fullmatch(team):
            raise SpeechError(f"{team!r} is no id of a team")
        target = self._settings.sounds / "names" / f"{team}.wav"
        if self.say(spoken, target):
            return target
        target.unlink(missing_ok=True)  # of the name that it had before
        return None

    def say(self, text: str, target: Path) -> bool:
        """Make `target` say `text`, unless it does already. False when the text makes no sound.

        `recorded/NAME.wav` beside the target, a human recording, is used in place of the text.
        """
        recorded = recording(target)
        if recorded.is_file():
            return self._make(target, b"human", recorded.read_bytes(), str(recorded))
        return self._synthesised(text, target)

    def _synthesised(self, text: str, target: Path) -> bool:
        if not any(c.isalnum() for c in plain(text)):
            return False
        return self._make(target, b"text", text.encode(), repr(text))

    def replace(self, target: Path, given: Path) -> None:
        """Have the recording `given` speak `target` from now on. Raises SpeechError; nothing changes then."""
        try:
            source = given.read_bytes() if given.stat().st_size <= _LARGEST else b""
        except OSError as error:
            raise SpeechError(f"{given}: cannot be read: {error.strerror}") from error
        if source[:4] != b"RIFF" or source[8:12] != b"WAVE":
            raise SpeechError(f"{given}: is no WAV file of up to {_LARGEST // 1_000_000} MB; convert it")
        if not self._make(target, b"human", source, str(given)):
            raise SpeechError(f"{given}: there is nothing to hear in it; record it again")
        kept = recording(target)
        kept.parent.mkdir(mode=0o700, exist_ok=True)
        draft = kept.with_suffix(".new")
        draft.write_bytes(source)
        draft.replace(kept)

    def restore(self, target: Path, text: str) -> None:
        """Have `target` spoken by the synthetic voice again; not at all where it makes nothing of `text`."""
        if not self._synthesised(text, target):
            target.unlink(missing_ok=True)
        recording(target).unlink(missing_ok=True)

    def _make(self, target: Path, kind: bytes, source: bytes, name: str) -> bool:
        """Bring `source`, a text or the bytes of a WAV file, into the form of our sounds; once is enough."""
        key = hashlib.sha256(b"\0".join((_RECIPE.encode(), kind, source))).hexdigest()
        made = target.with_suffix(".key")
        if target.is_file() and made.is_file() and made.read_text() == key:
            return True
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".making-") as work:
            raw, clean = Path(work, "raw.wav"), Path(work, "clean.wav")
            try:
                if kind == b"text":
                    synthesise(self._programs, source.decode(), raw)
                else:
                    raw.write_bytes(source)
                brisk = _BRISK if kind == b"core" else ()
                run(self._programs, "sox", "-D", "-V1", str(raw), *TELEPHONE, str(clean), *brisk, *_CLEAN)
                audible = _level(clean)
            except SpeechError as error:
                raise SpeechError(f"{name}: {error}") from error
            if not audible:
                return False
            made.unlink(missing_ok=True)  # between the two renames the sound counts as not made
            clean.replace(target)
            draft = Path(work, "key")
            draft.write_text(key)
            draft.replace(made)
        return True


def synthesise(programs: Programs, text: str, into: Path) -> None:
    """Have flite speak `text` into a WAV file, at the rate of its voice. Raises SpeechError."""
    # A file, not an argument: a text that begins with a hyphen would be an option.
    file = into.with_suffix(".txt")
    file.write_text(plain(text), encoding="ascii")
    run(programs, "flite", *_VOICE, "-f", str(file), "-o", str(into))


def run(programs: Programs, program: str, *args: str) -> None:
    """Run flite or sox to its end. Raises SpeechError with what it says."""
    try:
        done = subprocess.run(
            programs.argv(program, *args),
            stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=60,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise SpeechError(f"{program} does not come to its end") from None
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise SpeechError(f"{program} says: {said[-1] if said else 'nothing'}")


def recording(target: Path) -> Path:
    """Where the human recording of a sound is, if it has one."""
    return target.parent / "recorded" / target.name


def plain(text: str) -> str:
    """What an English voice can read of `text`: letters without their accents."""
    folded = unicodedata.normalize("NFKD", text.replace("ß", "ss"))
    return folded.encode("ascii", "ignore").decode() + "\n"


def _level(file: Path) -> bool:
    """Bring the sound to the level of speech, in place. False when there is nothing to hear in it."""
    with wave.open(str(file), "rb") as sound:
        shape = sound.getparams()
        samples = array.array("h", sound.readframes(shape.nframes))
    peak = max(map(abs, samples), default=0)
    if peak == 0 or len(samples) < _SHORTEST_S * shape.framerate:
        return False
    if len(samples) > _LONGEST_S * shape.framerate:
        raise SpeechError(f"lasts longer than {_LONGEST_S:.0f} s")
    rms = math.sqrt(sum(s * s for s in samples) / len(samples))
    gain = min(32768 * 10 ** (_LEVEL_DBFS / 20) / rms, 32768 * 10 ** (_PEAK_DBFS / 20) / peak)
    with wave.open(str(file), "wb") as sound:
        sound.setparams(shape)
        sound.writeframes(array.array("h", (round(s * gain) for s in samples)).tobytes())
    return True
