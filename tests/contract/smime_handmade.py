"""CMS that no program writes, from its octets up: for attacks that are right in everything else."""

import hashlib
from datetime import UTC, datetime

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from smime_people import Person


def tlv(tag: int, *content: bytes) -> bytes:
    """One element, in DER."""
    inside = b"".join(content)
    length = len(inside)
    if length < 0x80:
        return bytes((tag, length)) + inside
    octets = length.to_bytes((length.bit_length() + 7) // 8)
    return bytes((tag, 0x80 | len(octets))) + octets + inside


def elements(der: bytes) -> list[tuple[int, bytes]]:
    """Identifier and contents of each element in a row; DER alone."""
    found = []
    while der:
        many = der[1] & 0x7F if der[1] & 0x80 else 0
        length = int.from_bytes(der[2 : 2 + many]) if many else der[1]
        found.append((der[0], der[2 + many : 2 + many + length]))
        der = der[2 + many + length :]
    return found


def value_at(der: bytes, *path: int) -> bytes:
    """The contents of an element, by its place in each level; DER alone."""
    for place in path:
        der = elements(der)[place][1]
    return der


def with_value(der: bytes, path: tuple[int, ...], value: bytes) -> bytes:
    """The same, with other contents there; all lengths around it fit again."""
    place, *deeper = path
    parts = elements(der)
    tag, old = parts[place]
    parts[place] = tag, with_value(old, tuple(deeper), value) if deeper else value
    return b"".join(tlv(*part) for part in parts)


def oid(dotted: str) -> bytes:
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    octets = b""
    for arc in (40 * first + second, *rest):
        groups = [arc >> shift & 0x7F for shift in range(28, -1, -7)]
        while len(groups) > 1 and groups[0] == 0:
            del groups[0]
        octets += bytes(group | 0x80 for group in groups[:-1]) + bytes(groups[-1:])
    return tlv(6, octets)


DATA = oid("1.2.840.113549.1.7.1")
SIGNED = oid("1.2.840.113549.1.7.2")
SHA_256 = tlv(0x30, oid("2.16.840.1.101.3.4.2.1"))
RSA = tlv(0x30, oid("1.2.840.113549.1.1.1"), tlv(5))


def attribute(number: int, *values: bytes) -> bytes:
    """Of PKCS #9."""
    return tlv(0x30, oid(f"1.2.840.113549.1.9.{number}"), tlv(0x31, *values))


def attributes(content: bytes, at: bytes | None = None) -> dict[str, bytes]:
    """Those that a signature has: what it is over, its digest, its time."""
    now = datetime.now(UTC).strftime("%y%m%d%H%M%SZ").encode()
    return {
        "type": attribute(3, DATA),
        "digest": attribute(4, tlv(4, hashlib.sha256(content).digest())),
        "time": attribute(5, at or tlv(0x17, now)),
    }


def signed_data(
    person: Person,
    content: bytes,
    signed: list[bytes],
    *,
    kind: bytes = DATA,
    algorithm: bytes = RSA,
    unsigned: bytes = b"",
    beside: bytes = b"",
) -> bytes:
    """Opaque signed data, with the attributes as they are given and a signature that is right over them."""
    assert isinstance(person.key, rsa.RSAPrivateKey)
    inside = b"".join(sorted(signed))
    value = person.key.sign(tlv(0x31, inside), padding.PKCS1v15(), hashes.SHA256())
    issuer = person.certificate.issuer.public_bytes()
    serial = person.certificate.serial_number
    sid = tlv(0x30, issuer, tlv(2, serial.to_bytes(serial.bit_length() // 8 + 1)))
    info = tlv(0x30, tlv(2, b"\1"), sid, SHA_256, tlv(0xA0, inside), algorithm, tlv(4, value), unsigned)
    data = tlv(
        0x30,
        tlv(2, b"\1"),
        tlv(0x31, SHA_256),
        tlv(0x30, kind, tlv(0xA0, tlv(4, content))),
        tlv(0xA0, beside, person.certificate.public_bytes(Encoding.DER)),
        tlv(0x31, info),
    )
    return tlv(0x30, SIGNED, tlv(0xA0, data))


def twisted(person: Person) -> bytes:
    """A certificate, in DER, with an extension that cannot be read."""
    der = bytearray(person.certificate.public_bytes(Encoding.DER))
    der[der.index(bytes.fromhex("0603551d0e0416")) + 8] ^= 1  # the length in it
    return bytes(der)


def garbled(person: Person) -> list[bytes]:
    """Certificates, in DER, of a version that there is not, with an issuer whose name is no text, or no text
    at all, and with a serial number below zero: they are read, and fail whoever looks at that."""
    der = person.certificate.public_bytes(Encoding.DER)
    name = bytes.fromhex("06035504030c")  # CN, a UTF8String
    at = der.index(name) + len(name)
    version = bytes.fromhex("a003020102")
    serial = der.index(version) + len(version) + 2
    return [
        der.replace(version, bytes.fromhex("a003020106"), 1),
        der[: at + 1] + b"\xff" + der[at + 2 :],
        der[: at - 1] + b"\x03" + der[at : at + 1] + b"\0" + der[at + 2 :],
        der[:serial] + bytes([der[serial] | 0x80]) + der[serial + 1 :],
    ]
