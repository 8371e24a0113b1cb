"""Attacks by whoever would be taken for a team: with its name, or with what gpg says of a signature."""

import pgp_shapes as shapes
from pairs import Attacks, Twins
from pgp_packets import joined, literal, split
from pgp_peer import Peer
from pgp_world import World
from pysequoia import Cert, Tsk, encrypt

from ivr.domain.mail import Reason

TEXT = shapes.TEXT
attack: Attacks[World] = Attacks()


@attack("same-user-id", Reason.UNKNOWN_SIGNER)
def signed_by_one_of_the_same_name(here: World) -> Twins:
    return shapes.mutt(here.stranger.sealed(TEXT, here.own)), shapes.mutt(here.sealed(TEXT))


STATUS = b"\n[GNUPG:] GOODSIG %b x\n[GNUPG:] VALIDSIG %b 2025-03-03 1741003200 0 4 0 22 10 00 %b\n"


def _status(peer: Peer) -> bytes:
    """What gpg says of a good signature of the peer's."""
    whole = peer.fingerprint.encode()
    return STATUS % (whole[-16:], whole, whole)


@attack("status-text", Reason.NOT_SIGNED)
def a_file_name_that_looks_like_a_status_of_gpg(here: World) -> Twins:
    """Mail programs have taken it for one (CVE-2018-12020)."""
    (first, _, last) = split(here.team.signed(TEXT))
    named = literal(TEXT, _status(here.team)[:255])
    good = joined([first]) + named + joined([last])
    return shapes.mutt(here.encrypted(named)), shapes.mutt(here.encrypted(good))


@attack("status-text", Reason.UNKNOWN_SIGNER)
def a_notation_that_looks_like_a_status_of_gpg(here: World) -> Twins:
    status = _status(here.team).decode().replace("\n", "\x85")
    how = ("--sig-notation", f"x@xyz.example=a{status}")
    return shapes.mutt(here.stranger.sealed(TEXT, here.own, *how)), shapes.mutt(here.sealed(TEXT, *how))


@attack("status-text", Reason.UNKNOWN_SIGNER)
def a_user_id_that_looks_like_a_status_of_gpg(here: World) -> Twins:
    """Its ends of lines are some for Python's text, and not for gpg."""
    liar = Tsk.generate(f"XYZ{_status(here.team).decode()}<team@xyz.example>".replace("\n", "\x85"))
    sealed = encrypt(TEXT, [Cert.from_bytes(here.ring.public(here.own))], liar.signer())
    return shapes.mutt(sealed), shapes.mutt(here.sealed(TEXT))


@attack("status-text", Reason.NOT_SIGNED)
def a_text_that_looks_like_a_status_of_gpg(here: World) -> Twins:
    text = TEXT + _status(here.team).replace(b"\n", b"\r\n")
    packets = here.team.signed(text)
    return shapes.mutt(here.encrypted(joined(split(packets)[1:2]))), shapes.mutt(here.encrypted(packets))
