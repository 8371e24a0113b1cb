"""The guest: a small emulated machine (qemu, x86-64) and what is done in it from outside.

Owns: how it is started, how a script gets into it and how it ends. Must not know what is run in it.
"""

import base64
import contextlib
import re
import shlex
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Self

from ivr.adapters.pbx.tree import Tree
from ivr.pstn.isdn import initramfs

_BOOT_S = 60.0
_END_S = 5.0
GUEST, HOST = "10.0.2.15", "10.0.2.2"
"""Addresses in qemu's user networking: the guest's own, and that by which it reaches the host's 127.0.0.1."""


class GuestFailed(Exception):
    """The guest does not start, or does not do what it was told. The message says what to look at."""


@dataclass(frozen=True)
class Machine:
    """What a guest is made of, in the folder `root`: see install."""

    root: Path
    memory_mb: int = 512

    @property
    def qemu(self) -> list[str]:
        """The command that runs qemu, with where its own files are."""
        share = self.root / "usr/share"
        return Tree(self.root).argv("qemu-system-x86_64", "-L", f"{share}/qemu", "-L", f"{share}/seabios")

    def write_initramfs(self, path: Path) -> None:
        """The file system from which the guest starts, and in which it stays, but for /usr."""
        init = resources.files("ivr.pstn.isdn").joinpath("guest/init.sh").read_bytes()
        modules = {f"modules/{path.name}": path.read_bytes() for path in (self.root / "modules").iterdir()}
        initramfs.write(
            path,
            ("bin", "dev", "etc", "modules", "proc", "run", "sys", "tmp", "usr", "var"),
            {"lib": "usr/lib", "lib64": "usr/lib64", "sbin": "bin"},
            {"init": init, "busybox": (self.root / "usr/bin/busybox").read_bytes(), **modules},
        )


@dataclass
class Guest:
    """A guest that runs while this context is entered, and never longer than this process.

    `shares` are folders of the host and where the guest has them; `ports` of the guest are reached at the
    same port of 127.0.0.1. `log` takes what its kernel says.
    """

    machine: Machine
    log: Path
    shares: Mapping[Path, str] = field(default_factory=dict)
    ports: Sequence[int] = ()
    _process: "subprocess.Popen[bytes] | None" = field(default=None, init=False)
    _line: socket.socket | None = field(default=None, init=False)
    _clearing: contextlib.ExitStack = field(default_factory=contextlib.ExitStack, init=False)

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as failing:
            failing.callback(self._clearing.close)
            # Not the folder of the log, which may lie deep: the path of a socket has 108 bytes at most.
            folder = self._clearing.enter_context(
                tempfile.TemporaryDirectory(prefix="tocsin-isdn-", dir="/tmp")
            )
            self._boot(Path(folder))
            for number, place in enumerate(self.shares.values()):
                where = shlex.quote(place)
                options = "trans=virtio,version=9p2000.L,msize=500000,cache=none"
                self.run(f"mkdir -p {where} && mount -t 9p -o {options} share{number} {where}")
            failing.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._clearing.close()

    def run(self, script: str, within_s: float = 60.0) -> str:
        """What the shell script printed, once it has ended. Raises GuestFailed unless it ended with 0."""
        assert self._line is not None, "enter the guest first"
        self._line.settimeout(within_s)
        try:
            self._line.sendall(base64.b64encode(script.encode()) + b"\n")
            status, printed = self._answer()
        except (OSError, ValueError) as error:
            raise GuestFailed(f"the guest does not answer; see {self.log}") from error
        if status:
            told = " | ".join(printed.strip().splitlines()[-3:])
            raise GuestFailed(f"in the guest, `{script.splitlines()[-1]}` failed with {status}: {told}")
        return printed

    def _answer(self) -> tuple[int, str]:
        assert self._line is not None
        answer = bytearray()
        while not answer.endswith(b"\n"):
            more = self._line.recv(65536)
            if not more:
                raise ValueError("it has ended")
            answer += more
        status, _, printed = answer.decode().strip().partition(" ")
        return int(status), base64.b64decode(printed).decode(errors="replace")

    def _boot(self, folder: Path) -> None:
        line = folder / "line"
        self.machine.write_initramfs(folder / "initramfs")
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                self._argv(folder), stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self._clearing.callback(self._end)
        self._line = self._clearing.enter_context(socket.socket(socket.AF_UNIX))
        until = time.monotonic() + _BOOT_S
        while self._line.connect_ex(str(line)):
            self._alive(until)
        # What is said before the guest listens is kept for it.
        self.run("true", until - time.monotonic())

    def _alive(self, until: float) -> None:
        assert self._process is not None
        if self._process.poll() is not None or time.monotonic() > until:
            raise GuestFailed(f"the guest does not start; see {self.log}")
        time.sleep(0.1)

    def _argv(self, folder: Path) -> list[str]:
        """No hardware but what it needs; nothing outside reaches it but on 127.0.0.1."""
        machine = self.machine
        forwards = "".join(f",hostfwd=tcp:127.0.0.1:{port}-{GUEST}:{port}" for port in self.ports)
        line = f"socket,id=line,path={folder}/line,server=on,wait=off"
        argv = [
            # It has a processor's worth of work at any time: the calls of others on this machine come first.
            "nice", *machine.qemu, "-run-with", "exit-with-parent=on", "-nodefaults", "-no-user-config",
            # Emulated everywhere alike: that a machine lends its processor (KVM) cannot be relied on. And
            # by a clock that counts what it has done (icount): on a busy host the guest becomes slower
            # as a whole, and what is heard and keyed in it stays whole.
            "-M", "q35,vmport=off", "-cpu", "Nehalem", "-accel", "tcg,tb-size=512",
            "-icount", "shift=0,sleep=on", "-m", str(machine.memory_mb),
            "-no-reboot", "-display", "none", "-serial", "stdio",
            "-kernel", f"{machine.root}/kernel", "-initrd", f"{folder}/initramfs",
            "-append", "console=ttyS0 quiet panic=-1 mitigations=off",
            "-nic", f"user,model=virtio-net-pci,ipv6=off{forwards}",
            "-device", "virtio-serial-pci", "-chardev", line, "-device", "virtserialport,chardev=line",
            *_share("system", machine.root / "usr", ",readonly=on"),
        ]  # fmt: skip
        for number, share in enumerate(self.shares):
            argv += _share(f"share{number}", share)
        return argv

    def _end(self) -> None:
        """It holds nothing that is worth a proper end."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(_END_S)


def _share(tag: str, path: Path, more: str = "") -> list[str]:
    # In an option of qemu's a comma is written twice.
    where = re.sub(",", ",,", str(path))
    return ["-virtfs", f"local,path={where},mount_tag={tag},security_model=none,multidevs=remap{more}"]
