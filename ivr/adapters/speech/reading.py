"""Reads the text of an alert out into a recording.

Owns: how much of a text is read. It is anybody's text: flite gets it in a file, in plain ASCII without
control characters and in words of a bounded length.
"""

import re
import tempfile
import wave
from pathlib import Path

from ivr.adapters.speech.texts import SpeechError
from ivr.adapters.speech.voice import TELEPHONE, plain, run, synthesise
from ivr.ports import Programs

_REST = "The rest is in the mail."
_REST_S = 3.0
"""More than that lasts."""
_MOST_A_SECOND = 20
"""Characters: more than can be said of any text."""
_LONGEST_WORD = 40
_CLEAN = ("highpass", "100", "norm", "-3")


def read_out(programs: Programs, text: str, into: Path, longest_s: float) -> None:
    """Speak `text` into the WAV file `into` (8 kHz, mono, 16 bit), for so long at most; that there is more is
    said at its end. Raises SpeechError, also where no English voice can read anything of it."""
    words = readable(text)
    if not any(c.isalnum() for c in words):
        raise SpeechError("there is nothing in the text that can be spoken")
    with tempfile.TemporaryDirectory(dir=into.parent, prefix=f"{into.stem}-") as work:
        most = round(longest_s * _MOST_A_SECOND)
        begin, is_cut = words[:most], len(words) > most
        sound = _spoken(programs, begin, Path(work, "text.wav"))
        room = round((longest_s - _REST_S) * 8000) * 2
        if is_cut or len(sound) > round(longest_s * 8000) * 2:
            sound = sound[:room] + _spoken(programs, _REST, Path(work, "rest.wav"))
    with wave.open(str(into), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", "not compressed"))
        file.writeframes(sound)


def readable(text: str) -> str:
    """`text` in one line of plain ASCII, its longest words in pieces."""
    words = re.sub(r"[^ -~]+", " ", plain(text)).split()
    return " ".join(piece for word in words for piece in _pieces(word))


def _pieces(word: str) -> list[str]:
    return [word[n : n + _LONGEST_WORD] for n in range(0, len(word), _LONGEST_WORD)]


def _spoken(programs: Programs, text: str, raw: Path) -> bytes:
    """The samples of `text`."""
    synthesise(programs, text, raw)
    clean = raw.with_name(f"telephone-{raw.name}")
    run(programs, "sox", "-D", "-V1", str(raw), *TELEPHONE, str(clean), *_CLEAN)
    with wave.open(str(clean), "rb") as file:
        return file.readframes(file.getnframes())
