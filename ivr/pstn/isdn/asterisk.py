"""An Asterisk in the guest: as `ivr.adapters.pbx.process` for one on the host.

Owns: how it is started, asked and ended from outside. Its configuration lies in a folder that host and guest
share.
"""

import shlex
from pathlib import Path

from ivr.adapters.pbx.process import PbxFailed
from ivr.pstn.isdn.guest import Guest, GuestFailed

_BOOT_S = 120
"""Seconds. It takes five on a machine with nothing else to do."""


class GuestAsterisk:
    """An Asterisk that runs in `guest` from the configuration in `conf`, with its control socket in `run`."""

    def __init__(self, guest: Guest, conf: Path, run: Path) -> None:
        self._guest = guest
        self._command = f"/usr/sbin/asterisk -C {shlex.quote(str(conf.resolve() / 'asterisk.conf'))}"
        self._run = shlex.quote(str(run))
        self._pid = f"{self._run}/asterisk.pid"
        self._log = conf / "log" / "messages"
        self._console = shlex.quote(str(conf.resolve() / "log" / "console"))

    def start(self) -> None:
        """Start it and return when it has fully booted. Raises PbxFailed."""
        self._log.parent.mkdir(mode=0o700, exist_ok=True)
        # A socket cannot be where host and guest share a folder.
        self._do(
            f"mkdir -p {self._run}\n"
            f"[ $(stat -f -c %T {self._run}) = tmpfs ] || mount -t tmpfs -o mode=700 run {self._run}\n"
            f"rm -f {self._run}/asterisk.ctl\n"
            f"setsid {self._command} -f >{self._console} 2>&1 &\n"
            f"for i in $(seq {_BOOT_S * 4}); do\n"
            f"  {self._command} -rx 'core waitfullybooted' 2>/dev/null | grep -q 'fully booted' && exit 0\n"
            "  sleep 0.25\n"
            "done\nexit 1",
            2 * _BOOT_S,
        )

    def stop(self) -> None:
        """End it, calls and all, and return when it is gone; also one that does not run."""
        self._end("TERM")

    def kill(self) -> None:
        """End it as a crash does: nobody is told anything."""
        self._end("KILL")

    @property
    def pid(self) -> int | None:
        """Its process id within the guest; None when it does not run."""
        said = self._do(
            f"pid=$(cat {self._pid} 2>/dev/null) && kill -0 $pid 2>/dev/null && echo $pid || true"
        )
        return int(said) if said.strip() else None

    def rx(self, command: str) -> str:
        """What Asterisk's CLI prints in answer to `command`. Raises PbxFailed when it does not answer."""
        return self._do(f"{self._command} -rx {shlex.quote(command)}")

    def _end(self, signal: str) -> None:
        self._do(
            f"pid=$(cat {self._pid} 2>/dev/null) || exit 0\n"
            f"kill -{signal} $pid 2>/dev/null || exit 0\n"
            "for i in $(seq 50); do kill -0 $pid 2>/dev/null || exit 0; sleep 0.1; done\n"
            "kill -KILL $pid"
        )

    def _do(self, script: str, within_s: float = 60.0) -> str:
        try:
            return self._guest.run(script, within_s)
        except GuestFailed as error:
            raise PbxFailed(f"{error} (see {self._log})") from error
