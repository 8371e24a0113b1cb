"""The practice list, its members, and strangers with their names: made once, and kept in `keys/`.

Owns: who there is, and where their keys are. None of these keys is, or ever was, of anybody.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from corpus import KEYS, LIST, TEAMS, practice
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pgp_peer import peers
from pgp_world import World
from smime_network import Network
from smime_people import Authority, Key, Person, ec_key, rsa_key

BORN = datetime(2025, 1, 1, 12, tzinfo=UTC)
"""Long past, since gpg refuses whatever is of the future by the clock of the machine that it runs on."""
SIGNED = datetime(2025, 3, 3, 12, tzinfo=UTC)
DIES = datetime(2045, 1, 1, tzinfo=UTC)
AUTHORITY = "Practice authority"
_PGP = {
    "list": f"Practice list <{LIST}>",
    "xyz-cert": "XYZ-CERT <team@xyz.example>",
    "abc-cert": "ABC-CERT <team@abc.example>",
    "stranger": "XYZ-CERT <team@xyz.example>",
}
_SMIME = {
    "list": (LIST, rsa_key),
    "def-cert": (TEAMS["def-cert"][1], rsa_key),
    "ghi-cert": (TEAMS["ghi-cert"][1], ec_key),
    "stranger": (TEAMS["def-cert"][1], rsa_key),
}


def make() -> None:
    with peers(*_PGP) as found:
        for (who, name), peer in zip(_PGP.items(), found, strict=True):
            (KEYS / who).mkdir(parents=True)
            peer.at = BORN
            peer.make(name)
            (KEYS / who / "secret.asc").write_bytes(peer.gpg("--armor", "--export-secret-keys"))
            (KEYS / who / "public.asc").write_bytes(peer.public())
            (KEYS / who / "fingerprint").write_text(peer.fingerprint + "\n", encoding="ascii")
    authority = Authority(AUTHORITY)
    for who, (address, kind) in _SMIME.items():
        (KEYS / who).mkdir(exist_ok=True)
        person = authority.certify(KEYS / who / "smime", address, kind(), start=BORN, end=DIES)
        if who in TEAMS:
            (KEYS / who / "fingerprint").write_text(person.fingerprint + "\n", encoding="ascii")


def person(who: str) -> Person:
    folder = KEYS / who / "smime"
    key = load_pem_private_key((folder / "key.pem").read_bytes(), None)
    certificate = x509.load_pem_x509_certificate((folder / "certificate.pem").read_bytes())
    return Person(cast(Key, key), certificate, folder)


@dataclass
class House:
    """Everybody at once, with what makes their mail."""

    pgp: World
    smime: Network
    ghi: Person
    now: datetime
    """When S/MIME is signed: openssl knows no other clock."""


@contextmanager
def house(folder: Path) -> Iterator[House]:
    """What it writes on the way is in `folder`."""
    with peers(*_PGP) as found, practice(folder / "list", SIGNED.timestamp) as known:
        own, *others = found
        for who, peer in zip(_PGP, found, strict=True):
            peer.at = SIGNED
            peer.gpg("--import", given=(KEYS / who / "secret.asc").read_bytes())
            peer.fingerprint = (KEYS / who / "fingerprint").read_text(encoding="ascii").strip()
        for peer in others:
            peer.knows(own)
        xyz, abc, stranger = others
        xyz.knows(abc, stranger)
        ring = known.keys.openpgp.ring
        pgp = World(ring, own.fingerprint, xyz, abc, stranger, folder)
        people = [person(who) for who in ("list", "def-cert", "stranger")]
        smime = Network(Authority(AUTHORITY), *people, known.keys.smime.keys, folder)
        yield House(pgp, smime, person("ghi-cert"), datetime.now(UTC).replace(microsecond=0))
