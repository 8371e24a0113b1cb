"""The corpus below tests/mail: hostile mail beside benign twins, and mail in the shapes of mail programs.

Owns: how it is laid out and read, and the practice list that it was written to, whose keys lie beside it.
`tests/mail/make.py` writes it. Times are seconds since the epoch, UTC; nothing here reads a clock.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import yaml

from ivr.adapters.pgp.ring import KeyRing
from ivr.adapters.smime import Smime
from ivr.bridge.intake.mail import Context, Envelope, Mail
from ivr.bridge.members import Member, Members
from ivr.bridge.reception import in_crlf
from ivr.bridge.tools import Keys, OpenPgp, SMime, read_iodef
from ivr.domain.mail import Reason, Standard

FOLDER = Path(__file__).parent / "mail"
KEYS = FOLDER / "keys"
DOMAIN = "bell.example"
LIST = f"alerts@{DOMAIN}"
TEAMS = {
    "xyz-cert": (Standard.OPENPGP, "team@xyz.example"),
    "abc-cert": (Standard.OPENPGP, "team@abc.example"),
    "def-cert": (Standard.SMIME, "team@cert.example"),
    "ghi-cert": (Standard.SMIME, "team@ghi.example"),
}
"""The members of the practice list."""
_PUBLIC = {Standard.OPENPGP: "public.asc", Standard.SMIME: "smime/certificate.pem"}


@dataclass(frozen=True)
class Sample:
    """One mail of the corpus."""

    name: str
    standard: Standard
    by: str
    """The member whose mail it is, or is made to look like."""
    at: float
    """When the list gets it."""
    raw: bytes

    @property
    def mail(self) -> Mail:
        """As it is received, be it from LMTP or a pipe."""
        address = TEAMS[self.by][1]
        return Mail(self.name, Envelope(address, (LIST,), self.at), in_crlf(self.raw))


@dataclass(frozen=True)
class Attack:
    """A mail that is refused, and one that differs from it in the attack alone and is taken."""

    group: str
    """Which class of attacks it is of."""
    differs: str
    reason: Reason
    attack: Sample
    benign: Sample
    is_replay: bool
    """The attack is judged when its twin was taken."""


@dataclass(frozen=True)
class Program:
    """A mail in the shape of a mail program, and what a team says with it."""

    sample: Sample
    text: str
    title: str
    warnings: tuple[str, ...]


def attacks() -> Iterator[Attack]:
    for name, entry in _index("attacks").items():
        twins = {
            which: Sample(
                f"{name}.{which}",
                Standard(name.partition("/")[0]),
                entry["by"],
                _seconds(entry.get(f"{which}-at", entry["at"])),
                (FOLDER / "attacks" / name / f"{which}.eml").read_bytes(),
            )
            for which in ("attack", "benign")
        }
        yield Attack(
            entry["class"], entry["differs"], Reason(entry["reason"]), **twins, is_replay="replay" in entry
        )


def programs() -> Iterator[Program]:
    for name, entry in _index("programs").items():
        raw = (FOLDER / "programs" / name / "mail.eml").read_bytes()
        sample = Sample(name, Standard(name.partition("/")[0]), entry["by"], _seconds(entry["at"]), raw)
        yield Program(sample, entry["text"], entry["title"], tuple(entry["warnings"]))


def _index(part: str) -> dict[str, dict[str, str]]:
    file = FOLDER / part / "index.yaml"
    found: dict[str, dict[str, str]] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return found


def _seconds(stamp: str) -> float:
    return datetime.fromisoformat(stamp).timestamp()


def members() -> Members:
    return Members(
        Member(
            team,
            team.upper(),
            standard,
            (KEYS / team / "fingerprint").read_text(encoding="ascii").strip(),
            (KEYS / team / _PUBLIC[standard]).read_text(encoding="ascii"),
            (address,),
        )
        for team, (standard, address) in TEAMS.items()
    )


@dataclass
class Practice:
    """The practice list, with real gpg and openssl."""

    keys: Keys
    members: Members

    def context(self, claim: Callable[[str, str, float], bool]) -> Context:
        openers = {Standard.OPENPGP: self.keys.openpgp, Standard.SMIME: self.keys.smime}
        return Context(DOMAIN, self.members, openers, claim, lambda token, team: None, read_iodef)


@contextmanager
def practice(folder: Path, now: Callable[[], float]) -> Iterator[Practice]:
    """Its keys are taken into `folder`; `now` is what its clock says."""
    smime = folder / "smime"
    smime.mkdir(mode=0o700, parents=True)
    for name, own in (("key.pem", "own.key"), ("certificate.pem", "own.pem")):
        shutil.copy(KEYS / "list" / "smime" / name, smime / own)
    with KeyRing(folder / "openpgp", "Practice", LIST) as ring:
        ring.run("--import", given=(KEYS / "list" / "secret.asc").read_bytes())
        known = Keys(OpenPgp(ring, now), SMime(Smime(smime), now))
        known.pin(members())
        yield Practice(known, members())
