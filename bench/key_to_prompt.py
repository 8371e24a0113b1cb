"""From the last digit of the PIN to the next prompt, beside Asterisk's own Read() and Playback().

Owns: the run, on a real Asterisk with calls out up all the while, and its metric. Callers of our own log in
by turns at the hotline, hashing and all, and at the peer: an extension of the same Asterisk that asks with
the same prompts and checks nothing. Every time is the telephone's: from the moment at which the end of the
last key's event (RFC 4733) leaves it to the moment at which the prompt's first packet that is not silent
comes.

    python -m bench.key_to_prompt [--pairs 120] [--calls 30]
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bench.results import FOLDER, Metric, percentile, record
from bench.sip_caller import SipCaller
from bench.telephone import Telephone
from ivr.adapters.pbx.tree import PbxMissing, find_programs
from ivr.cli import pbx
from ivr.ports import Programs
from ivr.pstn import witness
from ivr.pstn.behaviour import PAUSE_S, Behaviour, Hangup, Listen, Press, UntilQuiet
from ivr.pstn.cast import CALLER, HOTLINE, PIN, UID, Cast
from ivr.pstn.cdr import Record
from ivr.pstn.phones import Phone
from ivr.pstn.stage import Stage, StageFailed, eventually
from ivr.pstn.witness import Audio

PAIRS, CALLS, CALLERS = 120, 30, 3
PATIENCE_S = 15.0
ALERT_S, AGAIN_S, PLAYS = 119.0, 110.0, 5
"""The alert, and after how much of it a phone wants it from the beginning; so often it may be heard in one
call (agi/listen.py). Longer than a run."""

PEER = "peer"
DIALPLAN = """
[hotline](+)
exten => peer,1,Answer()
 same => n,Read(UID,tocsin/greeting&tocsin/enter-uid,20,,1,5)
 same => n,Read(PIN,tocsin/enter-pin,20,,1,5)
 same => n,Playback(tocsin/your-alert&tocsin/main-menu)
 same => n,Hangup(16)
"""


@dataclass(frozen=True, slots=True)
class Took:
    """When the last key of one login had ended, and the prompt came; seconds since the epoch."""

    key_at: float
    packet_at: float
    """The prompt's first packet, silent or not."""
    sound_at: float
    """Its first one that is not silent."""

    def packet_ms(self) -> float:
        return 1000 * (self.packet_at - self.key_at)

    def sound_ms(self) -> float:
        return 1000 * (self.sound_at - self.key_at)


@dataclass(frozen=True, slots=True)
class Prompts:
    """What a caller hears in a login, in its order."""

    greeting: Audio
    enter_pin: Audio
    next: Audio


def log_in(port: int, number: str, prompts: Prompts) -> Took:
    """One call to `number`: UID, PIN, and what comes then."""
    with SipCaller(port) as caller, Telephone() as telephone:
        dialog = caller.call(number, f"<sip:{CALLER.number}@127.0.0.1>".encode(), telephone.port)
        telephone.connect(dialog.sdp)
        telephone.hear(prompts.greeting, PATIENCE_S)
        telephone.press(f"{UID}#")
        telephone.hear(prompts.enter_pin, PATIENCE_S)
        key_at = telephone.press(f"{PIN}#")
        took = Took(key_at, *telephone.hear(prompts.next, PATIENCE_S))
        dialog.hang_up()
        return took


def measure(stage: Stage, pairs: int) -> Mapping[str, Sequence[Took]]:
    """So many logins at the hotline and at the peer, by turns; a few callers at once."""
    sounds = stage.settings.sounds / stage.settings.language
    prompts = Prompts(
        *(witness.load(sounds / f"{p}.wav")[0] for p in ("greeting", "enter-pin", "your-alert"))
    )
    port = stage.settings.pbx.sip_port
    took: dict[str, list[Took]] = {HOTLINE: [], PEER: []}

    def pair(n: int) -> None:
        for number in (HOTLINE, PEER) if n % 2 else (PEER, HOTLINE):
            took[number].append(log_in(port, number, prompts))

    log_in(port, HOTLINE, prompts)  # warm
    log_in(port, PEER, prompts)
    with ThreadPoolExecutor(CALLERS) as pool:
        list(pool.map(pair, range(pairs)))
    return took


def with_calls_up(stage: Stage, alert: Path, calls: int, pairs: int) -> Mapping[str, Sequence[Took]]:
    """The measure, while so many are listening to an alert. Raises StageFailed if they were fewer."""
    with (pbx.home(stage.settings) / "extensions.conf").open("a", encoding="utf-8") as extensions:
        extensions.write(DIALPLAN)
    asterisk = pbx.process(stage.settings)
    asterisk.rx("module load app_read.so")
    asterisk.rx("dialplan reload")
    stage.tocsin("alert", "raise", "--team", str(CALLER.team), "--audio", str(alert), "--release")
    eventually(
        lambda: _up(stage.exchange.records(), time.time()) == calls, 120, f"fewer than {calls} calls came up"
    )
    took = measure(stage, pairs)
    records = stage.exchange.records()
    least = min(_up(records, each.key_at) for each in (*took[HOTLINE], *took[PEER]))
    if least < calls:
        raise StageFailed(f"only {least} calls were up at times: fewer pairs fit into one alert")
    return took


def _up(records: Sequence[Record], at: float) -> int:
    """How many phones were in a call at `at`."""
    return sum(
        r.answered_at is not None and r.answered_at <= at and (r.ended_at is None or r.ended_at > at)
        for r in records
    )


def _cast(calls: int) -> Cast:
    listens = (UntilQuiet(PAUSE_S), Press("1"), *((Listen(AGAIN_S), Press("2")) * (PLAYS - 1)), Hangup())
    phones = [
        Phone(f"+4930900{n:04}", (Behaviour(1.0, listens),), team=f"team-{n:02}", name=f"TEAM-{n:02}")
        for n in range(calls)
    ]
    return Cast(phones, lines=calls + 2 * CALLERS + 4)


def _speech(programs: Programs, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    form = ("-n", "-r", "8000", "-c", "1", "-b", "16", str(path))
    sox = programs.argv("sox", *form, "synth", f"{ALERT_S:g}", "brownnoise", "tremolo", "4", "vol", "0.5")
    subprocess.run(sox, check=True)
    return path


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.key_to_prompt", description=__doc__.partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=PAIRS, help="logins at either side")
    parser.add_argument("--calls", type=int, default=CALLS, help="up all the while")
    args = parser.parse_args()
    try:
        programs = find_programs()
    except PbxMissing as missing:
        print(f"the logins need an Asterisk: {missing}", file=sys.stderr)
        return 69
    home = (FOLDER / "key to prompt").absolute()
    with Stage(programs, _cast(args.calls), home) as stage:
        took = with_calls_up(stage, _speech(programs, home / "alert.wav"), args.calls, args.pairs)
    for number, name in ((HOTLINE, "ours"), (PEER, "Read + Playback")):
        for until, how in (("its first packet", Took.packet_ms), ("its first sound", Took.sound_ms)):
            ms = sorted(map(how, took[number]))
            shown = ", ".join(f"p{share} {percentile(ms, share):.1f}" for share in (50, 90, 99, 100))
            print(f"{name:16} {until:17} {shown} ms (n {len(ms)})")
    print(f"load of the machine: {os.getloadavg()[0]:.1f}")
    print(f"metrics: {record(metrics(took))}")
    return 0


def metrics(took: Mapping[str, Sequence[Took]]) -> dict[str, Metric]:
    mine, theirs = (sorted(map(Took.sound_ms, took[number])) for number in (HOTLINE, PEER))
    return {
        f"hotline.key_to_prompt_ms.p{share}": Metric(
            round(percentile(mine, share), 1), "ms", round(percentile(theirs, share), 1), len(mine)
        )
        for share in (50, 99)
    }


if __name__ == "__main__":
    sys.exit(main())
