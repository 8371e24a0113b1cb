"""The Internet is dead: a mail server that takes connections and says nothing, or whose name nobody knows;
the bridge stopped in the middle of a word with the gate, or killed. An alert goes out by telephone all the
same. Its witness is the exchange."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import pytest
import yaml
from correspondent import BridgeService, Correspondent
from pgp_peer import peers
from test_alerts import one_team, out_calls, raise_alert
from test_mail_alerts import directory

from ivr.pstn.cast import CALLER
from ivr.pstn.stage import Stage, eventually

pytestmark = pytest.mark.scenario

MAIL_PATIENCE_S = 30.0
"""The shortest time after which anything gives up on a mail server or on the gate."""


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a mail server that takes connections and says nothing."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield int(server.getsockname()[1])


@contextmanager
def half_a_word(where: Path) -> Iterator[None]:
    """As many connections to the gate as it takes, each in the middle of a request."""
    with ExitStack() as open_:
        for _ in range(4):
            peer = open_.enter_context(socket.socket(socket.AF_UNIX))
            with suppress(OSError):  # some of them the bridge has already
                peer.connect(str(where))
                peer.sendall(b'{"verb": "curr')
        yield


def after_release_s(stage: Stage, spoken_alert: Path) -> float:
    """From an alert's release to the first INVITE at the exchange."""
    before = len(out_calls(stage))
    number = raise_alert(stage, spoken_alert)
    eventually(lambda: len(out_calls(stage)) > before, MAIL_PATIENCE_S, "nobody is called")
    with closing(sqlite3.connect(f"file:{stage.settings.database}?mode=ro", uri=True)) as database:
        (released_at,) = database.execute("SELECT released_at FROM alert WHERE id = ?", (number,)).fetchone()
    started_at = out_calls(stage)[before].started_at
    over(stage, number)
    return started_at - float(released_at)


def over(stage: Stage, number: int) -> None:
    stage.tocsin("alert", "withdraw", str(number))
    eventually(lambda: not stage.ask("call", "list", "--live"), 20, "the call does not end")


def away(stage: Stage) -> set[str]:
    """What `doctor` says is not well."""
    said = subprocess.run(stage.argv("doctor", "--json"), capture_output=True, text=True).stdout
    return {check["name"] for check in json.loads(said)["checks"] if not check["ok"]}


def test_an_alert_goes_out_by_telephone_as_fast_as_with_the_internet(
    set_stage: Callable[..., Stage], spoken_alert: Path, silent: int
) -> None:
    server = {"host": "127.0.0.1", "port": silent, "starttls": False}
    stage = set_stage(
        one_team("no-answer"),
        sections={"bridge": {"domain": "bell.example", "state": "bridge", "smtp": server}},
    )
    conf = stage.settings.path
    bridge = BridgeService(conf)
    took_s: dict[str, float] = {}
    with peers(str(CALLER.team), "xyz-cert") as homes:
        teams = {one.home.name: Correspondent(one.home.name, one) for one in homes}
        bridge.start()
        try:
            key = json.loads(bridge.asked("mail", "keys", "--json"))["openpgp"]["key"]
            for one in teams.values():
                one.joins(key)
            stage.tocsin("team", "import", str(directory(stage, teams)))

            number = raise_alert(stage, spoken_alert)
            eventually(lambda: json.loads(bridge.asked("mail", "queue", "--json")) != [], 30, "no mail waits")
            over(stage, number)
            took_s["server silent"] = after_release_s(stage, spoken_alert)
            assert away(stage) == {"mail server"}

            os.kill(bridge.pid, signal.SIGSTOP)
            where = stage.settings.gate.socket
            assert where is not None
            with half_a_word(where):
                took_s["stopped"] = after_release_s(stage, spoken_alert)
                assert away(stage) == {"gate", "bridge", "mail server"}
            bridge.kill()
            took_s["no bridge"] = after_release_s(stage, spoken_alert)

            document = yaml.safe_load(conf.read_text(encoding="utf-8"))
            document["bridge"]["smtp"] = {"host": "mail.invalid"}
            conf.write_text(yaml.safe_dump(document), encoding="utf-8")
            bridge.start()
            took_s["no name"] = after_release_s(stage, spoken_alert)
            assert away(stage) == {"mail server"}
        finally:
            bridge.kill()
    assert max(took_s.values()) < MAIL_PATIENCE_S, took_s
