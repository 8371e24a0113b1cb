"""OpenPGP (RFC 9580, RFC 4880; in mail RFC 3156) through python-gnupg and the machine's gpg.

    gpg       one run of gpg, bounded, its status read so that nobody else can write it
    ring      the folder of keys: ours, and those pinned for the teams
    keys      what gpg lists about a key, and whether it may be used
    packets   what a message consists of, read by a narrow grammar of our own
    opening   a mail in: decrypted and verified, or refused
    sealing   a mail out: signed, and encrypted to one member

gpg does the cryptography. What a message may look like, and what the signature covers, is decided here, for
gpg takes far more than a mail of this network ever is.
"""

from ivr.domain.mail import Reason


class PgpError(Exception):
    """gpg has not done what it was asked. The message says what to do."""


class UnfitKey(PgpError):
    """The key of one member must not be used; the others are not touched by it."""


class NotTaken(Exception):
    """A mail that is refused: how the readers in this room tell `opening`, where it becomes a value."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
