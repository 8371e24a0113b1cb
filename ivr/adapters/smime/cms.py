"""What a CMS structure says of itself (RFC 5652, 5083, 5084): who has signed, for whom and how it is
encrypted.

Owns: the shapes of enveloped, authenticated-enveloped and signed data, one signer, and the names of
algorithms. Must not know whether a signature is right (openssl says it) or whom anybody trusts. Raises
Refusal.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from ivr.adapters.smime.ber import INTEGER, OCTETS, OID, SEQUENCE, SET, Element, Fields, context, read
from ivr.adapters.smime.refusal import Refusal, malformed
from ivr.domain.mail import Reason

DATA = "1.2.840.113549.1.7.1"
SIGNED = "1.2.840.113549.1.7.2"
ENVELOPED = "1.2.840.113549.1.7.3"
AUTH_ENVELOPED = "1.2.840.113549.1.9.16.1.23"
COMPRESSED = "1.2.840.113549.1.9.16.1.9"

_AES = "2.16.840.1.101.3.4.1"
AES_CBC = frozenset(f"{_AES}.{n}" for n in (2, 22, 42))
AES_GCM = frozenset(f"{_AES}.{n}" for n in (6, 26, 46))
_AES_WRAP = frozenset(f"{_AES}.{n}" for n in (5, 25, 45))
_SHORTEST_TAG = 12
"""Octets of an AES-GCM tag (RFC 5084, 3.2)."""

_SHA_2 = frozenset(f"2.16.840.1.101.3.4.2.{n}" for n in (1, 2, 3))
"""SHA-256, SHA-384, SHA-512."""
_PSS = "1.2.840.113549.1.1.10"
_SIGNATURES = frozenset(
    ("1.2.840.113549.1.1.1", *(f"1.2.840.113549.1.1.{n}" for n in (11, 12, 13)))  # RSA; with SHA-2
) | frozenset(f"1.2.840.10045.4.3.{n}" for n in (2, 3, 4))  # ECDSA with SHA-2

_CONTENT_TYPE, _MESSAGE_DIGEST, _SIGNING_TIME = (f"1.2.840.113549.1.9.{n}" for n in (3, 4, 5))
_UTC_TIME, _GENERALIZED_TIME = 0x17, 0x18

CertificateId = tuple[bytes, int] | bytes
"""How CMS names a certificate: by issuer (DER) and serial number, or by subject key identifier."""


@dataclass(frozen=True, slots=True)
class Enveloped:
    """Encrypted content."""

    recipients: tuple[CertificateId, ...]
    """Those that have a key; who must know a password, or share a secret, is not among them."""


@dataclass(frozen=True, slots=True)
class Signed:
    """Signed content, and its one signer."""

    content: bytes | None
    """None where it stands beside the signature (detached)."""
    certificates: tuple[bytes, ...]
    """In DER form; anybody may have put them there."""
    signer: CertificateId
    signed_at: float
    """Seconds since the epoch, UTC."""
    digest: bytes
    """Of the content, as the signer has signed it."""


def content_of(structure: bytes) -> tuple[str, Element]:
    """What kind of content a structure has, and the content (RFC 5652, 3)."""
    fields = Fields(read(structure))
    kind = fields.take(OID).oid()
    content = Fields(fields.take(context(0)), context(0))
    found = content.take(SEQUENCE)
    content.end()
    fields.end()
    return kind, found


def enveloped(kind: str, content: Element) -> Enveloped:
    """Enveloped data (RFC 5652, 6.1), or authenticated (RFC 5083, 2.1). Refuses what is not AES."""
    fields = Fields(content)
    fields.take(INTEGER)
    fields.maybe(context(0))
    recipients = tuple(name for info in fields.take(SET) for name in _recipients(info))
    encrypted = Fields(fields.take(SEQUENCE))
    encrypted.take(OID)
    cipher = _algorithm(encrypted.take(SEQUENCE))
    if cipher not in AES_CBC | AES_GCM:
        raise Refusal(Reason.WEAK_CIPHER, "it is not encrypted with AES")
    if (kind == AUTH_ENVELOPED) != (cipher in AES_GCM):
        raise Refusal(Reason.NO_INTEGRITY, "it is put as authenticated and is not, or the other way round")
    if kind == AUTH_ENVELOPED:
        fields.maybe(context(1))
        if len(fields.take(OCTETS).value) < _SHORTEST_TAG:
            raise Refusal(Reason.NO_INTEGRITY, "its authentication tag is too short")
    return Enveloped(recipients)


def _recipients(info: Element) -> list[CertificateId]:
    if info.tag == SEQUENCE:  # key transport, RFC 5652, 6.2.1
        fields = Fields(info)
        fields.take(INTEGER)
        return [_name(fields.take(SEQUENCE, context(0, False)))]
    if info.tag != context(1):
        return []
    fields = Fields(info, context(1))  # key agreement, 6.2.2
    fields.take(INTEGER)
    fields.take(context(0))
    fields.maybe(context(1))
    agreement = Fields(fields.take(SEQUENCE))
    agreement.take(OID)
    if _algorithm(agreement.take(SEQUENCE)) not in _AES_WRAP:
        raise Refusal(Reason.WEAK_CIPHER, "a key in it is not wrapped with AES")
    return [_name(Fields(key).take(SEQUENCE, context(0))) for key in fields.take(SEQUENCE)]


def signed(content: Element) -> Signed:
    """Signed data (RFC 5652, 5.1) with exactly one signer. Refuses digests and signatures that are weak."""
    data, fields = encapsulated(content)
    certificates = fields.maybe(context(0))
    fields.maybe(context(1))
    signers = list(fields.take(SET))
    fields.end()
    if not signers:
        raise Refusal(Reason.NOT_SIGNED, "it holds certificates, and no signature")
    if len(signers) > 1:
        raise Refusal(Reason.SEVERAL_SIGNATURES, "several have signed it; one is to")
    found = tuple(bytes(c.whole) for c in certificates if c.tag == SEQUENCE) if certificates else ()
    return _signer(signers[0], data, found)


def encapsulated(content: Element) -> tuple[bytes | None, Fields]:
    """What signed data holds, whoever has signed it (RFC 5652, 5.2); and the fields that follow."""
    fields = Fields(content)
    fields.take(INTEGER)
    fields.take(SET)
    inner = Fields(fields.take(SEQUENCE))
    if inner.take(OID).oid() != DATA:
        raise malformed("what is signed is not a mail")
    wrapped = inner.maybe(context(0))
    inner.end()
    data = Fields(wrapped, context(0)).take(OCTETS, OCTETS | 0x20).octets() if wrapped else None
    return data, fields


def _signer(info: Element, content: bytes | None, certificates: tuple[bytes, ...]) -> Signed:
    """RFC 5652, 5.3. Without signed attributes, the encoded attributes of one message are the content of
    another with the same signature, so they must be there."""
    fields = Fields(info)
    fields.take(INTEGER)
    name = _name(fields.take(SEQUENCE, context(0, False)))
    if _algorithm(fields.take(SEQUENCE)) not in _SHA_2:
        raise Refusal(Reason.WEAK_SIGNATURE, "its signature is not over a SHA-2 digest")
    attributes = fields.maybe(context(0))
    if attributes is None:
        raise Refusal(Reason.WEAK_SIGNATURE, "its signature has no signed attributes")
    _strong(fields.take(SEQUENCE))
    known = _attributes(attributes)
    if _CONTENT_TYPE not in known or known[_CONTENT_TYPE].oid() != DATA:
        raise malformed("the signature is not over a mail")
    if _MESSAGE_DIGEST not in known:
        raise malformed("the signature does not say what it is over")
    if _SIGNING_TIME not in known:
        raise Refusal(Reason.WEAK_SIGNATURE, "its signature does not say when it was made")
    digest = known[_MESSAGE_DIGEST].octets()
    return Signed(content, certificates, name, _time(known[_SIGNING_TIME]), digest)


def _attributes(element: Element) -> dict[str, Element]:
    """Each attribute of one value, by its type; those of several values are none that we need."""
    known: dict[str, Element] = {}
    seen: set[str] = set()
    for attribute in element:
        fields = Fields(attribute)
        kind = fields.take(OID).oid()
        if kind in seen:
            raise malformed("a signed attribute is there twice")
        seen.add(kind)
        values = list(fields.take(SET))
        if len(values) == 1:
            known[kind] = values[0]
    return known


def _strong(algorithm: Element) -> None:
    fields = Fields(algorithm)
    kind = fields.take(OID).oid()
    if kind == _PSS:  # RFC 4055, 3.1; what is left out means SHA-1
        parameters = Fields(fields.take(SEQUENCE))
        digest = parameters.maybe(context(0))
        if digest and _algorithm(Fields(digest, context(0)).take(SEQUENCE)) in _SHA_2:
            return
    elif kind in _SIGNATURES:
        return
    raise Refusal(Reason.WEAK_SIGNATURE, "its kind of signature is weak or unknown")


def _algorithm(element: Element) -> str:
    """The OID of an AlgorithmIdentifier."""
    return Fields(element).take(OID).oid()


def _name(element: Element) -> CertificateId:
    if element.tag == context(0, False):
        return bytes(element.value)
    if element.tag == context(0):  # RecipientKeyIdentifier, RFC 5652, 6.2.2
        return Fields(element, context(0)).take(OCTETS).octets()
    fields = Fields(element)
    return bytes(fields.take(SEQUENCE).whole), fields.take(INTEGER).integer()


def _time(element: Element) -> float:
    """UTCTime, or GeneralizedTime from 2050 on (RFC 5652, 11.3)."""
    try:
        text = bytes(element.value).decode("ascii")
        if element.tag == _UTC_TIME:
            # X.509 takes two digits from 50 on for the last century, strptime from 69 on.
            text = ("19" if text >= "50" else "20") + text
        elif element.tag != _GENERALIZED_TIME:
            raise ValueError(text)
        return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError as error:
        raise malformed("the time of the signature cannot be read") from error
