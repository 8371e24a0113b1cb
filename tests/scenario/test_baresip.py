"""A caller whose SIP telephone shares no line of code with Asterisk: log in, record, review, send."""

import time
import wave
from collections.abc import Callable
from pathlib import Path

import pytest
from baresip import Baresip
from test_alerts import ACKNOWLEDGES, OFFICE, SetStage, await_close, one_team

from ivr.pstn import witness
from ivr.pstn.cast import HOTLINE, PIN, UID
from ivr.pstn.stage import eventually

pytestmark = pytest.mark.scenario

_PATIENCE_S = 300


def followed_by_silence(path: Path, speech: Path | None) -> Path:
    """A file that lasts longer than the call: baresip hangs up at the end of what it speaks from."""
    with wave.open(str(path), "wb") as into:
        into.setparams((1, 2, 8000, 0, "NONE", ""))
        if speech is not None:
            with wave.open(str(speech)) as said:
                into.writeframes(said.readframes(said.getnframes()))
        into.writeframes(bytes(2 * 8000 * _PATIENCE_S))
    return path


def press_until(phone: Baresip, key: str, true: Callable[[], bool], failure: str) -> None:
    """Press a key again and again, as one question follows the other, until it has led there."""
    for _ in range(12):
        phone.press(key)
        until = time.monotonic() + 4
        while time.monotonic() < until:
            if true():
                return
            time.sleep(0.2)
    raise AssertionError(failure)


def test_an_independent_telephone_raises_an_alert(
    set_stage: SetStage, spoken_alert: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = tmp_path_factory.mktemp("baresip")
    assert " " not in str(home), "baresip's configuration knows no quoting"
    stage = set_stage(one_team(ACKNOWLEDGES))
    incoming = stage.settings.recordings / "incoming"
    speech = followed_by_silence(home / "speech.wav", spoken_alert)
    with Baresip(home, followed_by_silence(home / "silence.wav", None)) as phone:
        phone.call(f"sip:{HOTLINE}@127.0.0.1:{stage.settings.pbx.sip_port}")
        eventually(lambda: bool(stage.ask("call", "list", "--live")), 20, "the call did not come in")
        time.sleep(1)
        phone.press(f"{UID}#")
        time.sleep(1.5)
        phone.press(f"{PIN}#")
        eventually(lambda: bool(stage.ask("call", "list", "--live")[0]["team"]), 20, "the login failed")
        press_until(phone, "1", lambda: any(incoming.glob("*.wav")), "no recording began")
        phone.say(speech)
        audio, rate = witness.load(spoken_alert)
        time.sleep(len(audio) / rate + 1)
        phone.press("#")
        eventually(lambda: bool(stage.ask("alert", "list")), 20, "no draft was kept")
        press_until(phone, "1", lambda: stage.ask("alert", "list")[0]["state"] != "draft", "it was not sent")
        time.sleep(4)
        phone.hang_up()
    document = await_close(stage, 1)
    assert (document["outcome"], document["source"]) == ("all-acknowledged", "hotline")
    assert witness.find(phone.heard, stage.settings.sounds / "en" / "on-its-way.wav").heard
    heard = stage.exchange.heard(OFFICE)
    assert heard is not None
    assert witness.find(heard, spoken_alert, first_s=4).heard
