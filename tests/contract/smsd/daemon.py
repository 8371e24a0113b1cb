"""The real smsd (SMS Server Tools 3): installed, or Debian's package unpacked beside the private Asterisk."""

import fcntl
import os
import shutil
import signal
import subprocess
from functools import cache
from pathlib import Path

import pytest

from ivr.adapters.pbx.apt import InstallError, PrivateApt, machine_mirror
from ivr.adapters.pbx.tree import default_root

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
        tree = _tree(default_root().with_name("smsd"))
    except (InstallError, OSError, subprocess.CalledProcessError) as error:
        return str(error)
    loader = next(tree.glob("usr/lib/*-linux-gnu/ld-linux-*.so.*"))
    libraries = f"{loader.parent}:{tree / 'usr/lib'}"
    return [str(loader), "--library-path", libraries, str(tree / "usr/sbin/smsd")]


def _tree(root: Path) -> Path:
    root.parent.mkdir(parents=True, exist_ok=True)
    with root.with_name("smsd.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if root.is_dir():
            return root
        work = root.with_name("smsd.part")
        shutil.rmtree(work, ignore_errors=True)
        apt = PrivateApt(work / "apt", machine_mirror())
        apt.prepare()
        apt.update(lambda progress: None)
        packages = apt.resolve(("smstools",))
        apt.download(("smstools",), packages, lambda progress: None)
        for package in packages:
            if package.file.startswith(tuple(f"{name}_" for name in _PACKAGES)):
                archive = apt.archives / package.file
                subprocess.run(["dpkg-deb", "-x", archive, work / "tree"], check=True)
        (work / "tree").rename(root)
        shutil.rmtree(work)
        return root


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
