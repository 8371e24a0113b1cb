"""The guest with its line joined: two spans of DAHDI that are each other's far end, with AMI and FastAGI led
through.

Owns: what the guest must be like for two Asterisks to telephone in it, of which one uses the configuration
that `tocsin pbx render` wrote for the host, as it stands.
"""

import shlex
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from ivr.ports import Programs
from ivr.pstn.isdn.guest import GUEST, HOST, Guest, Machine
from ivr.pstn.ports import free_ports

SPAN: Mapping[str, Any] = {"span": 2, "type": "e1", "first": 32}
"""The hotline's span, as the configuration of an ISDN trunk names it."""

_DATA = "/usr/share/asterisk"


class Lab:
    """A guest that is up while this context is entered. It shares the folder `home`, under the same path."""

    def __init__(self, machine: Machine, programs: Programs, home: Path) -> None:
        self.ami_port, self.agi_port = free_ports(2)
        self._programs = programs
        home = home.resolve()
        self.guest = Guest(machine, home / "guest.log", {home: str(home)}, [self.ami_port])

    def __enter__(self) -> "Lab":
        self.guest.__enter__()
        try:
            self._furnish()
            self._join()
            self._relay()
        except BaseException:
            self.guest.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.guest.__exit__()

    def _furnish(self) -> None:
        """Where the host has its Asterisk the guest has a link to its own."""
        modules = "/usr/lib/x86_64-linux-gnu/asterisk/modules"
        places = {
            self._programs.modules: modules,
            self._programs.data: _DATA,
            self._programs.sounds: f"{_DATA}/sounds/en_US_f_Allison",
        }
        for path, own in places.items():
            folder, link = shlex.quote(str(path.parent)), shlex.quote(str(path))
            self.guest.run(f"[ -e {link} ] || {{ mkdir -p {folder} && ln -s {own} {link}; }}")

    def _join(self) -> None:
        """Tell DAHDI of the two spans."""
        spans = resources.files("ivr.pstn.isdn").joinpath("guest/system.conf").read_text(encoding="utf-8")
        self.guest.run(
            f"mkdir -p /etc/dahdi && cat >/etc/dahdi/system.conf <<'.'\n{spans}.\n/usr/sbin/dahdi_cfg"
        )

    def _relay(self) -> None:
        """Asterisk takes AMI on 127.0.0.1 alone, and finds FastAGI there: so it is configured."""
        loopback = "127.0.0.1"
        for bind, port, to in ((GUEST, self.ami_port, loopback), (loopback, self.agi_port, HOST)):
            listen = f"TCP-LISTEN:{port},bind={bind},fork,reuseaddr,nodelay"
            self.guest.run(f"/usr/bin/socat {listen} TCP:{to}:{port},nodelay &")
