"""What phones do, as Asterisk dialplan.

Owns: the text of conf/phones.conf, of a script's context and of a call file. Pure. Everything that goes in
was checked before: numbers are E.164, keys are 0-9*#A-D, paths are of our own making.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

from ivr.pstn.behaviour import Behaviour, Echo, Hangup, Listen, Play, Press, Say, Step, UntilQuiet
from ivr.pstn.phones import Phone

RING_S = 60
"""How long a phone that calls waits for an answer."""

_CORE_SOUNDS = {"greeting": "vm-intro", "beep": "beep"}


@dataclass(frozen=True)
class Sounds:
    """Where sounds are, as Asterisk wants them: absolute and without an ending."""

    folder: str
    """The core sounds."""
    files: Mapping[Path, str]
    """What phones say."""
    keys: Mapping[Press, str]
    """What phones press, as tones."""


def phones(declared: Sequence[Phone], sounds: Sounds) -> str:
    """A line in [trunk] for each number, and a context for each behaviour of a phone."""
    contexts: list[str] = ["[trunk]"]
    for phone in (phone for phone in declared if phone.calls):
        digits = phone.number.removeprefix("+")
        contexts.append(
            f"exten => {phone.number},1,Gosub(ring,s,1({digits},{len(phone.calls)}))\n"
            f" same => n,Goto(phone-{digits}-${{ENTRY}},s,1)"
        )
    for phone in declared:
        digits = phone.number.removeprefix("+")
        for n, behaviour in enumerate(phone.calls, 1):
            contexts.append(_context(f"phone-{digits}-{n}", _called(behaviour, digits, sounds)))
    return "\n".join(contexts) + "\n"


def script(name: str, number: str, steps: Sequence[Step], sounds: Sounds) -> str:
    """The context `name`, in which the phone `number` is when its call has been answered."""
    recording = f"{number.removeprefix('+')}-{name}"
    return _context(name, [f"Gosub(answer,s,1({recording}))", *_actions(steps, sounds)])


def call_file(name: str, number: str, to: str, channel: str) -> str:
    """The file that makes Asterisk open `channel` for the phone `number`, which calls `to`, and go to the
    context `name`."""
    return "\n".join(
        (
            f"Channel: {channel}",
            f"CallerID: <{number}>",
            f"Account: {number}>{to}",
            f"WaitTime: {RING_S}",
            "Set: GROUP(lines)=trunk",
            f"Set: GROUP(phones)={number.removeprefix('+')}",
            f"Context: {name}",
            "Extension: s",
            "Priority: 1",
            "",
        )
    )


def _called(behaviour: Behaviour, digits: str, sounds: Sounds) -> list[str]:
    actions = []
    if behaviour.announces:
        actions = ["Progress()", f"Playback({sounds.folder}/{_CORE_SOUNDS['greeting']},noanswer)"]
    if behaviour.answer_after:
        actions += ["Ringing()", f"Wait({behaviour.answer_after:g})"]
    if behaviour.cause is not None:
        return [*actions, f"Hangup({behaviour.cause})"]
    return [*actions, f"Gosub(answer,s,1({digits}-${{NTH}}))", *_actions(behaviour.steps, sounds)]


def _actions(steps: Sequence[Step], sounds: Sounds) -> list[str]:
    return [_action(step, sounds) for step in (*steps, Hangup())]


def _action(step: Step, sounds: Sounds) -> str:
    match step:
        case Listen(seconds):
            return f"Wait({seconds:g})"
        case UntilQuiet(seconds):
            return f"Gosub(until-quiet,s,1({round(seconds * 1000)}))"
        case Press(keys, ms):
            return f"Gosub(press,s,1({keys},{ms},{sounds.keys[step]}))"
        case Say(file):
            return f"Gosub(play,s,1({sounds.files[file]}))"
        case Play(sound):
            return f"Gosub(play,s,1({sounds.folder}/{_CORE_SOUNDS[sound]}))"
        case Echo():
            return "Echo()"
        case Hangup():
            return "Hangup(16)"
        case _:
            assert_never(step)


def _context(name: str, actions: Sequence[str]) -> str:
    return f"\n[{name}]\nexten => s,1,{actions[0]}\n" + "".join(f" same => n,{a}\n" for a in actions[1:])
