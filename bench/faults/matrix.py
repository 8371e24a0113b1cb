"""All faults at all moments: which cases, and on which stages.

Owns: that several are played at a time, and that each finds its stage as it needs it.
"""

import shutil
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from threading import Lock

from bench.faults import clock, disk
from bench.faults.breakage import CLOCKS, DISK_FULL
from bench.faults.case import Case, play
from bench.faults.cast import cast, moments, speak
from ivr.ports import Programs
from ivr.pstn.stage import Stage


@dataclass(frozen=True)
class Scale:
    """How much is played."""

    teams: int
    lines: int
    moments: int
    """For each fault."""
    seed: int
    stages: int
    """How many cases are played at a time."""


class Matrix:
    """Several cases at a time, each on a stage of its own: a case waits far more than it works."""

    def __init__(self, programs: Programs, home: Path, faults: Sequence[str], scale: Scale) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self._programs = programs
        self._faults = faults
        self._scale = scale
        self._alert = speak(programs, home / "alert.wav")
        self._library = clock.faketime(home / "faketime") if CLOCKS.keys() & set(faults) else None
        self._setting = Lock()  # one stage must have taken its free ports before the next one looks for some
        self._homes: SimpleQueue[Path] = SimpleQueue()
        for n in range(scale.stages):
            self._homes.put(home / f"stage-{n + 1}")

    def run(self) -> Iterator[Case]:
        """The cases, in order, each when it and those before it are done."""
        scale = self._scale
        cases = [
            (fault, moment_s)
            for fault in self._playable()
            for moment_s in moments(fault, scale.seed, scale.moments, scale.teams, scale.lines)
        ]
        with ThreadPoolExecutor(scale.stages) as pool:
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
            case = self._play(home, fault, moment_s)
            if not case.ok:  # what the phones heard and what was logged, before the next case clears it away
                kept = home.with_name(f"failed {fault} at {case.moment_s} s")
                shutil.rmtree(kept, ignore_errors=True)
                home.rename(kept)
            return case
        finally:
            self._homes.put(home)

    def _play(self, home: Path, fault: str, moment_s: float) -> Case:
        scale = self._scale
        settable = clock.settable(self._library, home) if self._library and fault in CLOCKS else {}
        stage = Stage(self._programs, cast(scale.teams, scale.lines, home, settable), home)
        means = ""
        with ExitStack() as clearing:
            if fault == DISK_FULL:
                own = clearing.enter_context(disk.small(stage.state))
                means = f"a disk of {disk.SIZE_MB} MB" if own else "no file may grow"
            with self._setting:
                clearing.enter_context(stage)
            return play(stage, fault, moment_s, scale.seed, self._alert, means)
