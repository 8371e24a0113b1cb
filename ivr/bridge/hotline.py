"""The hotline as the bridge sees it, through the gate's socket.

Owns: what the gate's documents are in the bridge's words.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from ivr.adapters.gate import client
from ivr.adapters.iodef import in_unicode
from ivr.bridge.gate import Current, GateAway, GateRefused
from ivr.bridge.intake.mail import Said
from ivr.bridge.members import Member, Members
from ivr.domain.records import FailingKey, MailState, Severity, Source, Tlp

R = TypeVar("R")

_TITLE = 200
"""Characters of a title that the gate takes; a mail's subject may be longer."""
_TEXT = 64_000
"""The same of a text; that of a document may be longer."""
_REST = "...\n\nThe rest is in the document."


class Hotline:
    """A Gate (see ivr.bridge.gate). For one thread at a time."""

    def __init__(self, socket: Path) -> None:
        self._client = client.GateClient(socket)

    def close(self) -> None:
        self._client.close()

    def members(self) -> Members:
        return _asked(lambda: Members(Member.of(document) for document in self._client.members()))

    def submit(self, request: str, team: str, said: Said, iodef: bytes | None) -> int:
        return _asked(
            lambda: self._client.submit(
                request,
                team,
                said.text if len(said.text) <= _TEXT else said.text[: _TEXT - len(_REST)] + _REST,
                title=" ".join(said.title.split())[:_TITLE] or None,
                iodef=in_unicode(iodef) if iodef else None,
                spoken=said.spoken or None,
                tlp=said.tlp.value if said.tlp else None,
                severity=said.severity.value if said.severity else None,
            )
        )

    def acknowledge(self, alert: int, team: str, address: str) -> None:
        _asked(lambda: self._client.acknowledge(alert, team, address))

    def escalate(self, alert: int, team: str) -> None:
        _asked(lambda: self._client.escalate(alert, team))

    def current(self) -> list[Current]:
        return _asked(lambda: [_current(document) for document in self._client.current()])

    def audio(self, alert: int) -> bytes:
        return _asked(lambda: self._client.audio(alert))

    def mailed(self, alert: int, team: str, address: str, state: str, reason: str | None) -> None:
        why = "".join(c for c in reason if c.isprintable())[:200] if reason else None
        _asked(lambda: self._client.mailed(alert, team, address, MailState(state), why))

    def keys(self, failing: Sequence[FailingKey]) -> None:
        _asked(lambda: self._client.keys(failing))


def _asked(ask: Callable[[], R]) -> R:
    try:
        return ask()
    except client.GateAway as error:
        raise GateAway(str(error)) from error
    except client.GateRefused as error:
        raise GateRefused(str(error)) from error


def _current(told: dict[str, Any]) -> Current:
    return Current(
        alert=told["id"],
        team=told["originator"]["team"],
        name=told["originator"]["name"],
        released_at=datetime.fromisoformat(told["released_at"]).timestamp(),
        by_mail=told["source"] == Source.MAIL,
        tlp=Tlp(told["tlp"]) if told["tlp"] else None,
        severity=Severity(told["severity"]),
        callback=told["callback"],
        is_withdrawn=told["state"] == "withdrawn",
        is_reported=told["state"] == "released" and told["reported_at"] is not None,
        is_escalated=told["escalated_at"] is not None,
        missing=tuple(team["name"] for team in told["missing"]),
    )
