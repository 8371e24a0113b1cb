"""What happened at the ceilings of our calls."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CeilingReached:
    """Somebody is not called because so many calls were started."""

    alert: int | None
    """For this alert; None: in an hour."""
    most: int
