"""How a team takes part by mail: the one key or certificate pinned for it, and its addresses."""

from dataclasses import dataclass

from ivr.domain.mail import Standard


@dataclass(frozen=True, slots=True)
class MailKey:
    """A team with one takes part by mail; there is one a team."""

    team: str
    standard: Standard
    fingerprint: str
    """As in `ivr.domain.mail.Opened.signer`."""
    key: str
    """The public key in ASCII armour (RFC 9580, 6), or the certificate in PEM (RFC 7468)."""
    gcm: bool = False
    """S/MIME only: the team's software reads AES-GCM (RFC 5084)."""


@dataclass(frozen=True, slots=True)
class MailAddress:
    team: str
    position: int
    """From 0. The first is where its mail goes; it may write from all of them."""
    address: str
    """In lower case; it belongs to this team alone."""
