"""S/MIME (RFC 8551) in and out.

    openssl       one run of openssl, through pipes and memory
    ber           ASN.1 as mail programs write it
    cms           what a message says of itself
    certificates  what a certificate must be
    trust         whose certificates are trusted, and which are revoked
    own           the list's key, and those it had
    opening       a mail in: decrypted and verified, or refused
    sealing       a mail out: signed once, encrypted to one member after the other

openssl does the cryptography. What a message may look like, and what the signature covers, is decided here.
"""

from collections.abc import Collection, Mapping
from pathlib import Path

from cryptography import x509

from ivr.adapters.smime import opening, own, sealing, trust
from ivr.adapters.smime.certificates import fingerprint, pem
from ivr.adapters.smime.openssl import SmimeError
from ivr.adapters.smime.sealing import Sealed, Signed
from ivr.adapters.smime.trust import Trust
from ivr.domain.mail import Opened, Refused

__all__ = ["Sealed", "Signed", "Smime", "SmimeError"]


class Smime:
    """In the folder `home`: `own.key` and `own.pem`, the list's, and `former/`, those it had before;
    `authorities.pem`, where the network has authorities, with those in between; `crls/`, their revocation
    lists. The files are read anew each time, for the operator may change them. Times are seconds since the
    epoch, UTC. For several threads at a time; every method raises SmimeError."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._pinned: dict[str, x509.Certificate] = {}
        self._unfit: dict[str, str] = {}

    def make(self, name: str, address: str, now: float) -> None:
        """The list's own key and certificate, where there is none."""
        own.make(self._home, name, address, now)

    def certificate(self) -> tuple[str, bytes]:
        """The fingerprint of the list's certificate, and the certificate in PEM."""
        found = own.load(self._home).pair.certificate
        return fingerprint(found), pem([found])

    def pin(self, teams: Mapping[str, tuple[str, Collection[str]]]) -> list[str]:
        """Trust the certificates of these teams, and no others from now on: by fingerprint, the certificate
        in PEM and the team's addresses. What is wrong with those that are left out."""
        self._pinned, self._unfit = trust.pinned(teams)
        return list(self._unfit.values())

    def open(self, raw: bytes, now: float) -> Opened | Refused:
        """A whole message, raw."""
        return opening.opened(
            raw, own.load(self._home), trust.load(self._home, self._pinned, self._unfit), now
        )

    def sign(self, content: bytes) -> Signed:
        """A MIME entity with lines that end in CRLF, once for all members."""
        return Signed(content, own.load(self._home).pair, trust.load(self._home, self._pinned, self._unfit))

    def notice(self, content: bytes) -> bytes:
        """A MIME entity that is signed and no more; see `sealing.notice`."""
        return sealing.notice(content, own.load(self._home).pair)

    def watched(self) -> Trust:
        """What an operator should know of: the teams' certificates, the list's own, and revocation lists."""
        ours = own.load(self._home).pair.certificate
        return trust.load(self._home, {**self._pinned, fingerprint(ours): ours}, self._unfit)
