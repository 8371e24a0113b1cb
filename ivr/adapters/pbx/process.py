"""The one place that starts, stops and talks to an Asterisk process, ours or the practice network's.

Owns: the life of the process that serves one folder of configuration. Must not know what that configuration
says, beyond that `asterisk.conf` names `run` as its `astrundir` and `conf/log/messages` as its log.
"""

import contextlib
import fcntl
import hashlib
import os
import re
import select
import signal
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from ivr.ports import Programs

_SOCKET_PATH_LIMIT = 108
"""Bytes of sockaddr_un.sun_path on Linux, the closing NUL among them: unix(7)."""

_DEAF = re.compile("Unable to bind|could not be started|Address already in use|Cannot assign requested")
"""What Asterisk logs when it cannot listen where it should. It goes on booting all the same."""

_BOOT_S = 30.0
_SETTLE_S = 5.0


class PbxFailed(Exception):
    """Asterisk did not start, does not answer or does not stop; the message tells what it said itself."""


def run_folder(conf: Path) -> Path:
    """Where the Asterisk of `conf` has its control socket: `conf/run`, or a short path if that is too long.

    The answer depends on the path of `conf` alone, so that every process of this user finds the same socket.
    """
    own = conf.resolve() / "run"
    if len(os.fsencode(own / "asterisk.ctl")) < _SOCKET_PATH_LIMIT:
        return own
    key = hashlib.sha256(os.fsencode(own)).hexdigest()[:12]
    return Path(f"/tmp/tocsin-{os.getuid()}-{key}")  # noqa: S108 -- start() refuses it unless it is ours alone


class PbxProcess:
    """An Asterisk run by `programs` from the configuration in `conf`, with its control socket in `run`."""

    def __init__(self, programs: Programs, conf: Path, run: Path) -> None:
        self._programs = programs
        self._conf = conf.resolve()
        self._run = run
        self._config = self._conf / "asterisk.conf"
        self._pid_file = self._conf / "asterisk.pid"
        self._log = self._conf / "log" / "messages"
        self._console = self._conf / "log" / "console"

    def start(self) -> None:
        """Start it, unless it runs, and return when it has fully booted. Raises PbxFailed, PbxMissing."""
        if not self._config.is_file():
            raise PbxFailed(f"{self._conf} holds no asterisk.conf: run `tocsin pbx render`")
        with self._locked():
            if self.pid is not None:
                return
            _make_private(self._run)
            (self._conf / "log").mkdir(mode=0o700, exist_ok=True)
            (self._run / "asterisk.ctl").unlink(missing_ok=True)  # of one that was killed
            logged = self._log.stat().st_size if self._log.exists() else 0
            pid = self._spawn()
            self._pid_file.write_text(f"{pid}\n", encoding="ascii")
            try:
                self._await_boot(pid, logged)
            except BaseException:
                end_process(pid)
                self._pid_file.unlink()
                raise

    def stop(self) -> None:
        """End it, politely first, and return when it is gone. Does nothing when it does not run.

        Raises PbxFailed.
        """
        if not self._conf.is_dir():
            return
        with self._locked():
            if (pid := self.pid) is not None:
                end_process(pid)
            self._pid_file.unlink(missing_ok=True)
            for leftover in ("asterisk.ctl", "asterisk.pid"):  # of one that was killed
                (self._run / leftover).unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # absent, or not empty
                self._run.rmdir()

    @property
    def pid(self) -> int | None:
        """Its process id; None when it does not run, also when that id now belongs to another program.

        Its own file tells of one that somebody else has started, such as systemd: a second one would take its
        socket away.
        """
        return self._running(self._pid_file) or self._running(self._run / "asterisk.pid")

    def _running(self, file: Path) -> int | None:
        """The process that `file` names, if it is an Asterisk of this configuration."""
        try:
            pid = int(file.read_text(encoding="ascii"))
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")  # none if it ended unnoticed
        except (OSError, ValueError):
            return None
        return pid if b"-f" in words and os.fsencode(self._config) in words else None

    def rx(self, command: str) -> str:
        """What Asterisk's CLI prints in answer to `command`. Raises PbxFailed when it does not answer."""
        try:
            done = subprocess.run(
                self._programs.argv("asterisk", "-C", str(self._config), "-rx", command),
                stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=_BOOT_S,
                env=self._environment(),
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise PbxFailed(f"Asterisk does not answer to `{command}`: restart it") from error
        if done.returncode:
            raise PbxFailed("Asterisk is not running: start it with `tocsin pbx start`")
        return done.stdout

    def status(self) -> str:
        """One line for an operator: what runs, since when, how many calls it has. Raises PbxFailed."""
        pid = self.pid
        if pid is None:
            return "Asterisk is not running"
        up = self.rx("core show uptime").splitlines()[:1]
        calls = [line for line in self.rx("core show channels count").splitlines() if "active call" in line]
        about = [f"Asterisk {self._programs.version} is running (process {pid})", *up, *calls]
        return ", ".join(part.strip() for part in about)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        with (self._conf / "asterisk.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _environment(self) -> dict[str, str]:
        # Not ours as it stands: it may hold secrets, and a locale changes what Asterisk prints.
        path = os.environ.get("PATH", os.defpath)
        return {"PATH": path, "HOME": str(self._run), "LC_ALL": "C", "TZ": "UTC", "TERM": "dumb"}

    def _spawn(self) -> int:
        # Not subprocess.Popen, which warns when it goes away before its child: this child is to outlive us.
        argv = self._programs.argv("asterisk", "-f", "-C", str(self._config))
        return os.posix_spawn(
            argv[0], argv, self._environment(), setsid=True,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, str(self._console), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
        )  # fmt: skip

    def _await_boot(self, pid: int, logged: int) -> None:
        until = time.monotonic() + _BOOT_S
        while not (self._run / "asterisk.ctl").exists():
            if _has_ended(pid) or time.monotonic() > until:
                raise PbxFailed(self._complaint("did not start", logged))
            time.sleep(0.02)
        booted = False
        while not booted and not _has_ended(pid) and time.monotonic() < until:
            try:
                booted = "fully booted" in self.rx("core waitfullybooted")
            except PbxFailed:  # its socket is there a moment before it listens
                time.sleep(0.05)
        if not booted or any(_DEAF.search(line) for line in _lines(self._log, logged)):
            raise PbxFailed(self._complaint("did not come up", logged))

    def _complaint(self, what: str, logged: int) -> str:
        lines = _lines(self._log, logged)
        errors = [line for line in lines if "] ERROR[" in line]
        deaf = [line for line in errors if _DEAF.search(line)]
        telling = deaf or errors or lines or _lines(self._console, 0) or ["it said nothing"]
        return f"Asterisk {what}: {' | '.join(line.strip() for line in telling[-3:])} (see {self._log})"


def end_process(pid: int, patience_s: float = _SETTLE_S) -> None:
    """SIGTERM, then SIGKILL after `patience_s`; return when it is gone. Raises PbxFailed when it stays."""
    try:
        handle = os.pidfd_open(pid)  # from here on the number cannot come to mean another process
    except ProcessLookupError:
        return
    try:
        gone = select.poll()
        gone.register(handle, select.POLLIN)
        for number, wait_s in ((signal.SIGTERM, patience_s), (signal.SIGKILL, _SETTLE_S)):
            signal.pidfd_send_signal(handle, number)
            if gone.poll(wait_s * 1000):
                break
        else:
            raise PbxFailed(f"process {pid} does not end: look at it with `ps -f {pid}`")
        with contextlib.suppress(ChildProcessError):  # not our child: init has reaped it
            os.waitpid(pid, 0)
    finally:
        os.close(handle)


def _has_ended(child: int) -> bool:
    """Whether our child `child` has ended; it stays a zombie, so that its id stays its own."""
    return os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _make_private(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    seen = folder.lstat()
    if not stat.S_ISDIR(seen.st_mode) or seen.st_uid != os.getuid() or seen.st_mode & 0o077:
        raise PbxFailed(f"{folder} must be a folder of yours alone: remove it, or run chmod 700 on it")


def _lines(path: Path, start: int) -> list[str]:
    try:
        with path.open("rb") as file:
            file.seek(start)
            return file.read().decode(errors="replace").splitlines()
    except FileNotFoundError:
        return []
