"""The fault matrix: alerts on real Asterisk, each with one fault at a seeded moment, judged from outside.

Owns: the faults, the moments and the count. The witnesses are the exchange's records and what the phones
recorded; the ledger is never asked, but for whether the alert is over. See docs/faults.md.

    python -m bench.faults [--teams 60] [--lines 12] [--moments 3] [--seed 1] [FAULT ...]
"""

import argparse
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from resource import RLIMIT_FSIZE, prlimit

from ivr.adapters.pbx.process import PbxProcess
from ivr.adapters.pbx.tree import PbxMissing, find_programs
from ivr.cli import pbx
from ivr.ports import Programs
from ivr.pstn import cdr, phones, witness
from ivr.pstn.stage import CALLER, POLICY, Cast, Stage, StageFailed, eventually

AWAY_S = 3.0
"""How long a killed process stays away: about what systemd and a boot take."""
STOPPED_S = 12.0
STORE_AWAY_S = 20.0
SMSC_AWAY_S = 15.0
STEP_S = 3600.0

_CALL_S = 20.0

PRESSED_AFTER_S = 1.5
"""A phone presses a second after the voice has paused; by then it has."""

_PATIENT = '{steps: [{listen: 0.4}, {press: "1"}, ' + 'until-quiet, {press: "1"}, ' * 3 + "hangup]}"
"""Cuts the greeting short, and presses 1 whenever the voice pauses: also to one that asks it to hold."""
_SCRIPTS = (
    ("", _PATIENT),
    ("", _PATIENT),
    ("busy", _PATIENT),
    ("{does: acknowledges, answer_after: 20}", _PATIENT),
)
"""What comes before a phone's answering call; 20 s is longer than we ring."""

_POLICY = {**POLICY, "deadline_s": 4 * 3600, "no-answer": {"tries": 3, "pause_s": 4}}


@dataclass(frozen=True)
class Case:
    """What came of one fault. `repeated` may be as much as `in_flight`; the other two must be 0."""

    fault: str
    moment_s: float
    seed: int
    teams: int
    in_flight: int
    lost: int
    repeated: int
    over_limit: int
    calls: int
    took_s: float

    @property
    def ok(self) -> bool:
        return self.lost == 0 and self.over_limit == 0 and self.repeated <= self.in_flight


# -- the faults ----------------------------------------------------------------------------------------------

Fault = Callable[[Stage], None]


def ours(stage: Stage) -> PbxProcess:
    """The Asterisk under test; the other one is the exchange."""
    return pbx.process(stage.settings)


def _pid(stage: Stage) -> int:
    pid = ours(stage).pid
    if pid is None:
        raise StageFailed("Asterisk does not run: see state/asterisk/log on the stage")
    return pid


def _kill_service(stage: Stage) -> None:
    stage.stop_service(signal.SIGKILL)
    time.sleep(AWAY_S)
    stage.start_service()


def _kill_asterisk(stage: Stage) -> None:
    os.kill(_pid(stage), signal.SIGKILL)
    time.sleep(AWAY_S)
    stage.tocsin("pbx", "start")


def _kill_both(stage: Stage) -> None:
    os.kill(_pid(stage), signal.SIGKILL)
    stage.stop_service(signal.SIGKILL)
    time.sleep(AWAY_S)
    stage.tocsin("pbx", "start")
    stage.start_service()


def _drop_ami(stage: Stage) -> None:
    """Asterisk closes the connection, and events are lost until the next one."""
    asterisk = ours(stage)
    user = stage.settings.pbx.ami_user
    for line in asterisk.rx("manager show connected").splitlines():
        words = line.split()
        if words and words[0] == user:
            asterisk.rx(f"manager kick session {words[4]}")


def _stop_asterisk(stage: Stage) -> None:
    pid = _pid(stage)
    os.kill(pid, signal.SIGSTOP)
    try:
        time.sleep(STOPPED_S)
    finally:
        os.kill(pid, signal.SIGCONT)


def _fill_disk(stage: Stage) -> None:
    """No write of the service succeeds: what a full disk is to it, without root."""
    limit = prlimit(stage.service_pid, RLIMIT_FSIZE)
    prlimit(stage.service_pid, RLIMIT_FSIZE, (0, limit[1]))
    try:
        time.sleep(STORE_AWAY_S)
    finally:
        prlimit(stage.service_pid, RLIMIT_FSIZE, limit)


def _lock_database(stage: Stage) -> None:
    path = stage.settings.store.removeprefix("sqlite:///")
    with _closing(sqlite3.connect(path, timeout=10, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        time.sleep(STORE_AWAY_S)
        other.execute("ROLLBACK")


@contextmanager
def _closing(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    try:
        yield connection
    finally:
        connection.close()


def _smsc_gone(stage: Stage) -> None:
    stage.stop_smsc()
    time.sleep(SMSC_AWAY_S)
    stage.start_smsc()


def _restart_service(stage: Stage) -> None:
    stage.stop_service()
    stage.start_service()


def _step_clock(by_s: float) -> Fault:
    def step(stage: Stage) -> None:
        _offset_file(stage.home).write_text(f"{by_s:+.0f}\n", encoding="ascii")

    return step


FAULTS: Mapping[str, Fault] = {
    "kill -9 service": _kill_service,
    "kill -9 asterisk": _kill_asterisk,
    "kill -9 both": _kill_both,
    "drop AMI": _drop_ami,
    "stop and continue asterisk": _stop_asterisk,
    "disk full": _fill_disk,
    "database locked": _lock_database,
    "SMSC gone": _smsc_gone,
    "restart service": _restart_service,
    "clock an hour forward": _step_clock(STEP_S),
    "clock an hour back": _step_clock(-STEP_S),
}


# -- the clock of the service --------------------------------------------------------------------------------


def _offset_file(home: Path) -> Path:
    return home / "clock"


def faketime(cache: Path) -> Path | None:
    """libfaketime, fetched once by apt into `cache` as an ordinary user; None where it cannot be had."""
    found = next(cache.glob("usr/lib/*/faketime/libfaketimeMT.so.1"), None)
    if found is None and shutil.which("apt-get") and shutil.which("dpkg-deb"):
        cache.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "download", "libfaketime"], cwd=cache, capture_output=True, check=False)
        for package in cache.glob("libfaketime_*.deb"):
            subprocess.run(["dpkg-deb", "-x", package.name, "."], cwd=cache, check=False)
        found = next(cache.glob("usr/lib/*/faketime/libfaketimeMT.so.1"), None)
    return found


@contextmanager
def _settable_clock(home: Path, library: Path) -> Iterator[None]:
    """Processes started meanwhile read their wall clock's offset from a file; CLOCK_MONOTONIC stays."""
    home.mkdir(parents=True, exist_ok=True)
    _offset_file(home).write_text("+0\n", encoding="ascii")
    values = {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(_offset_file(home)),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_DONT_RESET": "1",
    }
    before = {key: os.environ.get(key) for key in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for key, value in before.items():
            if value is None:
                del os.environ[key]
            else:
                os.environ[key] = value


# -- one case ------------------------------------------------------------------------------------------------


def cast(teams: int, lines: int, home: Path) -> Cast:
    """Teams that trust their phones, so that a call is short; one phone each."""
    text = "phones:\n" + "".join(
        f'  - {{number: "+49408080{n:05d}", team: team-{n}, sms: {str(n % 4 == 0).lower()}, '
        f"calls: [{', '.join(filter(None, _SCRIPTS[n % len(_SCRIPTS)]))}]}}\n"
        for n in range(1, teams + 1)
    )
    trusting = {f"team-{n}": {"trusts-phones": True} for n in range(1, teams + 1)}
    return Cast(phones.parse(text, "phones", home), lines, policy=_POLICY, teams=trusting)


def play(stage: Stage, fault: str, moment_s: float, seed: int, alert: Path) -> Case:
    """Raise an alert, let the fault happen `moment_s` later, and count when everything is over."""
    stage.tocsin("alert", "raise", "--team", str(CALLER.team), "--audio", str(alert), "--release")
    began_at = time.time()
    time.sleep(moment_s)
    happened_at = time.time()
    FAULTS[fault](stage)
    try:
        eventually(lambda: _over(stage), 300, "the alert did not close")
    except StageFailed as error:  # a finding, and the count goes on
        print(f"{fault} at {moment_s:.1f} s: {error}", file=sys.stderr)
    records = [record for record in stage.exchange.records() if record.direction == "to-phone"]
    heard = {team: _hearings(stage, number, alert) for team, number in _numbers(stage)}
    ended = [record.ended_at for record in records if record.ended_at is not None]
    return Case(
        fault=fault,
        moment_s=round(moment_s, 1),
        seed=seed,
        teams=len(heard),
        in_flight=sum(_up(record, happened_at) for record in records),
        lost=sum(not any(reached) for reached in heard.values()),
        repeated=sum(max(0, len(reached) - 1) for reached in heard.values()),
        over_limit=sum(record.over_limit for record in records),
        calls=len(records),
        took_s=round(max(ended, default=began_at) - began_at, 1),
    )


def _over(stage: Stage) -> bool:
    states = [alert["state"] for alert in stage.ask("alert", "list")]
    up = [record for record in stage.exchange.records() if record.ended_at is None]
    return states == ["closed"] and not up


def _numbers(stage: Stage) -> list[tuple[str, str]]:
    return [(str(phone.team), phone.number) for phone in stage.cast.phones]


def _up(record: cdr.Record, at: float) -> bool:
    return record.started_at <= at and (record.ended_at is None or record.ended_at > at)


def _hearings(stage: Stage, number: str, alert: Path) -> list[bool]:
    """One for each call in which this phone heard of the alert: whether it pressed 1 after hearing it all."""
    return [
        _pressed(stage, recording, alert)
        for recording in stage.exchange.all_heard(number)
        if witness.any_part(recording, alert).heard
    ]


def _pressed(stage: Stage, recording: Path, alert: Path) -> bool:
    """From the recording: the alert's end, and that the phone stayed for long enough to press its key."""
    found = witness.find(recording, alert)
    if not found.heard:
        return False
    asked = witness.find(
        recording, stage.settings.sounds / "en/press-1-to-acknowledge-2-again.wav", after_s=found.end_s - 0.3
    )
    audio, rate = witness.load(recording)
    return audio.size / rate > (asked.end_s if asked.heard else found.end_s) + PRESSED_AFTER_S


def speak(programs: Programs, path: Path) -> Path:
    """An alert of three seconds."""
    raw = path.with_name("raw.wav")
    text = "A worm scans for mail gateways. Block port four thousand now."
    subprocess.run(programs.argv("flite", "-voice", "rms", "-t", text, "-o", str(raw)), check=True)
    cut = programs.argv("sox", str(raw), "-r", "8000", "-c", "1", "-b", "16", str(path), "trim", "0", "3")
    subprocess.run(cut, check=True)
    raw.unlink()
    return path


def moments(fault: str, seed: int, many: int, lasts_s: float) -> list[float]:
    """Random moments, the same for the same seed, while calls are up."""
    chance = random.Random(f"{seed} {fault}")  # a string: the same in every process
    return [chance.uniform(2.0, max(3.0, lasts_s)) for _ in range(many)]


# -- the matrix ----------------------------------------------------------------------------------------------


def run(programs: Programs, home: Path, faults: Sequence[str], args: argparse.Namespace) -> list[Case]:
    home.mkdir(parents=True, exist_ok=True)
    alert = speak(programs, home / "alert.wav")
    lasts_s = 0.6 * args.teams / args.lines * _CALL_S
    cases = []
    for fault in faults:
        library = faketime(home / "faketime") if fault.startswith("clock") else None
        if fault.startswith("clock") and library is None:
            print(f"{fault}: not played, libfaketime cannot be had here", file=sys.stderr)
            continue
        for moment_s in moments(fault, args.seed, args.moments, lasts_s):
            case = _case(programs, home, fault, moment_s, args, alert, library)
            cases.append(case)
            print(row(case), flush=True)
            _write(home.parent / "results.json", cases)
    return cases


def _case(
    programs: Programs,
    home: Path,
    fault: str,
    moment_s: float,
    args: argparse.Namespace,
    alert: Path,
    library: Path | None,
) -> Case:
    stage = Stage(programs, cast(args.teams, args.lines, home), home / "stage")
    with stage:
        if library is None:
            return play(stage, fault, moment_s, args.seed, alert)
        stage.stop_service()
        with _settable_clock(stage.home, library):
            stage.start_service()
        return play(stage, fault, moment_s, args.seed, alert)


def _write(path: Path, cases: Sequence[Case]) -> None:
    path.write_text(
        json.dumps({"cases": [asdict(case) for case in cases]}, indent=2) + "\n", encoding="utf-8"
    )


HEAD = (
    f"{'fault':27}{'at s':>6}{'teams':>7}{'calls':>7}{'took s':>8}"
    f"{'in flight':>11}{'lost':>6}{'repeated':>10}{'over limit':>12}"
)


def row(case: Case) -> str:
    return (
        f"{case.fault:27}{case.moment_s:6.1f}{case.teams:7}{case.calls:7}{case.took_s:8.1f}{case.in_flight:11}"
        f"{case.lost:6}{case.repeated:10}{case.over_limit:12}{'' if case.ok else '   FAILED'}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.faults", description="the fault matrix on real Asterisk")
    parser.add_argument("faults", nargs="*", metavar="FAULT", help=f"of: {', '.join(FAULTS)}; default: all")
    parser.add_argument("--teams", type=int, default=60)
    parser.add_argument("--lines", type=int, default=12)
    parser.add_argument("--moments", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("build/faults"))
    args = parser.parse_args()
    if unknown := [fault for fault in args.faults if fault not in FAULTS]:
        parser.error(f"no such fault: {', '.join(unknown)}")
    try:
        programs = find_programs()
    except PbxMissing as missing:
        print(f"the fault matrix needs an Asterisk: {missing}", file=sys.stderr)
        return 69
    print(HEAD)
    cases = run(programs, (args.out / "work").absolute(), args.faults or list(FAULTS), args)
    failed = [case for case in cases if not case.ok]
    print(f"{len(cases)} cases, {len(failed)} failed: {args.out / 'results.json'}")
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
