"""S/MIME (RFC 8551) in and out: the folder of the list's own certificate, and of those whom it trusts.

Owns: what the folder holds. `own.key` and `own.pem`, the list's, and `former/`, those it had before;
`pinned/`, one certificate a team; `authorities.pem`, where the network has authorities, with those in
between; `crls/`, their revocation lists.
"""

from collections.abc import Collection
from pathlib import Path

from ivr.adapters.smime import opening, own, sealing, trust
from ivr.adapters.smime.certificates import fingerprint, pem
from ivr.adapters.smime.openssl import SmimeError
from ivr.adapters.smime.sealing import Sealed, Signed
from ivr.domain.mail import Opened, Refused

__all__ = ["Sealed", "Signed", "Smime", "SmimeError"]


class Smime:
    """In the folder `home`. Files are read anew each time: the operator may change them. Every method raises
    SmimeError; times are seconds since the epoch, UTC."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def make(self, name: str, address: str, now: float) -> None:
        """The list's own key and certificate, where there is none."""
        own.make(self._home, name, address, now)

    def certificate(self) -> tuple[str, bytes]:
        """The fingerprint of the list's certificate, and the certificate in PEM."""
        found = own.load(self._home).pair.certificate
        return fingerprint(found), pem([found])

    def pin(self, file: Path, wanted: str, addresses: Collection[str], now: float) -> None:
        """Trust the certificate with the fingerprint `wanted`, from a file of the team with these
        addresses."""
        trust.pin(self._home, file, wanted, addresses, now)

    def open(self, raw: bytes, now: float) -> Opened | Refused:
        """A whole message, raw."""
        return opening.opened(raw, own.load(self._home), trust.load(self._home), now)

    def sign(self, content: bytes) -> Signed:
        """A MIME entity with lines that end in CRLF, once for all members."""
        return Signed(content, own.load(self._home).pair, trust.load(self._home))

    def notice(self, content: bytes) -> bytes:
        """A MIME entity that is signed and no more; see `sealing.notice`."""
        return sealing.notice(content, own.load(self._home).pair)

    def expiring(self, before: float) -> dict[str, float]:
        """Fingerprints of the certificates, ours and those trusted, that expire before then; and when."""
        known = trust.load(self._home)
        ours = own.load(self._home).pair
        return trust.expiring((ours.certificate, *known.pinned.values(), *known.authorities), before)
