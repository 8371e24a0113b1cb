"""Whose certificates are trusted: those pinned for a team, and those that the network's authorities have
issued.

Owns: the files of the authorities and of the revocation lists. A pinned certificate is trusted for itself,
whoever issued it; another one only with a chain to an authority, and even then the directory decides
whether a team has it (by the fingerprint). Intermediate authorities belong in the bundle beside their root:
what comes with a mail is anybody's. A certificate on a revocation list is refused; a list that is out of
date warns and no more, for in the outage that we are made for nobody can fetch a new one.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from ivr.adapters.smime.certificates import (
    Purpose,
    addresses,
    check,
    expires_at,
    fingerprint,
    has_list,
    names,
    pem,
    read_certificates,
)
from ivr.adapters.smime.cms import CertificateId
from ivr.adapters.smime.openssl import SmimeError, openssl
from ivr.adapters.smime.refusal import Refusal
from ivr.domain.mail import Reason


@dataclass(frozen=True, slots=True)
class Trust:
    """As the files were when they were read."""

    pinned: dict[str, x509.Certificate]
    """By fingerprint."""
    authorities: tuple[x509.Certificate, ...]
    lists: tuple[x509.CertificateRevocationList, ...]
    """Each signed by one of the authorities."""
    complaints: tuple[str, ...]
    """Lists that cannot be used. One that is broken does not stop the mail."""
    unfit: Mapping[str, str]
    """What is wrong with those that are not pinned for it, by fingerprint."""

    def named(self, name: CertificateId, sent: Collection[x509.Certificate]) -> list[x509.Certificate]:
        """The certificates that a CMS structure may mean, the pinned ones first; of two with the same key,
        the one that was sent, or lasts longer."""
        known = sorted(self.pinned.values(), key=lambda c: (c not in sent, -expires_at(c)))
        return [c for c in (*known, *(c for c in sent if c not in known)) if name in names(c)]

    def judge(self, certificate: x509.Certificate, purpose: Purpose, now: float) -> tuple[str, ...]:
        """That it may be used; what an operator should know nevertheless. Raises Refusal."""
        check(certificate, now, purpose)
        warnings = self.complaints + self._unrevoked(certificate, now)
        if fingerprint(certificate) not in self.pinned and not self._issued(certificate, purpose, now):
            raise Refusal(
                Reason.UNKNOWN_SIGNER, "its certificate is neither pinned nor issued by the network"
            )
        return warnings

    def failing(self, wanted: str, at: float) -> str | None:
        """Why the pinned certificate with this fingerprint cannot be used then, to encrypt or to sign; None
        where it can."""
        certificate = self.pinned.get(wanted)
        if certificate is None:
            return self.why_not(wanted)
        try:
            for purpose in Purpose:
                self.judge(certificate, purpose, at)
        except Refusal as no:
            return f"the certificate {wanted}: {no}; a new one is needed"
        return None

    def why_not(self, wanted: str) -> str:
        """Why the certificate with this fingerprint is not pinned."""
        return self.unfit.get(wanted, f"the certificate {wanted} is not pinned")

    def lists_failing(self, now: float) -> tuple[str, ...]:
        """What is wrong with revocation lists: what is in them may no longer be all."""
        stale = {found.issuer for found in self.lists} - {
            one.issuer for one in self.lists if _lasts(one, now)
        }
        return self.complaints + tuple(_stale(issuer) for issuer in stale)

    def _unrevoked(self, certificate: x509.Certificate, now: float) -> tuple[str, ...]:
        if self._is_revoked(certificate):
            raise Refusal(Reason.KEY_REVOKED, "its certificate is revoked")
        lists = [found for found in self.lists if found.issuer == certificate.issuer]
        if any(_lasts(found, now) for found in lists):
            return ()
        if lists:
            return (_stale(certificate.issuer),)
        if has_list(certificate) and any(a.subject == certificate.issuer for a in self.authorities):
            return (f"there is no revocation list of {certificate.issuer.rfc4514_string()}",)
        return ()

    def _issued(self, certificate: x509.Certificate, purpose: Purpose, now: float) -> bool:
        """With a chain to a root among the authorities that are not revoked themselves (RFC 5280, 6)."""
        good = [a for a in self.authorities if not self._is_revoked(a)]
        if not good:
            return False
        done, _ = openssl(
            "verify", "-purpose", purpose, "-attime", str(int(now)), "-auth_level", "2",
            "-CAfile", pem(good), "-no-CApath", "-no-CAstore", stdin=pem([certificate]),
        )  # fmt: skip
        return done

    def _is_revoked(self, certificate: x509.Certificate) -> bool:
        return any(
            found.issuer == certificate.issuer
            and found.get_revoked_certificate_by_serial_number(certificate.serial_number) is not None
            for found in self.lists
        )


def _lasts(found: x509.CertificateRevocationList, now: float) -> bool:
    return found.next_update_utc is None or found.next_update_utc.timestamp() >= now


def _stale(issuer: x509.Name) -> str:
    return f"the revocation list of {issuer.rfc4514_string()} is out of date"


def pinned(
    teams: Mapping[str, tuple[str, Collection[str]]],
) -> tuple[dict[str, x509.Certificate], dict[str, str]]:
    """The certificates of these teams, by fingerprint as given; and what is wrong with those that are left
    out. Each is given as PEM, with its team's addresses, of which it must be for one. Whether it has expired
    is looked at when it is used."""
    found: dict[str, x509.Certificate] = {}
    unfit = {}
    for wanted, (text, team) in teams.items():
        try:
            [certificate] = read_certificates(text.encode())
            names(certificate)
            good = not addresses(certificate).isdisjoint(address.lower() for address in team)
        except (ValueError, Refusal):
            unfit[wanted] = f"the certificate {wanted} cannot be read; ask the team again"
            continue
        if fingerprint(certificate) != wanted:
            unfit[wanted] = f"the certificate {wanted} has another fingerprint; ask the team again"
        elif not good:
            unfit[wanted] = (
                f"the certificate {wanted} is for none of its team's addresses; ask the team again"
            )
        else:
            found[wanted] = certificate
    return found, unfit


def load(home: Path, pinned: dict[str, x509.Certificate], unfit: Mapping[str, str]) -> Trust:
    """With `authorities.pem` and `crls/`; what is not there is empty. Raises SmimeError."""
    bundle = home / "authorities.pem"
    authorities = tuple(_certificates(bundle)) if bundle.exists() else ()
    lists: list[x509.CertificateRevocationList] = []
    complaints: list[str] = []
    folder = home / "crls"
    for file in sorted(folder.iterdir()) if folder.is_dir() else ():
        try:
            lists.append(_list(file, authorities))
        except SmimeError as error:
            complaints.append(str(error))
    return Trust(pinned, authorities, tuple(lists), tuple(complaints), unfit)


def _certificates(file: Path) -> list[x509.Certificate]:
    try:
        return read_certificates(file.read_bytes())
    except OSError as error:
        raise SmimeError(f"{file}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise SmimeError(f"{file}: is no certificate in PEM or DER form") from error


def _list(file: Path, authorities: Collection[x509.Certificate]) -> x509.CertificateRevocationList:
    try:
        data = file.read_bytes()
        pem_form = b"-----BEGIN" in data
        found = x509.load_pem_x509_crl(data) if pem_form else x509.load_der_x509_crl(data)
        issuers = [authority for authority in authorities if authority.subject == found.issuer]
    except OSError as error:
        raise SmimeError(f"{file}: cannot be read: {error.strerror}") from error
    except (ValueError, TypeError, x509.InvalidVersion) as error:
        raise SmimeError(f"{file}: is no revocation list in PEM or DER form; fetch it anew") from error
    if any(found.is_signature_valid(issuer.public_key()) for issuer in issuers):  # type: ignore[arg-type]
        return found
    raise SmimeError(f"{file}: is signed by none of the authorities; put its issuer into authorities.pem")
