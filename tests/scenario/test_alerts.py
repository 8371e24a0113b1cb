"""Whole alerts over real calls. Each test is a story; its witnesses are the exchange and the phones."""

import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ivr.ports import Programs
from ivr.pstn import cdr, rehearsal, witness
from ivr.pstn.behaviour import Hangup, Listen, Press, Say, UntilQuiet
from ivr.pstn.cast import CALLER, HOTLINE, PIN, POLICY, UID
from ivr.pstn.stage import Stage, eventually

pytestmark = pytest.mark.scenario

SetStage = Callable[..., Stage]

OFFICE = "+4940808077501"
MOBILE = "+4917655500501"

SIX_TEAMS = """
phones:
  - {number: "+4940808077501", team: at-the-desk, name: DESK-CERT, calls: acknowledges}
  - {number: "+4940808077502", team: on-the-phone, name: PHONE-CERT, calls: [busy, acknowledges-early]}
  - {number: "+4940808077503", team: machine-first, name: MACHINE-CERT,
     calls: {answer_after: 1, steps: [greeting, beep, {listen: 6}, hangup]}}
  - {number: "+4917655500503", team: machine-first, sms: true, calls: acknowledges-early}
  - {number: "+4940808077504", team: moved-away, name: MOVED-CERT, calls: unallocated}
  - {number: "+4917655500504", team: moved-away, calls: presses-at-once}
  - {number: "+4940808077505", team: full-network, name: FULL-CERT, calls: [congestion, rejected, hangs-up]}
  - {number: "+4940808077506", team: nobody-there, name: NOBODY-CERT, calls: no-answer}
"""

ACKNOWLEDGES = '{steps: [until-quiet, {press: "1"}, {listen: 4}, {press: "1"}, {listen: 2.5}, hangup]}'

RECORDS = (
    Listen(6.5),
    Press(f"{UID}#"),
    Listen(1),
    Press(f"{PIN}#"),
    Listen(2),
    Press("1"),
    Listen(1),
    Press("#"),
    UntilQuiet(0.5),
)
"""Logs in at the hotline and has the tone at once."""


def one_team(*calls: str, team: str = "xyz-cert", number: str = OFFICE) -> str:
    return f'phones:\n  - {{number: "{number}", team: {team}, calls: [{", ".join(calls)}]}}\n'


def raising(audio: Path, *more: str) -> tuple[str, ...]:
    """The words with which an operator raises and releases an alert for the caller's team."""
    return ("alert", "raise", "--team", str(CALLER.team), "--audio", str(audio), "--release", *more)


def raise_alert(stage: Stage, audio: Path, *more: str) -> int:
    """An operator raises and releases an alert; its number."""
    return int(stage.tocsin(*raising(audio, *more)).split()[-1])


def shown(stage: Stage, number: int) -> dict[str, Any]:
    document: dict[str, Any] = stage.ask("alert", "show", str(number))
    return document


def await_close(stage: Stage, number: int, within_s: float = 90) -> dict[str, Any]:
    eventually(lambda: shown(stage, number)["state"] == "closed", within_s, "the alert did not close")
    eventually(lambda: not stage.ask("call", "list", "--live"), 20, "calls did not end")
    return shown(stage, number)


def out_calls(stage: Stage) -> list[cdr.Record]:
    return [record for record in stage.exchange.records() if record.direction == "to-phone"]


def test_an_alert_from_the_keypad_reaches_everybody_who_can_be_reached(
    asterisk: Programs, tmp_path: Path
) -> None:
    phones = tmp_path / "phones.yaml"
    phones.write_text(SIX_TEAMS, encoding="utf-8")
    judged = rehearsal.rehearse(asterisk, phones, None, tmp_path / "out", lambda line: None)
    assert [check for check in judged if not check.ok] == []
    named = {check.name for check in judged}
    assert {"nobody-there is named as missing", "full-network is named as missing"} <= named
    assert "machine-first heard who, when and the alert" in named


def test_two_alerts_from_two_shells_at_once(set_stage: SetStage, spoken_alert: Path) -> None:
    hears_both = (
        '{steps: [until-quiet, {press: "1"}, {listen: 4}, {press: "1"}, '
        'until-quiet, {press: "1"}, {listen: 4}, {press: "1"}, until-quiet, hangup]}'
    )
    stage = set_stage(
        "phones:\n"
        + "".join(
            f'  - {{number: "+494080807750{n}", team: team-{n}, calls: {hears_both}}}\n' for n in range(3)
        ),
        lines=3,
    )
    words = raising(spoken_alert, "--wait")
    shells = [subprocess.Popen(stage.argv(*words), stdout=subprocess.PIPE, text=True) for _ in range(2)]
    numbers = {shell.communicate(timeout=150)[0].split()[0] for shell in shells}
    assert [shell.returncode for shell in shells] == [0, 0]
    assert len(numbers) == 2
    assert cdr.peak(out_calls(stage)) <= 3
    busiest = [record.number for record in out_calls(stage)]
    assert all(busiest.count(number) <= 2 for number in busiest), (
        "nobody is called more often than there are alerts"
    )


def test_a_second_phone_rings_beside_the_first_until_somebody_speaks(
    set_stage: SetStage, spoken_alert: Path
) -> None:
    """Two phones of a team that wants that; of one that has not asked for it, the second stays quiet."""
    stage = set_stage(
        "phones:\n"
        f'  - {{number: "{OFFICE}", team: both, calls: {{does: acknowledges-early, answer_after: 6}}}}\n'
        f'  - {{number: "{MOBILE}", team: both, sms: true, calls: no-answer}}\n'
        '  - {number: "+4940808077502", team: one, calls: {does: acknowledges-early, answer_after: 6}}\n'
        '  - {number: "+4917655500502", team: one, sms: true, calls: no-answer}\n',
        lines=4,
        policy={**POLICY, "ring_s": 30},
        teams={"both": {"policy": {"parallel_after_s": 2}}},
    )
    number = raise_alert(stage, spoken_alert)
    document = await_close(stage, number)
    how = {d["team"]["id"]: [call["disposition"] for call in d["calls"]] for d in document["deliveries"]}
    assert how == {"both": ["acknowledged", "cancelled"], "one": ["acknowledged"]}
    first, second = (next(r for r in out_calls(stage) if r.number == phone) for phone in (OFFICE, MOBILE))
    # The exchange sees the first one late where the machine is busy.
    assert 1.5 < second.started_at - first.started_at < 4
    assert first.answered_at is not None
    assert first.ended_at is not None
    assert second.ended_at is not None
    assert first.answered_at + 1 < second.ended_at < first.ended_at - 4, "it rang on until a key was pressed"
    told = [text["text"] for text in stage.texts() if text["number"] == MOBILE]
    assert [OFFICE in text and "has answered" in text for text in told] == [False, True]


def test_a_team_that_calls_in_is_rung_no_more(set_stage: SetStage, spoken_alert: Path) -> None:
    """A mobile rings in an empty room; its owner calls in from another telephone and acknowledges there."""
    account = {"xyz-cert": {"accounts": [{"uid": "50817"}]}}
    stage = set_stage(one_team("no-answer"), policy={**POLICY, "ring_s": 60}, teams=account)
    stage.tocsin("team", "pin", "50817", "--stdin", given="864209\n")
    number = raise_alert(stage, spoken_alert)
    eventually(lambda: len(out_calls(stage)) == 1, 10, "the team was not called")
    keys = (Listen(4), Press("50817#"), Listen(1), Press("864209#"), UntilQuiet(0.8), Press("2"))
    stage.exchange.call(CALLER.number, HOTLINE, (*keys, Listen(14), Press("1"), UntilQuiet(1.0), Hangup()))
    document = await_close(stage, number)
    [delivery] = document["deliveries"]
    assert (delivery["state"], delivery["acknowledged_via"]) == ("acknowledged", "hotline")
    assert [call["disposition"] for call in delivery["calls"]] == ["cancelled"]
    [rung] = out_calls(stage)
    assert rung.answered_at is None
    assert rung.ended_at is not None
    assert rung.ended_at - rung.started_at < 30, "it was rung off before its time"
    heard = stage.exchange.heard(CALLER.number)
    assert heard is not None
    assert witness.find(heard, spoken_alert, first_s=4).heard


def test_killed_in_mid_call_the_service_loses_nobody(set_stage: SetStage, spoken_alert: Path) -> None:
    """kill -9 while one team listens: the call is held by the dialplan and hears the alert after all."""
    patient = (
        '{steps: [until-quiet, {press: "1"}, {listen: 12}, '
        'until-quiet, {press: "1"}, {listen: 4}, {press: "1"}, until-quiet, hangup]}'
    )
    stage = set_stage(one_team(patient, ACKNOWLEDGES))
    number = raise_alert(stage, spoken_alert)
    eventually(lambda: any(r.answered_at for r in out_calls(stage)), 15, "nobody answered")
    time.sleep(2)
    stage.stop_service(signal.SIGKILL)
    time.sleep(3)
    stage.start_service()
    document = await_close(stage, number)
    assert document["outcome"] == "all-acknowledged"
    assert len(out_calls(stage)) <= 2, "at most one repeat for the call that was up"


def test_an_alert_raised_while_asterisk_is_away_goes_out_when_it_is_back(
    set_stage: SetStage, spoken_alert: Path
) -> None:
    stage = set_stage(one_team(ACKNOWLEDGES))
    stage.tocsin("pbx", "stop")
    number = raise_alert(stage, spoken_alert)
    time.sleep(2)
    assert out_calls(stage) == []
    stage.tocsin("pbx", "start")
    assert await_close(stage, number)["outcome"] == "all-acknowledged"


def test_a_dead_smsc_delays_no_call_and_loses_no_sms(set_stage: SetStage, spoken_alert: Path) -> None:
    text = one_team(ACKNOWLEDGES, number=MOBILE).replace("calls:", "sms: true, calls:")
    stage = set_stage(text)
    stage.stop_smsc()
    number = raise_alert(stage, spoken_alert)
    document = await_close(stage, number)
    assert document["outcome"] == "all-acknowledged"
    assert [sms["state"] for sms in document["sms"]] == ["queued"]
    stage.start_smsc()
    eventually(lambda: shown(stage, number)["sms"][0]["state"] == "delivered", 60, "the SMS did not follow")
    [sms] = stage.texts()
    assert sms["number"] == MOBILE
    assert sms["text"].startswith(f"ALERT {number} from operators for SIGNAL-CERT")


def test_a_wrong_pin_raises_nothing(set_stage: SetStage) -> None:
    stage = set_stage(one_team(ACKNOWLEDGES))
    wrong = "".join(str((int(digit) + 1) % 10) for digit in PIN)
    thrice = (Listen(6.5), Press(f"{UID}#"), Listen(1), Press(f"{wrong}#"), Listen(2)) * 3
    stage.exchange.call(CALLER.number, HOTLINE, (*thrice, Press("1"), UntilQuiet(1.0), Hangup()))
    eventually(lambda: any(r.ended_at for r in stage.exchange.records()), 60, "the call did not end")
    heard = stage.exchange.heard(CALLER.number)
    assert heard is not None
    sounds = stage.settings.sounds / "en"
    assert witness.find(heard, sounds / "login-wrong.wav").heard
    assert not witness.find(heard, sounds / "main-menu.wav").heard
    assert stage.ask("alert", "list") == []
    assert out_calls(stage) == []


def test_a_line_that_drops_leaves_a_draft(set_stage: SetStage, spoken_alert: Path) -> None:
    stage = set_stage(one_team(ACKNOWLEDGES))
    stage.exchange.call(CALLER.number, HOTLINE, (*RECORDS, Say(spoken_alert), Hangup()))
    eventually(lambda: bool(stage.ask("alert", "list")), 60, "no draft was kept")
    time.sleep(3)
    [draft] = stage.ask("alert", "list")
    assert draft["state"] == "draft"
    kept = shown(stage, draft["id"])
    assert kept["duration_s"] > 5
    assert witness.find(stage.settings.recordings / f"{draft['id']}.wav", spoken_alert).heard
    assert out_calls(stage) == [], "a draft is never sent by itself"


def test_a_talker_is_stopped_at_the_limit_and_told_so(set_stage: SetStage, spoken_alert: Path) -> None:
    stage = set_stage(one_team(ACKNOWLEDGES), longest_s=10)
    stage.exchange.call(CALLER.number, HOTLINE, (*RECORDS, *[Say(spoken_alert)] * 3))
    eventually(lambda: any(r.ended_at for r in stage.exchange.records()), 60, "the call did not end")
    [draft] = stage.ask("alert", "list")
    # The phone sends nothing before it speaks, and what does not arrive cannot be recorded.
    assert 8.5 < shown(stage, draft["id"])["duration_s"] <= 10.0
    heard = stage.exchange.heard(CALLER.number)
    assert heard is not None
    assert witness.find(heard, stage.settings.sounds / "en/too-long.wav").heard
