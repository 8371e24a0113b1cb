"""Sounds that are no words, computed and not spoken.

Owns: what a caller hears while a key of theirs is awaited. Knows no channel.
"""

import array
import math
import wave
from pathlib import Path

RATE = 8000
_EVERY_S = 0.5
"""A machine that is busy may hold a tick up for a while, and still nobody hears silence for long."""
_TICK_S = 0.02
_TICK_HZ = 440
_TICK_PEAK = 300
"""Of 32768. Heard in a quiet handset, and yet silence to whatever tells speech from silence by its level:
Asterisk's own threshold is a mean of 256, which a tick stays below."""


def waiting(target: Path, seconds: int) -> None:
    """Write `seconds` of silence with a soft tick at the end of each half: a sign of life."""
    silence = [0] * round((_EVERY_S - _TICK_S) * RATE)
    tick = [
        round(_TICK_PEAK * math.sin(2 * math.pi * _TICK_HZ * n / RATE)) for n in range(round(_TICK_S * RATE))
    ]
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = target.with_suffix(".making")
    with wave.open(str(draft), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(array.array("h", (silence + tick) * round(seconds / _EVERY_S)).tobytes())
    draft.replace(target)
