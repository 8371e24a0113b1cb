"""The stage with a primary rate line in the place of the SIP trunk: see `ivr.pstn.stage`.

Owns: what of the stage is different then. The service, the store and the configuration are on the host, as
ever; the hotline's Asterisk and the practice network are in the guest.
"""

from pathlib import Path
from typing import Any

from ivr.adapters.pbx.process import run_folder
from ivr.ports import Programs
from ivr.pstn.cast import CALLER, Cast
from ivr.pstn.isdn.asterisk import GuestAsterisk
from ivr.pstn.isdn.exchange import IsdnExchange, channels
from ivr.pstn.isdn.lab import SPAN, Lab
from ivr.pstn.stage import Stage, eventually

_UP_S = 60


class IsdnStage(Stage):
    """A stage in `lab`, which outlives it. `home` is the folder that lab and host share, or in it."""

    exchange: IsdnExchange

    def __init__(self, programs: Programs, cast: Cast, home: Path, lab: Lab) -> None:
        super().__init__(programs, cast, home)
        self.exchange = IsdnExchange(programs, self.home / "pstn", lab.guest)
        self._lab = lab

    @property
    def pbx(self) -> GuestAsterisk:
        """The hotline's Asterisk."""
        conf = self.settings.state / "asterisk"
        return GuestAsterisk(self._lab.guest, conf, run_folder(conf))

    def start_exchange(self) -> None:
        nobody = self.settings.pbx.sip_port  # there is no SIP on this stage
        self.exchange.start(
            [*self.cast.phones, CALLER],
            port=nobody,
            hotline_port=nobody,
            rtp=(nobody, nobody),
            lines=self.cast.lines,
        )

    def _trunk(self, trunk: object) -> dict[str, Any]:
        span = {**SPAN, "channels": channels(self.cast.lines)}
        return {"name": "practice", "spans": [span], **self.cast.trunk}

    def _tcp_ports(self) -> list[int]:
        return [self._lab.ami_port, self._lab.agi_port]

    def _connect(self) -> None:
        self.tocsin("pbx", "render", "--into", str(self.settings.state / "asterisk"))
        self._clearing.callback(self.exchange.stop)
        self.start_exchange()
        self._clearing.callback(self.pbx.stop)
        self.pbx.start()
        self.await_line()

    def await_line(self) -> None:
        """Return once the D channel is up, as the hotline's Asterisk sees it. Raises StageFailed."""
        eventually(
            lambda: "Up, Active" in self.pbx.rx("pri show spans"), _UP_S, "the ISDN line does not come up"
        )
