"""What an alert's mail is, before and after it is opened.

Owns: the words that OpenPGP, S/MIME, the pipeline of incoming mail and the queue of outgoing mail share. Must
not know how anything is encrypted, parsed or sent.
"""

from dataclasses import dataclass
from enum import StrEnum


def masked(address: str) -> str:
    """`duty@cert.example` as `d…@cert.example`: which network it is, not who."""
    name, _, domain = address.partition("@")
    return f"{name[:1]}…@{domain}" if domain else "…"


class Standard(StrEnum):
    """How a member's mail is signed and encrypted."""

    OPENPGP = "openpgp"
    """RFC 9580 and 4880, in MIME by RFC 3156."""
    SMIME = "smime"
    """RFC 8551 over CMS (RFC 5652)."""


class Reason(StrEnum):
    """Why a mail was refused, for the record and for the answer: a word for each thing that can be wrong."""

    TOO_LARGE = "too-large"
    TOO_COMPLEX = "too-complex"
    """Too many parts, too deep, or it grows too much when it is unpacked."""
    MALFORMED = "malformed"
    LOOP = "loop"
    AUTOMATIC = "automatic"
    """An automatic reply or a bounce: kept on record, never an acknowledgement."""
    NOT_ENCRYPTED = "not-encrypted"
    NOT_TO_US = "not-to-us"
    """Encrypted, but not to the list's key."""
    WEAK_CIPHER = "weak-cipher"
    NO_INTEGRITY = "no-integrity"
    """Encrypted so that it can be changed unseen."""
    CHANGED = "changed"
    """Changed after it was encrypted, and it shows."""
    NOT_SIGNED = "not-signed"
    BAD_SIGNATURE = "bad-signature"
    WEAK_SIGNATURE = "weak-signature"
    SEVERAL_SIGNATURES = "several-signatures"
    NOT_WHOLLY_SIGNED = "not-wholly-signed"
    """Something stands beside what is signed."""
    SIGNED_OUTSIDE = "signed-outside"
    """Signed around the encryption, where anybody can sign."""
    WEAK_KEY = "weak-key"
    KEY_EXPIRED = "key-expired"
    KEY_REVOKED = "key-revoked"
    UNKNOWN_SIGNER = "unknown-signer"
    NOT_THE_SENDER = "not-the-sender"
    """The signature is of another team than the address."""
    REPLAYED = "replayed"
    TOO_OLD = "too-old"
    FROM_THE_FUTURE = "from-the-future"
    NOT_PERMITTED = "not-permitted"


@dataclass(frozen=True, slots=True)
class Refused:
    """A mail that is not taken."""

    reason: Reason
    detail: str
    """A sentence for an operator, and for a known team; nothing of the content."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A mail that was encrypted to the list and signed by exactly one key."""

    standard: Standard
    content: bytes
    """The MIME entity that the signature covers, as it was signed: raw, with its own headers."""
    signer: str
    """Fingerprint of the signer's key (OpenPGP: of the primary key, 40 or 64 hex digits, capitals) or
    certificate (S/MIME: SHA-256 of its DER form, 64 hex digits, capitals)."""
    signed_at: float
    """When, as the signer's clock says; seconds since the epoch, UTC."""
    signature_id: str
    """The same for the same signature in whatever wrapping: it is accepted once."""
    warnings: tuple[str, ...] = ()
    """What an operator should know although the mail is good, such as a stale revocation list."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """A member who gets mail, and the one key or certificate that is pinned for it."""

    team: str
    address: str
    standard: Standard
    fingerprint: str
    """As in `Opened.signer`."""
    gcm: bool = False
    """S/MIME only: its software reads AES-GCM (RFC 5084)."""
