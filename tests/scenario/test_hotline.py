"""The hotline's menu over real calls: listening with winding and pause, and a caller who wants a person."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from ivr.ports import Programs
from ivr.pstn import witness
from ivr.pstn.behaviour import Hangup, Listen, Press, Say, UntilQuiet
from ivr.pstn.stage import CALLER, HOTLINE, PIN, UID, Stage, eventually

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
