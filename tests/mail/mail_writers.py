"""Two members who write the same mails, one with OpenPGP and one with S/MIME."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import pgp_shapes
from corpus import LIST, TEAMS
from practice_keys import SIGNED, House
from smime_handmade import attributes, signed_data, tlv
from smime_shapes import APPLE_MAIL, THUNDERBIRD, clear_signed, cms_entity, encrypted, signature

from ivr.domain.mail import Standard

TEXT = b"Content-Type: text/plain; charset=utf-8\r\n\r\nA zebra is loose on port 1434.\r\n"


@dataclass(frozen=True)
class Writer:
    """Makes one member's mail."""

    standard: Standard
    by: str
    other: str
    """Another member, of the same standard."""
    now: datetime
    """When it signs."""
    sealed: Callable[[bytes], bytes]
    """A content, signed and encrypted to the list: an entity."""
    sealed_by_other: Callable[[bytes], bytes]
    sealed_at: Callable[[bytes, datetime], bytes]
    sealed_twice: Callable[[bytes], tuple[bytes, bytes]]
    """One signature in two wrappings."""

    @property
    def address(self) -> str:
        return TEAMS[self.by][1]

    def mail(self, content: bytes = TEXT, sender: bytes = b"", to: str = LIST, more: bytes = b"") -> bytes:
        return self.around(self.sealed(content), sender, to, more)

    def around(self, entity: bytes, sender: bytes = b"", to: str = LIST, more: bytes = b"") -> bytes:
        """A whole message; `more` are header fields, each ended by CRLF. LF is CRLF in the entity."""
        head = b"Received: from mx.example by bell.example; Mon, 03 Mar 2025 12:01:00 +0000\r\nFrom: %b\r\n"
        rest = f"To: {to}\r\nSubject: Alert\r\nMessage-ID: <1@mx.example>\r\nMIME-Version: 1.0\r\n".encode()
        return head % (sender or self.address.encode()) + rest + more + pgp_shapes.crlf(entity)


def writers(house: House) -> tuple[Writer, Writer]:
    return _openpgp(house), _smime(house)


def _openpgp(house: House) -> Writer:
    here = house.pgp

    def sealed_at(content: bytes, at: datetime) -> bytes:
        return pgp_shapes.pgp_entity(replace(here.team, at=at).sealed(content, here.own))

    def sealed_twice(content: bytes) -> tuple[bytes, bytes]:
        packets = here.team.signed(content)
        return (
            pgp_shapes.pgp_entity(here.encrypted(packets), boundary="one"),
            pgp_shapes.pgp_entity(here.encrypted(packets), boundary="two"),
        )

    return Writer(
        Standard.OPENPGP, "xyz-cert", "abc-cert", SIGNED,
        lambda content: pgp_shapes.pgp_entity(here.sealed(content)),
        lambda content: pgp_shapes.pgp_entity(here.other.sealed(content, here.own)),
        sealed_at, sealed_twice,
    )  # fmt: skip


def _smime(house: House) -> Writer:
    here = house.smime

    def sealed(content: bytes) -> bytes:
        return in_one_piece(signature(content, here.team, detached=False))

    def in_one_piece(structure: bytes) -> bytes:
        return encrypted(APPLE_MAIL, cms_entity(APPLE_MAIL, "signed-data", structure), here.own)

    def sealed_at(content: bytes, at: datetime) -> bytes:
        stamp = tlv(0x17, f"{at:%y%m%d%H%M%S}Z".encode())
        return in_one_piece(signed_data(here.team, content, [*attributes(content, stamp).values()]))

    def sealed_twice(content: bytes) -> tuple[bytes, bytes]:
        structure = signature(content, here.team, detached=True)
        one, two = (
            encrypted(APPLE_MAIL, clear_signed(program, content, structure), here.own)
            for program in (APPLE_MAIL, THUNDERBIRD)
        )
        return one, two

    return Writer(
        Standard.SMIME, "def-cert", "ghi-cert", house.now,
        sealed, lambda content: in_one_piece(signature(content, house.ghi, detached=False)),
        sealed_at, sealed_twice,
    )  # fmt: skip
