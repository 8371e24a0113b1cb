"""Answering machines on real calls: what they have on their tape, and what they have not."""

from collections.abc import Callable
from pathlib import Path

import pytest
from test_alerts import await_close, raise_alert

from ivr.pstn import witness
from ivr.pstn.cast import POLICY
from ivr.pstn.stage import Stage

pytestmark = pytest.mark.scenario

# The pause before the message is the only one of more than 6 s; 6 s later, its first telling is under way.
PHONES = """
phones:
  - {number: "+4940808077501", team: greets-and-beeps,
     calls: {steps: [greeting, beep, {listen: 200}]}}
  - {number: "+4940808077502", team: comes-running,
     calls: {steps: [{until-quiet: 6}, {listen: 6}, {press: "1"}, {listen: 4}, {press: "1"}, until-quiet]}}
  - {number: "+4940808077503", team: wants-none,
     calls: {steps: [greeting, beep, {listen: 200}]}}
"""
TEAMS = ("greets-and-beeps", "comes-running", "wants-none")
WANT_ONE = {team: {"machine-message": True} for team in TEAMS[:2]}


def test_a_message_without_content_is_left_where_a_team_wants_one(
    set_stage: Callable[..., Stage], spoken_alert: Path
) -> None:
    once = {"unheard": {"tries": 1}, "machine": {"tries": 1}}
    stage = set_stage(PHONES, lines=3, policy={**POLICY, **once}, teams=WANT_ONE)
    document = await_close(stage, raise_alert(stage, spoken_alert), within_s=240)
    became = {
        d["team"]["id"]: (d["state"], [c["disposition"] for c in d["calls"]]) for d in document["deliveries"]
    }
    assert became == {
        "greets-and-beeps": ("exhausted", ["machine"]),
        "comes-running": ("acknowledged", ["acknowledged"]),
        "wants-none": ("exhausted", ["unheard"]),
    }
    tapes = {team: stage.exchange.heard(f"+494080807750{n}") for n, team in enumerate(TEAMS, 1)}
    assert {team: messages(stage, tape) for team, tape in tapes.items()} == {
        "greets-and-beeps": 2,
        "comes-running": 0,
        "wants-none": 0,
    }
    assert {team: witness.any_part(tape, spoken_alert).heard for team, tape in tapes.items()} == {
        team: team == "comes-running" for team in tapes
    }
    left = list((stage.settings.recordings / "incoming").iterdir())
    assert left == [], "what a line said is nobody's to keep"


def messages(stage: Stage, tape: Path) -> int:
    """How many whole messages are on a tape: each names the originator, and then the hotline."""
    sounds = stage.settings.sounds
    told, after_s = 0, 0.0
    while (end := witness.find(tape, sounds / "en/machine-message.wav", after_s=after_s)).heard:
        name = witness.find(tape, sounds / "names/signal-cert.wav", after_s=after_s)
        assert name.heard and name.end_s < end.offset_s
        told, after_s = told + 1, end.end_s
    return told
