"""Nothing that is keyed in secret is written down: three calls at once, and then all that they have left.

A caller mistakes their PIN, gets in, and chooses another; one gets in by a one-time code, and records an
alert full of tones that are no keys; a called team keys its listening PIN. The witness is somebody whom
Asterisk tells everything: put together channel by channel, the digits are there.
"""

import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import kept_secret
import numpy as np
import pyotp
import pytest
import wav
from ami_listener import hears_everything, hears_what_we_hear
from kept_secret import found
from test_alerts import OFFICE, SetStage, raise_alert, shown

from ivr.pstn import tones, witness
from ivr.pstn.behaviour import Hangup, Listen, Press, Say, UntilQuiet
from ivr.pstn.cast import CALLER, HOTLINE, PIN, UID
from ivr.pstn.stage import Stage, eventually

pytestmark = pytest.mark.scenario

CODED = "50817"
DESK = "+4940808077502"
LISTENING = "86420975"
NEW, WRONG, CODED_PIN = "6081947253", "7391640258", "9170462853"
"""So long that nothing but themselves looks like them."""

SAID = UntilQuiet(1.2)
"""The hotline has said all of it. Longer than the pauses while it works."""
FAST_MS, LONG_MS = 40, 1000

PHONES = f"""
phones:
  - number: "{OFFICE}"
    team: xyz-cert
    calls: {{steps: [{{until-quiet: 1.2}}, {{press: "1"}}, {{until-quiet: 1.2}}, {{press: "{LISTENING}#"}},
             {{until-quiet: 1.2}}, {{press: "1"}}, until-quiet, hangup]}}
  - {{number: "{DESK}", team: desk-cert, calls: busy}}
"""
"""The second of these phones only calls."""

CHANGES_PIN = (
    *(Listen(1), Press(f"{UID}#{WRONG}#", FAST_MS), SAID, Press(f"{UID}#{PIN}#"), SAID),
    *(
        Press(f"81{PIN}#"),
        SAID,
        Press(f"{NEW}#"),
        SAID,
        Press(f"{NEW}#"),
        UntilQuiet(0.3),
        Listen(1.5),
        Hangup(),
    ),
)


def records(code: str, said: Path) -> tuple[Listen | Press | Say | UntilQuiet | Hangup, ...]:
    """Gets in by `code`, leans on the 1, and records. A 5 that is short enough cuts the reminder."""
    return (
        *(
            Listen(1),
            Press(f"{CODED}#{CODED_PIN}#", FAST_MS),
            SAID,
            Press(f"{code}#"),
            SAID,
            Press("1", LONG_MS),
        ),
        *(
            Listen(1),
            Press("5", FAST_MS),
            UntilQuiet(0.5),
            Say(said),
            Press("#", FAST_MS),
            UntilQuiet(0.3),
            Hangup(),
        ),
    )


def full_of_tones(path: Path, spoken: Path) -> Path:
    """Hash and 1 as loud as a telephone sends them, hash below the speech, and a sweep over all of them."""
    speech, _ = witness.load(spoken)
    held = tones.tone("#", speech.size / wav.RATE, 0.02)[: speech.size]
    hz = np.linspace(600, 1700, wav.RATE)
    sweep = 0.2 * np.sin(2 * np.pi * np.cumsum(hz) / wav.RATE)
    return wav.write(path, tones.tone("#", 0.5), speech + held, tones.tone("1", 0.5), sweep, speech)


@dataclass(frozen=True)
class Told:
    """What the three calls have left behind."""

    stage: Stage
    secrets: frozenset[str]
    alert: int
    said: Path
    everything: str
    """What somebody was told who may be told all, digits included."""
    ours: str
    """What our own account at Asterisk was told."""

    def heard(self, number: str, *prompts: str) -> None:
        recording = self.stage.exchange.heard(number)
        assert recording is not None
        for name in prompts:
            sound = self.stage.settings.sounds / "en" / f"{name}.wav"
            match = witness.find(recording, sound, first_s=1.4)
            assert match.heard, f"{name} was not heard: {match}"


@pytest.fixture(scope="module")
def told(set_stage_once: SetStage, spoken_alert: Path, tmp_path_factory: pytest.TempPathFactory) -> Told:
    teams = {"xyz-cert": {"listen": "pin"}, "desk-cert": {"accounts": [{"uid": CODED}]}}
    stage = set_stage_once(PHONES, lines=4, teams=teams)
    stage.tocsin("team", "listen-pin", "xyz-cert", "--stdin", given=f"{LISTENING}\n")
    stage.tocsin("team", "pin", CODED, "--stdin", given=f"{CODED_PIN}\n")
    secret = re.search(r"[A-Z2-7]{32}", stage.tocsin("team", "totp", CODED))
    assert secret is not None
    code = pyotp.TOTP(secret[0]).now()
    said = full_of_tones(tmp_path_factory.mktemp("tones") / "said.wav", spoken_alert)
    with hears_everything(stage) as everything, hears_what_we_hear(stage) as ours:
        alert = raise_alert(stage, spoken_alert)
        stage.exchange.call(CALLER.number, HOTLINE, CHANGES_PIN)
        stage.exchange.call(DESK, HOTLINE, records(code, said))
        phones = (CALLER.number, DESK, OFFICE)
        eventually(lambda: all(map(stage.exchange.heard, phones)), 180, "not all of the calls did end")
        eventually(lambda: len(stage.ask("alert", "list")) == 2, 30, "no draft was kept")
    keyed = frozenset((PIN, NEW, WRONG, CODED_PIN, LISTENING, code))
    return Told(stage, keyed, alert, said, everything.told, ours.told)


def test_every_key_counted_and_no_tone_did(told: Told) -> None:
    told.heard(
        CALLER.number, "login-wrong", "main-menu", "enter-new-pin", "enter-new-pin-again", "pin-changed"
    )
    told.heard(DESK, "enter-code", "main-menu", "five-questions")
    (delivery,) = (d for d in shown(told.stage, told.alert)["deliveries"] if d["team"]["id"] == "xyz-cert")
    assert (delivery["state"], delivery["acknowledged_by"]) == ("acknowledged", OFFICE)
    out = [record for record in told.stage.exchange.records() if record.direction == "to-phone"]
    assert {record.caller for record in out} == {HOTLINE}

    (draft,) = (a for a in told.stage.ask("alert", "list") if a["state"] == "draft")
    kept = told.stage.settings.recordings / f"{draft['id']}.wav"
    said, rate = witness.load(told.said)
    assert draft["duration_s"] == pytest.approx(said.size / rate, abs=1.0)
    pieces = witness.parts(kept, told.said, witness.PIECE_S)
    assert all(piece.heard for piece in pieces[:-1]), "a tone in the sound was taken for a key"


def test_whoever_may_be_told_everything_puts_the_secrets_together(told: Told) -> None:
    """What the tests beside this one look for could be found."""
    assert found(told.secrets, "", told.everything.split("\n\n")) == told.secrets


def test_our_own_account_is_told_of_calls_and_of_no_key(told: Told) -> None:
    events = set(re.findall("^Event: (.*)$", told.ours, re.MULTILINE))
    assert {"Newchannel", "Newstate", "Hangup", "OriginateResponse"} <= events
    assert not events & {"DTMFBegin", "DTMFEnd", "VarSet", "Newexten", "AGIExecStart", "AGIExecEnd"}
    assert not found(told.secrets, told.ours, told.ours.split("\n\n"))


def test_no_secret_is_in_what_the_service_and_asterisk_wrote(told: Told) -> None:
    keyed = kept_secret.keyed(told.stage)
    assert told.secrets <= keyed, "every other story goes by these"
    assert not kept_secret.written_down(keyed, told.stage)


def test_no_secret_is_in_a_column_of_the_database(told: Told) -> None:
    with closing(sqlite3.connect(told.stage.state / "tocsin.db")) as store:
        tables = [name for (name,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        columns = [
            [str(value) for value in column]
            for table in tables
            for column in zip(*store.execute(f"SELECT * FROM {table}"), strict=True)  # noqa: S608 -- its own
        ]
    assert len(columns) > 50
    one_by_one = ["".join(value for value in column if len(value) == 1) for column in columns]
    assert not any(secret in keys for secret in told.secrets for keys in one_by_one)
    assert not found(told.secrets, "\n".join("\n".join(column) for column in columns), ())
