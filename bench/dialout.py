"""The dial-out on real Asterisk, side by side with call files: 60 teams over 4 lines, and over 30.

Owns: the runs and the metrics made of them. In each run both sides play the same matrix at the same time,
each on a stage of its own with the same phones; every time is taken at the exchange. See docs/bench.md.

    python -m bench.dialout [--teams 60] [--lines 4 30] [--runs N] [--policy JSON]
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from bench import callfiles, clairvoyant, exchanged, matrix
from bench.matrix import Lengths, Matrix
from bench.results import FOLDER, Metric, percentile, record
from ivr.adapters.pbx.tree import PbxMissing, find_programs
from ivr.cli import pbx
from ivr.ports import Programs
from ivr.pstn.cast import CALLER, Cast
from ivr.pstn.cdr import Record
from ivr.pstn.stage import Stage, StageFailed, eventually

LONGEST_S = 900.0
FEW_RUNS, MANY_RUNS = 11, 41
"""Matrices differ more where there are few teams to a line. So many runs keep the standard error of the
median to about 0.01: see `python -m bench.expected`."""
MANY_LINES = 10
TRIES = 3
"""Of one matrix."""
AT_ONCE = 8
"""Lines of all runs that are played at the same time, at most, if they are more than one run's."""


@dataclass(frozen=True, slots=True)
class Run:
    """One dial-out, as the exchange saw it."""

    rows: Matrix
    records: Sequence[Record]
    cpu_s: float
    """Of our Asterisk and, for ours, of the service."""

    @property
    def cpu_a_call_s(self) -> float:
        return self.cpu_s / exchanged.answered(self.records)


Side = Callable[[Stage, Path], None]
"""Calls everybody on the stage about the alert in this file; returns when that is under way or done."""


def ours(stage: Stage, alert: Path) -> None:
    stage.tocsin("alert", "raise", "--team", str(CALLER.team), "--audio", str(alert), "--release")


def call_files(stage: Stage, alert: Path, rows: Matrix) -> None:
    settings, asterisk = stage.settings, pbx.process(stage.settings)
    sounds = settings.sounds / settings.language
    shutil.copyfile(alert, sounds / "bench-alert.wav")
    shutil.copyfile(settings.sounds / "names" / f"{CALLER.team}.wav", sounds / "bench-name.wav")
    with (pbx.home(settings) / "extensions.conf").open("a", encoding="utf-8") as extensions:
        extensions.write(callfiles.dialplan("tocsin/bench-name", "tocsin/bench-alert", time.time()))
    asterisk.rx("dialplan reload")
    asterisk.rx("module load pbx_spool.so")
    rules = matrix.sequential()
    feeder = callfiles.Feeder(rows, rules, stage.cast.lines, time.time())
    callfiles.feed(feeder, settings, pbx.home(settings) / "var", rules.ring_s)


def play(
    programs: Programs, home: Path, rows: Matrix, cast: Cast, side: Side, *, service: bool = True
) -> Run:
    """One dial-out on a fresh stage, to the end of its last call."""
    alert = _tone(programs, home)
    with Stage(programs, cast, home / "stage") as stage:
        if not service:
            stage.stop_service()
        pids = [pbx.process(stage.settings).pid, *([stage.service_pid] if service else [])]
        before = sum(map(_cpu_s, pids))
        side(stage, alert)
        eventually(lambda: _over(stage), LONGEST_S, "not every team was reached")
        run = Run(rows, _outgoing(stage), sum(map(_cpu_s, pids)) - before)
        if service and stage.ask("alert", "show", "1")["outcome"] != "all-acknowledged":
            raise StageFailed("a team answered and did not acknowledge: the lengths of calls are off")
        return run


def _over(stage: Stage) -> bool:
    records = _outgoing(stage)
    reached = {r.number for r in records if r.answered_at is not None}
    teams = {p.team for p in stage.cast.phones if p.number in reached}
    return teams == {p.team for p in stage.cast.phones} and all(r.ended_at is not None for r in records)


def _outgoing(stage: Stage) -> list[Record]:
    return [record for record in stage.exchange.records() if record.direction == "to-phone"]


def _cpu_s(pid: int | None) -> float:
    """User and system time of a process and its threads: proc(5), fields 14 and 15."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _tone(programs: Programs, home: Path) -> Path:
    """The alert. What it says does not matter here, but its length does."""
    home.mkdir(parents=True, exist_ok=True)
    path = home / "alert.wav"
    form = ("-n", "-r", "8000", "-c", "1", "-b", "16", str(path))
    sox = programs.argv("sox", *form, "synth", f"{matrix.ALERT_S:g}", "sine", "440", "vol", "0.3")
    subprocess.run(sox, check=True)
    return path


def calibrate(programs: Programs, home: Path) -> Lengths:
    """How long a call of each kind has a line: one of each, made by us, measured at the exchange."""
    run = play(programs, home, matrix.CALIBRATION, matrix.cast(matrix.CALIBRATION, 1), ours)
    quiet, busy, talk = run.records
    return Lengths(_line_s(busy), _line_s(quiet), (talk.ended_at or 0) - (talk.answered_at or 0))


def _line_s(record: Record) -> float:
    return (record.ended_at or record.started_at) - record.started_at


@dataclass(frozen=True, slots=True)
class Cell:
    """The runs over one number of lines."""

    teams: int
    lines: int
    lengths: Lengths
    ours: list[Run]
    peer: list[Run]

    def measure(
        self, runs: Sequence[Run], against: Callable[[Sequence[clairvoyant.Path], int], float]
    ) -> float:
        bounds = [against(matrix.paths(run.rows, self.lengths), self.lines) for run in runs]
        makespans = [exchanged.makespan_s(run.records, run.rows) for run in runs]
        return statistics.median(m / bound for m, bound in zip(makespans, bounds, strict=True))

    def to_invite_ms(self, runs: Sequence[Run]) -> list[float]:
        """Of all runs together, in ascending order."""
        policy = matrix.sequential()
        found = [exchanged.free_line_to_invite_ms(r.records, r.rows, policy, self.lines) for r in runs]
        return sorted(ms for run in found for ms in run)

    def cpu(self, runs: Sequence[Run]) -> float:
        return statistics.median(run.cpu_a_call_s for run in runs)

    def metrics(self) -> dict[str, Metric]:
        name, n = f"{self.teams}x{self.lines}", len(self.ours)
        found = {}
        for key, against in BOUNDS.items():
            peer = round(self.measure(self.peer, against), 4)
            found[f"{key}.{name}"] = Metric(round(self.measure(self.ours, against), 4), "ratio", peer, n)
        return found

    def scarce_metrics(self) -> dict[str, Metric]:
        """Those that mean something where lines are scarce all the time."""
        mine, theirs = self.to_invite_ms(self.ours), self.to_invite_ms(self.peer)
        found = {
            f"dialout.free_line_to_invite_ms.p{share}": Metric(
                round(percentile(mine, share), 1), "ms", round(percentile(theirs, share), 1), len(mine)
            )
            for share in (50, 99)
        }
        ratio = round(self.cpu(self.ours) / self.cpu(self.peer), 2)
        return found | {"dialout.cpu_over_dialplan": Metric(ratio, "ratio", 1.0, len(self.ours))}


BOUNDS = {
    "dialout.makespan_over_lb": clairvoyant.lower_bound,
    "dialout.makespan_over_clairvoyant": clairvoyant.makespan,
}


HEAD = (
    f"{'cell':8}{'seed':>4} {'who':11}{'makespan s':>11}{'calls':>7}"
    f"{'over LB':>9}{'over clairvoyant':>18}{'CPU s a call':>14}"
)


def run(programs: Programs, home: Path, args: argparse.Namespace) -> list[Cell]:
    lengths = calibrate(programs, home)
    print(
        f"seconds on the line: busy {lengths.busy_s:.3f}, no answer {lengths.no_answer_s:.3f}, "
        f"answered {lengths.talk_s:.3f} and its ringing"
    )
    cells = [Cell(args.teams, lines, lengths, [], []) for lines in args.lines]
    print(HEAD)
    for cell in cells:
        at_once = max(1, AT_ONCE // cell.lines)  # a run over few lines takes minutes and next to no CPU
        folders: SimpleQueue[Path] = SimpleQueue()  # few: prompts are rendered once in each
        for n in range(at_once):
            folders.put(home / str(n))
        with ThreadPoolExecutor(at_once) as pool:

            def both(seed: int, cell: Cell = cell, folders: SimpleQueue[Path] = folders) -> tuple[Run, Run]:
                folder = folders.get()
                try:
                    return _both(programs, folder, cell, seed, args.policy)
                finally:
                    folders.put(folder)

            runs = args.runs or (MANY_RUNS if cell.lines >= MANY_LINES else FEW_RUNS)
            for mine, theirs in pool.map(both, range(1, runs + 1)):
                cell.ours.append(mine)
                cell.peer.append(theirs)
    return cells


def _both(
    programs: Programs, folder: Path, cell: Cell, seed: int, policy: Mapping[str, Any]
) -> tuple[Run, Run]:
    """The matrix of this seed, played by both sides at the same time; anew, if the machine was too busy for
    the phones to keep to it."""
    rows = matrix.drawn(cell.teams, seed)

    def feed(stage: Stage, alert: Path) -> None:
        call_files(stage, alert, rows)

    cast, fed = matrix.cast(rows, cell.lines, policy), matrix.cast(rows, cell.lines)
    for _ in range(TRIES):
        with ThreadPoolExecutor() as pool:
            mine = pool.submit(play, programs, folder / "ours", rows, cast, ours)
            theirs = pool.submit(play, programs, folder / "call files", rows, fed, feed, service=False)
            found = mine.result(), theirs.result()
        for who, played in zip(("ours", "call files"), found, strict=True):
            _show(cell, seed, who, played)
        if all(exchanged.is_sound(played.records, rows) for played in found):
            return found
        print(f"seed {seed} does not count: a key came too early; it is played anew", flush=True)
    raise StageFailed("the machine is too busy for the phones to keep to the matrix: leave it alone")


def _show(cell: Cell, seed: int, who: str, played: Run) -> None:
    over = [cell.measure([played], bound) for bound in BOUNDS.values()]
    makespan_s = exchanged.makespan_s(played.records, played.rows)
    print(
        f"{cell.teams}x{cell.lines:<5}{seed:>4} {who:11}{makespan_s:11.2f}"
        f"{len(played.records):7}{over[0]:9.4f}{over[1]:18.4f}{played.cpu_a_call_s:14.3f}",
        flush=True,
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.dialout", description="the dial-out beside call files")
    parser.add_argument("--teams", type=int, default=60)
    parser.add_argument("--lines", type=int, nargs="+", default=[4, 30])
    parser.add_argument("--runs", type=int, help="seeds 1, 2, ...; 11 over few lines, 41 over many")
    parser.add_argument(
        "--policy", type=json.loads, default=matrix.PARALLEL, metavar="JSON", help="ours; the peer's is fixed"
    )
    args = parser.parse_args()
    try:
        programs = find_programs()
    except PbxMissing as missing:
        print(f"the dial-out needs an Asterisk: {missing}", file=sys.stderr)
        return 69
    cells = run(programs, (FOLDER / "dialout").absolute(), args)
    metrics = {name: metric for cell in cells for name, metric in cell.metrics().items()}
    metrics |= min(cells, key=lambda cell: cell.lines).scarce_metrics()
    for name, metric in metrics.items():
        print(f"{name:42}{metric.value:10} {metric.unit:6} call files {metric.peer} (n {metric.n})")
    print(f"metrics: {record(metrics)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
