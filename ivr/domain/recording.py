"""What a recording must be like to be sent, and what is said of one that could be better.

Owns: the limits, and the judgement on what was measured (adapters.audio.quality). What is wrong beyond doubt
is refused; all else is only told: a real alert that is held back is worse than a bad one that goes out.

Measured on 262 sounds of 1.5 s and more in a human voice (20 minutes), as they are and through mu-law:

    tonal       at most 0.20; the tones of ITU-T E.180/Q.35 0.96 and more, also 20 dB above noise
    clipped     at most 0.0003 where nothing is cut off; 12 dB above full scale 0.058 to 0.36
"""

from dataclasses import dataclass, field
from typing import Literal

from ivr.domain.policy import between

Problem = Literal["empty", "short", "silent"]
Remark = Literal["tone", "clipped", "quiet"]

SPEECH_DBFS = -20.0
"""To this level the speech of a recording is brought for the call-out: the loudness of the prompts."""
_STRONGEST_DB = 30.0
"""More gain would make noise of what is hardly there."""
_WORTH_IT_DB = 1.0
_QUIET_DBFS = -38.0
"""12 dB below the nominal level of speech in telephony, -26 dB (ITU-T P.56, G.100.1)."""
_CLIPPED = 0.01
_TONE = 0.8


@dataclass(frozen=True, slots=True)
class Limits:
    """Read from the configuration key `audio`."""

    longest_s: int = field(default=120, metadata={"check": between(10, 120)})
    """Seconds after which a talker is stopped."""
    shortest_s: float = field(default=1.5, metadata={"check": between(0, 10)})
    quietest_dbfs: float = field(default=-50.0, metadata={"check": between(-90, 0)})
    """RMS level in dB relative to full scale below which a recording is called silent."""


@dataclass(frozen=True, slots=True)
class Traits:
    """What was measured of a recording. Levels are RMS, in dB relative to full scale."""

    duration_s: float
    level_dbfs: float
    """Of all of it."""
    speech_dbfs: float
    """Of what is no pause."""
    clipped: float
    """Share of the speech that lies in flat tops, 0 to 1."""
    tonal: float
    """Share of the speech that is one steady tone, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a recording is like. `problem` is None when it may be sent."""

    problem: Problem | None
    duration_s: float
    sha256: str
    remark: Remark | None = None
    """What the caller should know of one that may be sent."""

    @property
    def ok(self) -> bool:
        return self.problem is None


def problem(traits: Traits, limits: Limits) -> Problem | None:
    """What speaks against sending it."""
    if traits.duration_s == 0:
        return "empty"
    if traits.duration_s < limits.shortest_s:
        return "short"
    return "silent" if traits.level_dbfs < limits.quietest_dbfs else None


def remark(traits: Traits) -> Remark | None:
    """What is to be said of it. A tone is always at its ceiling, so it comes first."""
    if traits.tonal >= _TONE:
        return "tone"
    if traits.clipped >= _CLIPPED:
        return "clipped"
    return "quiet" if traits.speech_dbfs < _QUIET_DBFS else None


def gain_db(traits: Traits) -> float:
    """How much louder it is to be for the call-out; 0 where it is as it should be, or nothing is in it."""
    gain = min(SPEECH_DBFS - traits.speech_dbfs, _STRONGEST_DB)
    return gain if abs(gain) >= _WORTH_IT_DB and traits.duration_s else 0.0
