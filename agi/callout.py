"""A call that we placed: who raised an alert and when, a key, the alert, the acknowledgement.

Owns: that nobody hears content without a key (an answering machine presses none), unless the team trusts its
phones, and that originator and time are spoken before it, always and in full.
"""

from functools import partial

from agi import listen, message
from agi.listen import Clerk
from agi.menu import KEY_S, Menu, ask
from ivr.adapters.fastagi import ALL_KEYS, Channel, HungUp, Played, Script
from ivr.domain import spoken
from ivr.domain.facts import Acknowledged, AlertHeard, CallAnswered, KeyPressed, MessageLeft
from ivr.domain.records import Alert, Via
from ivr.domain.spoken import prompt
from ivr.services.desk import Brief, Desk

_LONGEST_S = 1800
_INTRODUCTIONS = 3

_ANSWER = Menu((prompt("press-1-to-acknowledge-2-again"),), "12")


def callout(desk: Desk, patience_s: float = listen.PATIENCE_S) -> Script:
    """The script of a call that we placed."""

    def script(channel: Channel) -> None:
        with Clerk(channel.call_id, patience_s) as clerk:
            _Call(channel, desk, clerk).run()

    return script


class _Call:
    def __init__(self, channel: Channel, desk: Desk, clerk: Clerk) -> None:
        self._channel = channel
        self._desk = desk
        self._clerk = clerk
        # The answer is on record first, because the call then takes on what was released while it rang. A
        # store that cannot write now must not keep the alert from being heard.
        clerk.hand(partial(desk.ledger.apply, CallAnswered(channel.call_id)), within_s=1.0)
        self._brief: Brief = desk.brief(channel.call_id)
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
            if not self._introduced(alert, lead) and not self._left_message():
                break
            self._serve(alert)
            lead = [prompt("next-alert")]
        listen.finish(self._channel)

    def _introduced(self, alert: Alert, lead: list[str]) -> bool:
        """Say who raised `alert` and when, until 1 is pressed. An early 1 shortens everything but that."""
        wrong: list[str] = []
        for _ in range(_INTRODUCTIONS):
            early = self._channel.play([*wrong, *lead], "1")
            early = self._channel.say(listen.raised(self._desk, alert, self._brief.team.clock), "1") or early
            if not early and self._brief.team.trusts_phones:
                self._somebody = True
                return True
            key = (
                early
                or self._channel.play([prompt("press-1-to-hear")], ALL_KEYS)
                or self._channel.wait(KEY_S)
            )
            if key:
                self._met_somebody()
            if key == "1":
                return True
            wrong = [prompt("wrong-key")] if key else []
        return False

    def _left_message(self) -> bool:
        """Nobody wants to hear: leave a message, if the team likes one. True if somebody does after all."""
        if self._somebody or not self._brief.team.machine_message:
            return False
        left = partial(self._apply, MessageLeft(self._channel.call_id))
        if not message.leave(self._channel, self._desk, self._brief, left):
            return False
        self._met_somebody()
        return True

    def _met_somebody(self) -> None:
        if not self._somebody:
            self._somebody = True
            self._apply(KeyPressed(self._channel.call_id))

    def _serve(self, alert: Alert) -> None:
        for _ in range(listen.PLAYS):
            played = self._hear(alert)
            if played.how == "missing":
                break
            key = played.key or ask(self._channel, _ANSWER)
            if key == "1":
                self._acknowledge(alert)
                return
            if key in ("#", None):
                break
        self._channel.play([prompt("not-acknowledged")])

    def _hear(self, alert: Alert) -> Played:
        played = listen.hear(self._channel, self._desk, alert, keys="12")
        self._apply(AlertHeard(self._channel.call_id, alert.id, played.at_s, played.how == "end"))
        if played.how == "hangup":
            raise HungUp
        return played

    def _acknowledge(self, alert: Alert) -> None:
        call = self._channel.call_id
        fact = Acknowledged(alert.id, self._brief.team.id, Via.KEYPRESS, self._brief.number, call)
        listen.acknowledge(self._channel, self._clerk, self._desk, fact)

    def _apply(self, fact: AlertHeard | KeyPressed | MessageLeft) -> None:
        """What the caller need not wait for."""
        self._clerk.hand(partial(self._desk.ledger.apply, fact))
