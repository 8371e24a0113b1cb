"""What happened to the room on the disk."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReserveGivenUp:
    """The disk is full: the room that was kept on it is what facts are now written to."""


@dataclass(frozen=True, slots=True)
class ReserveMade:
    """There is room on the disk again, and some of it is kept."""
