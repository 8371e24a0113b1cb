"""Two trunks, and the loss of one in the middle of an alert. The witnesses are both exchanges."""

from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bench.faults.cast import speak
from ivr.ports import Programs
from ivr.pstn import cdr
from ivr.pstn.cast import CALLER, POLICY
from ivr.pstn.stage import Stage, eventually

pytestmark = pytest.mark.scenario

SetStage = Callable[..., Stage]

TEAMS = 24
LINES = 8
"""Of each trunk."""
OPERATOR = "+4917100099"
PATIENT = (
    '{answer_after: 3, steps: [{listen: 0.4}, {press: "1"}, ' + 'until-quiet, {press: "1"}, ' * 3 + "hangup]}"
)
"""Cuts the greeting short, and presses 1 whenever the voice pauses."""
PHONES = "phones:\n" + "".join(
    f'  - {{number: "+49408080{n:05d}", team: team-{n}, calls: [{PATIENT}]}}\n' for n in range(1, TEAMS + 1)
)
TRUSTING = {f"team-{n}": {"trusts-phones": True} for n in range(1, TEAMS + 1)}


def to_phones(records: tuple[cdr.Record, ...]) -> list[cdr.Record]:
    return [record for record in records if record.direction == "to-phone"]


def trunk(stage: Stage, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(t for t in stage.ask("lines") if t["trunk"] == name)
    return found


def test_the_loss_of_a_trunk_in_the_middle_of_an_alert_loses_no_team(
    set_stage: SetStage, asterisk: Programs, tmp_path: Path
) -> None:
    """The phones that were ringing over it are called again, and nobody else is rung twice."""
    stage = set_stage(
        PHONES,
        lines=LINES,
        second=LINES,
        teams=TRUSTING,
        policy={**POLICY, "ring_s": 8},  # longer than a carrier may leave an INVITE without an answer
        network={"operators": [OPERATOR]},
    )
    audio = speak(asterisk, tmp_path / "alert.wav")
    stage.tocsin("alert", "raise", "--team", str(CALLER.team), "--audio", str(audio), "--release")
    eventually(lambda: len(to_phones(stage.second.records())) >= LINES, 20, "no calls are up")
    stage.exchange.kill()
    before = to_phones(stage.exchange.records())
    in_flight = [record for record in before if record.ended_at is None]
    assert in_flight, "the loss met calls"

    eventually(lambda: trunk(stage, "practice")["state"] == "suspect", 60, "the dead trunk is not left")
    assert trunk(stage, "practice")["free"] == 0
    stage.start_exchange()
    eventually(lambda: trunk(stage, "practice")["state"] == "up", 60, "the trunk is not used again")
    eventually(lambda: stage.ask("alert", "show", "1")["state"] == "closed", 120, "the alert did not close")

    alert = stage.ask("alert", "show", "1")
    assert alert["outcome"] == "all-acknowledged"
    after = to_phones(stage.exchange.records())
    assert after, "calls went over it again"
    rung = Counter(record.number for record in (*before, *to_phones(stage.second.records()), *after))
    assert len(rung) == TEAMS
    assert {number for number, times in rung.items() if times > 1} <= {r.number for r in in_flight}
    assert set(rung.values()) <= {1, 2}
    for delivery in alert["deliveries"]:
        coherent(delivery["calls"])
    moved = [text["text"] for text in stage.texts() if text["text"].startswith("Trunk ")]
    assert [text.split(":")[0] for text in moved] == ["Trunk practice is DOWN", "Trunk practice is up again"]


def coherent(calls: list[dict[str, Any]]) -> None:
    """One attempt after the other; those calls of one attempt each over another trunk, at once."""
    assert [call["n"] for call in calls] == sorted(call["n"] for call in calls)
    assert {call["n"] for call in calls} == set(range(1, max(call["n"] for call in calls) + 1))
    for first, then in pairwise(calls):
        assert first["ended_at"] <= then["started_at"]
        if first["n"] == then["n"]:
            assert first["trunk"] != then["trunk"]
            assert first["answered_at"] is None
