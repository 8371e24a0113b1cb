"""Certificates for peers that speak TLS, from authorities of our own. Nothing of ivr is used here."""

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

NOW = datetime.now(UTC)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Shown:
    """A certificate and its key, each in a PEM file."""

    certificate: Path
    key: Path


class Authority:
    """Signs certificates; trusted by those who have its `pem`."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.pem = folder / f"{name}.pem"
        self.pem.write_bytes(self._signed(self._name, self._key, 10 * DAY, []).public_bytes(Encoding.PEM))

    def certify(self, name: str, host: str, expires: timedelta = 5 * DAY) -> Shown:
        """For `host`, an address or a name; the files are called `name`."""
        key = ec.generate_private_key(ec.SECP256R1())
        good_for: x509.GeneralName
        try:
            good_for = x509.IPAddress(ipaddress.ip_address(host))
        except ValueError:
            good_for = x509.DNSName(host)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        shown = Shown(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        shown.certificate.write_bytes(
            self._signed(subject, key, expires, [good_for]).public_bytes(Encoding.PEM)
        )
        shown.key.touch(mode=0o600)
        shown.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return shown

    def _signed(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        expires: timedelta,
        good_for: list[x509.GeneralName],
    ) -> x509.Certificate:
        builder = x509.CertificateBuilder(
            self._name, subject, key.public_key(), x509.random_serial_number(), NOW - 20 * DAY, NOW + expires
        ).add_extension(x509.BasicConstraints(ca=not good_for, path_length=None), critical=True)
        if good_for:
            builder = builder.add_extension(x509.SubjectAlternativeName(good_for), critical=False)
        return builder.sign(self._key, hashes.SHA256())
