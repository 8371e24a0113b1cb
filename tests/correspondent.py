"""Somebody of a team with gpg and a mail program, and the process of the bridge that they write to."""

import email
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from email.message import Message
from email.policy import default
from pathlib import Path

from pgp_peer import Peer

_ROOT = Path(__file__).parents[1]
_WAIT_S = 60.0


@dataclass
class Correspondent:
    """Writes signed and encrypted, reads with gpg."""

    team: str
    peer: Peer
    _written: int = field(default=0, init=False)

    @property
    def address(self) -> str:
        return f"duty@{self.team}.example"

    def joins(self, lists_key: str) -> None:
        """A key is made, and the list's taken."""
        self.peer.make(f"{self.team} <{self.address}>")
        self.peer.gpg("--import", given=lists_key.encode())

    def writes(self, text: str, to: str) -> bytes:
        """A whole mail (RFC 3156)."""
        self._written += 1
        (lists_key,) = (one for one in self.peer.listed() if one != self.peer.fingerprint)
        content = f"Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n".encode()
        lines = (
            f"From: <{self.address}>", f"To: {to}", f"Message-ID: <{self._written}@{self.team}.example>",
            "MIME-Version: 1.0", "Subject: ...",
            'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary="b"', "",
            "--b", "Content-Type: application/pgp-encrypted", "", "Version: 1", "",
            "--b", "Content-Type: application/octet-stream", "",
            self.peer.sealed(content, lists_key).decode(), "--b--", "",
        )  # fmt: skip
        return "\n".join(lines).replace("\r\n", "\n").replace("\n", "\r\n").encode()

    def reads(self, raw: bytes) -> str:
        """What the list has signed and encrypted to this team: its text."""
        outer = email.message_from_bytes(raw, policy=default)
        sealed = outer.get_payload()[1].get_payload(decode=True)
        content = email.message_from_bytes(self.peer.opened(sealed), policy=default)
        text: Message = content.get_body() or content
        return str(text.get_content())


def reply_to(raw: bytes) -> str:
    return str(email.message_from_bytes(raw, policy=default)["Reply-To"])


class BridgeService:
    """`tocsin serve bridge`, as an operator starts it."""

    def __init__(self, conf: Path) -> None:
        self.home = conf.parent
        self._conf = conf
        self._log = conf.with_name("bridge.log")
        self._environment = {**os.environ, "PYTHONPATH": str(_ROOT)}
        self._process: subprocess.Popen[bytes] | None = None

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "ivr", "--config", str(self._conf), *words]

    def asked(self, *words: str) -> str:
        """What a verb prints."""
        return subprocess.run(
            self.command(*words), capture_output=True, text=True, check=True, env=self._environment
        ).stdout

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self, path: Path | None = None) -> None:
        """Returns when it takes mail; `path` is where its programs are looked for first."""
        environment = dict(self._environment)
        if path is not None:
            environment["PATH"] = f"{path}:{environment['PATH']}"
        before = len(self.log())
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self.command("serve", "bridge"), stderr=log, env=environment)
        end = time.monotonic() + _WAIT_S
        while "the bridge takes mail" not in self.log()[before:]:
            assert time.monotonic() < end and self._process.poll() is None, self.log()
            time.sleep(0.05)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def log(self) -> str:
        return self._log.read_text(encoding="utf-8") if self._log.exists() else ""
