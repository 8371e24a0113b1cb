"""What goes through the filters, a mail and all that is known of it so far; and what comes out of the last.

Owns: the words that the filters share. Must not know any of the filters.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from ivr.bridge.members import Member, Members
from ivr.domain.mail import Opened, Refused, Standard
from ivr.domain.mime import Entity
from ivr.domain.records import Severity, Tlp


class Kind(StrEnum):
    """What a mail asks for."""

    RAISE = "raise"
    IODEF = "iodef"
    """As raise, told by an IODEF document (RFC 7970)."""
    ACKNOWLEDGE = "acknowledge"
    ESCALATE = "escalate"


@dataclass(frozen=True, slots=True)
class Said:
    """What an alert says, from its document or its text."""

    text: str = ""
    title: str = ""
    tlp: Tlp | None = None
    severity: Severity | None = None
    spoken: str = ""
    """What is read out of it on the telephone; empty: its title and text."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A mail of a team that was encrypted, signed, is new, and asks for something that there is."""

    kind: Kind
    team: str
    address: str
    """That it came from: one of the team's."""
    signature_id: str
    """As in `ivr.domain.mail.Opened`."""
    alert: int | None = None
    """Which one it acknowledges or escalates."""
    said: Said = Said()
    iodef: bytes | None = None
    """The document as it was signed."""
    late: bool = False
    """It was on its way for longer than an hour."""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the mail server has told of a mail (RFC 5321, 2.3.1); nothing of it is proof of anything."""

    sender: str
    """Empty: the null sender, of bounces (RFC 5321, 4.5.5)."""
    recipients: tuple[str, ...]
    """In lower case."""
    received_at: float


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail on its way through the filters; each adds what it has found out."""

    id: str
    envelope: Envelope
    raw: bytes
    """As it came, its lines ended by CRLF."""
    entity: Entity | None = None
    """Its outer header fields, and its body."""
    sender: str = ""
    """The one address in From, in lower case: a claim, until `member` is set."""
    opened: Opened | None = None
    content: Entity | None = None
    """What was signed, with the header fields that the signature covers."""
    member: Member | None = None
    to: tuple[str, ...] = ()
    """Which of the list's addresses it is for."""
    late: bool = False
    accepted: Accepted | None = None


class Trouble(Exception):
    """A tool or a key of our own is at fault, not the mail, which is tried again."""


class Opener(Protocol):
    """Decrypts and verifies one standard."""

    def __call__(self, raw: bytes, /) -> Opened | Refused:
        """A whole message (RFC 5322), raw. Raises Trouble."""
        ...


class IodefReader(Protocol):
    def __call__(self, document: bytes, /) -> Said | Refused: ...


@dataclass(frozen=True, slots=True)
class Context:
    """What filters look at besides the mail."""

    domain: str
    """Of the list's addresses, in lower case."""
    members: Members
    openers: Mapping[Standard, Opener]
    claim: Callable[[str, str, float], bool]
    """`claim(signature_id, mail_id, until)`: whether no other mail has had this signature. The same mail may
    claim it again, for it is judged anew after a crash."""
    alert_of: Callable[[str, str], int | None]
    """`alert_of(token, team)`: which alert the address ack+TOKEN@ of this team acknowledges."""
    read_iodef: IodefReader
    most_octets: int = field(default=10_000_000)


Filter = Callable[[Mail, Context], Mail | Refused]
