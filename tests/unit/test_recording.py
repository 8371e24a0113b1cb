"""Whether a recording is good: voices, tones of exchanges, and what went wrong with the level."""

import array
import wave
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from wav import spoken

from ivr.adapters.audio.quality import measure
from ivr.adapters.pbx.tree import find_programs
from ivr.domain.recording import SPEECH_DBFS, Limits, Traits, gain_db, problem, remark

Sound = NDArray[np.float64]

RATE = 8000
ALERTS = (
    ("rms", "Signal CERT. A new worm scans for mail gateways. It comes from many addresses."),
    ("slt", "We see the same request again and again, from four networks. Look for port four thousand."),
    ("kal", "Ooh. Room, noon, moon. This is a very long vowel, and it is a voice all the same."),
    ("awb", "No patch is known. Please close the port at once, and tell us what you see."),
)
TRAITS = Traits(duration_s=10, level_dbfs=-23, speech_dbfs=-20, clipped=0, tonal=0)


def judged(sound: Sound) -> Traits:
    """What is measured of a sound, -1 to 1, with a line's noise."""
    noisy = sound + np.random.default_rng(1).normal(0, 10 ** (-60 / 20), sound.size)
    return measure(array.array("h", np.round(np.clip(noisy, -1, 1) * 32767).astype(np.int16).tobytes()))


def load(path: Path) -> Sound:
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768


def too_loud(sound: Sound, db: float) -> Sound:
    """Cut off `db` above its highest sample's place at full scale."""
    return np.clip(sound / np.abs(sound).max() * 10 ** (db / 20), -1, 1)


def tone(
    *hz: float, on_s: float = 1.0, off_s: float = 0.0, dbfs: float = -15.0, seconds: float = 12
) -> Sound:
    at = np.arange(round(seconds * RATE)) / RATE
    sound = sum(np.sin(2 * np.pi * one * at) for one in hz) / len(hz)
    return np.asarray(sound * (at % (on_s + off_s) < on_s) * 10 ** (dbfs / 20), np.float64)


@pytest.fixture(scope="module")
def alerts(tmp_path_factory: pytest.TempPathFactory) -> list[Sound]:
    """Alerts in four synthetic voices."""
    return [load(path) for path in spoken(tmp_path_factory.mktemp("alerts"), ALERTS)]


@pytest.fixture(scope="module")
def human() -> list[Sound]:
    """Sounds of 1.5 s and more in a human voice: 262 with Asterisk's own English ones."""
    sounds = [load(path) for path in find_programs().sounds.rglob("*.wav") if path.parent.name != "silence"]
    return [sound for sound in sounds if sound.size >= 1.5 * RATE]


def test_no_voice_is_refused_or_remarked_on(alerts: list[Sound], human: list[Sound]) -> None:
    assert len(human) > 100
    for sound in (*alerts, *human):
        traits = judged(sound)
        assert problem(traits, Limits(shortest_s=1.0)) is None
        assert remark(traits) is None, traits


def test_a_voice_in_a_noisy_room_is_a_voice(alerts: list[Sound]) -> None:
    for sound in alerts:
        room = np.random.default_rng(2).normal(0, np.sqrt(np.mean(sound**2)) * 10 ** (-10 / 20), sound.size)
        assert remark(judged(sound * 0.5 + room * 0.5)) is None


@pytest.mark.parametrize(
    "sound",
    [
        pytest.param(tone(425), id="dial tone"),
        pytest.param(tone(425, on_s=0.5, off_s=0.5), id="busy"),
        pytest.param(tone(425, on_s=0.1, off_s=0.1), id="busy at the fastest"),
        pytest.param(tone(425, on_s=0.25, off_s=0.25), id="congestion"),
        pytest.param(tone(425, on_s=1, off_s=4), id="ringing"),
        pytest.param(tone(400, on_s=0.375, off_s=0.375), id="busy, 400 Hz"),
        pytest.param(tone(450, on_s=0.5, off_s=0.5), id="busy, 450 Hz"),
        pytest.param(tone(350, 440), id="dial tone, North America"),
        pytest.param(tone(350, 450), id="dial tone, United Kingdom"),
        pytest.param(tone(480, 620, on_s=0.5, off_s=0.5), id="busy, North America"),
        pytest.param(tone(480, 620, on_s=0.25, off_s=0.25), id="congestion, North America"),
        pytest.param(tone(425, on_s=0.5, off_s=0.5, dbfs=-35), id="busy, far away"),
    ],
)
def test_the_tones_of_exchanges_are_no_voice(sound: Sound) -> None:
    """The cadences of ITU-T E.180/Q.35 at the frequencies that countries use (E.180 Supplement 2)."""
    assert remark(judged(sound)) == "tone"
    noise = np.random.default_rng(3).normal(0, np.sqrt(np.mean(sound**2)) / 10, sound.size)
    assert remark(judged(sound + noise)) == "tone"


def test_a_tone_that_moves_is_no_tone_of_an_exchange() -> None:
    hz = np.repeat([392.0, 440, 494, 523, 587, 659], 2 * RATE)  # somebody hums, or whistles
    assert remark(judged(0.2 * np.sin(2 * np.pi * np.cumsum(hz) / RATE))) is None


def test_a_voice_after_which_the_line_was_busy_for_long_is_remarked_on(alerts: list[Sound]) -> None:
    busy = tone(425, on_s=0.5, off_s=0.5, seconds=110)
    assert remark(judged(np.concatenate([alerts[0], busy]))) == "tone"
    assert remark(judged(np.concatenate([alerts[0], busy[: 2 * RATE]]))) is None


def test_what_was_cut_off_is_heard_to_be_distorted(alerts: list[Sound], human: list[Sound]) -> None:
    for sound in (*alerts, *human):
        assert remark(judged(too_loud(sound, 12))) == "clipped"
        assert remark(judged(too_loud(sound, 0))) is None, "loud, and whole"


@pytest.mark.parametrize("dbfs", [-40.0, -48.0])
def test_a_voice_far_from_the_phone_is_remarked_on(dbfs: float, alerts: list[Sound]) -> None:
    for sound in alerts:
        louder = dbfs - judged(sound).speech_dbfs
        assert remark(judged(sound * 10 ** (louder / 20))) == "quiet"


@pytest.mark.parametrize(
    ("speech_dbfs", "gain"),
    [(-20.0, 0), (-20.9, 0), (-26.0, 6.0), (-14.0, -6.0), (-45.0, 25.0), (-55.0, 30.0)],
)
def test_the_level_is_made_that_of_the_prompts(speech_dbfs: float, gain: float) -> None:
    traits = Traits(10, speech_dbfs - 3, speech_dbfs, 0, 0)
    assert gain_db(traits) == pytest.approx(gain)


def test_prompts_have_the_level_that_recordings_are_brought_to(human: list[Sound]) -> None:
    levels = [judged(sound).speech_dbfs for sound in human]
    assert np.median(levels) == pytest.approx(SPEECH_DBFS, abs=3)


@pytest.mark.parametrize("measured", [(), (0,) * 100, (32767,) * 8000, (0,) * 80_000])
def test_whatever_is_recorded_can_be_measured(measured: tuple[int, ...]) -> None:
    traits = measure(array.array("h", measured))
    assert traits.duration_s == len(measured) / RATE
    assert np.isfinite([traits.level_dbfs, traits.speech_dbfs, traits.clipped, traits.tonal]).all()


@pytest.mark.parametrize(
    ("traits", "expected"),
    [
        (replace(TRAITS, duration_s=0), "empty"),
        (replace(TRAITS, duration_s=1.4), "short"),
        (replace(TRAITS, level_dbfs=-51), "silent"),
        (replace(TRAITS, level_dbfs=-49), None),
        (replace(TRAITS, tonal=1.0, clipped=1.0, speech_dbfs=-45), None),
        (TRAITS, None),
    ],
)
def test_only_what_holds_nothing_is_refused(traits: Traits, expected: str | None) -> None:
    assert problem(traits, Limits()) == expected
