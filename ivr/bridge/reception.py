"""Where mail comes in, from LMTP or from a pipe: taken onto the disk, or left with the mail server.

Owns: which addresses there are, and when a mail is taken. It is not judged here: what whoever has sent a mail
learns from the mail server must not depend on what is in it.
"""

from collections.abc import Callable, Sequence
from enum import Enum

from ivr.bridge.intake.mail import Envelope
from ivr.bridge.intake.orders import ACKNOWLEDGE, ALERTS, BOUNCES, DOCUMENTS
from ivr.bridge.spool import Spool, SpoolFull
from ivr.domain import enrol
from ivr.ports import Clock

_NULL = ("", "<>", "MAILER-DAEMON")
"""How the null sender comes: from a pipe as it should be, from LMTP, from Postfix's pipe(8) by default."""


class Answer(Enum):
    """What the mail server is told."""

    TAKEN = "250 2.0.0 kept"
    TOO_LARGE = "552 5.3.4 larger than the list takes"
    LATER = "451 4.3.0 not now, try again"


class Reception:
    """`is_ready`: whether what is taken now can be dealt with soon; `wake` is called when something came."""

    def __init__(
        self,
        domain: str,
        most_octets: int,
        spool: Spool,
        clock: Clock,
        is_ready: Callable[[], bool],
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        self._domain = domain
        self._most_octets = most_octets
        self._spool = spool
        self._clock = clock
        self._is_ready = is_ready
        self._wake = wake

    def knows(self, recipient: str) -> bool:
        """Whether this is an address of the list."""
        try:
            local, _, domain = enrol.address(recipient).lower().rpartition("@")
        except ValueError:
            return False
        name, plus, _ = local.partition("+")
        return domain == self._domain and name in (
            (ACKNOWLEDGE, BOUNCES) if plus else (ALERTS, DOCUMENTS, ACKNOWLEDGE, BOUNCES)
        )

    def take(self, sender: str, recipients: Sequence[str], raw: bytes) -> Answer:
        """TAKEN only when it is on the disk."""
        if len(raw) > self._most_octets:
            return Answer.TOO_LARGE
        if not self._is_ready():
            return Answer.LATER
        said = "" if sender.upper() in _NULL else _printable(sender)
        envelope = Envelope(said, tuple(r.lower() for r in recipients), self._clock())
        try:
            self._spool.keep(envelope, in_crlf(raw))
        except (OSError, SpoolFull):
            return Answer.LATER
        self._wake()
        return Answer.TAKEN


def in_crlf(raw: bytes) -> bytes:
    """A pipe ends lines in LF alone. Where both are there, it is left to the filters to refuse it."""
    return raw if b"\r" in raw else raw.replace(b"\n", b"\r\n")


def _printable(sender: str) -> str:
    """As it can be kept and shown: a server hands on whatever octets a stranger has sent."""
    return "".join(c if c.isprintable() else "?" for c in sender)
