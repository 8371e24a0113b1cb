"""The bridge's side of the gate.

Owns: one connection, made anew when it is lost. Every request may be repeated, so one whose answer was lost
is asked once more. For one thread at a time.
"""

import socket
from base64 import b64decode
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from ivr.adapters.gate.address import address
from ivr.domain import gate
from ivr.domain.gate import BadLine, Code, Object
from ivr.domain.records import FailingKey, MailState


class GateError(Exception):
    """Something was not done; the message is one line for an operator."""


class GateAway(GateError):
    """The hotline does not answer, or not now: to be asked again later."""


class GateRefused(GateError):
    """It cannot be done; asked again it will be refused again."""

    def __init__(self, code: Code, why: str) -> None:
        super().__init__(why)
        self.code = code


class GateClient:
    """Every method raises GateAway and GateRefused."""

    def __init__(self, path: Path, timeout_s: float = 90.0) -> None:
        self._path = path
        self._timeout_s = timeout_s
        self._peer: socket.socket | None = None
        self._lines: BinaryIO | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        for one in (self._lines, self._peer):
            if one is not None:
                with suppress(OSError):
                    one.close()
        self._lines = self._peer = None

    def submit(self, message: str, team: str, text: str, **more: Any) -> int:
        """Make a mail an alert and release it; its number. `message` names the mail: handed in again it is
        the same alert. `more`: title, spoken, iodef (a document), tlp, severity, confirmed, callback."""
        given = {name: value for name, value in more.items() if value is not None}
        return int(self.ask("submit", message=message, team=team, text=text, **given)["alert"])

    def acknowledge(self, alert: int, team: str, by: str) -> Object:
        """The alert's `state`, and `delivery`: acknowledged, or withdrawn with it. `by`: an address."""
        return self.ask("acknowledge", alert=alert, team=team, address=by)

    def escalate(self, alert: int, team: str) -> Object:
        """Have the teams called; only its originator may. `again` where they are being called already, else
        `teams`: how many."""
        return self.ask("escalate", alert=alert, team=team)

    def current(self) -> list[Object]:
        """The alerts that are current, or have ended within a day, the oldest first."""
        return list(self.ask("current")["alerts"])

    def audio(self, alert: int) -> bytes:
        """What callees hear of an alert, a WAV file."""
        whole = b""
        while True:
            piece = self.ask("audio", alert=alert, offset=len(whole))
            data = b64decode(piece["data"])
            whole += data
            if not data or len(whole) >= piece["size"]:
                return whole

    def mailed(
        self, alert: int, team: str, mailbox: str, state: MailState, reason: str | None = None
    ) -> None:
        """Put on record what became of an alert's mail to one address of a team."""
        why = {} if reason is None else {"reason": reason}
        self.ask("mailed", alert=alert, team=team, address=mailbox, state=state.value, **why)

    def members(self) -> list[Object]:
        """The directory of those who take part by mail, by team."""
        found: list[Object] = []
        more = True
        while more:
            after = {"after": found[-1]["team"]} if found else {}
            page = self.ask("members", **after)
            found += page["members"]
            more = page["more"]
        return found

    def keys(self, failing: Iterable[FailingKey]) -> None:
        """Which keys for mail fail, or soon will: all of them, each time."""
        self.ask("keys", failing=[asdict(key) for key in failing])

    def ask(self, verb: str, **fields: Any) -> Object:
        """The answer to one request."""
        try:
            request = gate.line({"verb": verb, **fields})
        except BadLine as error:
            raise GateRefused(Code.BAD, str(error)) from error
        kept = self._peer is not None
        try:
            answer = self._exchange(request)
        except (OSError, BadLine) as error:
            self.close()
            if not kept or isinstance(error, TimeoutError):
                raise GateAway(f"{self._path}: the hotline does not answer: {_why(error)}") from error
            return self.ask(verb, **fields)  # the service was started anew since the last request
        if answer.get("ok") is True:
            return answer
        code, why = Code(answer["code"]), str(answer["error"])
        if code in (Code.LATER, Code.FAILED):
            raise GateAway(why)
        raise GateRefused(code, why)

    def _exchange(self, request: bytes) -> Object:
        if self._peer is None or self._lines is None:
            self._peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._peer.settimeout(self._timeout_s)
            with address(self._path) as where:
                self._peer.connect(where)
            self._lines = self._peer.makefile("rb")
        self._peer.sendall(request)
        raw = self._lines.readline(gate.MOST + 1)
        if not raw.endswith(b"\n"):
            raise ConnectionResetError("it has hung up")
        return gate.read(raw)


def _why(error: Exception) -> str:
    return (isinstance(error, OSError) and error.strerror) or str(error)
