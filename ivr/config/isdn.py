"""What the configuration says of ISDN trunks: spans of DAHDI, and how the exchange behind them is spoken to.

Owns: which channels of DAHDI a span has, and what each is for. A span is one line of a carrier's: primary
rate (PRI: E1 or T1) or basic rate (BRI). B channels carry speech, the D channel signals (ITU-T Q.931).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from ivr.config import values
from ivr.config.numbers import Numbers
from ivr.domain.policy import between

SpanType = Literal["e1", "t1", "bri", "bri-ptmp"]

_D_CHANNEL: dict[SpanType, int] = {"e1": 16, "t1": 24, "bri": 3, "bri-ptmp": 3}
"""Which channel of a span signals (ITU-T I.431 and I.430), counted from 1."""
_SIZE: dict[SpanType, int] = {"e1": 31, "t1": 24, "bri": 3, "bri-ptmp": 3}
_ALL: dict[SpanType, str] = {"e1": "1-15,17-31", "t1": "1-23", "bri": "1-2", "bri-ptmp": "1-2"}


def _listed(text: str) -> str:
    """Channels as DAHDI writes them: 1-15,17-31."""
    if not re.fullmatch(r"\d{1,2}(-\d{1,2})?(,\d{1,2}(-\d{1,2})?)*", text):
        raise ValueError('must be channels and ranges of them, such as "1-15,17-31"')
    found = _unlisted(text)
    if not found or len(set(found)) < len(found):
        raise ValueError("names a channel twice, or none in a range")
    return text


def _unlisted(text: str) -> list[int]:
    ends = [part.partition("-") for part in text.split(",")]
    return [n for first, _, last in ends for n in range(int(first), int(last or first) + 1)]


def _digits(numbers: tuple[str, ...]) -> tuple[str, ...]:
    for number in numbers:
        if not re.fullmatch(r"[0-9]{1,20}", number):
            raise ValueError(f"{number!r} must be digits, as the exchange sends them")
    if len(set(numbers)) < len(numbers):
        raise ValueError("names a number twice")
    return numbers


@dataclass(frozen=True, slots=True)
class Span:
    """One line of the carrier's, as DAHDI numbers it; `dahdi_scan` lists what there is."""

    type: SpanType
    span: int = values.checked(values.within(1, 128))
    first: int = values.checked(values.within(1, 1024), default=1)
    """DAHDI's number of the span's first channel: `basechan` of dahdi_scan."""
    channels: str | None = values.checked(_listed, default=None)
    """The B channels that are rented, counted within the span. Default: all of them."""
    crc4: bool = True
    """Whether the exchange checks frames of an E1 by CRC-4 (ITU-T G.704)."""
    sleeps: bool = False
    """Multipoint only: the exchange takes the line down while nobody calls. Whether it works is then seen in
    the next call and not before."""

    def __post_init__(self) -> None:
        beyond = set(self.b_channels) - set(_unlisted(_ALL[self.type]))
        if beyond:
            raise ValueError(f"channels: {min(beyond)} is no B channel of a span of type {self.type}")
        if self.sleeps and self.type != "bri-ptmp":
            raise ValueError("sleeps: only a line of type bri-ptmp does")

    @property
    def b_channels(self) -> Sequence[int]:
        """Those that carry speech and are ours, counted within the span."""
        return _unlisted(self.channels or _ALL[self.type])

    @property
    def d_channel(self) -> int:
        return _D_CHANNEL[self.type]

    @property
    def taken(self) -> range:
        """DAHDI's numbers of all channels of the span."""
        return range(self.first, self.first + _SIZE[self.type])

    def dahdi(self, channel: int) -> int:
        """DAHDI's number of a channel that is counted within the span."""
        return self.first + channel - 1


@dataclass(frozen=True, slots=True)
class Isdn:
    """One ISDN trunk to a carrier: one span, or several that are used as one."""

    spans: tuple[Span, ...]
    name: str = values.checked(values.slug)
    switchtype: Literal["euroisdn", "national", "ni1", "dms100", "4ess", "5ess", "qsig"] = "euroisdn"
    """What the exchange speaks: euroisdn is ETSI's (EN 300 403), national is North America's (NI-2)."""
    hunt: Literal["up", "down", "round-up", "round-down"] = "down"
    """Where a free B channel for a call out is looked for. Exchanges mostly hunt up: then both sides seldom
    want the same one."""
    group: int = values.checked(values.within(1, 63), default=1)
    """By which Asterisk knows the trunk's channels; each ISDN trunk has its own."""
    overlap: Literal["none", "incoming", "outgoing", "both"] = "none"
    """In which direction the digits of a called number may come one after the other (ITU-T Q.931, 5.1.3)."""
    called_on: tuple[str, ...] = values.checked(_digits, default=())
    """Our numbers (MSN, DDI), as the exchange sends them; calls to others are not for us. Empty: all are."""
    clir: bool = False
    """Whether the exchange is asked to keep our number from those we call (CLIR, ETSI EN 300 093)."""
    guard_s: float = values.checked(between(0, 60), default=1.0)
    """How long a line rests after a call. A B channel that we release is taken until the exchange has
    released it as well (ITU-T Q.931, 5.3.3); until then Asterisk has no channel for the next call."""
    cps: int | None = values.checked(values.within(1, 100), default=None)
    """Calls that may be started in a second. Default: no limit."""
    reserve: int = values.checked(values.within(0, 1000), default=0)
    """Lines kept free for callers; while they call, the dialler keeps more."""
    numbers: Numbers = field(default_factory=Numbers)
    """+e164 and e164 go out with type of number international (ITU-T Q.931, 4.5.8), the others unknown."""
    internet: bool = False
    """Whether it depends on the Internet."""

    def __post_init__(self) -> None:
        if not self.spans:
            raise ValueError("spans: name at least one")
        if self.reserve >= self.lines:
            raise ValueError(f"reserve must be less than the lines ({self.lines}), or no team is ever called")
        if self.numbers.prefix and self.numbers.called == "+e164":
            raise ValueError("numbers: a prefix needs `called`: e164, international or national")
        if self.called_on and len({span.type == "bri-ptmp" for span in self.spans}) > 1:
            raise ValueError("called_on: multipoint lines and others belong into trunks of their own")

    @property
    def lines(self) -> int:
        """Its B channels, for calls out and in together."""
        return sum(len(span.b_channels) for span in self.spans)


def check(trunks: Sequence[object]) -> None:
    """What the ISDN trunks of a configuration must be like together. Raises ValueError."""
    ours = [trunk for trunk in trunks if isinstance(trunk, Isdn)]
    groups = [trunk.group for trunk in ours]
    if len(set(groups)) < len(groups):
        raise ValueError("trunks: each ISDN trunk needs a `group` of its own, 1 to 63")
    owner: dict[int, int] = {}
    for span in (span for trunk in ours for span in trunk.spans):
        if span.span in owner.values():
            raise ValueError(f"trunks: span {span.span} is given twice")
        if other := next((owner[n] for n in span.taken if n in owner), None):
            raise ValueError(
                f"trunks: spans {other} and {span.span} share a channel: give each its `first`, "
                "the basechan of dahdi_scan"
            )
        owner |= dict.fromkeys(span.taken, span.span)
