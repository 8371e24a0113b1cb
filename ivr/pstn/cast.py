"""Who is on the stage, and under which rules. Must not know how a stage is set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ivr.pstn import phones
from ivr.pstn.carrier import Carrier

HOTLINE = "+4940808077700"
CALLER = phones.Phone("+4940808077699", calls=(), team="signal-cert", name="SIGNAL-CERT")
"""The telephone and the team of the one who raises alerts."""
UID = "40712"
PIN = "739164"

POLICY: Mapping[str, Any] = {
    "ring_s": 5,
    "growth": 1,
    "max_calls": 40,
    "deadline_s": 900,
    "busy": {"tries": 9, "pause_s": 4},
    "congestion": {"tries": 9, "pause_s": 4},
    "no-answer": {"tries": 3, "pause_s": 5},
    "unheard": {"tries": 3, "pause_s": 5},
    "partial": {"tries": 3, "pause_s": 5},
    "heard": {"tries": 3, "pause_s": 5},
}
"""As in production, with pauses that suit a play of two minutes."""


@dataclass(frozen=True, slots=True)
class Cast:
    """Who is on stage, and under which rules."""

    phones: Sequence[phones.Phone]
    lines: int
    policy: Mapping[str, Any] = field(default_factory=lambda: POLICY)
    teams: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Keys of the team file, by team, beyond name and numbers."""
    longest_s: int = 120
    """The longest recording."""
    network: Mapping[str, Any] = field(default_factory=dict)
    """Keys of the configuration's section `network`, beyond name and numbers."""
    sections: Mapping[str, Any] = field(default_factory=dict)
    """Sections of the configuration that a practice network has none of, such as `bridge`."""
    dtmf: str = "rfc4733"
    """How the keys of the phones travel: see Exchange.start."""
    trunk: Mapping[str, Any] = field(default_factory=dict)
    """Keys of the first trunk, beyond where it leads and its lines."""
    carrier: Carrier = field(default_factory=Carrier)
    """At the other end of the first trunk; at the second one it is in the clear, by address."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Of the service, beside ours."""
    second: int = 0
    """Lines of a second trunk, to an exchange of its own with the same phones; 0: there is none."""
