"""What Asterisk says of the trunks."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TrunkReported:
    """How many lines of a trunk work now, as Asterisk sees it. Told at each change, and when a connection to
    Asterisk comes up; a trunk that nobody reports on counts as up, with all its lines."""

    trunk: str
    lines: int
    """That work; 0: it is down."""
    why: str
    """For an operator, under 60 characters: "OPTIONS not answered", "registered"."""
