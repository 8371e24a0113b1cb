"""What the loss of a trunk costs: 24 teams over two trunks, one of them killed in the middle of the alert.

Owns: the runs, and the metric made of them. Beside each run with two trunks stands one with the other trunk
alone, from the start: whoever leaves a dead trunk at once and loses nothing comes near it, or is faster, for
what the dead one did before. Times are taken at the exchanges. See docs/bench.md.

    python -m bench.failover [--teams 24] [--lines 6] [--runs 3]
"""

import argparse
import statistics
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bench.faults.cast import cast, speak
from bench.results import FOLDER, Metric, record
from ivr.adapters.pbx.tree import PbxMissing, find_programs
from ivr.ports import Programs
from ivr.pstn.cast import CALLER
from ivr.pstn.cdr import Record
from ivr.pstn.exchange import Exchange
from ivr.pstn.stage import Stage, StageFailed, eventually

LONGEST_S = 900.0
RING_S = 8
"""Longer than a carrier may leave an INVITE without an answer (dialplan/pjsip.conf)."""


def makespan_s(programs: Programs, home: Path, teams: int, lines: int, kill: bool) -> float:
    """From the first call's begin to the last one's end. `kill`: there is a second trunk, of as many lines,
    and the first one is killed once a third of the teams are being called."""
    people = cast(teams, lines, home)
    people = replace(people, policy={**people.policy, "ring_s": RING_S}, second=lines if kill else 0)
    home.mkdir(parents=True, exist_ok=True)
    alert = speak(programs, home / "alert.wav")
    with Stage(programs, people, home / "stage") as stage:
        stage.tocsin("alert", "raise", "--team", str(CALLER.team), "--audio", str(alert), "--release")
        if kill:
            third = max(1, teams // 3)
            eventually(lambda: _called(stage) >= third, LONGEST_S, "nobody is called")
            lost = _out(stage.exchange)
            stage.exchange.kill()
        eventually(lambda: _state(stage) == "closed", LONGEST_S, "the alert did not close")
        if stage.ask("alert", "show", "1")["outcome"] != "all-acknowledged":
            raise StageFailed("a team was lost")
        eventually(lambda: not stage.ask("call", "list", "--live"), 90, "calls did not end")
        records = [*lost, *_out(stage.second)] if kill else _out(stage.exchange)
    return max(r.ended_at or 0.0 for r in records) - min(r.started_at for r in records)


def _out(exchange: Exchange) -> list[Record]:
    return [r for r in exchange.records() if r.direction == "to-phone"]


def _called(stage: Stage) -> int:
    return len(_out(stage.exchange)) + len(_out(stage.second))


def _state(stage: Stage) -> str:
    return str(stage.ask("alert", "show", "1")["state"])


def compared(programs: Programs, home: Path, teams: int, lines: int, runs: int) -> Metric:
    with_loss, alone = [], []
    for n in range(1, runs + 1):
        with_loss.append(makespan_s(programs, home, teams, lines, kill=True))
        alone.append(makespan_s(programs, home, teams, lines, kill=False))
        print(f"run {n}: a trunk of two lost {with_loss[-1]:.1f} s, one trunk {alone[-1]:.1f} s", flush=True)
    return Metric(round(_median_ratio(with_loss, alone), 3), "ratio", None, runs)


def _median_ratio(these: Sequence[float], those: Sequence[float]) -> float:
    return statistics.median(a / b for a, b in zip(these, those, strict=True))


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.failover", description="the loss of a trunk")
    parser.add_argument("--teams", type=int, default=24)
    parser.add_argument("--lines", type=int, default=6, help="of each trunk")
    parser.add_argument("--runs", type=int, default=3)
    args = parser.parse_args()
    try:
        programs = find_programs()
    except PbxMissing as missing:
        print(f"this needs an Asterisk: {missing}", file=sys.stderr)
        return 69
    home = (FOLDER / "failover").absolute()
    metric = compared(programs, home, args.teams, args.lines, args.runs)
    print(f"failover.makespan_over_one_trunk {metric.value} (n {metric.n})")
    print(f"metrics: {record({'failover.makespan_over_one_trunk': metric})}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
