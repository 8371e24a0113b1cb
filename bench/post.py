"""The real service with nothing but SMS to do: an installation, an outbox, `tocsin serve`.

Owns: how an SMS of the bench enters the outbox. It enters there and not by an alert, which would bring calls
along; from there on everything is the service's own.
"""

import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

import yaml

from ivr import bootstrap, config
from ivr.adapters.store import migrate
from ivr.domain.records import Alert, AlertState, Sms, SmsState, Source
from ivr.pstn.ports import free_ports

ALERT = 1
NUMBER = "+4917100001"


class Post:
    """Made anew in `home`; what was there is deleted."""

    def __init__(self, home: Path, smsc_port: int, window: int) -> None:
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        self._home = home
        self._service: subprocess.Popen[bytes] | None = None
        ami, agi = free_ports(2)
        smsc = {"name": "a", "host": "127.0.0.1", "port": smsc_port, "system_id": "tocsin", "window": window}
        document = {
            "network": {"name": "Soak", "hotline": "+4940808077555"},
            "pbx": {"ami_port": ami, "agi_port": agi},
            "trunks": [{"name": "none", "host": "127.0.0.1", "lines": 1}],
            "smsc": [smsc],
        }
        (home / "tocsin.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
        for name in ("ami", "smsc-a"):
            path = home / "secrets" / name
            path.parent.mkdir(exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(secrets.token_hex(4), encoding="ascii")
        self.settings = config.load(home / "tocsin.yaml")
        self.settings.recordings.mkdir()
        self.store = bootstrap.open_store(self.settings)
        migrate.upgrade(self.store)
        with self.store.write() as tx:
            tx.put(
                Alert(ALERT, AlertState.WITHDRAWN, "soak", "Soak", None, Source.OPERATOR, "", 0.0, 1.0, "")
            )

    def write(self, texts: Iterable[str]) -> None:
        """SMS enter the outbox."""
        now = time.time()
        with self.store.write() as tx:
            tx.append(*(Sms(0, ALERT, None, NUMBER, text, queued_at=now, due_at=now) for text in texts))

    def sms(self) -> list[Sms]:
        with self.store.read() as tx:
            return tx.find(Sms)

    def has(self, *states: SmsState) -> bool:
        """Whether an SMS is in one of these states. Costs the service next to nothing."""
        with self.store.read() as tx:
            return bool(tx.first(1, Sms, state=states))

    def start(self) -> None:
        """Start the service; does not wait for it."""
        command = [sys.executable, "-m", "ivr", "--config", str(self.settings.path), "serve"]
        with (self._home / "serve.log").open("ab") as log:
            self._service = subprocess.Popen(command, stderr=log, stdin=subprocess.DEVNULL, env=os.environ)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        if self._service is not None:
            self._service.send_signal(how)
            self._service.wait(30)
            self._service = None

    def __enter__(self) -> "Post":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop(signal.SIGKILL)
        self.store.close()
