"""OpenPGP through python-gnupg and the machine's gpg: our key, the teams' keys, and what is sealed for them.

Owns: the key ring, a folder of ours alone. A key is known by its whole fingerprint, which its team has read
out; an address, or gpg's own trust, says nothing here.
"""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage, Message
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from pathlib import Path
from typing import Any

import gnupg

_EXPIRED = ("e", "r", "d", "i")
"""Validity of a key that must not be used: expired, revoked, disabled, invalid (gnupg, doc/DETAILS)."""


class PgpError(Exception):
    """gpg has not done what it was asked. The message says what to do."""


class KeyRing:
    """In the folder `home`, which is made when it is needed. Every method raises PgpError."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def certify(self, file: Path, fingerprint: str) -> None:
        """Take the key with this fingerprint, and no other, from a file of the team's."""
        try:
            given = file.read_bytes()
        except OSError as error:
            raise PgpError(f"{file}: cannot be read: {error.strerror}") from error
        with self._gpg() as gpg:
            keys = [key for key in gpg.scan_keys_mem(given) if key["fingerprint"] == fingerprint]
            if len(keys) != 1:
                raise PgpError(f"{file}: holds no key with the fingerprint {fingerprint}; ask the team again")
            _usable(keys[0])
            gpg.import_keys(given)
            _usable(_listed(gpg, fingerprint))

    def seal(self, message: bytes, to: str, own: str) -> bytes:
        """`message` signed by the key of `own` (a name; made at the first time) and encrypted to `to`."""
        with self._gpg() as gpg:
            signer = _own_key(gpg, own)
            _usable(_listed(gpg, to))  # or gpg fails as a whole, with an empty output
            done = gpg.encrypt(message, [to], sign=signer, always_trust=True, passphrase=None)
        if not done.ok or not done.data:
            raise PgpError(f"gpg has not encrypted to {to}: {done.status}")
        return bytes(done.data)

    def own_key(self, own: str) -> str:
        """The public key that letters are signed with, in ASCII armour."""
        with self._gpg() as gpg:
            return str(gpg.export_keys(_own_key(gpg, own)))

    @contextmanager
    def _gpg(self) -> Iterator[gnupg.GPG]:
        """gpg on our ring. Its agent puts sockets into the folder, whose path must be shorter than 108 bytes
        (unix(7)): it gets a short one. The agent does not outlive the block."""
        self._home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="pgp-") as short:
            link = Path(short, "h")
            link.symlink_to(self._home.resolve())
            try:
                yield gnupg.GPG(gnupghome=str(link))
            except (OSError, ValueError) as error:
                raise PgpError(f"gpg does not run: {error}; apt install gnupg") from error
            finally:
                with suppress(FileNotFoundError):  # where gpg is missing, which is said
                    subprocess.run(["gpgconf", "--homedir", str(link), "--kill", "all"], capture_output=True)


def _listed(gpg: gnupg.GPG, fingerprint: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = [k for k in gpg.list_keys() if k["fingerprint"] == fingerprint]
    if not found:
        raise PgpError(f"the key {fingerprint} is not on our ring; certify it again")
    return found[0]


def _usable(key: dict[str, Any]) -> None:
    if key["trust"] in _EXPIRED:
        raise PgpError(f"the key {key['fingerprint']} is expired or revoked; ask the team for another")
    if "E" not in key.get("cap", "E"):
        raise PgpError(f"the key {key['fingerprint']} cannot encrypt; ask the team for another")


def _own_key(gpg: gnupg.GPG, name: str) -> str:
    """The fingerprint of our own key. It has no passphrase: its folder is ours alone."""
    if own := gpg.list_keys(secret=True):
        return str(own[0]["fingerprint"])
    made = gpg.gen_key(
        gpg.gen_key_input(
            key_type="EDDSA", key_curve="ed25519", subkey_type="ECDH", subkey_curve="cv25519",
            name_real=name, name_email="hotline@invalid", expire_date=0, no_protection=True,
        )
    )  # fmt: skip
    if not made.fingerprint:
        raise PgpError(f"gpg has made no key: {made.status}")
    return str(made.fingerprint)


def mail(sender: str, to: str, subject: str, sealed: bytes) -> Message:
    """A message with `sealed` as its content: PGP/MIME (RFC 3156, 4). The subject is not encrypted."""
    outer = MIMEMultipart("encrypted", protocol="application/pgp-encrypted")
    outer["From"], outer["To"], outer["Subject"] = sender, to, subject
    outer.attach(MIMEApplication(b"Version: 1\n", "pgp-encrypted", _encoder=_as_it_is))
    outer.attach(MIMEApplication(sealed, "octet-stream", _encoder=_as_it_is, name="encrypted.asc"))
    return outer


def _as_it_is(part: Message) -> None:
    """ASCII armour needs no transfer encoding."""
    part.set_payload(part.get_payload(decode=True).decode("ascii"))  # type: ignore[union-attr]


def content(text: str) -> bytes:
    """What is sealed: a MIME part (RFC 3156, 4)."""
    inner = EmailMessage()
    inner.set_content(text, cte="quoted-printable")
    return inner.as_bytes()
