"""The corpus of tests/mail through the whole bridge: every attack is refused for its own reason, and its twin
is taken, which differs in the attack alone; every mail program's mail is taken as its writer meant it.

Whatever comes of it, nothing that was encrypted stands in a log, the record or an answer.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from corpus import DOMAIN, Practice, Program, Sample, attacks, practice, programs
from mails import Claims, Hotline
from pgp_peer import peers

from ivr.bridge.correspondence import Correspondence, Seal
from ivr.bridge.incoming import Entry, Incoming
from ivr.bridge.intake import judge
from ivr.bridge.intake.mail import Accepted
from ivr.bridge.outgoing import Outgoing
from ivr.bridge.spool import Spool
from ivr.bridge.store import BridgeStore
from ivr.bridge.tokens import Tokens
from ivr.bridge.worker import Worker
from ivr.domain.mail import Recipient, Refused, Standard

ATTACKS = {attack.attack.name: attack for attack in attacks()}
PROGRAMS = {program.sample.name: program for program in programs()}
SAID = (b"worm", b"port 1434", b"exploit", b"router", b"zebra", b"arbez", b"4912345")
"""Of what is said in the attacks, by the teams or by the attackers."""


class Open:
    """Seals nothing, so that the test can read what is written to a team."""

    def __init__(self) -> None:
        self.written: list[bytes] = []

    def seal(self, content: bytes, /) -> Seal:
        def sealed_to(to: Recipient) -> bytes | Refused:
            self.written.append(content)
            return b"Content-Type: application/octet-stream\r\n\r\nsealed\r\n"

        return sealed_to

    def notice(self, content: bytes, /) -> bytes:
        raise AssertionError("every member's key is good")


@dataclass
class Bridge:
    """All of it but the network, on keys that everybody has."""

    folder: Path
    practice: Practice
    answers: Open = field(default_factory=Open)
    now: float = 0.0

    def __post_init__(self) -> None:
        self.store = BridgeStore(self.folder / "bridge.db")
        self.store.make()
        self.spool = Spool(self.folder / "spool")
        self.incoming = Incoming(self.store)
        self.hotline = Hotline(known=self.practice.members)
        sealers = {Standard.OPENPGP: self.answers, Standard.SMIME: self.answers}
        self.letters = Correspondence(
            Outgoing(self.store), sealers, Tokens(b"secret"), "Practice", DOMAIN, "+49", self.later
        )

    def later(self) -> float:
        """A clock that goes on by a day each time, so that no team has had too many answers."""
        self.now += 86_400
        return self.now

    def take(self, sample: Sample, claims: Claims) -> Entry:
        mail = sample.mail
        key = self.spool.keep(mail.envelope, mail.raw)
        context = self.practice.context(claims)
        assert Worker(
            self.spool, self.incoming, self.hotline, lambda: context, self.letters, lambda: sample.at
        ).run()
        entry = self.incoming.get(key)
        assert entry is not None
        return entry


@pytest.fixture(scope="module")
def bridge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bridge]:
    folder = tmp_path_factory.mktemp("a bridge")
    at = next(iter(ATTACKS.values())).attack.at
    with peers(), practice(folder / "keys", lambda: at) as known:
        yield Bridge(folder, known)


@pytest.mark.parametrize("name", ATTACKS)
def test_it_is_refused_for_its_own_reason_and_its_twin_is_taken(
    bridge: Bridge, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    case = ATTACKS[name]
    claims = Claims()
    twin = bridge.take(case.benign, claims)
    assert (twin.state, twin.reason, twin.team) == ("accepted", None, case.benign.by), twin.detail
    before, written = len(bridge.hotline.submitted), len(bridge.answers.written)

    entry = bridge.take(case.attack, claims if case.is_replay else Claims())

    assert (entry.state, entry.reason) == ("refused", case.reason), entry.detail
    assert len(bridge.hotline.submitted) == before
    said = b"".join(bridge.answers.written[written:])
    assert not [word for word in SAID if word in (caplog.text + repr(entry)).encode() + said]


def test_whoever_has_an_address_of_a_team_is_answered_and_nobody_else(bridge: Bridge) -> None:
    answered = {}
    for name in ("openpgp/not-signed.attack", "openpgp/a-name-alone.attack"):
        before = len(bridge.answers.written)
        bridge.take(ATTACKS[name].attack, Claims())
        answered[name] = len(bridge.answers.written) - before
    assert answered == {"openpgp/not-signed.attack": 1, "openpgp/a-name-alone.attack": 0}


def test_nothing_that_was_encrypted_is_kept_in_the_clear(bridge: Bridge) -> None:
    bridge.take(ATTACKS["smime/another-text-under-the-signature.attack"].attack, Claims())
    files = [file for file in bridge.folder.rglob("*") if file.is_file()]
    assert any(file.name == "bridge.db" for file in files)
    kept = [file for file in files if "spool" not in file.parts]  # mail as it came, in clear where it was
    assert not [(file, word) for file in kept for word in SAID if word in file.read_bytes()]


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_mail_of_a_program_is_taken_as_it_was_meant(bridge: Bridge, name: str) -> None:
    program: Program = PROGRAMS[name]
    _, outcome = judge(program.sample.mail, bridge.practice.context(Claims()))
    assert isinstance(outcome, Accepted), outcome
    assert (outcome.said.text, outcome.said.title) == (program.text, program.title)
    assert outcome.warnings == program.warnings


CLASSES = {
    "malleability", "direct-exfiltration", "signature-wrapping", "several-signatures",
    "unsigned-beside-signed", "wrong-team", "display-tricks", "signed-outside", "replay", "another-list",
    "huge-and-nested", "bomb", "xml", "same-user-id", "header-injection",
}  # fmt: skip
"""What mail of both standards can be attacked with."""


@pytest.mark.parametrize("standard", Standard)
def test_every_class_of_attacks_is_there(standard: Standard) -> None:
    groups = {case.group for case in ATTACKS.values() if case.attack.standard is standard}
    assert groups >= CLASSES
    assert "status-text" in {case.group for case in ATTACKS.values()}
