"""The mail server of everybody: it takes every mail, and keeps whom it was for."""

from dataclasses import dataclass, field

from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class Mailboxes:
    """Of all members."""

    got: list[tuple[str, bytes]] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.got.append((envelope.rcpt_tos[0], envelope.content))
        return "250 kept"

    def of(self, address: str) -> list[bytes]:
        return [raw for to, raw in self.got if to == address]
