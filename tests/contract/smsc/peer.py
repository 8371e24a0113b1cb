"""The two SMSCs that the link is tested against: the npm package `smpp`, and our own practice SMSC."""

import json
import os
import queue
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from bench.smsc import ENVIRONMENT, HOW, node
from ivr.pstn.smsc import PracticeSmsc

HERE = Path(__file__).parent
WAIT_S = 20.0
SYSTEM_ID, PASSWORD = "tocsin", "bell-pw"


class NpmSmsc:
    """The peer nobody here wrote."""

    def __init__(self, pem: Path | None = None) -> None:
        """`pem`: key and certificate, for TLS."""
        self.port = 0
        self._pem = pem
        self.start()

    def start(self) -> None:
        """Listen, on the same port as before if there was one. Skips the test where there is no node."""
        program = node()
        if program is None:
            # Where every change is judged, a peer that is missing must not look like a peer that agreed.
            (pytest.fail if os.environ.get("CI") else pytest.skip)(HOW)
        self._seen: queue.Queue[dict[str, Any]] = queue.Queue()
        self._obeyed: queue.Queue[dict[str, Any]] = queue.Queue()
        self._process = subprocess.Popen(
            [program, HERE / "server.js", str(self.port), SYSTEM_ID, PASSWORD, *filter(None, [self._pem])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=ENVIRONMENT,
        )
        self._reader = threading.Thread(
            target=self._read, args=(self._process.stdout, self._seen, self._obeyed), daemon=True
        )
        self._reader.start()
        self.port = self.expect("listening")["port"]

    @staticmethod
    def _read(stdout: Any, seen: "queue.Queue[Any]", obeyed: "queue.Queue[Any]") -> None:
        for line in stdout:
            event = json.loads(line)
            (obeyed if event["event"] == "obeyed" else seen).put(event)

    def expect(self, event: str) -> dict[str, Any]:
        """The next event of this kind; others before it are passed over."""
        deadline = time.monotonic() + WAIT_S
        while True:
            seen = self._seen.get(timeout=max(0.01, deadline - time.monotonic()))
            if seen["event"] == event:
                return seen

    def saw_nothing(self, event: str, for_s: float) -> bool:
        time.sleep(for_s)
        return not any(self._seen.get()["event"] == event for _ in range(self._seen.qsize()))

    def order(self, **order: Any) -> None:
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()
        self._obeyed.get(timeout=WAIT_S)

    def message(self) -> dict[str, Any]:
        """The next whole text, put together as a telephone would."""
        first = self.expect("submit")
        if not first["udh"]:
            return {"number": "+" + first["destination_addr"], "text": first["text"], "parts": 1}
        total = int(first["udh"][0][6:8], 16)
        parts = [first, *(self.expect("submit") for _ in range(total - 1))]
        assert len({p["udh"][0][4:6] for p in parts}) == 1, "one reference for one text"
        parts.sort(key=lambda part: part["udh"][0][8:10])
        text = "".join(p["text"] for p in parts)
        return {"number": "+" + first["destination_addr"], "text": text, "parts": total}

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        self._process.stdin.close()
        self._process.stdout.close()

    stop = kill


class PracticePeer:
    """Our own, behind the same words."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._read = 0
        self._smsc = PracticeSmsc(log=log)
        self._smsc.start()
        self.port = self._smsc.port

    def message(self) -> dict[str, Any]:
        deadline = time.monotonic() + WAIT_S
        while time.monotonic() < deadline:
            lines = self._log.read_text(encoding="utf-8").splitlines() if self._log.exists() else []
            if len(lines) > self._read:
                self._read += 1
                return dict(json.loads(lines[self._read - 1]))
            time.sleep(0.02)
        raise AssertionError("no text reached the practice SMSC")

    def stop(self) -> None:
        self._smsc.stop()
