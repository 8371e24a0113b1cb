"""People with certificates, for tests: an authority of ours, and whoever it certifies. Nothing of ivr is
used here."""

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NOW = datetime.now(UTC).replace(microsecond=0)
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


@dataclass(frozen=True)
class Person:
    """Whoever has a key and a certificate, in two files."""

    key: Key
    certificate: x509.Certificate
    folder: Path

    @property
    def pem(self) -> Path:
        return self.folder / "certificate.pem"

    @property
    def key_file(self) -> Path:
        return self.folder / "key.pem"

    @property
    def addresses(self) -> list[str]:
        names = self.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return names.get_values_for_type(x509.RFC822Name)

    @property
    def fingerprint(self) -> str:
        return self.certificate.fingerprint(hashes.SHA256()).hex().upper()


def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


def ec_key(curve: ec.EllipticCurve | None = None) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(curve or ec.SECP256R1())


def usage(**allowed: bool) -> x509.KeyUsage:
    every = dict.fromkeys(
        ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
         "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"), False,
    )  # fmt: skip
    return x509.KeyUsage(**(every | allowed))


class Authority:
    """Signs certificates; a root, or one below another."""

    def __init__(
        self,
        name: str,
        above: "Authority | None" = None,
        key: rsa.RSAPrivateKey | None = None,
        purposes: Sequence[x509.ObjectIdentifier] = (),
    ) -> None:
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.key = key or ec_key()
        issuer = above or self
        builder = (
            x509.CertificateBuilder(
                issuer.name, self.name, self.key.public_key(), x509.random_serial_number(),
                NOW - timedelta(days=900), NOW + timedelta(days=900),
            )
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(usage(key_cert_sign=True, crl_sign=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), critical=False)
        )  # fmt: skip
        if purposes:
            builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
        self.certificate = builder.sign(issuer.key, hashes.SHA256())

    def certify(
        self,
        folder: Path,
        address: str,
        key: Key,
        *,
        start: datetime = NOW - timedelta(days=30),
        end: datetime = NOW + timedelta(days=30),
        purposes: Sequence[x509.ObjectIdentifier] = (ExtendedKeyUsageOID.EMAIL_PROTECTION,),
        allowed: x509.KeyUsage | None = None,
        serial: int | None = None,
        extensions: Sequence[x509.ExtensionType] = (),
    ) -> Person:
        """A person with a certificate for this address, kept in `folder`."""
        allowed = allowed or usage(digital_signature=True, key_encipherment=True, key_agreement=True)
        builder = (
            x509.CertificateBuilder(
                self.name, x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, address)]), key.public_key(),
                serial or x509.random_serial_number(), start, end,
            )
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(allowed, critical=True)
            .add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
            .add_extension(x509.SubjectAlternativeName([x509.RFC822Name(address)]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        )  # fmt: skip
        for extension in extensions:
            builder = builder.add_extension(extension, critical=False)
        return kept(folder, key, builder.sign(self.key, hashes.SHA256()))

    def revocations(
        self, *revoked: x509.Certificate, next_update: datetime = NOW + timedelta(days=7)
    ) -> bytes:
        """A revocation list, in PEM."""
        builder = x509.CertificateRevocationListBuilder(self.name, NOW - timedelta(days=20), next_update)
        for certificate in revoked:
            entry = x509.RevokedCertificateBuilder(certificate.serial_number, NOW - timedelta(days=1))
            builder = builder.add_revoked_certificate(entry.build())
        return builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.PEM)


def kept(folder: Path, key: Key, certificate: x509.Certificate) -> Person:
    folder.mkdir(parents=True)
    person = Person(key, certificate, folder)
    person.pem.write_bytes(certificate.public_bytes(Encoding.PEM))
    person.key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return person


def sha_1(certificate: x509.Certificate) -> str:
    """The fingerprint by which gpgsm knows it."""
    return certificate.fingerprint(hashes.SHA1()).hex().upper()  # noqa: S303


def openssl(*args: str | Path, stdin: bytes = b"") -> bytes:
    """The peer. What it wrote."""
    done = subprocess.run(["openssl", *args], input=stdin, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def take_home(person: Person, home: Path) -> None:
    """Make a person's certificate the list's own."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.copy(person.key_file, home / "own.key")
    shutil.copy(person.pem, home / "own.pem")
