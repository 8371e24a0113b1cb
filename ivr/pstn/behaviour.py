"""What a practice phone does on a call, as data, and what follows from it.

Owns: the steps a phone can take, the named behaviours made from them, and the judgement whether a behaviour
hears an alert and acknowledges it. Knows neither YAML (see phones) nor Asterisk (see exchange).
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Literal, assert_never


@dataclass(frozen=True)
class Listen:
    """Stays on the line and does nothing."""

    seconds: float


@dataclass(frozen=True)
class UntilQuiet:
    """Waits until a voice was heard and then paused for `seconds`.

    Speech has gaps of up to 0.6 s between words and sentences: a shorter value is fooled by them.
    """

    seconds: float


@dataclass(frozen=True)
class Press:
    """Presses keys. How they travel is the network's matter, see exchange."""

    keys: str
    ms: int = 100
    """Milliseconds of each key and of the pause after it. ITU-T Q.24 asks for 40 each."""


@dataclass(frozen=True)
class Say:
    """Speaks the audio of a file to its end."""

    file: Path


@dataclass(frozen=True)
class Play:
    """Plays a sound that every exchange has: an answering machine's greeting (5.7 s) or its beep (0.4 s)."""

    sound: Literal["greeting", "beep"]


@dataclass(frozen=True)
class Echo:
    """Sends back all that it hears, as loud as it came, until the other side hangs up."""


@dataclass(frozen=True)
class Hangup:
    """Hangs up. A phone that has come to the end of its steps does so as well."""


Step = Listen | UntilQuiet | Press | Say | Play | Echo | Hangup


@dataclass(frozen=True)
class Behaviour:
    """One call as the called phone handles it.

    It rings for `answer_after` seconds; then it answers and takes its steps, or, where there is a Q.850
    `cause`, the call is refused with that cause.
    """

    answer_after: float
    steps: tuple[Step, ...] = ()
    cause: int | None = None
    announces: bool = False
    """Before it rings or refuses, the network speaks: early media, which is no answer."""

    def after(self, seconds: float) -> "Behaviour":
        """The same, but after ringing for `seconds`."""
        return replace(self, answer_after=seconds)


PAUSE_S = 1.0
"""Seconds. Longer than any gap inside a spoken sentence, shorter than the pause after a menu."""

ALERT_PAUSE_S = 1.4
"""Seconds. People who speak an alert pause for longer than a prompt does."""

INTO_THE_ALERT_S = 3.5
"""Seconds. Past the first two, in which a key counts as a double press."""

_GREETING_S = 2.5
_WHO_AND_WHEN_S = 9.5
"""About how long the introduction of a call-out is. A 1 cuts its greeting short; the rest is always said."""

_TO_THE_KEY = (UntilQuiet(PAUSE_S), Press("1"))
_TO_THE_END = (Listen(3.0), UntilQuiet(ALERT_PAUSE_S))
_ACKNOWLEDGE = (Press("1"), UntilQuiet(PAUSE_S))


def _answers(*steps: Step) -> Behaviour:
    return Behaviour(1.0, (*steps, Hangup()))


PRESETS: Mapping[str, Behaviour] = MappingProxyType(
    {
        "acknowledges": _answers(*_TO_THE_KEY, *_TO_THE_END, *_ACKNOWLEDGE),
        "acknowledges-early": _answers(*_TO_THE_KEY, Listen(INTO_THE_ALERT_S), *_ACKNOWLEDGE),
        "answers-late": _answers(*_TO_THE_KEY, *_TO_THE_END, *_ACKNOWLEDGE).after(4.0),
        "in-a-hurry": _answers(
            Listen(0.4), Press("1"), Listen(_WHO_AND_WHEN_S + INTO_THE_ALERT_S), *_ACKNOWLEDGE
        ),
        "presses-at-once": _answers(Listen(0.4), Press("1"), *_TO_THE_END, *_ACKNOWLEDGE),
        "wrong-key": _answers(UntilQuiet(PAUSE_S), Press("5"), *_TO_THE_KEY, *_TO_THE_END, *_ACKNOWLEDGE),
        "listens-only": _answers(*_TO_THE_KEY, *_TO_THE_END),
        "silent": _answers(Listen(60.0)),
        "hangs-up": _answers(Listen(0.2)),
        "machine": _answers(Play("greeting"), Play("beep"), Listen(20.0)).after(4.0),
        "busy": Behaviour(0.0, cause=17),
        "no-answer": Behaviour(120.0, cause=19),
        "rejected": Behaviour(3.0, cause=21),
        "congestion": Behaviour(0.0, cause=34),
        "unallocated": Behaviour(0.0, cause=1),
        "announced-busy": Behaviour(0.0, cause=17, announces=True),
        "announced-no-answer": Behaviour(120.0, cause=19, announces=True),
    }
)
"""The named behaviours. The causes are those of ITU-T Q.850."""


@dataclass(frozen=True)
class Expectation:
    """What is to be expected of one call, from the phone's declaration alone."""

    answers: bool
    hears_alert: bool
    """False: its recording must hold nothing of the alert's content."""
    acknowledges: bool


_DOUBLE_PRESS_S = 2.0


def expect(behaviour: Behaviour) -> Expectation:
    """Play a behaviour against the rules of a call-out, with no telephone in between.

    The rules: without a key, no content. The first 1 starts the alert, once it was said who raised it and
    when. A 1 at least two seconds into the alert, or after it, acknowledges; before that it is a double
    press. 2 repeats the alert. Another key before the alert brings the introduction again, and so does none,
    so a phone that waits for a pause finds one.
    """
    if behaviour.cause is not None:
        return Expectation(answers=False, hears_alert=False, acknowledges=False)
    line_s = 0.0  # seconds since the introduction began
    into_alert: float | None = None  # seconds since the alert began, negative until then; None before a 1
    for step in behaviour.steps:
        match step:
            case Hangup():
                break
            case Press(keys):
                for key in keys:
                    if into_alert is None:
                        begins_s = min(line_s, _GREETING_S) + _WHO_AND_WHEN_S
                        into_alert = min(0.0, line_s - begins_s) if key == "1" else None
                        line_s = 0.0
                    elif key == "1" and into_alert >= _DOUBLE_PRESS_S:
                        return Expectation(answers=True, hears_alert=True, acknowledges=True)
                    elif key == "2":
                        into_alert = min(0.0, into_alert)
            case Listen(seconds):
                line_s += seconds
                into_alert = None if into_alert is None else into_alert + seconds
            case UntilQuiet():  # the voice it waits for is the alert, which is longer than a double press
                line_s = max(line_s, _GREETING_S + _WHO_AND_WHEN_S)
                into_alert = None if into_alert is None else max(0.0, into_alert) + _DOUBLE_PRESS_S
            case Say() | Play() | Echo():
                pass  # says nothing of what was heard meanwhile
            case _:
                assert_never(step)
    hears = into_alert is not None and into_alert >= 0.0
    return Expectation(answers=True, hears_alert=hears, acknowledges=False)


def acknowledging_call(calls: Sequence[Behaviour], ring_s: float = math.inf) -> int | None:
    """Which call (1, 2, ...) to a phone that behaves so is the first it acknowledges; None if it never does.

    A call rings for `ring_s` seconds; a phone that would answer later does not. The last behaviour repeats,
    so a call beyond it brings nothing new.
    """
    answered = ((n, call) for n, call in enumerate(calls, 1) if call.answer_after < ring_s)
    return next((n for n, call in answered if expect(call).acknowledges), None)


def files(steps: Iterable[Step]) -> list[Path]:
    """The audio files that the steps speak, in order."""
    return [step.file for step in steps if isinstance(step, Say)]
