"""The hotline's menu over real calls: listening with winding and pause, and a caller who wants a person."""

import subprocess
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ivr.ports import Programs
from ivr.pstn import witness
from ivr.pstn.behaviour import Hangup, Listen, Press, Say, UntilQuiet
from ivr.pstn.cast import CALLER, HOTLINE, PIN, UID
from ivr.pstn.stage import Stage, eventually

pytestmark = pytest.mark.scenario

SetStage = Callable[..., Stage]

OPERATOR = "+4940808077501"
LOGS_IN = (Listen(6.5), Press(f"{UID}#"), Listen(1), Press(f"{PIN}#"), Listen(2))


def spoken(asterisk: Programs, path: Path, text: str) -> Path:
    """Speech in telephone form."""
    raw = path.with_suffix(".raw.wav")
    subprocess.run(asterisk.argv("flite", "-voice", "rms", "-t", text, "-o", str(raw)), check=True)
    subprocess.run(asterisk.argv("sox", str(raw), "-r", "8000", "-c", "1", "-b", "16", str(path)), check=True)
    return path


def test_a_caller_speaks_with_the_duty_operator_and_is_back_at_the_menu(
    set_stage: SetStage, asterisk: Programs, tmp_path: Path
) -> None:
    asks = spoken(asterisk, tmp_path / "asks.wav", "Our mail gateway is taken over. Can you help me?")
    says = spoken(asterisk, tmp_path / "says.wav", "I am the duty operator. I call your provider at once.")
    answers = f'{{steps: [until-quiet, {{press: "1"}}, {{listen: 9}}, {{say: "{says}"}}, hangup]}}'
    stage = set_stage(
        f'phones:\n  - {{number: "{OPERATOR}", team: operators, calls: [{answers}]}}\n',
        network={"duty_operator": OPERATOR},
    )
    steps = (*LOGS_IN, Press("0"), Listen(1), Press("0"), Listen(17), Say(asks), Listen(17), Press("#"))
    stage.exchange.call(CALLER.number, HOTLINE, (*steps, UntilQuiet(1.0), Hangup()))
    eventually(
        lambda: len([r for r in stage.exchange.records() if r.ended_at]) == 2, 90, "the calls did not end"
    )
    sounds = stage.settings.sounds / "en"
    caller, operator = stage.exchange.heard(CALLER.number), stage.exchange.heard(OPERATOR)
    assert caller is not None
    assert operator is not None
    for sound in (
        "operator-is-called",
        "connected",
        "operator-has-left",
        "main-menu",
        "goodbye",
    ):
        assert witness.find(caller, sounds / f"{sound}.wav").heard, sound
    assert witness.find(caller, says).heard, "the caller did not hear the operator"
    assert witness.find(operator, asks).heard, "the operator did not hear the caller"
    assert witness.find(operator, sounds / "operator-wanted.wav").heard


def test_a_caller_winds_and_pauses_and_the_line_is_never_dead(
    set_stage: SetStage, asterisk: Programs, tmp_path: Path
) -> None:
    """Judged by what the caller's phone has recorded. 6 and 4 wind five seconds, 5 is a pause."""
    text = (
        "A worm scans for mail gateways since this morning. It comes from many addresses in three countries. "
        "Block port four thousand at your border now. Look for processes that are called updater. "
        "Send samples to our laboratory, and tell us how many of your machines are hit. Thank you very much."
    )
    alert = spoken(asterisk, tmp_path / "alert.wav", text)
    stage = set_stage(f'phones:\n  - {{number: "{OPERATOR}", team: desk-cert, calls: [busy]}}\n')
    stage.tocsin("alert", "raise", "--team", "desk-cert", "--audio", str(alert), "--release")
    begins = (*LOGS_IN, Press("2"), Listen(1), Press("2"))  # the second in who and when: the alert at once
    listens = (
        *(Listen(3), Press("6"), Listen(2), Press("5"), Listen(5), Press("5")),
        *(Listen(4), Press("6"), Listen(2.5), Press("1")),  # beyond the end is the end
    )
    stage.exchange.call(CALLER.number, HOTLINE, (*begins, *listens, UntilQuiet(1.0), Press("#"), Listen(2)))
    eventually(
        lambda: any(r.ended_at for r in stage.exchange.records() if r.direction == "to-hotline"),
        90,
        "the call did not end",
    )
    (delivery,) = stage.ask("alert", "show", "1")["deliveries"]
    assert (delivery["state"], delivery["acknowledged_via"]) == ("acknowledged", "hotline")
    heard = stage.exchange.heard(CALLER.number)
    assert heard is not None
    sounds = stage.settings.sounds / "en"
    for sound in ("paused", "listen-menu", "acknowledged-thanks"):
        assert witness.find(heard, sounds / f"{sound}.wav", first_s=1.0).heard, sound
    assert witness.find(heard, piece(alert, 0.5, 2.5)).heard
    assert not witness.find(heard, piece(alert, 4.0, 7.5)).heard, "6 winds forward"
    assert witness.find(heard, piece(alert, 11.0, 14.0)).heard, "after the pause it goes on"
    audio, rate = witness.load(heard)
    begins = witness.find(heard, sounds / "paused.wav").offset_s
    pause = audio[round(begins * rate) : round((begins + 5) * rate)]
    assert np.max(np.diff(np.flatnonzero(np.abs(pause) > 0.003))) < 1.5 * rate, "a pause is no dead line"


def piece(alert: Path, begin_s: float, end_s: float) -> Path:
    """A part of a recording as a file."""
    path = alert.with_name(f"{begin_s} to {end_s}.wav")
    with wave.open(str(alert)) as whole, wave.open(str(path), "wb") as part:
        part.setparams(whole.getparams())
        whole.setpos(round(begin_s * whole.getframerate()))
        part.writeframes(whole.readframes(round((end_s - begin_s) * whole.getframerate())))
    return path
