"""The beginning of a call that we make: who and when, and a key that says that somebody wants to hear more.

Owns: that who and when are spoken in full, whatever is pressed, and that a machine, which presses nothing,
hears no more than that.
"""

from functools import partial

from agi import choices, message
from agi.callee import Callee
from agi.menu import KEY_S
from ivr.adapters.fastagi import ALL_KEYS
from ivr.domain.facts import KeyPressed, MessageLeft
from ivr.domain.spoken import prompt

_INTRODUCTIONS = 3
_ASIDES = 10
"""So often help or the like may be asked for before the alert is."""
_EARLY = "1" + choices.KEYS


class Introduction:
    def __init__(self, callee: Callee) -> None:
        self._callee = callee
        self._channel = callee.channel
        self._somebody = False
        """A key was pressed, or none is needed."""

    def wanted(self, lead: list[str], subject: list[str], question: str) -> bool:
        """Say what the call is about; whether somebody is there who presses 1, now or in the message that is
        left where nobody presses anything."""
        key = self._key_after(lead, subject, question)
        if key == "" and self._somebody:
            self._channel.play([prompt("not-acknowledged")])
        return key == "1" or (key is not None and self._left_message())

    def _key_after(self, lead: list[str], subject: list[str], question: str) -> str | None:
        """'1'; '' when nothing came of it in all tries; None when the callee wants no more of this call. An
        early key shortens everything but the subject."""
        wrong: list[str] = []
        for _ in range(_INTRODUCTIONS):
            early = self._channel.play([*wrong, *lead], _EARLY)
            early = self._channel.say(subject, _EARLY) or early
            if not early and self._callee.brief.team.trusts_phones:
                self._somebody = True
                return "1"
            key = self._answer(early, question)
            if key is None or key == "1":
                return key
            wrong = [] if key in ("", "*") else [prompt("wrong-key")]
        return ""

    def _answer(self, early: str, question: str) -> str | None:
        """The key that answers the question, '' for none; None as above. What else they want is done."""
        key: str | None = early
        for _ in range(_ASIDES):
            key = key or self._channel.play([question], ALL_KEYS) or self._channel.wait(KEY_S)
            if key:
                self._met_somebody()
            if key == "#":
                self._channel.play([prompt("not-acknowledged")])
                return None
            if not key or key not in choices.KEYS:
                break
            key = choices.take(self._callee, key, choices.help_before(self._callee))
            if key is None:
                break
        return key

    def _left_message(self) -> bool:
        """Nobody wants to hear: leave a message, if the team likes one. True if somebody does after all."""
        if self._somebody or not self._callee.brief.team.machine_message:
            return False
        left = partial(self._callee.hand, MessageLeft(self._channel.call_id))
        if not message.leave(self._channel, self._callee.desk, self._callee.brief, left):
            return False
        self._met_somebody()
        return True

    def _met_somebody(self) -> None:
        if not self._somebody:
            self._somebody = True
            self._callee.hand(KeyPressed(self._channel.call_id))
