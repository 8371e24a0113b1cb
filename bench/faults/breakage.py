"""The faults: what is broken, for how long, and how it is mended.

Owns: FAULTS. Each is done to a stage from outside, by the means an accident would have.
"""

import os
import signal
import sqlite3
import time
from collections.abc import Callable, Mapping
from contextlib import closing

from bench.faults import clock, disk
from ivr.adapters.pbx.process import PbxProcess
from ivr.cli import pbx
from ivr.pstn.stage import Stage, StageFailed

AWAY_S = 3.0
"""How long a killed process stays away: about what systemd and a boot take."""
STOPPED_S = 12.0
STORE_AWAY_S = 20.0
SMSC_AWAY_S = 15.0
STEP_S = 3600.0

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
    """The disk of the service and of its Asterisk where the stage has one, else that of the service alone."""
    own = stage.state.is_mount()
    if own:  # SQLite writes over what its log once was, and that has room for minutes of an alert
        with _database(stage) as other:
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with disk.full(stage.state) if own else disk.no_writes(stage.service_pid):
        time.sleep(STORE_AWAY_S)


def _lock_database(stage: Stage) -> None:
    with _database(stage) as other:
        other.execute("BEGIN IMMEDIATE")
        time.sleep(STORE_AWAY_S)
        other.execute("ROLLBACK")


def _database(stage: Stage) -> closing[sqlite3.Connection]:
    path = stage.settings.store.removeprefix("sqlite:///")
    return closing(sqlite3.connect(path, timeout=10, isolation_level=None))


def _smsc_gone(stage: Stage) -> None:
    stage.stop_smsc()
    time.sleep(SMSC_AWAY_S)
    stage.start_smsc()


def _restart_service(stage: Stage) -> None:
    stage.stop_service()
    stage.start_service()


def _step_clock(by_s: float) -> Fault:
    def step(stage: Stage) -> None:
        clock.step(stage.cast.environment, by_s)

    return step


DISK_FULL = "disk full"

CLOCKS: Mapping[str, Fault] = {
    "clock an hour forward": _step_clock(STEP_S),
    "clock an hour back": _step_clock(-STEP_S),
}
"""These need a service whose clock can be set."""

FAULTS: Mapping[str, Fault] = {
    "kill -9 service": _kill_service,
    "kill -9 asterisk": _kill_asterisk,
    "kill -9 both": _kill_both,
    "drop AMI": _drop_ami,
    "stop and continue asterisk": _stop_asterisk,
    DISK_FULL: _fill_disk,
    "database locked": _lock_database,
    "SMSC gone": _smsc_gone,
    "restart service": _restart_service,
    **CLOCKS,
}
