"""What Asterisk says of the trunks."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SpanSeen:
    """One line of an ISDN trunk, as Asterisk sees it."""

    span: int
    up: bool
    why: str
    """For an operator: "up", "D-channel of span 2 down"."""


@dataclass(frozen=True, slots=True)
class TrunkReported:
    """How many lines of a trunk work now, as Asterisk sees it. Told at each change, and when a connection to
    Asterisk comes up; a trunk that nobody reports on counts as up, with all its lines."""

    trunk: str
    lines: int
    """That work; 0: it is down."""
    why: str
    """For an operator, under 60 characters: "OPTIONS not answered", "registered"."""
    spans: tuple[SpanSeen, ...] = ()
    """Of an ISDN trunk."""


@dataclass(frozen=True, slots=True)
class ChannelTaken:
    """A call is on this channel of an ISDN trunk. The exchange may move it to another one."""

    call: str
    channel: str
    """Span and B channel, such as 2/17."""
