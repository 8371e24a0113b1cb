"""Fifty real calls guess at one account at once. Its owner gets in all the same, and raises an alert."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from ivr import bootstrap
from ivr.domain.budget import Guessing
from ivr.domain.records import Entry
from ivr.ports import Programs
from ivr.pstn import witness
from ivr.pstn.behaviour import Hangup, Listen, Press
from ivr.pstn.cast import CALLER, HOTLINE
from ivr.pstn.stage import Stage, eventually

pytestmark = pytest.mark.scenario

GUESSERS = 50
UID, PIN, WRONG = "50817", "864209", "864219"
MOBILE = "+4917655500501"
OWNER = """
phones:
  - number: "{mobile}"
    team: xyz-cert
    sms: true
    calls:
      - answer_after: 1
        steps:
          - until-quiet
          - {{press: "1"}}        # yes, I have asked to be called
          - {{listen: 2}}
          - {{press: "1"}}        # raise an alert
          - {{listen: 1}}
          - {{press: "#"}}        # knows what to say: the tone at once
          - {{until-quiet: 0.5}}
          - {{say: {alert}}}
          - {{press: "#"}}
          - {{listen: 1.5}}
          - {{press: "1"}}        # send
          - {{listen: 4.5}}
          - {{press: "1"}}
          - until-quiet
          - hangup
"""


@pytest.fixture
def alert(asterisk: Programs, home: Path) -> Path:
    path = home / "guessing.wav"
    text = "X Y Z CERT. Somebody attacks our hotline, and our mail gateways. Block port four thousand."
    subprocess.run(asterisk.argv("flite", "-voice", "rms", "-t", text, "-o", str(path)), check=True)
    return path


def keying(pin: str) -> tuple[Listen | Press | Hangup, ...]:
    """Tries to log in, and listens to what comes of it."""
    return (Listen(5), Press(f"{UID}#"), Listen(1.5), Press(f"{pin}#"), Listen(14), Hangup())


def told(stage: Stage) -> list[str]:
    """What became of the attempts, by the journal."""
    store = bootstrap.open_store(stage.settings)
    with store.read() as tx:
        entries = [entry.what for entry in tx.find(Entry) if entry.what.startswith("login ")]
    store.close()
    return entries


def test_fifty_at_once_get_what_the_budget_has_and_the_owner_raises_an_alert_by_call_back(
    set_stage: Callable[..., Stage], alert: Path
) -> None:
    text = OWNER.format(mobile=MOBILE, alert=alert)
    stage = set_stage(text, lines=GUESSERS + 4, teams={"xyz-cert": {"accounts": [{"uid": UID}]}})
    stage.tocsin("team", "pin", UID, "--stdin", given=f"{PIN}\n")
    stage.exchange.call(CALLER.number, HOTLINE, keying(WRONG), times=GUESSERS)
    eventually(lambda: len(told(stage)) >= GUESSERS, 120, "not every guess was judged")
    stage.exchange.call(MOBILE, HOTLINE, keying(PIN))
    eventually(
        lambda: any(a["state"] != "draft" for a in stage.ask("alert", "list")),
        120,
        "the owner has raised no alert within two minutes",
    )

    burst = Guessing().uid.burst
    assert (told(stage).count("login failed"), told(stage).count("login held")) == (
        burst,
        GUESSERS + 1 - burst,
    )
    (raised,) = stage.ask("alert", "list")
    assert (raised["originator"]["team"], raised["originator"]["uid"]) == ("xyz-cert", UID)
    back = [r for r in stage.exchange.records() if r.direction == "to-phone" and r.number == MOBILE]
    assert len(back) == 1

    sounds = stage.settings.sounds / "en"
    eventually(lambda: len(stage.exchange.all_heard(CALLER.number)) == GUESSERS, 60, "calls did not end")
    wrong, held, menu = (
        sum(witness.find(heard, sounds / f"{prompt}.wav").heard for heard in heards)
        for heards in [stage.exchange.all_heard(CALLER.number)]
        for prompt in ("login-wrong", "called-back-soon", "main-menu")
    )
    assert (wrong, held, menu) == (burst, GUESSERS - burst, 0)
    heard_by_owner = stage.exchange.all_heard(MOBILE)[0]
    assert witness.find(heard_by_owner, sounds / "called-back-soon.wav").heard, "the words of a guesser"
