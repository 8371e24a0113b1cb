"""The witness finds what was heard and nothing else. The sound is made here, like speech in its shape."""

from pathlib import Path

import numpy as np
import pytest
import wav
from wav import RATE

from ivr.pstn import witness
from ivr.pstn.witness import Audio


def voice(seed: int, seconds: float) -> Audio:
    """Syllables of noise through two resonances, at about -20 dBFS, with gaps as between words."""
    chance = np.random.default_rng(seed)
    parts = []
    while sum(part.size for part in parts) < seconds * RATE:
        size = int(chance.uniform(0.08, 0.3) * RATE)
        time = np.arange(size) / RATE
        pitch, formant = chance.uniform(80, 160), chance.uniform(400, 2500)
        tone = np.sign(np.sin(2 * np.pi * pitch * time)) * np.sin(2 * np.pi * formant * time)
        syllable = (tone + 0.5 * chance.normal(size=size)) * np.hanning(size)
        parts += [0.2 * chance.uniform(0.5, 1.5) * syllable, np.zeros(int(chance.uniform(0, 0.15) * RATE))]
    return np.concatenate(parts)[: round(seconds * RATE)]


def silence(seconds: float) -> Audio:
    return np.zeros(round(seconds * RATE))


def mu_law(audio: Audio) -> Audio:
    """Coded with 8 bits and back (ITU-T G.711)."""
    coded = np.round(np.sign(audio) * np.log1p(255 * np.abs(audio)) / np.log(256) * 127) / 127
    decoded: Audio = np.sign(coded) * np.expm1(np.abs(coded) * np.log(256)) / 255
    return decoded


class Files:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, *parts: Audio) -> Path:
        return wav.write(self._folder / f"{len(list(self._folder.iterdir()))}.wav", *parts)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


@pytest.mark.parametrize("cut_s", [0.3, 0.9, 1.5])
def test_a_packet_that_comes_late_in_a_short_sample_does_not_hide_it(files: Files, cut_s: float) -> None:
    speech = voice(3, 1.8)
    cut = round(cut_s * RATE)
    late = files(voice(4, 3), speech[:cut], silence(0.1), speech[cut:], voice(5, 3))
    match = witness.find(late, files(speech))
    assert match.heard
    assert match.offset_s == pytest.approx(3, abs=0.15)
    assert not witness.find(late, files(voice(6, 1.8))).heard
    missing = files(voice(4, 3), speech[:cut], silence(1.8 - cut_s), voice(5, 3))
    assert witness.find(missing, files(speech)).heard is (cut_s == 1.5)


def test_a_sample_is_found_where_it_is_and_as_loud_as_it_is(files: Files) -> None:
    speech = voice(1, 5)
    recording = files(silence(1.25), mu_law(0.25 * speech), silence(2))
    match = witness.find(recording, files(speech))
    assert match.heard
    assert match.score > 0.99
    assert match.offset_s == pytest.approx(1.25, abs=0.001)
    assert match.end_s == pytest.approx(6.25, abs=0.2)
    assert match.level_db == pytest.approx(witness.level_dbfs(speech) - 12, abs=0.5)


def test_what_was_not_said_is_not_found(files: Files) -> None:
    recording = files(silence(1), voice(1, 5), voice(2, 5), silence(1))
    for seconds in (0.7, 2, 5):
        assert not witness.find(recording, files(voice(3, seconds))).heard
    assert not witness.control(recording, files(voice(1, 5))).heard
    assert not witness.any_part(recording, files(voice(4, 20))).heard


def test_the_order_counts(files: Files) -> None:
    first, second, third = (voice(n, seconds) for n, seconds in ((1, 2), (2, 0.6), (3, 4)))
    recording = files(silence(1), first, second, silence(0.4), third, silence(1))
    a, b, c = files(first), files(second), files(third)
    assert all(match.heard for match in witness.sequence(recording, [a, b, c]))
    assert [match.heard for match in witness.sequence(recording, [b, a, c])] == [True, False, True]


def test_noise_and_another_level_do_no_harm(files: Files) -> None:
    speech = voice(1, 4)
    noisy = np.concatenate([silence(1), 0.5 * speech, silence(1)])
    level = np.sqrt(np.mean((0.5 * speech) ** 2)) * 10 ** (-10 / 20)
    noisy = noisy + np.random.default_rng(9).normal(scale=level, size=noisy.size)
    assert witness.find(files(mu_law(noisy)), files(speech)).heard


def test_two_minutes_that_lose_and_gain_packets_on_the_way(files: Files) -> None:
    speech = voice(1, 120)
    cut = [30 * RATE, 60 * RATE, 90 * RATE]
    one, two, three, four = np.split(speech, cut)
    recording = files(silence(2), one, silence(0.02), two, three[160:], silence(0.04), four, silence(1))
    match = witness.find(recording, files(speech))
    assert match.heard
    assert match.score > 0.95
    assert match.offset_s == pytest.approx(2, abs=0.001)


def test_the_first_part_of_a_sample(files: Files) -> None:
    speech = voice(1, 20)
    recording, sample = files(silence(1), speech[: 5 * RATE], silence(3), voice(2, 12)), files(speech)
    assert witness.find(recording, sample, first_s=4).heard
    whole = witness.find(recording, sample)
    assert not whole.heard
    assert whole.heard_s == pytest.approx(4, abs=0.1)
    assert witness.find(recording, sample, first_s=4, after_s=2).heard is False


def test_a_leak_in_the_middle_of_a_sample_is_noticed(files: Files) -> None:
    alert = voice(1, 20)
    recording = files(voice(2, 3), alert[9 * RATE : 13 * RATE], voice(3, 3))
    assert not witness.find(recording, files(alert)).heard
    assert witness.any_part(recording, files(alert)).heard


def test_prompts_that_begin_with_the_same_words_are_told_apart(files: Files) -> None:
    start, one, two = voice(1, 2.5), voice(2, 5), voice(3, 5)
    recording = files(silence(1), start, one, silence(1), start, two)
    assert witness.find(recording, files(start, two)).offset_s == pytest.approx(9.5, abs=0.01)
    assert witness.find(recording, files(start, one)).offset_s == pytest.approx(1, abs=0.01)
    assert not witness.find(recording, files(start, voice(4, 5))).heard


def test_a_sample_that_begins_with_silence_has_its_offset(files: Files) -> None:
    speech = voice(1, 4)
    recording = files(voice(2, 3), silence(3), speech, silence(1))
    match = witness.find(recording, files(silence(3), speech))
    assert match.heard
    assert match.offset_s == pytest.approx(3, abs=0.01)


def test_silence_is_never_heard(files: Files) -> None:
    assert not witness.find(files(silence(5)), files(silence(2))).heard
    assert not witness.find(files(silence(5)), files(voice(1, 2))).heard
    assert not witness.find(files(voice(1, 5)), files(silence(2))).heard
    assert not witness.find(files(silence(0)), files(voice(1, 2))).heard


def test_a_file_that_is_no_recording_is_named(tmp_path: Path, files: Files) -> None:
    sample = files(voice(1, 1))
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"RIFF")
    for path in (broken, tmp_path / "absent.wav"):
        with pytest.raises(witness.BadAudio, match=path.name):
            witness.find(path, sample)


def test_what_was_said_twice_is_found_twice_also_when_the_second_time_came_through_better(
    files: Files,
) -> None:
    prompt = voice(1, 3)
    poor = np.concatenate([prompt[: RATE // 4], prompt[RATE // 4 + 160 :], silence(0.02)])  # a packet is lost
    recording, sample = files(silence(1), poor, silence(1), prompt, silence(1)), files(prompt)
    first, second = witness.sequence(recording, [sample, sample])
    assert (first.heard, second.heard) == (True, True)
    assert first.offset_s == pytest.approx(1, abs=0.05)
    assert second.offset_s == pytest.approx(5, abs=0.05)


def test_a_silence_is_told_from_a_soft_tick_and_from_what_is_too_short(files: Files) -> None:
    tick = np.sin(2 * np.pi * 440 * np.arange(160) / RATE) * 300 / 32768
    ticking = np.concatenate([silence(0.483), tick] * 4)
    recording = files(silence(2), voice(3, 1), ticking, silence(1), voice(4, 1), mu_law(silence(1.6)))
    first, last = witness.silences(recording, 1.5)
    assert first == pytest.approx((0, 2), abs=0.05)
    assert last == pytest.approx((7.0, 8.6), abs=0.1)
