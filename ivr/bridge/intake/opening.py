"""Decrypt and verify: by the one standard that the mail is in, with nothing of it outside."""

import re
from dataclasses import replace

from ivr.bridge.intake.mail import Context, Mail
from ivr.domain.mail import Reason, Refused, Standard
from ivr.domain.mime import Entity, Unfit, entity, leaves

_GROWTH = 4
"""How many times larger what was signed may be than a mail may be: compression is for OpenPGP to use."""
_CMS = ("application/pkcs7-mime", "application/x-pkcs7-mime")
_SIGNATURES = ("application/pkcs7-signature", "application/x-pkcs7-signature")


def opened(mail: Mail, context: Context) -> Mail | Refused:
    """Sets `opened` and `content`."""
    assert mail.entity is not None
    standard = standard_of(mail.entity)
    if standard is None:
        return Refused(Reason.NOT_ENCRYPTED, "it is encrypted with neither OpenPGP nor S/MIME")
    found = context.openers[standard](mail.raw)
    if isinstance(found, Refused):
        return found
    if len(found.content) > _GROWTH * context.most_octets:
        return Refused(Reason.TOO_LARGE, "it is too large when it is unpacked")
    # What OpenPGP signs may have other line ends than those that it came with.
    content = entity(found.content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
    # A whole message may be signed instead of its content alone (RFC 8551, 3.1).
    inner = _message(content.decoded()) if content.kind == "message/rfc822" else content
    return replace(mail, opened=found, content=inner)


def _message(raw: bytes) -> Entity:
    """Its transfer encoding may have hidden line ends from whoever has looked for bare ones."""
    if re.search(rb"(?<!\r)\n", raw):
        raise Unfit(Reason.MALFORMED, "the message in it holds a bare LF (RFC 5322, 2.3)")
    return entity(raw)


def standard_of(root: Entity) -> Standard | None:
    """Which opener is to see it, by what stands in it anywhere: where it stands is the opener's to judge."""
    for leaf, parent in leaves(root):
        named = leaf.file_name.lower()
        if leaf.kind in (*_CMS, *_SIGNATURES) or named.endswith((".p7m", ".p7s")):
            return Standard.SMIME
        if parent == "multipart/encrypted" or leaf.kind.startswith("application/pgp-"):
            return Standard.OPENPGP
        if leaf.kind.startswith("text/") and b"-----BEGIN PGP " in leaf.decoded():
            return Standard.OPENPGP
    return None
