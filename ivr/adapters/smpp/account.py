"""One account with an SMSC, and the way to it: TCP, or TLS with a check of the host's name.

Owns: what an account consists of, and how a connection that cannot be is told to an operator. Must not know
what is said over it.
"""

import socket
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ivr.adapters.smpp import codec

Bind = Literal["transceiver", "transmitter", "receiver"]


class Dropped(Exception):
    """The session is over. The message says why, for an operator."""

    def __init__(self, reason: str, credentials: bool = False) -> None:
        super().__init__(reason)
        self.credentials = credentials
        """The SMSC does not want us under this name and password: trying often would only annoy it."""


@dataclass(frozen=True, slots=True)
class SmscSettings:
    """One account with an SMSC. Raises ValueError with a sentence for what SMPP 3.4 cannot carry."""

    name: str
    host: str
    port: int
    system_id: str
    password: str = field(repr=False)
    source: str
    """Sender of every text: a number in E.164, a short code, or up to 11 letters and digits."""
    window: int = 10
    """Submits that may be unanswered, or answered and not yet on record, at once."""
    per_second: int | None = None
    """Submits a second that the operator allows; None: no limit but its throttling."""
    bind: Bind = "transceiver"
    tls: bool = False
    ca: Path | None = None
    """PEM file of the certificate authorities to trust; None: those of this machine."""
    enquire_s: float = 30.0
    """Silence after which the SMSC is asked whether it is still there."""
    timeout_s: float = 10.0
    """How long any answer may take."""

    def __post_init__(self) -> None:
        # smpplib cuts both short without a word, and the SMSC then answers "invalid password".
        for what, value, most in (("system_id", self.system_id, 15), ("password", self.password, 8)):
            if not value.isascii() or len(value) > most:
                raise ValueError(
                    f"SMSC {self.name}: {what} must be at most {most} ASCII characters (SMPP 3.4)"
                )
        codec.source_address(self.source)


def tls_context(name: str, ca: Path | None) -> ssl.SSLContext:
    """What the certificate of the SMSC `name` is judged by. Raises ValueError with a sentence."""
    try:
        return ssl.create_default_context(cafile=ca)  # checks the name, TLS 1.2 at least
    except OSError as error:  # ssl.SSLError is one
        raise ValueError(f"SMSC {name}: ca: no certificates can be read from {ca}") from error


def connected(host: str, port: int, context: ssl.SSLContext | None, timeout_s: float) -> socket.socket:
    """A connection to the SMSC, its time-out set; with TLS, where there is a context. Raises Dropped."""
    try:
        plain = socket.create_connection((host, port), timeout_s)
    except OSError as error:
        raise Dropped(f"cannot connect: {error.strerror or error}") from error
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if context is None:
        return plain
    try:
        return context.wrap_socket(plain, server_hostname=host)
    except ssl.SSLCertVerificationError as error:
        said = error.verify_message.rstrip(".")
        raise Dropped(
            f"TLS: its certificate is refused: {said}; check host and ca, or ask its operator"
        ) from error
    except OSError as error:
        said = getattr(error, "reason", None) or error.strerror or str(error)
        raise Dropped(f"TLS: no agreement: {said}; is this its port for TLS?") from error
