"""Raising an alert over real calls: what the caller hears, and what is recorded meanwhile."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import wav

from ivr.pstn import witness
from ivr.pstn.behaviour import Hangup, Listen, Press, Say, UntilQuiet
from ivr.pstn.cast import CALLER, HOTLINE, PIN, UID
from ivr.pstn.stage import Stage, eventually

pytestmark = pytest.mark.scenario

SetStage = Callable[..., Stage]

NOBODY = 'phones:\n  - {number: "+4940808077501", team: xyz-cert, calls: [no-answer]}\n'
TO_THE_TONE = (
    *(Listen(6.5), Press(f"{UID}#"), Listen(1), Press(f"{PIN}#"), Listen(2)),
    *(Press("1"), Listen(1), Press("#"), UntilQuiet(0.5)),
)
BEEP_HZ, SOFT_HZ = 700, 330
BLOCK_S = 0.05


def sounding(audio: witness.Audio, hz: float) -> list[float]:
    """When a tone of this frequency and of nothing else is heard: the beginnings of blocks of 50 ms."""
    size = round(BLOCK_S * wav.RATE)
    blocks = audio[: audio.size // size * size].reshape(-1, size)
    share = 2 * np.abs(blocks @ np.exp(-2j * np.pi * hz * np.arange(size) / wav.RATE)) / size
    level = np.sqrt(2 * np.mean(blocks**2, axis=1))
    return [float(n * BLOCK_S) for n in np.flatnonzero((share > 0.9 * level) & (share > 0.01))]


def test_a_soft_tone_is_heard_with_15_s_to_go_and_the_recording_is_one_piece(
    set_stage: SetStage, tmp_path: Path
) -> None:
    """The caller speaks noise without a pause: a gap or a tone in it would stand out."""
    noise = np.random.default_rng(1).uniform(-0.12, 0.12, 12 * wav.RATE)
    speech = wav.write(tmp_path / "noise.wav", noise)
    stage = set_stage(NOBODY, longest_s=19)
    stage.exchange.call(CALLER.number, HOTLINE, (*TO_THE_TONE, Say(speech), Press("#"), Listen(3), Hangup()))
    eventually(lambda: any(r.ended_at for r in stage.exchange.records()), 70, "the call did not end")
    eventually(lambda: bool(stage.ask("alert", "list")), 20, "no draft was kept")

    path = stage.exchange.heard(CALLER.number)
    assert path is not None
    heard, _ = witness.load(path)
    beep, soft = sounding(heard, BEEP_HZ), sounding(heard, SOFT_HZ)
    assert beep
    assert soft, "no tone with 15 s to go"
    assert 3 <= len(soft) <= 4, "one tone of 0.2 s"
    assert soft[-1] - soft[0] == pytest.approx((len(soft) - 1) * BLOCK_S)
    assert soft[0] - beep[-1] == pytest.approx(4.0, abs=0.25)

    kept, _ = witness.load(stage.settings.recordings / "1.wav")
    spoken = np.flatnonzero(np.abs(kept) > 0.05)
    kept = kept[spoken[0] : spoken[-1]]
    assert kept.size / wav.RATE == pytest.approx(12, abs=0.3)
    rms = np.sqrt(np.mean(kept[: kept.size // 160 * 160].reshape(-1, 160) ** 2, axis=1))
    assert rms.min() > 0.5 * np.median(rms), "a gap of 20 ms"
    matches = witness.parts(stage.settings.recordings / "1.wav", speech, witness.PIECE_S)
    # Asterisk takes the last 0.2 s away with the key that ends a recording, lest it be heard.
    assert [m.heard for m in matches[:-1]] == [True] * 5
    shifts = [m.offset_s - n * witness.PIECE_S for n, m in enumerate(matches[:-1])]
    assert max(shifts) - min(shifts) < 0.02, "nothing is missing between its pieces"
