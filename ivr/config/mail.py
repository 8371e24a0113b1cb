"""What the configuration says of alerts by mail, and of the gate by which the mail bridge comes in."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from ivr.domain.policy import between


def _users(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if not re.fullmatch(r"[a-z_][a-z0-9_-]{0,31}", name):
            raise ValueError(f"{name!r} is no name of a user of this machine")
    return names


@dataclass(frozen=True, slots=True)
class Mail:
    """How long an alert may be out by mail alone."""

    acknowledge_within_s: float = field(default=3600.0, metadata={"check": between(10, 86_400)})
    """Then its originator is told who has not acknowledged, and how to have them called."""
    open_s: float = field(default=86_400.0, metadata={"check": between(3600, 30 * 86_400)})
    """Then it closes, and whoever has not acknowledged is named as missing."""


@dataclass(frozen=True, slots=True)
class Gate:
    """The one way from the mail bridge to the hotline."""

    socket: Path | None = None
    """Default: `gate` in the folder of state. The users named below need its group to open it."""
    users: tuple[str, ...] = field(default=(), metadata={"check": _users})
    """Who may come in by it, besides the user that runs the hotline."""
