"""The stage: a whole installation for practice in one folder, on loopback ports that are free.

Owns: two Asterisks, an SMSC, a directory made from phones, and the service, in processes of their own and
driven by the very command an operator uses. Rehearsals, scenario tests and benchmarks all stand on it. What
is played there is their business.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import yaml

from ivr import config
from ivr.adapters.speech.voice import Voice
from ivr.ports import Programs
from ivr.pstn import installation
from ivr.pstn.carrier import Carrier
from ivr.pstn.cast import CALLER, HOTLINE, PIN, UID, Cast
from ivr.pstn.exchange import Exchange
from ivr.pstn.ports import free_ports, free_range
from ivr.pstn.smsc import PracticeSmsc

_PORTS_A_CALL = 8
"""RTP takes two; the rest is room for calls that overlap at their ends."""

_TRUNKS = ("practice", "practice-2")


@dataclass(frozen=True, slots=True)
class _Trunk:
    name: str
    port: int
    lines: int


class StageFailed(Exception):
    """The stage could not be set, or what was waited for did not happen. The message says what to do."""


class Stage:
    """Sets itself when entered, and is cleared away for certain when left.

    Rendered prompts stay in the folder from one time to the next.
    """

    def __init__(self, programs: Programs, cast: Cast, home: Path) -> None:
        for phone in cast.phones:
            if phone.number in (HOTLINE, CALLER.number) or phone.team == CALLER.team:
                raise StageFailed(
                    f"{phone.number}, {phone.team}: belongs to the practice hotline; choose another"
                )
        self.programs = programs
        self.cast = cast
        self.home = home.absolute()
        self.state = self.home / "state"
        """What the service and its Asterisk write, but for the recordings."""
        self.exchange = Exchange(programs, self.home / "pstn")
        self.second = Exchange(programs, self.home / "pstn-2")
        self._conf = self.home / "tocsin.yaml"
        self._texts = self.home / "sms.jsonl"
        self._clearing = ExitStack()
        self._service: subprocess.Popen[bytes] | None = None
        self._smsc: PracticeSmsc | None = None
        self._smsc_port = self._sip_port = self._tls_port = 0
        self._trunks: list[_Trunk] = []

    def __enter__(self) -> Self:
        self._clear()
        with ExitStack() as failing:
            failing.callback(self._clearing.close)
            self._set()
            failing.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._clearing.close()

    # -- what is played with -------------------------------------------------------------------------------

    @property
    def settings(self) -> config.Settings:
        return config.load(self._conf)

    @property
    def voice(self) -> Voice:
        return Voice(self.programs, self.settings)

    def argv(self, *words: str) -> list[str]:
        """The command line of `tocsin WORDS` on this stage."""
        return [sys.executable, "-m", "ivr", "--config", str(self._conf), *words]

    def tocsin(self, *words: str, given: str | None = None) -> str:
        """What `tocsin WORDS` prints. Raises StageFailed unless it exits 0."""
        done = subprocess.run(self.argv(*words), input=given, capture_output=True, text=True, timeout=120)
        if done.returncode:
            raise StageFailed(f"`tocsin {' '.join(words)}` failed: {done.stderr.strip()}")
        return done.stdout

    def ask(self, *words: str) -> Any:
        """The document that `tocsin WORDS --json` prints."""
        return json.loads(self.tocsin(*words, "--json"))

    def texts(self) -> list[dict[str, Any]]:
        """What the SMSC took, in order."""
        lines = self._texts.read_text(encoding="utf-8").splitlines() if self._texts.exists() else []
        return [json.loads(line) for line in lines]

    def start_service(self) -> None:
        """Start `tocsin serve`; returns when it takes calls."""
        log = self.home / "serve.log"
        before = log.stat().st_size if log.exists() else 0
        with log.open("ab") as output:
            self._service = subprocess.Popen(
                self.argv("serve"),
                stderr=output,
                stdin=subprocess.DEVNULL,
                env={**os.environ, **self.cast.environment},
            )
        eventually(
            lambda: b"serving" in log.read_bytes()[before:], 20, f"the service does not start; see {log}"
        )

    def stop_service(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End the service; SIGKILL stands for a crash."""
        if self._service is not None:
            self._service.send_signal(how)
            self._service.wait(20)
            self._service = None

    @property
    def service_pid(self) -> int:
        """The process of the running service."""
        if self._service is None:
            raise StageFailed("the service does not run: start it first")
        return self._service.pid

    def start_exchange(self) -> None:
        """Start the first exchange afresh, where it was before."""
        self._start_exchange(self.exchange, self._trunks[0])

    def start_smsc(self) -> None:
        """Start the SMSC, on the port it had before."""
        self._smsc = PracticeSmsc(self._smsc_port, log=self._texts)
        self._smsc_port = self._smsc.port
        self._smsc.start()

    def stop_smsc(self) -> None:
        if self._smsc is not None:
            self._smsc.stop()
            self._smsc = None

    # -- setting and clearing ------------------------------------------------------------------------------

    def _clear(self) -> None:
        folders = ("pstn", "pstn-2", "recordings", "secrets", "bridge")
        for left in (*folders, "state/tocsin.db*", "sms.jsonl", "*.log", "*.yaml"):
            for path in self.home.glob(left):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        self.home.mkdir(parents=True, exist_ok=True)

    def _set(self) -> None:
        self._clearing.callback(self.stop_smsc)
        self.start_smsc()
        sip, *ports = free_ports(3, udp=True)
        lines = (self.cast.lines, self.cast.second)
        self._trunks = [_Trunk(*trunk) for trunk in zip(_TRUNKS, ports, lines, strict=True) if trunk[2]]
        self._sip_port = sip
        self._configure(sip)
        _written(self.home / "teams.yaml", installation.team_file(self.cast))
        self.tocsin("team", "import", str(self.home / "teams.yaml"))
        self.tocsin("team", "pin", UID, "--stdin", given=PIN + "\n")
        self._connect()
        self._clearing.callback(self.stop_service)
        self.start_service()

    def _connect(self) -> None:
        """Start the hotline's Asterisk, and the exchanges behind its trunks."""
        self._clearing.callback(self.tocsin, "pbx", "stop")
        self.tocsin("pbx", "start")
        for exchange, trunk in zip((self.exchange, self.second), self._trunks, strict=False):
            self._clearing.callback(exchange.stop)
            self._start_exchange(exchange, trunk)

    def _start_exchange(self, exchange: Exchange, trunk: _Trunk) -> None:
        carrier = self.cast.carrier if exchange is self.exchange else Carrier()
        exchange.start(
            [*self.cast.phones, CALLER],
            port=trunk.port,
            hotline_port=self.settings.sip[0].tls_port if carrier.tls else self._sip_port,
            rtp=free_range(_PORTS_A_CALL * (trunk.lines + 2)),
            lines=trunk.lines,
            dtmf=self.cast.dtmf,
            carrier=carrier,
        )

    def _configure(self, sip: int) -> None:
        ami, agi = self._tcp_ports()
        first, last = free_range(_PORTS_A_CALL * sum(trunk.lines for trunk in self._trunks))
        pbx = {"sip_port": sip, "rtp_first": first, "rtp_last": last, "ami_port": ami, "agi_port": agi}
        trunks = [self._trunk(trunk) for trunk in self._trunks]
        _written(self._conf, installation.configuration(self.cast, pbx, trunks, self._smsc_port))
        self.tocsin("init")
        self._keep("smsc-practice", "practice")
        if login := self.cast.carrier.login:
            self._keep("trunk-practice", login.password)

    def _tcp_ports(self) -> list[int]:
        """For AMI and FastAGI."""
        *ours, self._tls_port = free_ports(3)
        return ours

    def _trunk(self, trunk: _Trunk) -> dict[str, Any]:
        """Its keys. The first one has what its carrier makes necessary, and what the cast wants."""
        wanted = {**self.cast.carrier.demands(self._tls_port), **self.cast.trunk}
        return {
            **asdict(trunk),
            **installation.ON_THIS_MACHINE,
            **(wanted if trunk is self._trunks[0] else {}),
        }

    def _keep(self, name: str, value: str) -> None:
        secret = self.home / "secrets" / name
        secret.touch(mode=0o600)
        secret.write_text(f"{value}\n", encoding="utf-8")


def _written(path: Path, document: Mapping[str, Any]) -> None:
    path.write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True), encoding="utf-8")


def eventually(true: Callable[[], bool], within_s: float, failure: str) -> None:
    """Return once `true()` is; raises StageFailed with `failure` after `within_s` seconds."""
    until = time.monotonic() + within_s
    while not true():
        if time.monotonic() > until:
            raise StageFailed(failure)
        time.sleep(0.2)
