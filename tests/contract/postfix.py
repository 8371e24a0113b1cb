"""The real Postfix, from Debian's packages in the cache folder, run by an ordinary user beside whatever mail
server the machine has.

It thinks that it is root, for fakeroot tells it so: it changes to its own users, and gives files to them, as
it would anywhere. Its folders, its ports and its log are the test's; what it runs (a pipe) runs as the user
who runs the test. Its configuration is the document's, to which only that much is added.
"""

import os
import re
import shlex
import signal
import subprocess
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

import debian
import pytest

DOCUMENT = Path(__file__).parents[2] / "docs/mail.md"
_WAIT_S = 30.0
_USERS = {"mail_owner": "news", "setgid_group": "uucp", "default_privs": "nobody"}
"""Of every Debian (base-passwd): Postfix wants some that are nobody else's, and here they own nothing."""
_FOLDERS = (
    "active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "maildrop", "pid",
    "private", "public", "saved", "trace",
)  # fmt: skip
_SERVICES = """\
127.0.0.1:{mx} inet n - n - - smtpd
pickup unix n - n 1 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
virtual unix - n n - - virtual
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


def documented(begins: str) -> str:
    """The block of docs/mail.md that begins so: what operators are told is what is tested."""
    blocks = re.findall(r"^```\n(.*?)^```$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    (found,) = (block for block in blocks if block.startswith(begins))
    return str(found)


@cache
def _tree() -> Path:
    try:
        return debian.tree("postfix fakeroot", "postfix")
    except debian.TROUBLE as error:
        # Where every change is judged, a peer that is missing must not look like a peer that agreed.
        how = "no Postfix: let this machine reach its Debian mirror"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{how} ({error})")


class Postfix:
    """In the folder `home`, which is made: mailboxes in `mail`, a `sendmail` in `bin`."""

    def __init__(self, home: Path, mx: int) -> None:
        self.home = home
        self.bin = home / "bin"
        self._tree = _tree()
        self._mx = mx
        self._running: list[subprocess.Popen[bytes]] = []
        for folder in ("etc", "data", "mail", "daemons", "bin", *(f"queue/{name}" for name in _FOLDERS)):
            (home / folder).mkdir(parents=True)

    def start(self, main: str, master: str = "") -> None:
        """With these lines of configuration; returns when it takes mail."""
        faked = subprocess.Popen(
            [*self._argv("usr/bin/faked-sysv"), "--foreground"],
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        self._running.append(faked)
        assert faked.stdout is not None
        key = faked.stdout.readline().split(b":")[0].decode()
        for folder, programs in (("daemons", "usr/lib/postfix/sbin"), ("bin", "usr/sbin")):
            for program in (self._tree / programs).iterdir():
                self._command(self.home / folder / program.name, program, key)
        self._configure(main, master)
        self._running.append(
            subprocess.Popen([self.home / "daemons/master", "-c", self.home / "etc"], start_new_session=True)
        )
        self._until(b"daemon started")

    def stop(self) -> None:
        """What it has is in its queue."""
        for process in reversed(self._running):  # its children with it
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait(_WAIT_S)
            if process.stdout is not None:
                process.stdout.close()
        self._running.clear()
        if self._log.exists():
            self._log.rename(self._log.with_name(f"mail.{time.monotonic_ns()}"))

    def log(self) -> str:
        """Of all its runs."""
        logs = sorted(self.home.glob("mail.*"), key=lambda path: path.stat().st_mtime)
        return "".join(path.read_text(encoding="utf-8", errors="replace") for path in logs)

    def waiting(self) -> int:
        """Mails in the queue."""
        folders = ("active", "deferred", "incoming", "maildrop")
        return sum(path.is_file() for name in folders for path in (self.home / "queue" / name).rglob("*"))

    def mailbox(self, address: str) -> list[bytes]:
        """What was delivered, the oldest first."""
        files = sorted(
            (self.home / "mail" / address / "new").glob("*"), key=lambda path: path.stat().st_mtime
        )
        return [path.read_bytes().replace(b"\n", b"\r\n") for path in files]

    @property
    def _log(self) -> Path:
        return self.home / "mail.log"

    def _argv(self, program: str | Path, *more: str) -> list[str]:
        (fakeroot,) = self._tree.glob("usr/lib/*-linux-gnu/libfakeroot")
        *loader, path = debian.loaded(self._tree, str(program), "usr/lib/postfix", str(fakeroot))
        return [*loader, *more, path]

    def _command(self, where: Path, program: Path, key: str) -> None:
        """Postfix clears the environment of what it starts: each of its programs finds its way anew."""
        words = shlex.join(self._argv(program, "--preload", "libfakeroot-sysv.so", "--argv0", program.name))
        where.write_text(
            f"#!/bin/sh\nexport FAKEROOTKEY={key} MAIL_CONFIG='{self.home / 'etc'}'\nexec {words} \"$@\"\n"
        )
        where.chmod(0o755)

    def _configure(self, main: str, master: str) -> None:
        lines = {
            "compatibility_level": "3.6",
            "queue_directory": self.home / "queue",
            "data_directory": self.home / "data",
            "daemon_directory": self.home / "daemons",
            "command_directory": self.bin,
            "shlib_directory": self._tree / "usr/lib/postfix",
            "meta_directory": self._tree / "usr/share/postfix",
            "maillog_file": self._log,
            "maillog_file_prefixes": self.home,
            **_USERS,
            "myhostname": "mx.bell.cert.example",
            "inet_interfaces": "127.0.0.1",
            "inet_protocols": "ipv4",
            "mydestination": "",
            "alias_maps": "",
            # It tries again at once, where it would wait for minutes.
            "queue_run_delay": "1s",
            "minimal_backoff_time": "1s",
            "maximal_backoff_time": "2s",
            "virtual_mailbox_base": self.home / "mail",
            "virtual_uid_maps": "static:1000",
            "virtual_gid_maps": "static:1000",
        }
        own = "".join(f"{name} = {value}\n" for name, value in lines.items())
        (self.home / "etc/main.cf").write_text(own + main)
        (self.home / "etc/master.cf").write_text(_SERVICES.format(mx=self._mx) + master)

    def _until(self, said: bytes) -> None:
        end = time.monotonic() + _WAIT_S
        while not (self._log.exists() and said in self._log.read_bytes()):
            assert time.monotonic() < end and self._running[-1].poll() is None, self.log()
            time.sleep(0.05)
