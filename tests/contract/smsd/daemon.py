"""The real smsd (SMS Server Tools 3): installed, or Debian's package unpacked beside the private Asterisk."""

import os
import shutil
import signal
import subprocess
from functools import cache
from pathlib import Path

import debian
import pytest

HOW = "no smsd: apt install smstools, or let this machine reach its Debian mirror"
_PACKAGES = ("smstools", "libmm14", "libc6")
FOLDERS = ("outgoing", "checked", "sent", "failed", "incoming", "report")


def program() -> list[str]:
    """The command that runs smsd. Skips the test where there is none."""
    found = _found()
    if isinstance(found, str):
        # Where every change is judged, a peer that is missing must not look like a peer that agreed.
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{HOW} ({found})")
    return found


@cache
def _found() -> list[str] | str:
    """The command, or why there is none."""
    if installed := shutil.which("smsd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/bin"):
        return [installed]
    try:
        tree = debian.tree("smstools", "smsd", _PACKAGES.__contains__)
    except debian.TROUBLE as error:
        return str(error)
    return debian.loaded(tree, "usr/sbin/smsd", "usr/lib")


class Smsd:
    """The daemon with one modem, GSM1; its spool has the form that docs/sms.md asks for."""

    def __init__(self, home: Path, device: str) -> None:
        self._home = home
        self.spool = home / "spool"
        for folder in FOLDERS:
            (self.spool / folder).mkdir(parents=True)
        folders = "".join(f"{name} = {self.spool / name}\n" for name in FOLDERS)
        self._config = home / "smsd.conf"
        self._config.write_text(
            f"devices = GSM1\nlogfile = {home / 'smsd.log'}\nloglevel = 7\n{folders}"
            f"infofile = {home / 'smsd.working'}\npidfile = {home / 'smsd.pid'}\n"
            "delaytime = 1\nerrorsleeptime = 1\nblocktime = 1\nreceive_before_send = no\nautosplit = 3\n"
            "decode_unicode_text = yes\nincoming_utf8 = yes\n"
            f"[GSM1]\ndevice = {device}\nincoming = yes\nmessageids = 3\ncheck_network = no\n"
            "send_retries = 0\nkeep_open = yes\n",
            encoding="utf-8",
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        argv = [*program(), f"-c{self._config}", "-t"]
        self._process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def kill(self) -> None:
        """The daemon, and the process it has for its modem."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None
        (self._home / "smsd.pid").unlink(missing_ok=True)

    def log(self) -> str:
        return (self._home / "smsd.log").read_text(encoding="utf-8", errors="replace")
