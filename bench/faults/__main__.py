"""Plays the whole matrix, or a part of it, and prints the table.

Owns: which cases, on which stages, and results.json.

    python -m bench.faults [--teams 60] [--lines 30] [--moments 3] [--seed 1] [--stages 2] [FAULT ...]
"""

import argparse
import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from queue import SimpleQueue
from threading import Lock

from bench.faults import clock, disk
from bench.faults.breakage import CLOCKS, DISK_FULL, FAULTS
from bench.faults.case import Case, play
from bench.faults.cast import cast, moments, speak
from ivr.adapters.pbx.tree import PbxMissing, find_programs
from ivr.ports import Programs
from ivr.pstn.stage import Stage


class Matrix:
    """Several cases at a time, each on a stage of its own: a case waits far more than it works."""

    def __init__(self, programs: Programs, home: Path, args: argparse.Namespace) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self._programs = programs
        self._args = args
        self._faults = args.faults or list(FAULTS)
        self._alert = speak(programs, home / "alert.wav")
        self._library = clock.faketime(home / "faketime") if CLOCKS.keys() & set(self._faults) else None
        self._setting = Lock()  # one stage must have taken its free ports before the next one looks for some
        self._homes: SimpleQueue[Path] = SimpleQueue()
        for n in range(args.stages):
            self._homes.put(home / f"stage-{n + 1}")

    def run(self) -> Iterator[Case]:
        """The cases, in order, each when it and those before it are done."""
        args = self._args
        cases = [
            (fault, moment_s)
            for fault in self._playable()
            for moment_s in moments(fault, args.seed, args.moments, args.teams, args.lines)
        ]
        with ThreadPoolExecutor(args.stages) as pool:
            yield from pool.map(lambda case: self._case(*case), cases)

    def _playable(self) -> Iterator[str]:
        for fault in self._faults:
            if fault in CLOCKS and self._library is None:
                print(f"{fault}: not played, libfaketime cannot be had here", file=sys.stderr)
            else:
                yield fault

    def _case(self, fault: str, moment_s: float) -> Case:
        home = self._homes.get()
        try:
            return self._play(home, fault, moment_s)
        finally:
            self._homes.put(home)

    def _play(self, home: Path, fault: str, moment_s: float) -> Case:
        args = self._args
        settable = clock.settable(self._library, home) if self._library and fault in CLOCKS else {}
        stage = Stage(self._programs, cast(args.teams, args.lines, home, settable), home)
        means = ""
        with ExitStack() as clearing:
            if fault == DISK_FULL:
                own = clearing.enter_context(disk.small(stage.state))
                means = f"a disk of {disk.SIZE_MB} MB" if own else "no file may grow"
            with self._setting:
                clearing.enter_context(stage)
            return play(stage, fault, moment_s, args.seed, self._alert, means)


HEAD = (
    f"{'fault':27}{'at s':>6}{'teams':>7}{'calls':>7}{'took s':>8}"
    f"{'in flight':>11}{'lost':>6}{'repeated':>10}{'over limit':>12}"
)


def row(case: Case) -> str:
    notes = "   ".join(filter(None, (case.means, "" if case.ok else "FAILED")))
    return (
        f"{case.fault:27}{case.moment_s:6.1f}{case.teams:7}{case.calls:7}{case.took_s:8.1f}{case.in_flight:11}"
        f"{case.lost:6}{case.repeated:10}{case.over_limit:12}   {notes}"
    ).rstrip()


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.faults", description="the fault matrix on real Asterisk")
    parser.add_argument("faults", nargs="*", metavar="FAULT", help=f"of: {', '.join(FAULTS)}; default: all")
    parser.add_argument("--teams", type=int, default=60)
    parser.add_argument("--lines", type=int, default=30)
    parser.add_argument("--moments", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--stages", type=int, default=2, help="how many cases are played at a time")
    parser.add_argument("--out", type=Path, default=Path("build/faults"))
    args = parser.parse_args()
    if unknown := [fault for fault in args.faults if fault not in FAULTS]:
        parser.error(f"no such fault: {', '.join(unknown)}")
    try:
        programs = find_programs()
    except PbxMissing as missing:
        print(f"the fault matrix needs an Asterisk: {missing}", file=sys.stderr)
        return 69
    print(HEAD, flush=True)
    results = args.out / "results.json"
    cases = []
    for case in Matrix(programs, (args.out / "work").absolute(), args).run():
        cases.append(case)
        print(row(case), flush=True)
        document = {"cases": [asdict(case) for case in cases]}
        results.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    failed = sum(not case.ok for case in cases)
    met = sum(case.in_flight > 0 for case in cases)
    print(f"{len(cases)} cases, {met} of them while calls were up, {failed} failed: {results}")
    return 1 if failed or met <= len(cases) / 2 else 0


if __name__ == "__main__":
    sys.exit(main())
