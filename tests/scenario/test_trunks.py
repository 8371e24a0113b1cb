"""A trunk as a careful carrier gives it: TLS with certificates both ways, encrypted speech, a login.

Two Asterisks over the loopback network. Judged by what the phones recorded and by the exchange's records.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from certificates import Authority
from test_alerts import await_close, raise_alert

from ivr.pstn import witness
from ivr.pstn.behaviour import Listen
from ivr.pstn.carrier import Carrier, Login, Tls
from ivr.pstn.cast import CALLER, HOTLINE, POLICY
from ivr.pstn.stage import Stage, eventually

pytestmark = pytest.mark.scenario

ANSWERS, BUSY, SILENT = "+4940808077501", "+4940808077502", "+4940808077503"
PHONES = f"""
phones:
  - {{number: "{ANSWERS}", team: answers, calls: acknowledges-early}}
  - {{number: "{BUSY}", team: busy, calls: announced-busy}}
  - {{number: "{SILENT}", team: silent, calls: announced-no-answer}}
"""
ONCE = {"tries": 1, "pause_s": 1}


@pytest.fixture
def stage(set_stage: Callable[..., Stage], tmp_path: Path) -> Stage:
    authority = Authority(tmp_path, "authority")
    ours, theirs = (authority.certify(name, "127.0.0.1") for name in ("ours", "theirs"))
    return set_stage(
        PHONES,
        lines=3,
        policy={**POLICY, "ring_s": 8, "busy": dict(ONCE), "no-answer": dict(ONCE)},
        carrier=Carrier(Tls(authority.pem, theirs.certificate, theirs.key), Login("account-7", "practice")),
        trunk={
            "certificate": str(ours.certificate),
            "key": str(ours.key),
            "mutual": True,
            "qualify_s": 2,
            "numbers": {"called": "+e164", "caller": "e164"},
        },
    )


def test_an_alert_over_tls_and_encrypted_speech(stage: Stage, spoken_alert: Path) -> None:
    stage.exchange.call(CALLER.number, HOTLINE, (Listen(4),))
    eventually(  # before the teams are called, or there may be no line for the caller
        lambda: any(r.answered_at for r in stage.exchange.records() if r.phone == CALLER.number),
        20,
        "the hotline does not answer",
    )
    number = raise_alert(stage, spoken_alert)
    document = await_close(stage, number)
    calls = {delivery["team"]["id"]: delivery["calls"][0] for delivery in document["deliveries"]}
    how = {team: (call["disposition"], call["cause"], call["answered_at"]) for team, call in calls.items()}
    assert how["busy"] == ("busy", 17, None)
    assert how["silent"][::2] == ("no-answer", None)
    assert how["answers"][0] == "acknowledged"
    heard = stage.exchange.heard(ANSWERS)
    assert heard is not None
    assert witness.find(heard, spoken_alert, first_s=3).heard
    assert witness.find(heard, stage.settings.sounds / "en/acknowledged-thanks.wav").heard
    called = stage.exchange.heard(CALLER.number)
    assert called is not None
    assert witness.find(called, stage.settings.sounds / "en/greeting.wav", first_s=2).heard
    records = {record.number: record for record in stage.exchange.records()}
    assert {record.caller for record in records.values() if record.direction == "to-phone"} == {HOTLINE[1:]}
