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
from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path

from ivr import yamlfile
from ivr.adapters import speech_tones
from ivr.config import Settings
from ivr.domain import spoken, words
from ivr.ports import Programs

_VOICE = ("-voice", "rms", "--setf", "duration_stretch=0.95")
"""Of flite's voices the one best understood after telephone coding; a little brisk."""

_TELEPHONE = ("-b", "16", "-c", "1", "-r", "8000")
_EDGE = ("silence", "1", "0.02", "-45d", "reverse")
_CLEAN = ("highpass", "100", "norm", "-3", *_EDGE, *_EDGE, "pad", "0.06", "0.06")
_BRISK = ("tempo", "-s", "1.15")
"""For Asterisk's words, which are spoken one by one and slowly; pitch stays (WSOLA)."""
_LEVEL_DBFS = -20.0
"""RMS, pauses included: as loud as Asterisk's own digits and dates, which stand between our texts."""
_PEAK_DBFS = -1.0
_SHORTEST_S = 0.2
"""With both pads: less than this is no word."""

_RECIPE = repr((_VOICE, _TELEPHONE, _CLEAN, _BRISK, _LEVEL_DBFS, _PEAK_DBFS))
_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
_DIGITS = "zero one two three four five six seven eight nine".split()


class SpeechError(Exception):
    """A text or a recording cannot be made into sound; the message is one line that says what to do."""


def catalogue(language: str) -> Mapping[str, str]:
    """The spoken texts of `language`, id -> text with placeholders. Raises BadFile."""
    file = resources.files("prompts").joinpath(f"{language}.yaml")
    return yamlfile.parse(file.read_text(encoding="utf-8"), Mapping[str, str], f"prompts/{language}.yaml")  # type: ignore[type-abstract]


def texts(settings: Settings) -> dict[str, str]:
    """The catalogue as this network speaks it. A text that needs a number the network has not is left out."""
    network = settings.network
    words = {
        "network": network.spoken or network.name,
        "hotline": spoken_number(network.hotline),
        "longest": _duration(settings.audio.longest_s),
    }
    if network.fallback:
        words["fallback"] = spoken_number(network.fallback)
    filled = {}
    for name, text in catalogue(settings.language).items():
        if "{fallback}" in text and not network.fallback:
            continue
        try:
            filled[name] = text.format_map(words)
        except (KeyError, ValueError, IndexError) as error:
            raise SpeechError(
                f"prompts/{settings.language}.yaml: {name}: bad placeholder ({error})"
            ) from error
    return filled


def spoken_number(number: str) -> str:
    """`+4940808077555` digit by digit in groups of three, as one reads it to somebody who writes it down."""
    digits = [_DIGITS[int(c)] for c in number if c.isascii() and c.isdigit()]
    starts = list(range(0, len(digits), 3))
    if len(digits) % 3 == 1 and len(starts) > 1:
        starts.pop()  # no digit stands alone: the last group has four
    groups = [" ".join(digits[a:b]) for a, b in zip(starts, [*starts[1:], None], strict=True)]
    return ("plus, " if number.startswith("+") else "") + ", ".join(groups)


def _duration(seconds: int) -> str:
    if seconds % 60:
        return f"{seconds} seconds"
    return "1 minute" if seconds == 60 else f"{seconds // 60} minutes"


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
        total = len(prompts) + len(spoken.WORDS)
        for done, (name, text) in enumerate(prompts.items()):
            progress(done, total)
            if not self.say(text, folder / f"{name}.wav"):
                raise SpeechError(f"prompts/{self._settings.language}.yaml: {name}: {text!r} makes no sound")
        for done, word in enumerate(spoken.WORDS, len(prompts)):
            progress(done, total)
            self._take_over(word, folder)
        speech_tones.waiting(folder / "waiting.wav", spoken.WAITING_S)
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
        return target if self.say(spoken, target) else None

    def say(self, text: str, target: Path) -> bool:
        """Make `target` say `text`, unless it does already. False when the text makes no sound.

        `recorded/NAME.wav` beside the target, a human recording, is used in place of the text.
        """
        recorded = target.parent / "recorded" / target.name
        if recorded.is_file():
            return self._make(target, b"human", recorded.read_bytes(), str(recorded))
        if not any(c.isalnum() for c in _plain(text)):
            return False
        return self._make(target, b"text", text.encode(), repr(text))

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
                    self._synthesise(source.decode(), raw)
                else:
                    raw.write_bytes(source)
                brisk = _BRISK if kind == b"core" else ()
                self._run("sox", "-D", "-V1", str(raw), *_TELEPHONE, str(clean), *brisk, *_CLEAN)
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

    def _synthesise(self, text: str, into: Path) -> None:
        # A file, not an argument: a text that begins with a hyphen would be an option.
        file = into.with_suffix(".txt")
        file.write_text(_plain(text), encoding="ascii")
        self._run("flite", *_VOICE, "-f", str(file), "-o", str(into))

    def _run(self, program: str, *args: str) -> None:
        done = subprocess.run(
            self._programs.argv(program, *args),
            stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=60,
        )  # fmt: skip
        if done.returncode:
            said = (done.stderr or done.stdout).strip().splitlines()
            raise SpeechError(f"{program} says: {said[-1] if said else 'nothing'}")


def _plain(text: str) -> str:
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
    rms = math.sqrt(sum(s * s for s in samples) / len(samples))
    gain = min(32768 * 10 ** (_LEVEL_DBFS / 20) / rms, 32768 * 10 ** (_PEAK_DBFS / 20) / peak)
    with wave.open(str(file), "wb") as sound:
        sound.setparams(shape)
        sound.writeframes(array.array("h", (round(s * gain) for s in samples)).tobytes())
    return True
