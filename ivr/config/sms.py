"""What the configuration says of those who take our SMS: SMSCs, and modems."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ivr.config import values
from ivr.domain.policy import between


@dataclass(frozen=True, slots=True)
class Smsc:
    """One SMPP 3.4 account with a mobile operator."""

    name: str = values.checked(values.slug)
    host: str = values.checked(values.host)
    system_id: str = values.checked(values.account)
    port: int = values.port(2775)
    source: str | None = values.checked(values.name, default=None)
    """Sender of the SMS: a number in E.164 or up to 11 letters. Default: the hotline's number."""
    window: int = values.checked(values.within(1, 100), default=10)
    """Submits that may be unanswered, or not yet on record, at once."""
    per_second: int | None = values.checked(values.within(1, 10_000), default=None)
    """Submits a second that the operator allows. Default: no limit but its throttling."""
    bind: Literal["transceiver", "transmitter+receiver"] = "transceiver"
    """One session for both directions, or one for each, where the operator wants that."""
    tls: bool = False
    """The certificate must be good for `host`."""
    ca: Path | None = None
    """PEM file of the certificate authorities to trust. Default: those of this machine."""
    internet: bool = True
    """Whether it is reached over the Internet: false where a line of its own leads there."""

    def __post_init__(self) -> None:
        if self.ca is not None and not self.tls:
            raise ValueError("ca is of use with `tls: true` only")


@dataclass(frozen=True, slots=True)
class Modem:
    """A GSM modem behind smsd, the daemon of SMS Server Tools 3."""

    spool: Path
    """The folder in which smsd's folders are: outgoing, checked, sent, failed, incoming, report."""
    name: str = values.checked(values.slug)
    window: int = values.checked(values.within(1, 50), default=4)
    """SMS that may be in the spool, or not yet on record, at once."""
    patience_s: float = values.checked(between(5, 3600), default=120.0)
    """For so long smsd may move none of them; then they go another way."""
    internet: bool = False
    """A modem has the mobile network, unless it stands far away."""
