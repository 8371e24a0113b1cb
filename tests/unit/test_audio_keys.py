"""Tones of keys are taken out of a recording, speech is not."""

import numpy as np
import pytest
from numpy.typing import NDArray

from ivr.adapters.audio.keys import without_keys
from ivr.pstn import tones

SILENCE = np.zeros(800)


def sampled(*parts: NDArray[np.float64]) -> NDArray[np.int16]:
    return np.asarray(np.concatenate(parts) * 32767).astype(np.int16)


@pytest.mark.parametrize("level", [0.01, 0.2])
@pytest.mark.parametrize("ms", [40, 500])
@pytest.mark.parametrize("key", tones.TONES)
def test_each_key_is_taken_out_however_short_soft_and_placed(key: str, ms: int, level: float) -> None:
    noise = np.random.default_rng(1).normal(0, level / 50, 6000)
    for late in range(0, 102, 17):
        sound = sampled(SILENCE, SILENCE[:late], tones.tone(key, ms / 1000, level), SILENCE)
        sound = sound + (noise[: sound.size] * 32767).astype(np.int16)
        at = slice(800 + late, sound.size - 800)
        assert not without_keys(sound)[at].any()


def test_what_is_around_it_stays() -> None:
    noise = np.random.default_rng(1).uniform(-0.2, 0.2, 8000)
    sound = sampled(noise, tones.tone("1", 0.1), noise)
    clean = without_keys(sound)
    assert np.array_equal(clean[:7600], sound[:7600])
    assert np.array_equal(clean[-7600:], sound[-7600:])


def test_a_pair_that_is_no_key_a_single_tone_and_a_sweep_stay() -> None:
    at = np.arange(8000) / 8000
    hz = np.linspace(600, 1700, 8000)
    for sound in (
        np.sin(2 * np.pi * 440 * at) + np.sin(2 * np.pi * 480 * at),
        np.sin(2 * np.pi * 1209 * at),
        np.sin(2 * np.pi * np.cumsum(hz) / 8000),
    ):
        samples = sampled(0.2 * sound)
        assert without_keys(samples) is samples


@pytest.mark.parametrize("count", [0, 1, 101, 153])
def test_what_is_shorter_than_a_key_is_none(count: int) -> None:
    samples = sampled(tones.tone("5", 1.0))[:count]
    assert without_keys(samples).size == count
