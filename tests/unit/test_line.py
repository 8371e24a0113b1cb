"""What a line says: silence or not, and the beeps of answering machines among voices."""

import random
import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from wav import spoken

from ivr.adapters.pbx.tree import find_programs
from ivr.domain.line import Line, judge

Sound = NDArray[np.float64]

RATE = 8000
GREETINGS = (
    ("rms", "You have reached A B C cert. Please leave a message after the tone."),
    ("slt", "Nobody is here. Our office hours are Monday to Friday, nine to five. Goodbye."),
    ("kal", "Room, noon, moon. This is a very long vowel. Ooh. Speak after the beep please."),
)
QUIET = 10 ** (-60 / 20) * 32768
"""RMS of a line on which nobody speaks, at its worst."""


@pytest.fixture(scope="module")
def greetings(tmp_path_factory: pytest.TempPathFactory) -> list[Sound]:
    return [load(path) for path in spoken(tmp_path_factory.mktemp("greetings"), GREETINGS)]


def load(path: Path) -> Sound:
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float64)


def tone(hz: float, seconds: float, dbfs: float = -12.0) -> Sound:
    at = np.arange(round(seconds * RATE)) / RATE
    return np.asarray(10 ** (dbfs / 20) * 32768 * np.sin(2 * np.pi * hz * at), np.float64)


def silence(seconds: float) -> Sound:
    return np.zeros(round(seconds * RATE))


def heard(*parts: Sound, noise: float = QUIET) -> Line:
    """The parts one after another through a noisy line and A-law's coarsest steps."""
    line = np.concatenate(parts)
    noisy = line + np.random.default_rng(1).normal(0, noise, line.size)
    return judge(coarse(noisy))


def coarse(sound: Sound) -> Sequence[int]:
    """Five significant bits, as ITU-T G.711 leaves them."""
    steps = 2.0 ** np.maximum(np.floor(np.log2(np.abs(sound) + 1)) - 4, 0)
    return [int(sample) for sample in np.clip(np.round(sound / steps) * steps, -32768, 32767)]


def test_thirty_beeps_after_greetings_are_found_and_none_before(greetings: list[Sound]) -> None:
    chance = random.Random(7)
    for n in range(30):
        greeting = greetings[n % len(greetings)]
        hz, seconds = chance.uniform(400, 1400), chance.uniform(0.2, 1.0)
        level = chance.uniform(-24, -6)
        noise = 10 ** ((level - 18) / 20) * 32768  # 15 dB below a sine of that peak
        beep = [silence(chance.uniform(0, 1.5)), tone(hz, seconds, level), silence(0.5)]
        assert heard(greeting, *beep, noise=noise).beep, f"{hz:.0f} Hz for {seconds:.2f} s at {level:.0f} dB"
        assert not heard(greeting, noise=noise).beep, f"greeting {n}"


def test_a_human_voice_is_no_beep() -> None:
    sounds = find_programs().sounds
    for name in ("vm-intro", "demo-thanks", "vm-newuser", "vm-opts-full", "vm-marked-urgent"):
        assert heard(load(sounds / f"{name}.wav")) == Line(silent=False, beep=False), name


def test_the_beep_of_asterisk_s_own_voice_mail_is_one() -> None:
    assert heard(load(find_programs().sounds / "beep.wav")).beep


@pytest.mark.parametrize("seconds", [0.05, 0.1])
def test_a_key_s_tones_and_a_short_tone_are_no_beep(seconds: float) -> None:
    assert not heard(silence(1), tone(1000, seconds), silence(1)).beep
    assert not heard(silence(1), tone(770, 0.5) + tone(1336, 0.5), silence(1)).beep  # the key 5, ITU-T Q.23


def test_a_line_on_which_nothing_comes_or_nobody_speaks_is_silent() -> None:
    assert judge([]) == Line(silent=True, beep=False)
    assert heard(silence(2)) == Line(silent=True, beep=False)
    assert heard(silence(1), tone(1000, 0.02), silence(1)).silent, "a click"


def test_one_word_is_no_silence(greetings: list[Sound]) -> None:
    word = greetings[0][RATE : RATE + RATE // 4] * 0.3
    assert not heard(silence(1), word, silence(1)).silent
