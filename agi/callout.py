"""A call that we placed: who raised an alert and when, a key, the alert, the acknowledgement.

Owns: that nobody hears content without a key (an answering machine presses none), unless the team trusts its
phones, and that originator and time are spoken before it, always and in full.
"""

from functools import partial

from agi import choices, listen, message
from agi.answer import answer
from agi.callee import Callee
from agi.listen import Clerk
from agi.menu import KEY_S
from ivr.adapters.fastagi import ALL_KEYS, Channel, Script
from ivr.domain import spoken
from ivr.domain.facts import CallAnswered, KeyPressed, MessageLeft
from ivr.domain.records import Alert
from ivr.domain.spoken import prompt
from ivr.services.desk import Desk

_LONGEST_S = 1800
_INTRODUCTIONS = 3
_ASIDES = 10
"""So often help or the like may be asked for before the alert is."""
_EARLY = "1" + choices.KEYS


def callout(desk: Desk, patience_s: float = listen.PATIENCE_S) -> Script:
    """The script of a call that we placed."""

    def script(channel: Channel) -> None:
        with Clerk(channel.call_id, patience_s) as clerk:
            # The answer is on record first, because the call then takes on what was released while it rang. A
            # store that cannot write now must not keep the alert from being heard.
            clerk.hand(partial(desk.ledger.apply, CallAnswered(channel.call_id)), within_s=1.0)
            _Call(Callee(channel, desk, clerk, desk.brief(channel.call_id))).run()

    return script


class _Call:
    def __init__(self, callee: Callee) -> None:
        self._callee = callee
        self._channel = callee.channel
        self._brief = callee.brief
        self._somebody = False
        """A key was pressed, or none is needed."""

    def run(self) -> None:
        self._channel.hang_up_after(_LONGEST_S)
        alerts = self._brief.alerts
        if not alerts:
            self._channel.play([prompt("callout-greeting"), prompt("withdrawn")])
        lead = [prompt("callout-greeting")]
        if len(alerts) > 1:
            lead += [prompt("there-are"), *spoken.count(len(alerts)), prompt("alerts")]
        for alert in alerts:
            if not self._wanted(alert, lead) or not answer(self._callee, alert):
                break
            lead = [prompt("next-alert")]
        listen.finish(self._channel)

    def _wanted(self, alert: Alert, lead: list[str]) -> bool:
        """Introduce `alert`; whether somebody is there who wants to hear it, at once or of a message's."""
        key = self._introduced(alert, lead)
        if key == "" and self._somebody:
            self._channel.play([prompt("not-acknowledged")])
        return key == "1" or (key is not None and self._left_message())

    def _introduced(self, alert: Alert, lead: list[str]) -> str | None:
        """Say who raised `alert` and when, until 1 is pressed: '1'. '' when nothing came of it in all tries,
        None when the callee wants no more of this call. An early key shortens everything but that."""
        wrong: list[str] = []
        for _ in range(_INTRODUCTIONS):
            early = self._channel.play([*wrong, *lead], _EARLY)
            early = self._channel.say(self._who_and_when(alert), _EARLY) or early
            if not early and self._brief.team.trusts_phones:
                self._somebody = True
                return "1"
            key = self._key(alert, early)
            if key is None or key == "1":
                return key
            wrong = [] if key in ("", "*") else [prompt("wrong-key")]
        return ""

    def _who_and_when(self, alert: Alert) -> list[str]:
        clock = self._brief.team.clock
        return [*listen.raised(self._callee.desk, alert, clock), *listen.about(alert)]

    def _key(self, alert: Alert, early: str) -> str | None:
        """The key that tells whether the alert is wanted, '' for none; None when the callee wants no more of
        this call. What else they ask for is done first."""
        key: str | None = early
        for _ in range(_ASIDES):
            key = (
                key or self._channel.play([prompt("press-1-to-hear")], ALL_KEYS) or self._channel.wait(KEY_S)
            )
            if key:
                self._met_somebody()
            if key == "#":
                self._channel.play([prompt("not-acknowledged")])
                return None
            if not key or key not in choices.KEYS:
                break
            key = choices.take(self._callee, key, alert)
            if key is None:
                break
        return key

    def _left_message(self) -> bool:
        """Nobody wants to hear: leave a message, if the team likes one. True if somebody does after all."""
        if self._somebody or not self._brief.team.machine_message:
            return False
        left = partial(self._callee.hand, MessageLeft(self._channel.call_id))
        if not message.leave(self._channel, self._callee.desk, self._brief, left):
            return False
        self._met_somebody()
        return True

    def _met_somebody(self) -> None:
        if not self._somebody:
            self._somebody = True
            self._callee.hand(KeyPressed(self._channel.call_id))
