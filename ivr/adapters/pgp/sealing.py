"""A mail out: signed with our key and encrypted to one member (RFC 3156, 4 and 6.2), or signed alone (5).

Owns: the MIME around gpg's output, and which algorithms we ask for. Must not know what a mail says, nor its
outer headers.
"""

import secrets
from email.message import EmailMessage
from email.policy import SMTP

from ivr.adapters.pgp import PgpError, UnfitKey
from ivr.adapters.pgp.ring import KeyRing
from ivr.domain.mail import Recipient

_ALGORITHMS = ("--digest-algo", "SHA256", "--cipher-algo", "AES256", "--compress-algo", "none")
"""Encrypted with AEAD or a modification detection code, as the recipient's key says. Nothing is compressed: a
length says less about a text so."""


def sealed(ring: KeyRing, content: bytes, to: Recipient, now: float) -> bytes:
    """`content`, a whole MIME entity with CRLF, as an encrypted MIME entity. Raises UnfitKey where the key
    that is pinned for `to` must not be used, which is of nobody else's concern, and PgpError."""
    ring.fit(to.fingerprint, now)
    ran = ring.run(
        "--sign", "--encrypt", "--armor", *_ALGORITHMS,
        "--local-user", ring.own, "--recipient", to.fingerprint, given=content,
    )  # fmt: skip
    if ran.said("INV_RECP"):  # for reasons that it does not list, such as a subkey of a clock that is ahead
        raise UnfitKey(f"gpg cannot encrypt to the key {to.fingerprint}; ask the team for another")
    if ran.returncode or not ran.said("END_ENCRYPTION") or not ran.said("SIG_CREATED"):
        raise PgpError(f"gpg has not sealed a mail to the key {to.fingerprint}; see that it is on the ring")
    return _multipart(
        'encrypted; protocol="application/pgp-encrypted"',
        b"Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n",
        b'Content-Type: application/octet-stream; name="encrypted.asc"\r\n\r\n' + _crlf(ran.data),
    )


def signed(ring: KeyRing, content: bytes) -> bytes:
    """`content`, a whole MIME entity with CRLF, as a signed MIME entity that anybody can read."""
    ran = ring.run("--detach-sign", "--armor", *_ALGORITHMS, "--local-user", ring.own, given=content)
    if ran.returncode or not ran.said("SIG_CREATED"):
        raise PgpError("gpg has not signed a mail; see that our own key is on the ring")
    return _multipart(
        'signed; micalg="pgp-sha256"; protocol="application/pgp-signature"',
        content,
        b'Content-Type: application/pgp-signature; name="signature.asc"\r\n\r\n' + _crlf(ran.data),
    )


def _multipart(kind: str, *parts: bytes) -> bytes:
    boundary = secrets.token_hex(16)  # so long that no part holds it
    head = f'Content-Type: multipart/{kind};\r\n boundary="{boundary}"\r\n\r\n'
    body = b"".join(f"--{boundary}\r\n".encode() + part + b"\r\n" for part in parts)
    return head.encode() + body + f"--{boundary}--\r\n".encode()


def _crlf(armour: bytes) -> bytes:
    return armour.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def letter(text: str) -> bytes:
    """A text as a MIME entity that can be sealed."""
    inner = EmailMessage(policy=SMTP)
    inner.set_content(text, cte="quoted-printable")
    del inner["MIME-Version"]  # of whole messages
    return inner.as_bytes()


def mail(sender: str, to: str, subject: str, entity: bytes) -> bytes:
    """A whole message around a MIME entity. Its headers are not encrypted."""
    outer = EmailMessage(policy=SMTP)
    outer["From"], outer["To"], outer["Subject"], outer["MIME-Version"] = sender, to, subject, "1.0"
    return outer.as_bytes().removesuffix(b"\r\n") + entity
