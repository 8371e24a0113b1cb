"""A mail that came in, opened: decrypted with the list's key, and its one signature verified.

Owns: which wrappings are taken. Exactly two: encrypted (enveloped or authenticated-enveloped data, AES),
and in it signed by one signer (opaque or detached) over everything that is handed on. AES-CBC can be
changed unseen, by whoever carries the mail, so that nothing of it counts before the signature (EFAIL,
CVE-2017-17689); no refusal says more of the decrypted text than what is missing. A signature around the
encryption (RFC 2634's triple wrap has one) is refused: anybody can put one there, and take one off.

Our own reader decides what may be tried, openssl whether the signature is right, and over the very bytes
that are handed on.
"""

import hashlib
import re

from cryptography import x509

from ivr.adapters.smime import cms
from ivr.adapters.smime.ber import Element
from ivr.adapters.smime.certificates import (
    Purpose,
    addresses,
    fingerprint,
    names,
    pem,
    read_certificates,
)
from ivr.adapters.smime.openssl import openssl
from ivr.adapters.smime.own import Own
from ivr.adapters.smime.refusal import Refusal, malformed
from ivr.adapters.smime.trust import Trust
from ivr.domain.mail import Opened, Reason, Refused, Standard
from ivr.domain.mime import Entity, Unfit, entity

_ENCRYPTED = (cms.ENVELOPED, cms.AUTH_ENVELOPED)
_CMS = ("application/pkcs7-mime", "application/x-pkcs7-mime")
_SIGNATURES = ("application/pkcs7-signature", "application/x-pkcs7-signature")
_FROM = re.compile(r"[^<>]*<([^<>\s]+)>|([^<>\s]+)")


def opened(raw: bytes, own: Own, trust: Trust, now: float) -> Opened | Refused:
    """A whole message (RFC 5322), or the reason why it is not taken. Raises SmimeError."""
    try:
        outer = _split(raw)
        inner = _split(_decrypted(*_envelope(outer), own))
        structure, signed, content = _signature(inner)
        _simple(_split(content))
        certificate, warnings = _signer(signed, outer.all("from"), trust, now)
        _verify(structure, signed, content, certificate)
    except (Refusal, Unfit) as no:
        return no.refused
    signer = fingerprint(certificate)
    # Not of the signature's value: that of an ECDSA signature can be changed without the key, and stays
    # right.
    same = f"{signer} {signed.signed_at} {signed.digest.hex()}"
    signature_id = hashlib.sha256(same.encode()).hexdigest()
    return Opened(Standard.SMIME, content, signer, signed.signed_at, signature_id, warnings)


def _split(raw: bytes) -> Entity:
    """Not without the empty line that ends the header fields: nothing that mail programs make lacks it."""
    found = entity(raw)
    if not found.ended:
        raise malformed("the header fields of a mail or part do not end")
    return found


def _is_cms(part: Entity) -> bool:
    """Holds a CMS structure. Gateways have sent it as any file, then its name tells (RFC 8551, 3.9)."""
    if part.kind == "application/octet-stream":
        return part.file_name.lower().endswith(".p7m")
    return part.kind in _CMS


def _is_cms_signature(part: Entity) -> bool:
    return part.kind in _SIGNATURES


def _structure(part: Entity) -> bytes:
    if part.encoding == "quoted-printable":
        raise malformed("its transfer encoding is none that CMS is sent in")
    return part.decoded()


def _envelope(outer: Entity) -> tuple[bytes, str, Element]:
    """The CMS structure that is the whole body of the message, with its kind and content."""
    if _is_cms(outer):
        structure = _structure(outer)
        kind, content = cms.content_of(structure)
        if kind in _ENCRYPTED:
            return structure, kind, content
        if kind == cms.SIGNED:
            _not_around(cms.encapsulated(content)[0])
    elif outer.kind == "multipart/signed":
        _not_around(next(iter(outer.parts(alone=True)), None))
    elif outer.kind.startswith("multipart/") and any(
        _is_cms(_split(part)) for part in outer.parts(alone=True)
    ):
        raise Refusal(Reason.NOT_WHOLLY_SIGNED, "something stands beside what is encrypted")
    raise Refusal(Reason.NOT_ENCRYPTED, "it is not encrypted with S/MIME")


def _not_around(inside: bytes | None) -> None:
    if inside is not None and _is_cms(_split(inside)):
        raise Refusal(Reason.SIGNED_OUTSIDE, "it is signed around the encryption; sign first, then encrypt")


def _decrypted(structure: bytes, kind: str, content: Element, own: Own) -> bytes:
    envelope = cms.enveloped(kind, content)
    pairs = (own.pair, *own.former)
    ours = next((p for p in pairs if not set(names(p.certificate)).isdisjoint(envelope.recipients)), None)
    if ours is None:
        raise Refusal(Reason.NOT_TO_US, "it is not encrypted to the list's certificate")
    done, inner = openssl(
        "cms", "-decrypt", "-inform", "DER", "-binary", "-inkey", str(ours.key_file),
        "-recip", pem([ours.certificate]), stdin=structure,
    )  # fmt: skip
    if not done and kind == cms.AUTH_ENVELOPED:
        raise Refusal(Reason.CHANGED, "it was changed after it was encrypted")
    if not done:
        raise malformed("it cannot be decrypted with the list's key")
    # S/MIME wants CRLF (RFC 8551, 3.1.1). Some programs encrypt their own line ends, and have signed CRLF.
    return inner if b"\r" in inner else inner.replace(b"\n", b"\r\n")


def _signature(inner: Entity) -> tuple[bytes, cms.Signed, bytes]:
    """The structure of the signature, what it says of itself, and the content that it must be over."""
    if _is_cms(inner):
        structure = _structure(inner)
        signed = _signed(structure)
        if signed.content is None:
            raise malformed("what the signature is over is missing")
        return structure, signed, signed.content
    if not inner.kind.startswith("multipart/"):
        raise Refusal(Reason.NOT_SIGNED, "what is encrypted is not signed; sign first, then encrypt")
    parts = inner.parts(alone=True)
    if inner.kind == "multipart/signed" and len(parts) == 2 and _is_cms_signature(_split(parts[1])):
        structure = _structure(_split(parts[1]))
        signed = _signed(structure)
        if signed.content is not None:
            raise malformed("the signature brings a content of its own")
        return structure, signed, parts[0]
    if any(_is_signed(_split(part)) for part in parts):
        raise Refusal(Reason.NOT_WHOLLY_SIGNED, "something stands beside what is signed")
    raise Refusal(Reason.NOT_SIGNED, "what is encrypted is not signed with S/MIME")


def _is_signed(part: Entity) -> bool:
    return _is_cms(part) or _is_cms_signature(part) or part.kind == "multipart/signed"


def _signed(structure: bytes) -> cms.Signed:
    kind, content = cms.content_of(structure)
    if kind == cms.SIGNED:
        return cms.signed(content)
    if kind in (*_ENCRYPTED, cms.COMPRESSED):
        raise Refusal(Reason.TOO_COMPLEX, "it is compressed, or encrypted more than once")
    raise Refusal(Reason.NOT_SIGNED, "what is encrypted is not signed")


def _simple(content: Entity) -> None:
    if _is_signed(content):
        raise Refusal(Reason.TOO_COMPLEX, "it is encrypted or signed more than once")


def _signer(
    signed: cms.Signed, senders: list[str], trust: Trust, now: float
) -> tuple[x509.Certificate, tuple[str, ...]]:
    found = trust.named(signed.signer, [c for der in signed.certificates if (c := _certificate(der))])
    if not found:
        raise Refusal(Reason.UNKNOWN_SIGNER, "the certificate of its signature is not known")
    warnings = trust.judge(found[0], Purpose.SIGNING, now)
    is_pinned = fingerprint(found[0]) in trust.pinned  # and then the address was looked at before
    if not is_pinned and sender_of(senders) not in addresses(found[0]):
        raise Refusal(Reason.NOT_THE_SENDER, "its certificate is not for the address that it comes from")
    return found[0], warnings


def sender_of(fields: list[str]) -> str:
    """The one address in the one From, in lower case; empty where it is not plainly one. Python's own reader
    of addresses takes more for one, and fails at others."""
    found = _FROM.fullmatch(fields[0].strip()) if len(fields) == 1 else None
    return (found[1] or found[2]).lower() if found else ""


def _certificate(der: bytes) -> x509.Certificate | None:
    """None where it cannot be read: whatever was put beside a good signature does not spoil it."""
    try:
        [certificate] = read_certificates(der)
        names(certificate)
    except (ValueError, Refusal):
        return None
    return certificate


def _verify(structure: bytes, signed: cms.Signed, content: bytes, certificate: x509.Certificate) -> None:
    """That the signature is right, by this certificate and over this content."""
    apart = ("-content", content) if signed.content is None else ()
    done, covered = openssl(
        "cms", "-verify", "-inform", "DER", "-binary", "-noverify",
        "-nointern", "-certfile", pem([certificate]), *apart, stdin=structure,
    )  # fmt: skip
    if not done or covered != content:  # openssl's reader and ours have to mean the same
        raise Refusal(Reason.BAD_SIGNATURE, "its signature is wrong")
