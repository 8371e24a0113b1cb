"""What a file with a public key or a certificate holds, as far as it can be told without any tool.

Owns: the one text form of each that the directory takes, and the fingerprint of what is in it. Must not know
whether a key is good: expiry, strength and revocation are for those who use it.
"""

import base64
import binascii
import hashlib
import re

_LONGEST = 100_000
"""Characters. A key with many user ids and signatures has some 20,000."""

_ARMOUR = re.compile(
    r"-----BEGIN PGP PUBLIC KEY BLOCK-----[ \t]*\n(?:[^\n:]+:[^\n]*\n)*[ \t]*\n"
    r"([A-Za-z0-9+/=\s]+?)\n(?:=[A-Za-z0-9+/]{4}\n)?-----END PGP PUBLIC KEY BLOCK-----"
)
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----\s([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----")


def openpgp_fingerprint(text: str) -> str:
    """Of the primary key in ASCII armour (RFC 9580, 5.5.4): 40 or 64 hexadecimal digits, in capitals. Raises
    ValueError with a sentence."""
    packet = _first_packet(_only(_ARMOUR, text, "an OpenPGP key in ASCII armour: gpg --armor --export KEY"))
    version = packet[0] if packet else 0
    if version == 4:
        framed = b"\x99" + len(packet).to_bytes(2, "big") + packet
        return hashlib.sha1(framed, usedforsecurity=False).hexdigest().upper()
    if version == 6:
        return hashlib.sha256(b"\x9b" + len(packet).to_bytes(4, "big") + packet).hexdigest().upper()
    raise ValueError("holds a key of a version that is not supported; 4 and 6 are (RFC 9580)")


def certificate_fingerprint(text: str) -> str:
    """SHA-256 of the certificate in PEM: 64 hexadecimal digits, in capitals. Raises ValueError."""
    der = _only(_PEM, text, "one certificate in PEM: openssl x509 -in FILE -inform DER")
    return hashlib.sha256(der).hexdigest().upper()


def _only(form: re.Pattern[str], text: str, wanted: str) -> bytes:
    if "PRIVATE KEY" in text:
        raise ValueError("holds a private key, which nobody else may have; take its public part")
    found = form.findall(text.replace("\r\n", "\n")) if len(text) <= _LONGEST else []
    if len(found) != 1 or text.count("-----BEGIN") != 1:
        raise ValueError(f"must be {wanted}")
    try:
        return base64.b64decode("".join(found[0].split()), validate=True)
    except binascii.Error as error:
        raise ValueError(f"must be {wanted}") from error


def _first_packet(packets: bytes) -> bytes:
    """The body of the first packet, which must be a public key (RFC 9580, 4.2 and 5.5.1.1)."""
    head = packets[0] if packets else 0
    if head & 0xC0 == 0xC0 and head & 0x3F == 6:
        size, start = _new_length(packets)
    elif head & 0xFC == 0x98 and head & 3 < 3:
        octets = 1 << (head & 3)
        size, start = int.from_bytes(packets[1 : 1 + octets], "big"), 1 + octets
    else:
        raise ValueError("does not begin with a public key (RFC 9580, 10.1)")
    body = packets[start : start + size]
    if len(body) < size:
        raise ValueError("is cut off; export the key again")
    return body


def _new_length(packets: bytes) -> tuple[int, int]:
    """Length of the body, and where it begins (RFC 9580, 4.2.1). A key has no partial lengths."""
    first = packets[1] if len(packets) > 1 else 0
    if first < 192:
        return first, 2
    if first < 224:
        return ((first - 192) << 8) + (packets[2] if len(packets) > 2 else 0) + 192, 3
    if first == 255:
        return int.from_bytes(packets[2:6], "big"), 6
    raise ValueError("is no public key (RFC 9580, 4.2.1)")
