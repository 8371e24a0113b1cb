"""A call that we placed: who raised an alert and when, a key, the alert, the acknowledgement.

Owns: that nobody hears content without a key (an answering machine presses none), unless the team trusts its
phones; that a team which needs secrecy hears it with its listening PIN, or on the hotline only; and that
originator, time and the team's verification word are spoken before it, always and in full.
"""

from functools import partial

from agi import listen, secrecy, verification
from agi.answer import answer
from agi.callee import Callee
from agi.introduction import Introduction
from agi.listen import Clerk
from ivr.adapters.fastagi import Channel, Script
from ivr.domain import spoken
from ivr.domain.facts import CallAnswered
from ivr.domain.records import Alert, Listen
from ivr.domain.spoken import prompt
from ivr.services.desk import Desk

_LONGEST_S = 1800


def callout(desk: Desk, patience_s: float = listen.PATIENCE_S) -> Script:
    """The script of a call that we placed."""

    def script(channel: Channel) -> None:
        with Clerk(channel.call_id, patience_s) as clerk:
            channel.hang_up_after(_LONGEST_S)
            # The answer is on record first, because the call then takes on what was released while it rang. A
            # store that cannot write now must not keep the alert from being heard.
            clerk.hurry(channel, partial(desk.ledger.apply, CallAnswered(channel.call_id)))
            _Call(Callee(channel, desk, clerk, desk.brief(channel.call_id))).run()

    return script


class _Call:
    def __init__(self, callee: Callee) -> None:
        self._callee = callee
        self._channel = callee.channel
        self._alerts = callee.brief.alerts
        self._introduction = Introduction(callee)

    def run(self) -> None:
        lead = [prompt("callout-greeting")]
        if len(self._alerts) > 1:
            lead += [prompt("there-are"), *spoken.count(len(self._alerts)), prompt("alerts")]
        if not self._alerts:
            self._channel.play([*lead, prompt("withdrawn")])
        elif self._callee.brief.listen is Listen.CALL_IN:
            self._send_to_the_hotline(lead)
        else:
            self._tell(lead)
        listen.finish(self._channel)

    def _tell(self, lead: list[str]) -> None:
        """One alert after another, until the callee wants no more."""
        open_ = self._callee.brief.listen is Listen.KEY
        word = verification.word(self._callee)
        for alert in self._alerts:
            about = listen.about(alert)
            subject = [*self._raised(alert), *word, *(about if open_ else ())]
            if not self._introduction.wanted(lead, subject, prompt("press-1-to-hear")):
                return
            if not open_:
                if alert is self._alerts[0] and not secrecy.may_hear(self._callee):
                    return
                self._channel.say(about, "")
            if not answer(self._callee, alert):
                return
            lead, word = [prompt("next-alert")], []

    def _send_to_the_hotline(self, lead: list[str]) -> None:
        """Nothing but who and when is said of any alert in this call."""
        raised = [sound for alert in self._alerts for sound in self._raised(alert)]
        subject = [*raised, *verification.word(self._callee)]
        if self._introduction.wanted(lead, subject, prompt("call-in-to-hear")):
            secrecy.hold(self._callee)

    def _raised(self, alert: Alert) -> list[str]:
        return listen.raised(self._callee.desk, alert, self._callee.brief.team.clock)
