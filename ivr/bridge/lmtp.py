"""Mail from a mail server over LMTP (RFC 2033), with aiosmtpd: on a port of 127.0.0.1, or a socket of ours.

Owns: the dialogue. One recipient a mail: so that the one answer after the data is the whole answer (RFC 2033,
4.2); a server sends the others in transactions of their own.
"""

import asyncio
import errno
import logging
import os
from pathlib import Path
from typing import Any

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import Envelope, Session

from ivr.bridge.reception import Answer, Reception

log = logging.getLogger(__name__)

_PATIENCE_S = 60.0
"""For the next line of a server."""
_LONGEST_PATH = 107
"""Octets (unix(7)); also of the mail server's side, which has no way round it."""


class LmtpServer:
    """At `where`: a port, or the path of a socket whose folder says who may connect."""

    def __init__(self, where: int | Path, domain: str, most_octets: int, reception: Reception) -> None:
        self._where = where
        self._domain = domain
        self._most_octets = most_octets
        self._handler = _Handler(reception)
        self._server: asyncio.Server | None = None
        # At DEBUG it would log the mails.
        logging.getLogger("mail.log").setLevel(logging.WARNING)

    async def start(self) -> None:
        """Raises OSError where it cannot listen."""
        loop = asyncio.get_running_loop()
        if isinstance(self._where, Path):
            if len(os.fsencode(self._where)) > _LONGEST_PATH:
                why = "is too long for a socket; name a port in bridge.lmtp"
                raise OSError(errno.ENAMETOOLONG, why, str(self._where))
            self._where.unlink(missing_ok=True)
            self._server = await loop.create_unix_server(self._protocol, str(self._where))
            self._where.chmod(0o660)
        else:
            self._server = await loop.create_server(self._protocol, "127.0.0.1", self._where)

    def stop(self) -> None:
        """Takes no more connections; those that are open end with the loop, and their mail stays with the
        server."""
        if self._server is not None:
            self._server.close()

    def _protocol(self) -> LMTP:
        return LMTP(
            self._handler,
            data_size_limit=self._most_octets,
            hostname=self._domain,
            ident="LMTP",
            timeout=_PATIENCE_S,
            loop=asyncio.get_running_loop(),
        )


class _Handler:
    """What aiosmtpd calls; the answers are replies of RFC 5321."""

    def __init__(self, reception: Reception) -> None:
        self._reception = reception

    async def handle_RCPT(
        self, server: LMTP, session: Session, envelope: Envelope, address: str, options: list[Any]
    ) -> str:
        if not self._reception.knows(address):
            return "550 5.1.1 no such address"
        if envelope.rcpt_tos:
            return "452 4.5.3 one recipient a mail"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server: LMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.original_content or b""
        taken = await asyncio.to_thread(
            self._reception.take, envelope.mail_from or "", envelope.rcpt_tos, content
        )
        return taken.value

    async def handle_exception(self, error: Exception) -> str:
        """Of aiosmtpd or ours: the server is to keep the mail, where 5xx would send it back."""
        log.error("mail was not taken: %s", type(error).__name__)
        return Answer.LATER.value
