"""Teams with mail programs of their own: their keys, and how each opens what has come for it.

Owns: a mixed list, half OpenPGP and half S/MIME, of the latter half on elliptic curves. OpenPGP is opened
by Sequoia, which has no code of gpg's, S/MIME by openssl; either must find the list's own signature right.
"""

import base64
import email
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pysequoia import Cert, Tsk, decrypt, encrypt

from ivr.domain.mail import Standard
from ivr.domain.records import MailAddress, MailKey, Team

_RSA_KEYS = 4
"""Made anew for so many teams and then used again: each takes longer to make than all other keys together."""


@dataclass(frozen=True)
class List:
    """The list's own keys, as its members have them."""

    openpgp: Cert
    certificate: bytes
    """PEM."""


@dataclass(frozen=True)
class Mailer:
    """One team, and its mail program."""

    team: str
    pinned: MailKey
    open: Callable[[bytes, List], bytes]
    """What a whole message says, signed by the list. Raises whatever its program complains of."""

    @property
    def address(self) -> str:
        return f"duty@{self.team}.example"

    @property
    def records(self) -> tuple[Team, MailKey, MailAddress]:
        """What the directory has of it."""
        return Team(self.team, self.team.upper()), self.pinned, MailAddress(self.team, 0, self.address)


def mixed(teams: int) -> Iterator[Mailer]:
    """So many, every other one with OpenPGP."""
    keys = [rsa.generate_private_key(65537, 2048) for _ in range(min(_RSA_KEYS, teams // 4 + 1))]
    for n in range(teams):
        name = f"team-{n:04}"
        if n % 2 == 0:
            yield with_openpgp(name, Tsk.generate(f"{name} <duty@{name}.example>"))
        else:
            on_curve = n % 4 == 1
            yield with_smime(
                name, ec.generate_private_key(ec.SECP256R1()) if on_curve else keys[n % len(keys)]
            )


def with_openpgp(team: str, own: Tsk) -> Mailer:
    public = own.extract_certificate()

    def opened(raw: bytes, of: List) -> bytes:
        armour = parts(raw)[1].get_payload(decode=True)
        found = decrypt(armour, own.decryptor(), lambda ids: [of.openpgp])
        assert [sig.certificate for sig in found.valid_sigs] == [of.openpgp.fingerprint]
        return bytes(found.bytes)

    return Mailer(team, MailKey(team, Standard.OPENPGP, public.fingerprint.upper(), str(public)), opened)


def with_smime(team: str, own: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> Mailer:
    certificate = _certificate(team, own)
    pem = certificate.public_bytes(Encoding.PEM)
    secret = own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def opened(raw: bytes, of: List) -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            mine, ours = Path(folder, "mine.pem"), Path(folder, "ours.pem")
            mine.write_bytes(pem + secret)
            ours.write_bytes(of.certificate)
            inner = _openssl("-decrypt", "-recip", mine, "-inkey", mine, given=structure(raw))
            verify = ("-verify", "-CAfile", ours, "-partial_chain", "-purpose", "smimesign")
            return _openssl(*verify, given=structure(inner))

    fingerprint = certificate.fingerprint(hashes.SHA256()).hex().upper()
    gcm = isinstance(own, ec.EllipticCurvePrivateKey)
    return Mailer(team, MailKey(team, Standard.SMIME, fingerprint, pem.decode(), gcm), opened)


def parts(raw: bytes) -> list[EmailMessage]:
    """Of a multipart message."""
    return list(email.message_from_bytes(raw, policy=default).iter_parts())  # type: ignore[attr-defined]


def structure(entity: bytes) -> bytes:
    """The CMS structure of an S/MIME entity, in DER."""
    return base64.b64decode(entity.split(b"\r\n\r\n", 1)[1])


def raised(sender: Mailer, own: Tsk, of: List, text: str, to: str) -> bytes:
    """An alert by mail of a team with OpenPGP, as its program sends it (RFC 3156, 6.2)."""
    content = f"Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n".encode()
    armour = encrypt(content, recipients=[of.openpgp], signer=own.signer()).replace(b"\n", b"\r\n")
    head = f"From: <{sender.address}>\r\nTo: {to}\r\nMessage-ID: <1@x.example>\r\nMIME-Version: 1.0\r\n"
    kind = 'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary="b"\r\n\r\n'
    control = b"--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n"
    data = b"--b\r\nContent-Type: application/octet-stream\r\n\r\n" + armour
    return (head + kind).encode() + control + data + b"\r\n--b--\r\n"


def _openssl(*args: str | Path, given: bytes) -> bytes:
    command = ["openssl", "cms", args[0], "-inform", "DER", "-binary", *args[1:]]
    done = subprocess.run(command, input=given, capture_output=True)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout


def _certificate(team: str, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> x509.Certificate:
    """Signed by its own key; the list pins it."""
    who, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, team)]), datetime.now(UTC)
    usage = x509.KeyUsage(
        digital_signature=True, key_encipherment=True, key_agreement=True, content_commitment=False,
        data_encipherment=False, key_cert_sign=False, crl_sign=False, encipher_only=False,
        decipher_only=False,
    )  # fmt: skip
    return (
        x509.CertificateBuilder(who, who, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.RFC822Name(f"duty@{team}.example")]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
