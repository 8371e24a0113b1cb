"""A mail in: decrypted with our key and verified, or refused.

Owns: the order of the checks, and what of gpg's status makes a signature good. Must not know who may say
what; only whose keys count at all. Every form comes down to one: a text, and one detached signature over it.
So gpg never chooses what was signed, and what is handed on is what was verified.
"""

import hashlib
import re
import tempfile
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from ivr.adapters.pgp import NotTaken, grammar
from ivr.adapters.pgp.packets import dearmoured
from ivr.adapters.pgp.ring import KeyRing
from ivr.domain.mail import Opened, Reason, Refused, Standard
from ivr.domain.mime import Entity, Unfit, entity

_ARMOUR = b"-----BEGIN PGP MESSAGE-----"
_CIPHERS = ("7", "8", "9", "10", "11", "12", "13")
"""AES, Twofish, Camellia (RFC 9580, 9.3): blocks of 128 bits."""
_KINDS = ["application/pgp-encrypted", "application/octet-stream"]
"""The parts of PGP/MIME (RFC 3156, 4)."""
_HIDDEN = "0" * 16
_NO_KEY = "9"
_FAULTS = {
    "BADSIG": (Reason.BAD_SIGNATURE, "its signature is not of this text"),
    "EXPSIG": (Reason.TOO_OLD, "its signature has an end, which is past"),
    "EXPKEYSIG": (Reason.KEY_EXPIRED, "the signer's key has expired"),
    "REVKEYSIG": (Reason.KEY_REVOKED, "the signer's key is revoked"),
}
"""gnupg, doc/DETAILS: what stands there instead of GOODSIG."""


@dataclass(frozen=True, slots=True)
class _Signer:
    primary: str
    part: str
    """The key that has signed: the primary one, or a subkey of it."""
    at: float


def opened(ring: KeyRing, message: bytes, pinned: Collection[str]) -> Opened | Refused:
    """A whole message as it came (RFC 5322). `pinned`: the fingerprints of the primary keys of all teams.
    Raises PgpError where gpg or our own key is at fault, and the mail should be tried again."""
    try:
        return _opened(ring, message, pinned)
    except NotTaken as error:
        return Refused(error.reason, error.detail)
    except Unfit as unfit:
        return unfit.refused


def _opened(ring: KeyRing, message: bytes, pinned: Collection[str]) -> Opened:
    mail = entity(message)
    inline = mail.kind == "text/plain"
    text = grammar.text(_decrypted(ring, _inline(mail) if inline else _sealed(mail)))
    if text.signature is not None:
        data, signature = text.data, text.signature
        if not inline and entity(data).kind == "multipart/signed":
            raise NotTaken(Reason.SEVERAL_SIGNATURES, "it is signed as a message, and signed as a mail again")
    elif inline:
        raise NotTaken(Reason.NOT_SIGNED, "what is encrypted is not signed")
    else:
        data, signature = _signed(entity(text.data))
    verifiable = grammar.verifiable(signature, data)
    if (readers := grammar.intended(signature)) and ring.own not in readers:
        raise NotTaken(Reason.NOT_TO_US, "it was signed for other readers, and somebody has sent it on")
    signer = _verified(ring, verifiable, data)
    if signer.primary not in pinned:
        raise NotTaken(Reason.UNKNOWN_SIGNER, "it is signed by a key of no team")
    if ring.key(signer.primary).weak(signer.part):
        raise NotTaken(Reason.WEAK_KEY, "the signer's key is too short: RSA and DSA need 2048 bits")
    content = _as_entity(data) if inline else data
    return Opened(Standard.OPENPGP, content, signer.primary, signer.at, _id(signer, data))


def _sealed(mail: Entity) -> bytes:
    """The ciphertext of PGP/MIME (RFC 3156, 4)."""
    if _came_through_exchange(mail):
        _, *parts = mail.parts(alone=True)
    elif (mail.kind, mail.parameter("protocol").lower()) == ("multipart/encrypted", _KINDS[0]):
        parts = mail.parts(alone=True)
    else:
        raise _not_sealed(mail)
    found = [entity(part) for part in parts]
    if len(found) > 2:
        raise NotTaken(Reason.NOT_WHOLLY_SIGNED, "something stands beside the encrypted part")
    if [part.kind for part in found] != _KINDS:
        raise NotTaken(Reason.MALFORMED, "it lacks one of the two parts of PGP/MIME")
    if found[0].decoded().strip() != b"Version: 1":
        raise NotTaken(Reason.MALFORMED, "it is of no version of PGP/MIME that there is")
    return dearmoured(found[1].decoded(), b"MESSAGE")


def _came_through_exchange(mail: Entity) -> bool:
    """Exchange hands the two parts on as files, behind a text of its own that is empty. Nothing can hide in
    it: with a single character in it the mail is refused."""
    if mail.kind != "multipart/mixed":
        return False
    first, *others = (entity(part) for part in mail.parts())
    return (
        [part.kind for part in others] == _KINDS
        and first.kind == "text/plain"
        and not first.decoded().strip()
    )


def _not_sealed(mail: Entity) -> NotTaken:
    """Why a mail that is no PGP/MIME, nor a text, is not taken."""
    if b"application/pgp-encrypted" not in mail.body.lower() and _ARMOUR not in mail.body:
        return NotTaken(Reason.NOT_ENCRYPTED, "it is not encrypted")
    if mail.kind == "multipart/signed":
        return NotTaken(Reason.SIGNED_OUTSIDE, "it is signed around the encryption; sign first, then encrypt")
    return NotTaken(Reason.NOT_WHOLLY_SIGNED, "something stands around or beside the encrypted part")


def _inline(mail: Entity) -> bytes:
    """The ciphertext of a text that is armour and nothing else."""
    text = mail.decoded()
    if _ARMOUR not in text:
        raise NotTaken(Reason.NOT_ENCRYPTED, "it is not encrypted")
    if b"-----BEGIN PGP SIGNED MESSAGE-----" in text:
        raise NotTaken(Reason.SIGNED_OUTSIDE, "it is signed around the encryption; sign first, then encrypt")
    return dearmoured(text, b"MESSAGE")


def _decrypted(ring: KeyRing, message: bytes) -> bytes:
    """The packets that were encrypted to our key. gpg takes the encryption off, and nothing more."""
    ours = {part.fingerprint[-16:] for part in ring.key(ring.own).parts}
    if not {*ours, _HIDDEN} & set(grammar.recipients(message)):
        raise NotTaken(Reason.NOT_TO_US, "it is not encrypted to the list's key")
    ran = ring.run("--decrypt", "--unwrap", given=message)
    if not ran.said("DECRYPTION_KEY"):  # whoever looks at our keys meanwhile may have ended the agent
        ring.sound()
        ran = ring.run("--decrypt", "--unwrap", given=message)
    ciphers = [arguments.split()[1] for arguments in ran.said("DECRYPTION_INFO")]
    if ciphers and ciphers[0] not in _CIPHERS:
        raise NotTaken(Reason.WEAK_CIPHER, "it is encrypted with a cipher that is too weak; use AES")
    if ran.said("BADMDC"):
        raise NotTaken(Reason.CHANGED, "it was changed after it was encrypted")
    # Not how gpg ends: since 2.4 it complains of every hidden recipient that it has tried in vain.
    if not (ran.said("DECRYPTION_OKAY") and ran.said("GOODMDC") and len(ciphers) == 1):
        if not ran.said("DECRYPTION_KEY"):
            raise NotTaken(Reason.NOT_TO_US, "it is not encrypted to the list's key")
        raise NotTaken(Reason.MALFORMED, "it cannot be decrypted")
    return ran.data


def _signed(content: Entity) -> tuple[bytes, bytes]:
    """The signed part in its canonical form, lines ended by CRLF, and the signature (RFC 3156, 5)."""
    if content.kind != "multipart/signed":
        beside = b"application/pgp-signature" in content.body.lower()
        reason = Reason.NOT_WHOLLY_SIGNED if beside else Reason.NOT_SIGNED
        raise NotTaken(reason, "what is encrypted is not signed" + " as a whole" * beside)
    found = content.parts(alone=True)
    if len(found) > 2:
        raise NotTaken(Reason.NOT_WHOLLY_SIGNED, "something stands beside the signed part")
    if len(found) < 2 or (last := entity(found[1])).kind != "application/pgp-signature":
        raise NotTaken(Reason.MALFORMED, "its second part is no OpenPGP signature")
    if entity(found[0]).kind == "multipart/signed":
        raise NotTaken(Reason.SEVERAL_SIGNATURES, "it is signed twice")
    data = re.sub(rb"(?<!\r)\n", b"\r\n", found[0])
    return data, grammar.detached(dearmoured(last.decoded(), b"SIGNATURE"))


def _verified(ring: KeyRing, signature: bytes, data: bytes) -> _Signer:
    with tempfile.NamedTemporaryFile(prefix="pgp-") as file:
        file.write(signature)
        file.flush()
        ran = ring.run("--verify", file.name, "-", given=data)
    for word, fault in _FAULTS.items():
        if ran.said(word):
            raise NotTaken(*fault)
    if [_NO_KEY] in [arguments.split()[5:6] for arguments in ran.said("ERRSIG")]:
        raise NotTaken(Reason.UNKNOWN_SIGNER, "it is signed by a key of no team")
    valid = [arguments.split() for arguments in ran.said("VALIDSIG")]
    if len(valid) != 1 or len(ran.said("GOODSIG")) != 1 or len(valid[0]) != 10 or ran.returncode:
        raise NotTaken(Reason.BAD_SIGNATURE, "its signature cannot be verified")
    return _Signer(primary=valid[0][9], part=valid[0][0], at=_moment(valid[0][2]))


def _moment(stamp: str) -> float:
    """gpg writes seconds since the epoch, or ISO 8601 (doc/DETAILS)."""
    if "T" in stamp:
        return datetime.strptime(stamp, "%Y%m%dT%H%M%S").replace(tzinfo=UTC).timestamp()
    return float(stamp)


def _id(signer: _Signer, data: bytes) -> str:
    """Of who has signed what and when. Not of the signature's own numbers: for one text those of ECDSA and
    DSA can be changed by anybody, and line ends by whoever sends a text on, without the signature failing."""
    lines = b"\n".join(line.rstrip(b"\r") for line in data.split(b"\n"))
    return hashlib.sha256(f"{signer.primary} {signer.at:.0f}\n".encode() + lines).hexdigest()


def _as_entity(text: bytes) -> bytes:
    """A text without MIME's headers, in which its charset would be: UTF-8 (RFC 9580, 5.9), or an old
    program's."""
    try:
        text.decode()
        charset = b"utf-8"
    except UnicodeDecodeError:
        charset = b"iso-8859-1"
    return b"Content-Type: text/plain; charset=%b\r\nContent-Transfer-Encoding: 8bit\r\n\r\n%b" % (
        charset,
        text,
    )
