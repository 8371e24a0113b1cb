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


class IsdnExchange(Exchange):
    """The practice network on the network side of the guest's line. `home` is in a folder that the guest shares."""

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

    def _templates(self) -> Mapping[str, str]:
        return {**super()._templates(), **templates("ivr.pstn.isdn")}

    def _channel(self, to: str) -> str:
        """By national number, as carriers hand calls over."""
        return f"DAHDI/g1/{to.removeprefix('+49').removeprefix('+')}"
