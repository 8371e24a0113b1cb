"""Keys as tones in the sound, as carriers without RFC 4733 send them, and tones that are no keys.

One stage for all: its trunk offers no telephone events, and the hotline's Asterisk listens for tones.
"""

from pathlib import Path

import numpy as np
import pytest
import wav
from test_alerts import ACKNOWLEDGES, OFFICE, SetStage, one_team, raise_alert, shown

from ivr.pstn import tones, witness
from ivr.pstn.behaviour import Hangup, Listen, Press, Say, Step, UntilQuiet
from ivr.pstn.cast import CALLER, HOTLINE, PIN, UID
from ivr.pstn.stage import Stage, eventually
from ivr.pstn.witness import Audio

pytestmark = pytest.mark.scenario

SAID = UntilQuiet(1.2)
"""The hotline has said all of it. Longer than the pauses while it works."""
FAST_MS, LONG_MS = 40, 1000


ECHOES = (
    '  - {number: "+4940808077502", team: echo-cert, calls: [{steps: [until-quiet, {press: "1"}, echo]}]}\n'
)


def sine(hz: float, seconds: float, level: float) -> Audio:
    return level * np.sin(2 * np.pi * hz * np.arange(round(seconds * wav.RATE)) / wav.RATE)


def sweep(seconds: float, level: float) -> Audio:
    """From below all tones of keys to above them."""
    hz = np.linspace(600, 1700, round(seconds * wav.RATE))
    return level * np.sin(2 * np.pi * np.cumsum(hz) / wav.RATE)


def musical(path: Path, spoken: Path) -> Path:
    """Speech, a sweep over the tones of all keys, a chord, and speech again."""
    speech, _ = witness.load(spoken)
    chord = sum((sine(hz, 1.0, 0.05) for hz in (440, 554, 659, 880)), np.zeros(wav.RATE))
    return wav.write(path, speech, sweep(1.0, 0.2), chord, speech[: 2 * wav.RATE])


def with_keys(path: Path, spoken: Path) -> Path:
    """An alert in which somebody presses 1 again and again, beyond what is a double press."""
    speech, _ = witness.load(spoken)
    return wav.write(path, speech, *(3 * (tones.tone("1", 0.3), speech[: wav.RATE])))


def heard_s(stage: Stage, alert: int) -> float:
    """How much of the alert was heard by the team whose line echoes."""
    (delivery,) = (d for d in shown(stage, alert)["deliveries"] if d["team"]["id"] == "echo-cert")
    return max((float(call["heard_s"]) for call in delivery["calls"]), default=0.0)


def raises(said: Path) -> tuple[Step, ...]:
    """Fast keys into the greeting, a slow one, one that is held; a real hash ends what is said. Then 1 as
    often as it takes, whatever the hotline is busy with."""
    logs_in = (Press(f"{UID}#{PIN[:-1]}", FAST_MS), Listen(3), Press(PIN[-1], LONG_MS), Listen(2), Press("#"))
    begins = (Press("1", LONG_MS), Listen(1), Press("5", FAST_MS), UntilQuiet(0.5))
    sends = 3 * (Listen(3), Press("1"))
    return (Listen(1), *logs_in, SAID, *begins, Say(said), Press("#"), *sends, Hangup())


def test_a_caller_raises_and_a_callee_acknowledges(
    set_stage: SetStage, spoken_alert: Path, tmp_path: Path
) -> None:
    said = musical(tmp_path / "said.wav", spoken_alert)
    stage = set_stage(one_team(ACKNOWLEDGES) + ECHOES, dtmf="inband")
    operators = raise_alert(stage, with_keys(tmp_path / "keys.wav", spoken_alert))
    stage.exchange.call(CALLER.number, HOTLINE, raises(said))
    eventually(lambda: stage.exchange.heard(CALLER.number) is not None, 120, "the call did not end")

    eventually(lambda: heard_s(stage, operators) > 0, 60, "the alert was not heard on a line that echoes")
    deliveries = {d["team"]["id"]: d for d in shown(stage, operators)["deliveries"]}
    assert deliveries["xyz-cert"]["acknowledged_by"] == OFFICE
    assert deliveries["echo-cert"]["acknowledged_at"] is None, "an echo has acknowledged"
    assert shown(stage, 2)["state"] != "draft"
    heard = stage.exchange.heard(CALLER.number)
    assert heard is not None
    reminder = witness.find(heard, stage.settings.sounds / "en" / "five-questions.wav", first_s=1.0)
    assert reminder.heard, "a long 1 was more than one key"
    kept, _ = witness.load(stage.settings.recordings / "2.wav")
    told, _ = witness.load(said)
    assert kept.size / wav.RATE == pytest.approx(told.size / wav.RATE, abs=1.0)
    pieces = witness.parts(stage.settings.recordings / "2.wav", said, witness.PIECE_S)
    assert all(piece.heard for piece in pieces[:-1]), "something in the speech was taken for a key"
