"""More SIP than a hotline can use, and SIP that is none, while it is needed. By the loopback interface."""

import itertools
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import torture
from hush import Act, unaccounted
from sipp import Sipp
from test_alerts import ACKNOWLEDGES, OFFICE, one_team, raise_alert, shown

from ivr.adapters.pbx.process import PbxProcess, run_folder
from ivr.pstn import witness
from ivr.pstn.behaviour import Hangup, Listen, Press, UntilQuiet
from ivr.pstn.cast import CALLER, HOTLINE, PIN, UID
from ivr.pstn.stage import Stage, eventually

pytestmark = pytest.mark.scenario

_PAUSE_S = 0.02
"""Between two messages of each who sends what is no SIP."""
_GROWTH_MB = 80
"""So much more memory Asterisk may use after it all. A flood leaves buffers behind, and transactions that
wait for half a minute (RFC 3261, timers B and H)."""


@contextmanager
def sends(port: int, source: str) -> Iterator[None]:
    """Sends what is no SIP, or not quite, again and again."""
    leaving = threading.Event()

    def run() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            out.bind((source, 0))
            for message in itertools.cycle([*torture.messages(HOTLINE), *torture.messages(torture.OUTSIDE)]):
                out.sendto(message, ("127.0.0.1", port))
                if leaving.wait(_PAUSE_S):
                    return

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        leaving.set()
        thread.join()


@contextmanager
def under_attack(stage: Stage, home: Path) -> Iterator[None]:
    """Floods and scans from addresses that are no carrier's; calls and wrong messages from one that is."""
    port = stage.settings.pbx.sip_port
    sipp = Sipp(home, port)
    with ExitStack() as floods:
        floods.enter_context(sipp.floods("INVITE", HOTLINE, "127.0.0.2", 60))
        floods.enter_context(sipp.floods("REGISTER", "[call_number]", "127.0.0.3", 60))
        floods.enter_context(sipp.floods("INVITE", "[call_number]", "127.0.0.4", 20))
        floods.enter_context(sipp.floods("OPTIONS", "[call_number]", "127.0.0.5", 20))
        floods.enter_context(sipp.floods("REGISTER", "[call_number]", "127.0.0.1", 20))
        floods.enter_context(sipp.calls(HOTLINE, "127.0.0.1", per_second=2, at_once=2))
        floods.enter_context(sends(port, "127.0.0.6"))
        floods.enter_context(sends(port, "127.0.0.1"))
        yield


def memory_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def test_the_hotline_serves_and_calls_while_it_is_flooded(
    set_stage: Callable[..., Stage], spoken_alert: Path, tmp_path: Path
) -> None:
    stage = set_stage(one_team(ACKNOWLEDGES), lines=8)
    conf = stage.state / "asterisk"
    asterisk = PbxProcess(stage.programs, conf, run_folder(conf))
    pid = asterisk.pid
    assert pid is not None
    before = memory_mb(pid)
    steps = (Listen(6.5), Press(f"{UID}#"), Listen(1), Press(f"{PIN}#"), Listen(8), Press("0"), Listen(5))
    with under_attack(stage, tmp_path):
        stage.exchange.call(CALLER.number, HOTLINE, (*steps, UntilQuiet(1.0), Hangup()))
        alert = raise_alert(stage, spoken_alert)
        eventually(lambda: shown(stage, alert)["state"] == "closed", 60, "the alert did not close")
        eventually(lambda: stage.exchange.heard(CALLER.number) is not None, 60, "the caller was not served")

    assert shown(stage, alert)["outcome"] == "all-acknowledged"
    recording, called = stage.exchange.heard(CALLER.number), stage.exchange.heard(OFFICE)
    assert recording is not None
    assert called is not None
    sounds = stage.settings.sounds / "en"
    for sound in ("main-menu", "help-main"):
        assert witness.find(recording, sounds / f"{sound}.wav", first_s=2.0).heard, sound
    assert witness.find(called, spoken_alert, first_s=2.0).heard
    record = next(r for r in stage.exchange.records() if r.recording == recording.name)
    assert not unaccounted(recording, record, [Act(6), Act(7), Act(1)]), "nobody waits in silence"
    assert [r.number for r in stage.exchange.records() if r.direction == "to-phone"] == [OFFICE]

    assert asterisk.pid == pid, "Asterisk has fallen, and was started anew"
    eventually(
        lambda: "0 active channels" in asterisk.rx("core show channels count"), 60, "channels are left over"
    )
    eventually(lambda: not stage.ask("call", "list", "--live"), 20, "calls are left over")
    assert {c["direction"] for c in stage.ask("call", "list") if c["number"] != OFFICE} == {"in"}
    assert memory_mb(pid) - before < _GROWTH_MB
