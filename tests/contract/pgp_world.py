"""A list with its key ring, two teams whose keys are pinned, and a stranger."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pgp_peer import Peer, peers

from ivr.adapters.pgp.opening import opened
from ivr.adapters.pgp.ring import KeyRing
from ivr.domain.mail import Opened, Refused


@dataclass
class World:
    ring: KeyRing
    own: str
    team: Peer
    other: Peer
    stranger: Peer
    folder: Path

    def open(self, message: bytes) -> Opened | Refused:
        """As the list does, which knows the keys of team and other."""
        return opened(self.ring, message, {self.team.fingerprint, self.other.fingerprint})

    def sealed(self, data: bytes, *more: str) -> bytes:
        """By the team, for the list."""
        return self.team.sealed(data, self.own, *more)

    def encrypted(self, packets: bytes, *more: str) -> bytes:
        """Any packets, for the list."""
        return self.team.encrypted(packets, self.own, *more)

    def pin(self, peer: Peer) -> None:
        """On the ring from now on, though of no team."""
        file = self.folder / f"{peer.fingerprint}.asc"
        file.write_bytes(peer.public())
        self.ring.certify(file, peer.fingerprint, time.time())

    def pin_anyway(self, peer: Peer) -> None:
        """Also a key that would not be taken today."""
        self.ring.run("--import", given=peer.public())


@contextmanager
def world(folder: Path) -> Iterator[World]:
    home = folder / "a ring"
    with (
        peers("team", "other", "stranger") as (team, other, stranger),
        KeyRing(home, "Example list", "alerts@bell.example") as ring,
    ):
        team.make("XYZ-CERT <team@xyz.example>")
        other.make("ABC-CERT <team@abc.example>")
        stranger.make("XYZ-CERT <team@xyz.example>")
        here = World(ring, ring.own, team, other, stranger, folder)
        for peer in (team, other):
            here.pin(peer)
        for peer in (team, other, stranger):
            peer.gpg("--import", given=ring.public(ring.own))
        team.knows(other, stranger)
        yield here
