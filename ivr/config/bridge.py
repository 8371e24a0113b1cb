"""What the configuration says of the mail bridge, the process that takes mail in and sends it on."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from ivr.config import values
from ivr.domain.enrol import address
from ivr.domain.policy import between
from ivr.domain.records import Tlp


def _domain(text: str) -> str:
    address(f"alerts@{text}")
    return text.lower()


def _user(text: str) -> str:
    if not text.isascii() or not text.isprintable() or len(text) > 128:
        raise ValueError("must be the name of a mail account")
    return text


@dataclass(frozen=True, slots=True)
class Smtp:
    """A mail server that takes what goes out (RFC 6409)."""

    host: str = values.checked(values.host)
    port: int = field(default=587, metadata={"check": between(1, 65_535)})
    starttls: bool = True
    """Its certificate must be good for `host`. False only for a server on this machine."""
    user: str | None = field(default=None, metadata={"check": _user})
    """Its password is in the file `smtp-password` in the folder of the bridge."""
    ca: Path | None = None
    """PEM file of the certificate authorities to trust. Default: those of this machine."""

    def __post_init__(self) -> None:
        if self.ca is not None and not self.starttls:
            raise ValueError("ca is of use with `starttls: true` only")
        if not self.starttls and self.host not in ("127.0.0.1", "::1", "localhost"):
            raise ValueError("starttls: false is for a server on this machine, such as 127.0.0.1")


@dataclass(frozen=True, slots=True)
class Bridge:
    """How mail comes in and goes out."""

    domain: str = field(metadata={"check": _domain})
    """Of the list's addresses: alerts@, iodef-alerts@, ack+TOKEN@ and bounces+TOKEN@."""
    state: Path = Path("bridge")
    """Folder of the bridge alone: mail, its keys and its database."""
    lmtp: str = "lmtp"
    """Where mail is taken (RFC 2033): a port of 127.0.0.1, or the name of a socket in `state`."""
    smtp: Smtp | None = None
    """None: the machine's own sendmail."""
    default_tlp: Tlp = field(default=Tlp.AMBER, metadata={"key": "default-tlp"})
    """What an alert is, in this network, to which its originator has given no label."""
    most_mb: int = field(default=10, metadata={"key": "most-mb", "check": between(1, 100)})
    """Size of a mail, in megabytes (of 10^6 octets)."""
    keep_days: int = field(default=30, metadata={"key": "keep-days", "check": between(8, 3650)})
    """How long mail that was dealt with is kept, as it came; longer than a signature is good for."""

    def __post_init__(self) -> None:
        if self.port is not None and not 1 <= self.port <= 65_535:
            raise ValueError("lmtp: must be a port, such as 10024, or a name, such as lmtp")
        if self.port is None and not re.fullmatch(r"[\w.-]+", self.lmtp):
            raise ValueError("lmtp: must be a port, such as 10024, or a name, such as lmtp")

    @property
    def port(self) -> int | None:
        """None: a socket in the folder."""
        return int(self.lmtp) if self.lmtp.isascii() and self.lmtp.isdigit() else None

    @property
    def socket(self) -> Path:
        return self.state / self.lmtp
