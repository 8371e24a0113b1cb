"""The practice network behind a primary rate line: as `ivr.pstn.exchange`, in the guest.

Owns: what of it differs there.
"""

import shlex
from collections.abc import Mapping
from pathlib import Path

from ivr.ports import Programs
from ivr.pstn.exchange import Exchange, templates
from ivr.pstn.isdn.asterisk import GuestAsterisk
from ivr.pstn.isdn.guest import Guest

B_CHANNELS = 30
"""Of an E1."""


def channels(lines: int) -> str:
    """The first `lines` B channels of an E1, as DAHDI lists them: its 16th channel is the D channel."""
    return f"1-{lines}" if lines < 16 else f"1-15,17-{lines + 1}"


class IsdnExchange(Exchange):
    """The practice network on the network side of the guest's line. The guest shares the folder `home`."""

    def __init__(self, programs: Programs, home: Path, guest: Guest) -> None:
        super().__init__(programs, home)
        self._guest = guest

    def process(self) -> GuestAsterisk:
        """The Asterisk that plays the network, for whoever wants to see it die."""
        state = self._state()
        return self._process(Path(state.run) if state else self._conf)

    def _process(self, run: Path) -> GuestAsterisk:
        return GuestAsterisk(self._guest, self._conf, run)

    def _lay_out(self, run: Path) -> None:
        """The folder of short paths is in the guest as well."""
        super()._lay_out(run)
        links = [f"ln -sfn {shlex.quote(str(link.readlink()))} {link}" for link in run.iterdir()]
        self._guest.run("\n".join([f"mkdir -p {run}", *links]))
        self._guest.run(f"umount -l {self._outgoing} 2>/dev/null; mount -t tmpfs calls {self._outgoing}")

    @property
    def _outgoing(self) -> str:
        """Where Asterisk looks for call files. The guest's own: of what the host does in a folder that they
        share nobody there is told."""
        return shlex.quote(str(self._home / "spool/outgoing"))

    def _render(self, run: Path, *, rtp: tuple[int, int], **more: object) -> None:
        lines = more["lines"]
        assert isinstance(lines, int)
        super()._render(run, rtp=rtp, channels=channels(lines or B_CHANNELS), **more)

    def _hand_over(self, draft: Path, file: Path) -> None:
        self._guest.run(f"cp {shlex.quote(str(draft))} {self._outgoing}/{file.name}")

    def _templates(self) -> Mapping[str, str]:
        return {**super()._templates(), **templates("ivr.pstn.isdn")}

    def _channel(self, to: str) -> str:
        """By national number, as carriers hand calls over."""
        return f"DAHDI/g1/{to.removeprefix('+49').removeprefix('+')}"
