"""OpenPGP mail that is refused for the key that has signed it, beside mail that differs in the key alone."""

import time
from collections.abc import Iterator

import pgp_shapes as shapes
import pytest
from pgp_peer import Peer, peers
from pgp_world import World, world

from ivr.domain.mail import Opened, Reason, Refused


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("pgp")) as made:
        yield made


def of(here: World, peer: Peer, *how: str) -> Opened | Refused:
    """What becomes of the mail of somebody whose key is pinned for a team."""
    peer.gpg("--import", given=here.ring.public(here.own))
    return _pinned(here, peer, shapes.mutt(peer.sealed(shapes.TEXT, here.own, *how)))


def _pinned(here: World, peer: Peer, mail: bytes) -> Opened | Refused:
    who, here.other = here.other, peer
    try:
        return here.open(mail)
    finally:
        here.other = who


def refused(answer: Opened | Refused) -> Reason:
    assert isinstance(answer, Refused), "taken"
    return answer.reason


@pytest.mark.parametrize("algorithm", ["rsa", "dsa"])
def test_a_key_that_is_too_short(here: World, algorithm: str) -> None:
    with peers("short", "long") as (short, long):
        for peer, bits in ((short, 1024), (long, 2048)):
            peer.make("ABC-CERT <team@abc.example>", f"{algorithm}{bits}")
            here.pin_anyway(peer)
        assert refused(of(here, short, "--digest-algo", "SHA256")) is Reason.WEAK_KEY
        assert isinstance(of(here, long), Opened)


def test_a_signature_that_has_ended(here: World) -> None:
    # Each run of gpg begins at that moment again: what the one before made may lie a second in its future.
    past = ("--faked-system-time", "20250101T000000", "--ignore-time-conflict", "--ignore-valid-from")
    with peers("past") as (peer,):
        peer.make("ABC-CERT <team@abc.example>", "ed25519", "cv25519", *past)
        here.pin(peer)
        peer.gpg("--import", given=here.ring.public(here.own))
        how = ("--faked-system-time", "20250601T000000", "--ignore-time-conflict", "--ignore-valid-from")
        assert refused(of(here, peer, *how, "--default-sig-expire", "seconds=60")) is Reason.TOO_OLD
        assert isinstance(of(here, peer, *how), Opened)


def test_a_key_that_has_ended_or_is_revoked(here: World) -> None:
    with peers("peer") as (peer,):
        peer.make("ABC-CERT <team@abc.example>")
        here.pin(peer)
        mail = of(here, peer)
        assert isinstance(mail, Opened)
        sealed = shapes.mutt(peer.sealed(shapes.TEXT, here.own))
        peer.gpg("--quick-set-expire", peer.fingerprint, "seconds=1")
        here.pin_anyway(peer)
        time.sleep(2.1)  # gpg counts whole seconds, and the last one as good
        assert refused(_pinned(here, peer, sealed)) is Reason.KEY_EXPIRED
        peer.gpg("--quick-set-expire", peer.fingerprint, "0")
        here.pin_anyway(peer)
        assert isinstance(_pinned(here, peer, sealed), Opened)
        revocation = peer.home / "openpgp-revocs.d" / f"{peer.fingerprint}.rev"
        peer.gpg("--import", given=revocation.read_bytes().replace(b":-----", b"-----"))
        here.pin_anyway(peer)
        assert refused(_pinned(here, peer, sealed)) is Reason.KEY_REVOKED
