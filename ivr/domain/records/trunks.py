"""What is known of the trunks to carriers."""

from dataclasses import dataclass
from enum import StrEnum


class TrunkHealth(StrEnum):
    UP = "up"
    DOWN = "down"
    """Asterisk says so."""
    SUSPECT = "suspect"
    """Calls over it fail before anything rings."""


@dataclass(frozen=True, slots=True)
class TrunkState:
    """One trunk, as it was seen last. A trunk without a record is up, with all its lines."""

    name: str
    health: TrunkHealth = TrunkHealth.UP
    lines: int | None = None
    """Those that work, as Asterisk says; None: all, as far as anybody knows."""
    why: str = ""
    """For an operator: what its health was judged by."""
    since: float = 0.0
    """When its health last changed."""
    probe_at: float = 0.0
    """Where it is not up: when the next call may try it."""
    pause_s: float = 0.0
    """Where it is not up: how long it was left alone last."""
    told_at: float = 0.0
    """When the present count of what operators were told began."""
    told: int = 0
    """How often they were told since then."""

    @property
    def is_up(self) -> bool:
        return self.health is TrunkHealth.UP
