"""What a rehearsal proves: evidence of a fault fails the check that is there for it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from wav import RATE, write

from ivr.pstn import phones
from ivr.pstn.checks import Evidence, judge
from ivr.pstn.witness import Audio

OFFICE, MACHINE = "+4940808077601", "+4940808077605"
PHONES = f"""
phones:
  - {{number: "{OFFICE}", team: alpha-cert, calls: acknowledges}}
  - {{number: "{MACHINE}", team: echo-cert, calls: {{answer_after: 1, steps: [greeting, beep, hangup]}}}}
"""
SPOKEN = "alpha-cert heard who, when and the alert"
UNSPOKEN = "no content without a key (echo-cert, 605)"


def sound(seed: int, seconds: float) -> Audio:
    noise: Audio = 0.1 * np.random.default_rng(seed).normal(size=round(seconds * RATE))
    return noise


GREETING, WHO, WHEN, ALERT, STRANGER = (sound(seed, s) for seed, s in enumerate((2, 1.5, 3, 6, 1.5)))


@pytest.fixture
def evidence(tmp_path: Path) -> Evidence:
    """Of a good rehearsal, as far as it was heard."""
    heard = {
        OFFICE: [write(tmp_path / "office.wav", GREETING, WHO, WHEN, ALERT)],
        MACHINE: [write(tmp_path / "machine.wav", GREETING, WHO, WHEN)],
    }
    call: dict[str, Any] = {"number": OFFICE, "disposition": "acknowledged", "heard_s": 6.0, "cause": 16}
    delivery = {
        "team": {"id": "alpha-cert"},
        "state": "acknowledged",
        "acknowledged_via": "keypress",
        "calls": [call],
    }
    return Evidence(
        alert={
            "source": "hotline",
            "originator": {"team": "signal-cert"},
            "confirmed": True,
            "callback": "+4940808077699",
            "state": "closed",
            "outcome": "all-acknowledged",
            "duration_s": 6.0,
            "deliveries": [delivery],
            "sms": [],
        },
        phones=phones.parse(PHONES, "phones", tmp_path),
        caller="signal-cert",
        lines=4,
        calls_a_number=3,
        ring_s=5,
        records=(),
        texts=(),
        recording=write(tmp_path / "alert.wav", ALERT),
        announcement=[write(tmp_path / "who.wav", WHO), write(tmp_path / "when.wav", WHEN)],
        stranger=write(tmp_path / "stranger.wav", STRANGER),
        heard=lambda number: heard.get(number, []),
    )


def holds(evidence: Evidence, name: str) -> bool:
    [ok] = [check.ok for check in judge(evidence) if check.name == name]
    return ok


def office_hears(evidence: Evidence, folder: Path, *parts: Audio) -> Evidence:
    path = write(folder / "another.wav", *parts)
    return replace(evidence, heard=lambda n: [path] if n == OFFICE else evidence.heard(n))


def test_who_when_and_the_alert_in_this_order_hold(evidence: Evidence) -> None:
    assert holds(evidence, SPOKEN)
    assert holds(evidence, UNSPOKEN)
    assert all(check.ok for check in judge(evidence) if check.name.startswith("control"))


@pytest.mark.parametrize(
    "parts",
    [
        (GREETING, ALERT, WHO, WHEN),
        (GREETING, WHO, ALERT, WHEN),
        (GREETING, WHEN, WHO, ALERT),
        (GREETING, WHO, ALERT),
        (GREETING, WHEN, ALERT),
        (GREETING, WHO, WHEN),
        (GREETING, WHO, WHEN, ALERT[: 4 * RATE]),
        (GREETING, STRANGER, WHEN, ALERT),
        (GREETING, WHO, WHEN, 0.02 * ALERT),
    ],
    ids=[
        "alert first",
        "time after the alert",
        "time before the originator",
        "no time",
        "no originator",
        "no alert",
        "not the whole alert",
        "another originator",
        "too quiet",
    ],
)
def test_anything_else_does_not(evidence: Evidence, tmp_path: Path, parts: tuple[Audio, ...]) -> None:
    assert not holds(office_hears(evidence, tmp_path, *parts), SPOKEN)


def test_no_recording_is_no_proof(evidence: Evidence) -> None:
    assert not holds(replace(evidence, heard=lambda number: []), SPOKEN)


def test_a_machine_that_heard_any_part_of_the_alert_is_noticed(evidence: Evidence, tmp_path: Path) -> None:
    path = write(tmp_path / "content.wav", GREETING, ALERT[2 * RATE : 4 * RATE])

    assert not holds(replace(evidence, heard=lambda number: [path]), UNSPOKEN)


def test_another_originator_s_name_is_noticed(evidence: Evidence, tmp_path: Path) -> None:
    heard = office_hears(evidence, tmp_path, GREETING, STRANGER, WHO, WHEN, ALERT)

    assert not holds(heard, "control: another originator is heard nowhere")
