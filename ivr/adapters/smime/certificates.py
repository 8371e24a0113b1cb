"""What a certificate must be before mail is taken from it, or sealed for it (RFC 8550, RFC 5280).

Owns: validity, kind of key, purpose and addresses of one certificate. Pure: `now` is an argument. Must not
know who is trusted. Raises Refusal.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from ivr.adapters.smime.ber import INTEGER, SEQUENCE, Fields, context, read
from ivr.adapters.smime.cms import CertificateId
from ivr.adapters.smime.refusal import Refusal, malformed
from ivr.domain.mail import Reason

_SHORTEST_RSA = 2048
_CURVES = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
_HASHES = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
_MAIL = {ExtendedKeyUsageOID.EMAIL_PROTECTION, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}


_Kind = TypeVar("_Kind", bound=x509.ExtensionType)


class Purpose(StrEnum):
    """What a certificate is to be used for, as openssl calls it."""

    SIGNING = "smimesign"
    ENCRYPTING = "smimeencrypt"


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of the DER form, 64 hex digits, capitals."""
    return certificate.fingerprint(hashes.SHA256()).hex().upper()


def addresses(certificate: x509.Certificate) -> frozenset[str]:
    """The mail addresses of the alternative names (RFC 8550, 3), in small letters."""
    found = _extension(certificate, x509.SubjectAlternativeName)
    return frozenset(a.lower() for a in found.get_values_for_type(x509.RFC822Name)) if found else frozenset()


def expires_at(certificate: x509.Certificate) -> float:
    """Seconds since the epoch, UTC."""
    return certificate.not_valid_after_utc.timestamp()


def names(certificate: x509.Certificate) -> tuple[CertificateId, ...]:
    """How a CMS structure may name it. The issuer is taken as it is encoded."""
    tbs = Fields(read(certificate.tbs_certificate_bytes))
    tbs.maybe(context(0))
    tbs.take(INTEGER)
    tbs.take(SEQUENCE)
    by_issuer = (bytes(tbs.take(SEQUENCE).whole), certificate.serial_number)
    key = _extension(certificate, x509.SubjectKeyIdentifier)
    return (by_issuer, key.digest) if key else (by_issuer,)


def check(certificate: x509.Certificate, now: float, purpose: Purpose) -> None:
    """That it may be used at `now` for this."""
    at = datetime.fromtimestamp(now, UTC)
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if not start <= at <= end:
        raise Refusal(Reason.KEY_EXPIRED, f"its certificate is valid from {start:%F} to {end:%F} (UTC)")
    _strong(certificate)
    if not _fit(certificate, purpose):
        raise Refusal(Reason.NOT_PERMITTED, "its certificate is issued for something else than this")


def _strong(certificate: x509.Certificate) -> None:
    try:
        key, signed = certificate.public_key(), certificate.signature_hash_algorithm
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Refusal(Reason.WEAK_KEY, "the key of its certificate is of no kind in use") from error
    good_rsa = isinstance(key, rsa.RSAPublicKey) and key.key_size >= _SHORTEST_RSA
    good_ec = isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, _CURVES)
    if not good_rsa and not good_ec:
        raise Refusal(
            Reason.WEAK_KEY, "its key is neither RSA of 2048 bits or more nor on P-256, P-384 or P-521"
        )
    if not isinstance(signed, _HASHES):
        raise Refusal(Reason.WEAK_KEY, "its certificate is signed with something weaker than SHA-2")


def _fit(certificate: x509.Certificate, purpose: Purpose) -> bool:
    """By key usage and extended key usage (RFC 8550, 4.4); what is absent allows everything."""
    purposes = _extension(certificate, x509.ExtendedKeyUsage)
    if purposes is not None and _MAIL.isdisjoint(purposes):
        return False
    usage = _extension(certificate, x509.KeyUsage)
    if usage is None:
        return True
    if purpose is Purpose.SIGNING:
        return usage.digital_signature or usage.content_commitment
    if isinstance(certificate.public_key(), ec.EllipticCurvePublicKey):
        return usage.key_agreement
    return usage.key_encipherment


def has_list(certificate: x509.Certificate) -> bool:
    """Whether its authority publishes a revocation list."""
    return _extension(certificate, x509.CRLDistributionPoints) is not None


def _extension(certificate: x509.Certificate, kind: type[_Kind]) -> _Kind | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as error:
        raise malformed("the extensions of its certificate cannot be read") from error


def pem(certificates: Sequence[x509.Certificate]) -> bytes:
    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates)


def read_certificates(data: bytes) -> list[x509.Certificate]:
    """Of a file: several in PEM, or one in DER. Raises ValueError, also for one with names that cannot be
    read, or a number that no revocation list can be asked for (RFC 5280, 4.1.2.2): the library says so when
    they are used, which is too late to refuse it."""
    is_pem = b"-----BEGIN" in data
    try:
        found = x509.load_pem_x509_certificates(data) if is_pem else [x509.load_der_x509_certificate(data)]
        for certificate in found:
            _ = certificate.issuer, certificate.subject
            if certificate.serial_number < 0:
                raise ValueError("its serial number is negative")
    except (x509.InvalidVersion, TypeError) as error:
        raise ValueError(str(error)) from error
    return found
