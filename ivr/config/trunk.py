"""What the configuration says of the trunks to carriers."""

from dataclasses import dataclass

from ivr.config import values
from ivr.domain.policy import between


@dataclass(frozen=True, slots=True)
class Trunk:
    """One SIP trunk to a carrier."""

    name: str = values.checked(values.slug)
    host: str = values.checked(values.host)
    lines: int = values.checked(values.within(1, 10_000))
    """Channels, for calls out and in together. The dialler never uses more."""
    port: int = values.port(5060)
    username: str | None = values.checked(values.slug, default=None)
    """For digest authentication; the password is in secrets/trunk-NAME."""
    guard_s: float = values.checked(between(0, 60), default=0.0)
    """How long a line rests after a call, where the carrier releases it later than we do."""
    cps: int | None = values.checked(values.within(1, 100), default=None)
    """Calls that may be started in a second. Default: no limit."""
    reserve: int = values.checked(values.within(0, 1000), default=0)
    """Lines kept free for callers; while they call, the dialler keeps more."""
    internet: bool = True
    """Whether it needs the Internet: false for one that comes by a line of its own."""

    def __post_init__(self) -> None:
        if self.reserve >= self.lines:
            raise ValueError(f"reserve must be less than lines ({self.lines}), or no team is ever called")
