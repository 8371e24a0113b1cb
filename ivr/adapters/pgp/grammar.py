"""Which packets a mail may consist of: what mail programs make, and nothing else.

Owns: the two sequences that are taken, outside the encryption and inside. Pure: bytes in, values out; raises
NotTaken. Whoever can encrypt to us can put any packets into a message: a second text, a signature of somebody
else, an unsigned text beside the signed one. gpg copes with many of them in ways of its own, and here there
is one way.
"""

from dataclasses import dataclass

from ivr.adapters.pgp import NotTaken
from ivr.adapters.pgp.packets import Tag, read, unpacked
from ivr.domain.mail import Reason

_SEALED = {Tag.INTEGRITY, Tag.AEAD}
_ENCRYPTED = {Tag.ENCRYPTED_KEY, Tag.PASSPHRASE, Tag.NO_INTEGRITY, *_SEALED}
_SIGNED = {Tag.SIGNATURE, Tag.ONE_PASS}
_HASHES = (8, 9, 10, 11, 12, 14)
"""SHA-2 and SHA-3 (RFC 9580, 9.5)."""
_LINE = 19_000
"""gpg leaves what is beyond 19,995 bytes of a line out of a signature over lines of text."""
_INTENDED = (b"\x23", b"\xa3")
"""The kind of subpacket that names a reader, and the same when it is critical."""


@dataclass(frozen=True, slots=True)
class Text:
    """What stood in the encryption."""

    data: bytes
    """Of the one literal packet."""
    signature: bytes | None
    """The body of the one signature packet over it; None: there is none."""


def recipients(message: bytes) -> list[str]:
    """The ids of the keys that a message is encrypted to, 16 hexadecimal digits; zeros for one that is
    hidden."""
    packets = read(message)
    tags = [packet.tag for packet in packets]
    if not _ENCRYPTED & set(tags):
        raise NotTaken(Reason.NOT_ENCRYPTED, "the OpenPGP message is not encrypted")
    if _SIGNED & set(tags):
        raise NotTaken(Reason.SIGNED_OUTSIDE, "it is signed around the encryption; sign first, then encrypt")
    if Tag.NO_INTEGRITY in tags:
        raise NotTaken(Reason.NO_INTEGRITY, "it is encrypted without protection of its integrity")
    *keys, last = tags
    if last not in _SEALED or _SEALED & set(keys):
        raise NotTaken(Reason.NOT_WHOLLY_SIGNED, "something stands beside the encrypted data")
    if set(keys) != {Tag.ENCRYPTED_KEY}:
        raise NotTaken(Reason.MALFORMED, "it is to be encrypted to keys, and to nothing else")
    return [packet.body[1:9].hex().upper() for packet in packets[:-1]]


def text(decrypted: bytes) -> Text:
    """The one text in what was decrypted, with the one signature over it; it may be packed, once."""
    packets = read(decrypted)
    if [packet.tag for packet in packets] == [Tag.COMPRESSED]:
        packets = read(unpacked(packets[0].body))
    tags = [packet.tag for packet in packets]
    match tags:
        case [Tag.LITERAL]:
            return Text(_literal(packets[0].body), None)
        case [Tag.ONE_PASS, Tag.LITERAL, Tag.SIGNATURE]:
            return Text(_literal(packets[1].body), packets[2].body)
    if _ENCRYPTED & set(tags):
        raise NotTaken(Reason.TOO_COMPLEX, "it is encrypted twice")
    if tags.count(Tag.SIGNATURE) > 1 or tags.count(Tag.ONE_PASS) > 1:
        raise NotTaken(Reason.SEVERAL_SIGNATURES, "it bears several signatures")
    if len([tag for tag in tags if tag in (Tag.LITERAL, Tag.COMPRESSED)]) > 1:
        raise NotTaken(Reason.NOT_WHOLLY_SIGNED, "several texts are in one message")
    if Tag.COMPRESSED in tags:
        raise NotTaken(Reason.TOO_COMPLEX, "it is packed more than once")
    raise NotTaken(Reason.MALFORMED, "what is encrypted is no signed text")


def detached(data: bytes) -> bytes:
    """The body of the one signature packet that a detached signature consists of."""
    packets = read(data)
    if any(packet.tag != Tag.SIGNATURE for packet in packets):
        raise NotTaken(Reason.MALFORMED, "its signature is none")
    if len(packets) > 1:
        raise NotTaken(Reason.SEVERAL_SIGNATURES, "it bears several signatures")
    return packets[0].body


def verifiable(signature: bytes, data: bytes) -> bytes:
    """The packet of a signature that gpg may be asked to verify over `data`, from its body (RFC 9580,
    5.2)."""
    if len(signature) < 4:
        raise NotTaken(Reason.MALFORMED, "an OpenPGP packet is cut off")
    version, kind, _, hashed = signature[:4]
    if version < 4 or hashed not in _HASHES:
        raise NotTaken(
            Reason.WEAK_SIGNATURE, "it is signed with a hash that can be forged; SHA-256 is needed"
        )
    if kind not in (0, 1):
        raise NotTaken(Reason.BAD_SIGNATURE, "its signature is not one over a text")
    if kind == 1 and any(len(line) > _LINE for line in data.split(b"\n")):
        raise NotTaken(Reason.NOT_WHOLLY_SIGNED, f"it has a line of more than {_LINE} bytes")
    return bytes([0xC0 | Tag.SIGNATURE, 0xFF]) + len(signature).to_bytes(4, "big") + signature


def intended(signature: bytes) -> set[str]:
    """The fingerprints of the readers that a signature names, which is seldom any (RFC 9580, 5.2.3.36)."""
    size = 4 if signature[0] > 5 else 2
    start = 4 + size
    hashed = signature[start : start + int.from_bytes(signature[4:start], "big")]
    found = set()
    while hashed:
        wide = 1 if hashed[0] < 192 else 2 if hashed[0] < 255 else 5
        length = int.from_bytes(hashed[:wide], "big") - (0, 0, 192 * 255, 0, 0, 0xFF << 32)[wide]
        if length < 1 or wide + length > len(hashed):
            raise NotTaken(Reason.MALFORMED, "an OpenPGP packet is cut off")
        if hashed[wide : wide + 1] in _INTENDED:
            found.add(hashed[wide + 2 : wide + length].hex().upper())
        hashed = hashed[wide + length :]
    return found


def _literal(body: bytes) -> bytes:
    """Its format, name and date are not signed (RFC 9580, 5.9), and say nothing."""
    if len(body) < 2 or len(body) < 6 + body[1]:
        raise NotTaken(Reason.MALFORMED, "an OpenPGP packet is cut off")
    return body[6 + body[1] :]
