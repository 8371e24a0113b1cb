"""What a recording must be like to be sent. Owns: the limits, and the verdict on length and level."""

from dataclasses import dataclass, field
from typing import Literal

from ivr.domain.policy import between

Problem = Literal["empty", "short", "silent"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Read from the configuration key `audio`."""

    longest_s: int = field(default=120, metadata={"check": between(10, 120)})
    """Seconds after which a talker is stopped."""
    shortest_s: float = field(default=1.5, metadata={"check": between(0, 10)})
    quietest_dbfs: float = field(default=-50.0, metadata={"check": between(-90, 0)})
    """RMS level in dB relative to full scale below which a recording is called silent."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a recording is like. `problem` is None when it may be sent."""

    problem: Problem | None
    duration_s: float
    sha256: str

    @property
    def ok(self) -> bool:
        return self.problem is None


def problem(duration_s: float, level_dbfs: float, limits: Limits) -> Problem | None:
    """What speaks against sending a recording of this length and RMS level."""
    if duration_s == 0:
        return "empty"
    if duration_s < limits.shortest_s:
        return "short"
    return "silent" if level_dbfs < limits.quietest_dbfs else None
