"""A list with a certificate of its own, and a team whose certificate is pinned: what the tests of S/MIME
need."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from smime_people import Authority, Key, Person, rsa_key, take_home
from smime_shapes import APPLE_MAIL, Program, encrypted, message

from ivr.adapters.smime import Smime
from ivr.domain.mail import Opened, Refused

TEAM = "team@cert.example"


@dataclass(eq=False)
class Network:
    authority: Authority
    own: Person
    team: Person
    stranger: Person
    smime: Smime
    home: Path

    def pin(self, *others: Person) -> None:
        """The team, and whoever else is to be trusted."""
        people = (self.team, *others)
        wrong = self.smime.pin({p.fingerprint: (p.pem.read_text(), p.addresses) for p in people})
        assert wrong == []

    def mail(self, entity: bytes, program: Program = APPLE_MAIL, sender: str = TEAM, **how: object) -> bytes:
        """A message: `entity` encrypted to the list."""
        return message(program, encrypted(program, entity, self.own, **how), sender)

    def open(self, raw: bytes, now: float | None = None) -> Opened | Refused:
        return self.smime.open(raw, now or time.time())

    def opened(self, raw: bytes, now: float | None = None) -> Opened:
        found = self.open(raw, now)
        assert isinstance(found, Opened), found
        return found

    def refused(self, raw: bytes, now: float | None = None) -> Refused:
        found = self.open(raw, now)
        assert isinstance(found, Refused), found
        return found


@cache
def key_of(role: str) -> Key:
    """The same in all tests: an RSA key takes a while to make."""
    return rsa_key()


def made(folder: Path, team: Callable[[Authority, Path], Person] | None = None) -> Network:
    """`team` makes the certificate of the team, where it is not to be the usual one."""
    authority = Authority("Authority of the team's")
    own = authority.certify(folder / "own", "alerts@bell.example", key_of("list"))
    member = (
        team(authority, folder / "team") if team else authority.certify(folder / "team", TEAM, key_of("team"))
    )
    stranger = authority.certify(folder / "stranger", TEAM, key_of("stranger"))
    home = folder / "smime"
    take_home(own, home)
    network = Network(authority, own, member, stranger, Smime(home), home)
    network.pin()
    return network
