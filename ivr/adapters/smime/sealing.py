"""A content that goes out: signed once by the list's key, then encrypted for each member alone.

Owns: the form of what leaves. Signed in one piece (opaque): a program on the way that changes line ends
cannot break it. The cipher is always named, since openssl's own choice is 3DES.
"""

import base64
import secrets
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options, PKCS7SignatureBuilder

from ivr.adapters.smime.certificates import Purpose, pem
from ivr.adapters.smime.openssl import openssl
from ivr.adapters.smime.own import Pair
from ivr.adapters.smime.refusal import Refusal
from ivr.adapters.smime.trust import Trust
from ivr.domain.mail import Reason, Recipient, Refused


@dataclass(frozen=True, slots=True)
class Sealed:
    """What one member gets."""

    entity: bytes
    """Its headers (Content-Type and the like) and body, to be put under the headers of the message."""
    warnings: tuple[str, ...] = ()
    """What an operator should know although it goes out, such as a stale revocation list."""


class Signed:
    """A content with our signature, to be sealed for one member after the other."""

    def __init__(self, content: bytes, own: Pair, trust: Trust) -> None:
        """`content` is a MIME entity, its lines ended by CRLF."""
        signature = _signature(content, own, PKCS7Options.Binary)
        self._entity = _entity("pkcs7-mime; smime-type=signed-data", "smime.p7m", signature)
        self._trust = trust

    def sealed(self, to: Recipient, now: float) -> Sealed | Refused:
        """For this member, or why its certificate cannot be used. Raises SmimeError."""
        certificate = self._trust.pinned.get(to.fingerprint)
        if certificate is None:
            return Refused(Reason.UNKNOWN_SIGNER, self._trust.why_not(to.fingerprint))
        try:
            warnings = self._trust.judge(certificate, Purpose.ENCRYPTING, now)
        except Refusal as no:
            return no.refused
        cipher, kind = (
            ("-aes-256-gcm", "authEnveloped-data") if to.gcm else ("-aes-256-cbc", "enveloped-data")
        )
        elliptic = isinstance(certificate.public_key(), ec.EllipticCurvePublicKey)
        agreement = ("-keyopt", "ecdh_kdf_md:sha256") if elliptic else ()
        done, structure = openssl(
            "cms", "-encrypt", cipher, "-binary", "-outform", "DER",
            "-recip", pem([certificate]), *agreement, stdin=self._entity,
        )  # fmt: skip
        if not done:
            return Refused(Reason.MALFORMED, "openssl cannot encrypt to its certificate")
        return Sealed(_entity(f"pkcs7-mime; smime-type={kind}", "smime.p7m", structure), warnings)


def notice(content: bytes, own: Pair) -> bytes:
    """A content that is signed and not encrypted, for a member whose certificate cannot be used; it can be
    read without S/MIME. `content` is a MIME entity of 7-bit lines, ended by CRLF, that tells nothing of an
    alert."""
    signature = _signature(content, own, PKCS7Options.Binary, PKCS7Options.DetachedSignature)
    line = f"----{secrets.token_hex(16)}"
    head = (
        'Content-Type: multipart/signed; protocol="application/pkcs7-signature";\r\n'
        f' micalg=sha-256; boundary="{line}"\r\n\r\n'
    )
    parts = (content, _entity("pkcs7-signature", "smime.p7s", signature))
    body = b"".join(f"--{line}\r\n".encode() + part + b"\r\n" for part in parts)
    return head.encode() + body + f"--{line}--\r\n".encode()


def _signature(content: bytes, own: Pair, *options: PKCS7Options) -> bytes:
    """In cryptography and not in openssl, whose list of what we can read (SMIMECapabilities) has 3DES and
    RC2."""
    builder = PKCS7SignatureBuilder(content).add_signer(own.certificate, own.key, hashes.SHA256())
    for certificate in own.chain:
        builder = builder.add_certificate(certificate)
    return builder.sign(Encoding.DER, options)


def _entity(kind: str, name: str, structure: bytes) -> bytes:
    """RFC 8551, 3.2."""
    head = (
        f'Content-Type: application/{kind};\r\n name="{name}"\r\n'
        "Content-Transfer-Encoding: base64\r\n"
        f'Content-Disposition: attachment; filename="{name}"\r\n\r\n'
    )
    return head.encode() + base64.encodebytes(structure).replace(b"\n", b"\r\n")
