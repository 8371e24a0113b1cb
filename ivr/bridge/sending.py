"""Mail on its way out: to a mail server over SMTP with STARTTLS, or to the machine's own sendmail.

Owns: which answers of a server mean that trying again helps (RFC 5321, 4.2.1).
"""

import contextlib
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from ivr.adapters import sendmail
from ivr.config.bridge import Smtp

_PATIENCE_S = 30.0


class NotNow(Exception):
    """Trying again later may help."""


class Never(Exception):
    """The server will not take this mail."""


class Send(Protocol):
    def __call__(self, sender: str, to: str, message: bytes, /) -> None:
        """Hand one whole message over. Raises NotNow and Never."""
        ...


Transport = Callable[[], AbstractContextManager[Send]]
"""One conversation, for any number of mails. It may raise NotNow as it begins."""


def by_sendmail() -> AbstractContextManager[Send]:
    """The machine's own mail server tries again by itself."""

    def send(sender: str, to: str, message: bytes, /) -> None:
        try:
            sendmail.send(message, sender, to)
        except sendmail.NotSent as error:
            raise NotNow(str(error)) from error

    return contextlib.nullcontext(send)


class BySmtp:
    """`patience_s`: for an answer of the server."""

    def __init__(
        self,
        server: Smtp,
        own_name: str,
        password: str | None,
        trusted: ssl.SSLContext,
        patience_s: float = _PATIENCE_S,
    ) -> None:
        self._server = server
        self._own_name = own_name
        self._password = password
        self._trusted = trusted
        self._patience_s = patience_s

    @contextmanager
    def __call__(self) -> Iterator[Send]:
        where = f"{self._server.host}:{self._server.port}"
        try:
            link = smtplib.SMTP(
                self._server.host, int(self._server.port), self._own_name, timeout=self._patience_s
            )
            with link:
                if self._server.starttls:
                    link.starttls(context=self._trusted)
                if self._server.user is not None and self._password is not None:
                    link.login(self._server.user, self._password)
                yield _Conversation(link)
        except (OSError, smtplib.SMTPException) as error:
            raise NotNow(f"{where} does not take mail: {_said(error)}") from error


class _Conversation:
    def __init__(self, link: smtplib.SMTP) -> None:
        self._link = link

    def __call__(self, sender: str, to: str, message: bytes, /) -> None:
        try:
            self._link.sendmail(sender, [to], message)
        except smtplib.SMTPRecipientsRefused as error:
            _judge(*error.recipients[to])
        except smtplib.SMTPResponseException as error:
            _judge(error.smtp_code, error.smtp_error)


def _judge(code: int, said: bytes | str) -> None:
    """What a refusal of one mail means. A server that closes ends the whole conversation."""
    text = f"{code} {_printable(said)}"
    if code == 421:
        raise smtplib.SMTPServerDisconnected(text)
    raise (Never if 500 <= code < 600 else NotNow)(text)


def _said(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_printable(error.smtp_error)}"
    return _printable(str(error)) or type(error).__name__


def _printable(said: bytes | str, longest: int = 200) -> str:
    text = said.decode("ascii", "replace") if isinstance(said, bytes) else said
    return "".join(c if c.isprintable() else " " for c in text)[:longest]
