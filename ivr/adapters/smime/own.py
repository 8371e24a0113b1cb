"""The list's own key and certificate: what it signs with, and what members encrypt to.

Owns: the two files, which the operator may replace by those that an authority has issued. The former ones
go into `former/`, for not all members turn to a new certificate on the same day.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ivr.adapters.smime.certificates import read_certificates
from ivr.adapters.smime.openssl import SmimeError

_LASTS = timedelta(days=5 * 365)
_BITS = 3072
"""RSA, since mail programs that cannot encrypt to an elliptic curve are still in use."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A key, its certificate, and those of the authorities between it and a root."""

    key_file: Path
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]


@dataclass(frozen=True, slots=True)
class Own:
    """What the list signs with, and what it decrypts with beside it."""

    pair: Pair
    former: tuple[Pair, ...]


def load(home: Path) -> Own:
    """From `own.key` and `own.pem`, and whatever pairs of files are in `former/`. Raises SmimeError."""
    former = sorted((home / "former").glob("*.key"))
    return Own(_pair(home / "own.key"), tuple(_pair(key_file) for key_file in former))


def _pair(key_file: Path) -> Pair:
    """The certificate is the first in the file beside the key."""
    file = key_file.with_suffix(".pem")
    try:
        key = load_pem_private_key(key_file.read_bytes(), None)
        first, *chain = read_certificates(file.read_bytes())
    except OSError as error:
        raise SmimeError(f"{error.filename}: cannot be read: {error.strerror}") from error
    except (ValueError, TypeError) as error:
        raise SmimeError(
            f"{file}: want a key without a password in {key_file.name}, and its certificate here, in PEM"
        ) from error
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise SmimeError(f"{key_file}: must be an RSA or an EC key")
    if key.public_key() != first.public_key():
        raise SmimeError(f"{file}: its first certificate is not that of the key in {key_file}")
    return Pair(key_file, key, first, tuple(chain))


def make(home: Path, name: str, address: str, now: float) -> None:
    """A key, and a certificate that it signs itself, where there is no key yet; members pin it by the
    fingerprint."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    if (home / "own.key").exists():
        return
    key = rsa.generate_private_key(65537, _BITS)
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = datetime.fromtimestamp(now, UTC)
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=False, key_encipherment=True, data_encipherment=False,
        key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    certificate = (
        x509.CertificateBuilder(who, who, key.public_key(), x509.random_serial_number())
        .not_valid_before(start - timedelta(hours=1))
        .not_valid_after(start + _LASTS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.RFC822Name(address)]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    (home / "own.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    part = home / "own.key.part"
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    part.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    part.rename(home / "own.key")
