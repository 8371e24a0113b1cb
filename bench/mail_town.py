"""A network by mail in one folder: the real bridge as a process, the hotline behind the real gate, and a mail
server that keeps what it gets.

Owns: who runs, and how much of the processors the bridge has taken with all that it runs.
"""

import os
import shutil
import signal
import smtplib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Self

import yaml
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from pysequoia import Cert, Tsk

from bench.mailers import List, Mailer, raised, with_openpgp
from ivr import bootstrap, config
from ivr.adapters.clock import SteadyClock
from ivr.adapters.gate.server import GateServer
from ivr.adapters.smime import Smime
from ivr.adapters.store import migrate
from ivr.config.bridge import Bridge
from ivr.pstn.ports import free_ports
from ivr.services.gate import Gate
from ivr.services.gate_submit import Intake
from ivr.services.members import members

DOMAIN = "bell.example"
TO = f"alerts@{DOMAIN}"
ORIGINATOR = "originator"
_PATIENCE_S = 120.0
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")

ReadOut = Callable[[str, Path], None]


@dataclass
class Sink:
    """A mail server: what came for whom, and when."""

    got: list[tuple[float, str, bytes]] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.got.append((time.monotonic(), envelope.rcpt_tos[0], envelope.content))
        return "250 kept"


class MailTown:
    """Made anew in `home`, with these teams and one that raises alerts. `read_out` makes a sound of a text;
    None: flite, as the service does."""

    def __init__(self, home: Path, mailers: Sequence[Mailer], read_out: ReadOut | None = None) -> None:
        self._home = home.resolve()
        self._mailers = mailers
        self._read_out = read_out
        self._key = Tsk.generate(f"{ORIGINATOR} <duty@{ORIGINATOR}.example>")
        self.originator = with_openpgp(ORIGINATOR, self._key)
        self.sink = Sink()
        self._numbers = count(1)
        self._open = ExitStack()

    def __enter__(self) -> Self:
        shutil.rmtree(self._home, ignore_errors=True)
        self._home.mkdir(parents=True)
        with ExitStack() as stack:
            self._start(stack)
            self._open = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def _start(self, stack: ExitStack) -> None:
        port, lmtp = free_ports(2)
        server = {"host": "127.0.0.1", "port": port, "starttls": False}
        document = {
            "network": {"name": "Bell", "hotline": "+4940808077555"},
            "trunks": [{"name": "none", "host": "127.0.0.1", "lines": 1}],
            "bridge": {"domain": DOMAIN, "lmtp": str(lmtp), "smtp": server},
        }
        file = self._home / "tocsin.yaml"
        file.write_text(yaml.safe_dump(document), encoding="utf-8")
        settings = config.load(file)
        assert settings.bridge is not None and settings.gate.socket is not None
        self._bridge: Bridge = settings.bridge
        self._lmtp = lmtp
        settings.recordings.mkdir()
        self.store = bootstrap.open_store(settings)
        stack.callback(self.store.close)
        migrate.upgrade(self.store)
        with self.store.write() as tx:
            for mailer in (*self._mailers, self.originator):
                tx.put(*mailer.records)
        archive = bootstrap.recordings(settings)
        book = bootstrap.ledger(settings, self.store, SteadyClock(last=0.0))
        intake = Intake(self.store, book, archive, self._read_out or partial(bootstrap.read_alert, settings))
        gate = GateServer(settings.gate.socket, Gate(self.store, book, intake, archive, members).answer)
        gate.start()
        stack.callback(gate.stop)
        mails = Controller(self.sink, "127.0.0.1", port)
        mails.start()
        stack.callback(mails.stop)
        self._serve(file, stack)
        self.own = self._keys()

    def _serve(self, file: Path, stack: ExitStack) -> None:
        """Ended before anything else here is."""
        self._short = stack.enter_context(tempfile.TemporaryDirectory(prefix="town-"))
        log = self._home / "bridge.log"
        with log.open("wb") as said:
            process = subprocess.Popen(
                [sys.executable, "-m", "ivr", "--config", str(file), "serve", "bridge"],
                stderr=said, stdin=subprocess.DEVNULL, env={**os.environ, "TMPDIR": self._short},
            )  # fmt: skip

        def end() -> None:
            process.send_signal(signal.SIGTERM)
            process.wait(60)

        stack.callback(end)
        self.until(lambda: "takes mail" in log.read_text(encoding="utf-8") or process.poll() is not None)
        assert process.poll() is None, log.read_text(encoding="utf-8")

    def _keys(self) -> List:
        """The list's own, as any member would have them."""
        _, certificate = Smime(self._bridge.state / "smime").certificate()
        public = subprocess.run(
            ["gpg", "--homedir", str(self._bridge.state / "openpgp"), "--export", f"<{TO}>"],
            capture_output=True, check=True,
        ).stdout  # fmt: skip
        return List(Cert.from_bytes(public), certificate)

    def raise_alert(self, text: str) -> float:
        """Hand an alert of the originator in; when that began, in monotonic seconds. Each has a number: the
        same words, signed within the same second, are the same mail, and a replay."""
        raw = raised(self.originator, self._key, self.own, f"{text}\n\n{next(self._numbers)}", TO)
        began = time.monotonic()
        with smtplib.LMTP("127.0.0.1", self._lmtp) as client:
            client.sendmail(self.originator.address, [TO], raw)
        return began

    def until(self, what: Callable[[], bool]) -> None:
        end = time.monotonic() + _PATIENCE_S
        while not what():
            assert time.monotonic() < end, f"it takes too long; see {self._home}/bridge.log"
            time.sleep(0.01)

    def cpu_s(self) -> float:
        """Seconds of processor of the bridge, gpg's agent and all that they have run and that has ended."""
        running = [process for process in Path("/proc").iterdir() if process.name.isdigit()]
        return sum(_cpu_s(process) for process in running if _names(process, str(self._home), self._short))


def _names(process: Path, *folders: str) -> bool:
    """Whether it was started with one of these folders in its arguments."""
    try:
        arguments = (process / "cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return False  # it has ended, or is somebody else's
    return any(folder in arguments for folder in folders)


def _cpu_s(process: Path) -> float:
    """Its own and that of its children that were waited for (proc_pid_stat(5): utime to cstime)."""
    try:
        stat = (process / "stat").read_text()
    except OSError:
        return 0.0
    return sum(int(ticks) for ticks in stat.rpartition(")")[2].split()[11:15]) * _TICK_S
