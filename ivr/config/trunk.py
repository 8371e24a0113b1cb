"""What the configuration says of the trunks to carriers."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from ivr.config import values
from ivr.config.numbers import Numbers
from ivr.domain.policy import between


@dataclass(frozen=True, slots=True)
class Trunk:
    """One SIP trunk to a carrier."""

    name: str = values.checked(values.slug)
    host: str = values.checked(values.host)
    lines: int = values.checked(values.within(1, 10_000))
    """Channels, for calls out and in together. The dialler never uses more."""
    port: int = values.port(5060)
    username: str | None = values.checked(values.account, default=None)
    """For digest authentication; the password is in secrets/trunk-NAME."""
    guard_s: float = values.checked(between(0, 60), default=0.0)
    """How long a line rests after a call, where the carrier releases it later than we do."""
    cps: int | None = values.checked(values.within(1, 100), default=None)
    """Calls that may be started in a second. Default: no limit."""
    reserve: int = values.checked(values.within(0, 1000), default=0)
    """Lines kept free for callers; while they call, the dialler keeps more."""
    internet: bool = True
    """Whether it needs the Internet: false for one that comes by a line of its own."""
    numbers: Numbers = field(default_factory=Numbers)
    tls: bool = False
    """Signalling over TLS and nothing else; the carrier's certificate must be good for `host`."""
    ca: Path | None = None
    """PEM file of the authorities whose certificates the carrier may show."""
    certificate: Path | None = None
    """PEM file of ours, with those between it and its root. Without one the carrier cannot connect to us."""
    key: Path | None = None
    """PEM file of its private key, not encrypted."""
    tls_port: int = values.port(5061)
    """Ours for this carrier, TCP: what its callers must show and whom we trust is a matter of the port."""
    mutual: bool = False
    """The carrier must show a certificate when it connects to us, too."""
    srtp: Literal["sdes"] | None = None
    """Speech is encrypted by RFC 4568, or there is no call."""
    qualify_s: int | None = values.checked(values.within(1, 3600), default=None)
    """How often the carrier is asked by OPTIONS whether it is there. Default: it is not."""
    send_pai: bool = False
    """The hotline's number in P-Asserted-Identity (RFC 3325), too."""
    from_user: str | None = values.checked(values.account, default=None)
    """What stands in From, where that must be the account; else the hotline's number."""

    def __post_init__(self) -> None:
        if self.reserve >= self.lines:
            raise ValueError(f"reserve must be less than lines ({self.lines}), or no team is ever called")
        if not self.tls and (self.ca or self.certificate or self.key or self.mutual or self.srtp):
            raise ValueError("ca, certificate, key, mutual and srtp are of use with `tls: true` only")
        if self.tls and self.ca is None:
            raise ValueError("tls needs `ca`: a PEM file of the authorities to trust")
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key go together")
        if self.mutual and self.certificate is None:
            raise ValueError("mutual needs `certificate`: who asks for one must show one")
        if self.from_user and not self.send_pai:
            raise ValueError("from_user needs `send_pai: true`, or the hotline's number is sent nowhere")

    def below(self, folder: Path) -> "Trunk":
        """The same, its files below `folder`."""
        files = {name: getattr(self, name) for name in ("ca", "certificate", "key")}
        return replace(self, **{name: folder / path for name, path in files.items() if path})
