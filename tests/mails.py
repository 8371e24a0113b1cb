"""Mails for the bridge, byte for byte: a right one, from which every attack differs in one thing.

`Clear` is an opener for tests of all that is not encryption: it opens what `sealed` makes, in which nothing
is encrypted and the signer just stands there.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ivr.bridge.correspondence import Seal
from ivr.bridge.gate import Current, GateAway, GateRefused
from ivr.bridge.intake.mail import Accepted, Context, Envelope, Mail, Said, Trouble
from ivr.bridge.members import Member, Members
from ivr.domain.mail import Opened, Reason, Recipient, Refused, Standard
from ivr.domain.records import FailingKey

NOW = 1_795_356_000.0
DOMAIN = "bell.example"
ABC, XYZ, UNKNOWN = "A" * 40, "B" * 40, "C" * 40
MEMBERS = Members(
    [
        Member("abc", "ABC-CERT", Standard.OPENPGP, ABC, "", ("alerts@abc.example", "duty@abc.example")),
        Member("xyz", "XYZ-CERT", Standard.OPENPGP, XYZ, "", ("cert@xyz.example",)),
    ]
)
TEXT = b"Content-Type: text/plain; charset=utf-8\r\n\r\nA new worm is about.\r\n"
IODEF = b"<IODEF-Document/>"


def sealed(content: bytes, signer: str = ABC, at: float = NOW - 60) -> bytes:
    """A multipart/encrypted, which `Clear` opens."""
    head = json.dumps({"signer": signer, "at": at}).encode()
    armour = base64.encodebytes(head + b"\n" + content).replace(b"\n", b"\r\n")
    return (
        b'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary="=b="\r\n\r\n'
        b"--=b=\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n"
        b"--=b=\r\nContent-Type: application/octet-stream\r\n\r\n" + armour + b"\r\n--=b=--\r\n"
    )


def message(
    content: bytes = TEXT,
    signer: str = ABC,
    at: float = NOW - 60,
    sender: str = "ABC-CERT <alerts@abc.example>",
    to: str = f"alerts@{DOMAIN}",
    more: bytes = b"",
) -> bytes:
    """A whole message; `more` are header fields, each ended by CRLF."""
    return (
        f"Received: from mx.abc.example\r\nFrom: {sender}\r\nTo: {to}\r\n".encode()
        + b"Subject: Alert\r\nMessage-ID: <1@abc.example>\r\nMIME-Version: 1.0\r\n"
        + more
        + sealed(content, signer, at)
    )


def mail(
    raw: bytes, envelope_from: str = "bounces@abc.example", to: str = f"alerts@{DOMAIN}", key: str = "m1"
) -> Mail:
    return Mail(key, Envelope(envelope_from, (to,), NOW), raw)


class Clear:
    def __call__(self, raw: bytes, /) -> Opened | Refused:
        _, _, rest = raw.partition(b"application/octet-stream\r\n\r\n")
        if not rest:
            return Refused(Reason.NOT_ENCRYPTED, "it is not encrypted")
        head, _, content = base64.b64decode(rest.partition(b"\r\n--")[0]).partition(b"\n")
        says = json.loads(head)
        same = hashlib.sha256(head + content).hexdigest()
        return Opened(Standard.OPENPGP, content, says["signer"], says["at"], same)


@dataclass
class Claims:
    """Signatures, in memory."""

    taken: dict[str, str] = field(default_factory=dict)

    def __call__(self, signature: str, mail: str, until: float) -> bool:
        return self.taken.setdefault(signature, mail) == mail


def read_iodef(document: bytes) -> Said | Refused:
    if document != IODEF:
        return Refused(Reason.MALFORMED, "it is no IODEF")
    return Said("from the document", spoken="as it is heard")


def alert_of(token: str, team: str) -> int | None:
    return {("t17abc", "abc"): 17}.get((token, team))


def context(claim: Callable[[str, str, float], bool] | None = None, most_octets: int = 200_000) -> Context:
    openers = {Standard.OPENPGP: Clear(), Standard.SMIME: Clear()}
    return Context(DOMAIN, MEMBERS, openers, claim or Claims(), alert_of, read_iodef, most_octets)


@dataclass
class Hotline:
    """The other side of the gate, in memory: it does each request once, whatever is asked twice."""

    away: bool = False
    refuses: str = ""
    chokes_on: str = "nothing"
    submitted: dict[str, tuple[str, Said]] = field(default_factory=dict)
    acknowledged: list[tuple[int, str, str]] = field(default_factory=list)
    escalated: list[tuple[int, str]] = field(default_factory=list)
    told: list[tuple[int, str, str, str | None]] = field(default_factory=list)
    on: list[Current] = field(default_factory=list)
    known: Members = field(default_factory=lambda: MEMBERS)
    failing: list[FailingKey] = field(default_factory=list)

    def _answers(self) -> None:
        if self.away:
            raise GateAway("the hotline does not answer")
        if self.refuses:
            raise GateRefused(self.refuses)

    def close(self) -> None:
        """Nothing is open."""

    def members(self) -> Members:
        if self.away:
            raise GateAway("the hotline does not answer")
        return self.known

    def submit(self, request: str, team: str, said: Said, iodef: bytes | None) -> int:
        self._answers()
        if self.chokes_on in said.text:
            raise GateAway("the hotline has failed at this; see its log")
        self.submitted.setdefault(request, (team, said))
        return list(self.submitted).index(request) + 1

    def acknowledge(self, alert: int, team: str, address: str) -> None:
        self._answers()
        self.acknowledged.append((alert, team, address))

    def escalate(self, alert: int, team: str) -> None:
        self._answers()
        self.escalated.append((alert, team))

    def current(self) -> list[Current]:
        self._answers()
        return self.on

    def audio(self, alert: int) -> bytes:
        return b"RIFF"

    def mailed(self, alert: int, team: str, address: str, state: str, reason: str | None) -> None:
        self._answers()
        self.told.append((alert, team, state, reason))

    def keys(self, failing: Sequence[FailingKey]) -> None:
        self._answers()
        self.failing = list(failing)


class ClearSealer:
    """The other half of `Clear`: signs and encrypts nothing. XYZ has no usable key where it is told so."""

    def __init__(self, unusable: str = "") -> None:
        self._unusable = unusable

    def seal(self, content: bytes, /) -> Seal:
        def sealed_to(to: Recipient) -> bytes | Refused:
            if to.team == self._unusable:
                return Refused(Reason.KEY_EXPIRED, "its key has expired; ask the team for another")
            return sealed(content, UNKNOWN)

        return sealed_to

    def notice(self, content: bytes, /) -> bytes:
        return content


@dataclass
class Answered:
    """Whom the worker has answered."""

    accepted_: list[tuple[str, int]] = field(default_factory=list)
    refused_: list[tuple[str, str]] = field(default_factory=list)
    spread_: list[int] = field(default_factory=list)
    back: list[str] = field(default_factory=list)
    cannot_spread: bool = False

    def accepted(self, mail: Mail, member: Member, done: Accepted, alert: int) -> None:
        self.accepted_.append((member.team, alert))

    def spread(self, mail: Mail, member: Member, done: Accepted, alert: int, members: Members) -> None:
        if self.cannot_spread:
            raise Trouble("own.pem: cannot be read")
        self.spread_.append(alert)

    def refused(self, mail: Mail, member: Member, refused: Refused) -> None:
        self.refused_.append((member.team, refused.reason))

    def came_back(self, token: str) -> None:
        self.back.append(token)
