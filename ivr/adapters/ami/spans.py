"""Watches the spans of ISDN trunks on the manager interface: which work, and which call is on which channel.

Owns: the words of chan_dahdi for that, PRIShowSpans and DAHDIShowChannels. An alarm of a card is told as an
event; that a D channel is dead is not, and has to be asked for.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from ivr.adapters.ami.observer import Refused, Send
from ivr.config.isdn import Isdn
from ivr.domain.facts import ChannelTaken, Fact, SpanSeen, TrunkReported

_TOLD = 2
"""How often it is told that a call is on a channel: one that has just come in may not be on record yet."""
_ABSENT = "not known to Asterisk"


class Spans:
    every_s = 2.0

    def __init__(self, trunks: Sequence[Isdn]) -> None:
        self._trunks = trunks
        self._wrong: dict[int, str] = {}
        """By span, what is wrong with it; spans that work are not in it."""
        self._told: dict[str, TrunkReported] = {}
        self._calls: dict[tuple[int, str], int] = {}
        """By DAHDI's number of a channel and the call on it, how often that was told."""
        self._names = {
            span.dahdi(channel): f"{span.span}/{channel}"
            for trunk in trunks
            for span in trunk.spans
            for channel in span.b_channels
        }

    @property
    def events(self) -> Mapping[str, Callable[[Any], Iterable[Fact]]]:
        return {"SpanAlarm": self._alarm}

    async def ask(self, send: Send) -> Iterable[Fact]:
        try:
            spans = await send({"Action": "PRIShowSpans"})
            channels = await send({"Action": "DAHDIShowChannels"})
        except Refused:  # it has not been restarted since there is such a trunk
            spans = channels = ()
        self._wrong = self._judged([event for event in spans if event.event == "PRIShowSpans"])
        return [
            *self._reports(),
            *self._on_channels([event for event in channels if event.event == "DAHDIShowChannels"]),
        ]

    def _alarm(self, event: Any) -> Iterable[Fact]:
        """Its end is not taken from an event: the D channel takes longer to come back."""
        number = int(event.span)
        if any(span.span == number and not span.sleeps for trunk in self._trunks for span in trunk.spans):
            self._wrong[number] = f"span {number} in alarm"
        return self._reports()

    def _judged(self, listed: Sequence[Any]) -> dict[int, str]:
        """A span may have several D channels (NFAS); one that works is enough."""
        wrong = {}
        for span in (span for trunk in self._trunks for span in trunk.spans):
            its = [event for event in listed if event.span == str(span.span)]
            if not its:
                wrong[span.span] = f"span {span.span} {_ABSENT}"
            elif span.sleeps or any(event.alarm == "No" and event.up == "Yes" for event in its):
                continue
            elif all(event.alarm == "Yes" for event in its):
                wrong[span.span] = f"span {span.span} in alarm"
            else:
                wrong[span.span] = f"D-channel of span {span.span} down"
        return wrong

    def _reports(self) -> Iterator[TrunkReported]:
        """What is not told yet."""
        for trunk in self._trunks:
            report = self._report(trunk)
            if self._told.get(trunk.name) != report:
                self._told[trunk.name] = report
                yield report

    def _report(self, trunk: Isdn) -> TrunkReported:
        wrong = {span.span: self._wrong[span.span] for span in trunk.spans if span.span in self._wrong}
        first, *others = wrong.values() or ("all spans up",)
        return TrunkReported(
            trunk.name,
            sum(len(span.b_channels) for span in trunk.spans if span.span not in wrong),
            f"{first}, and {len(others)} more" if others else first,
            tuple(SpanSeen(s.span, s.span not in wrong, wrong.get(s.span, "up")) for s in trunk.spans),
        )

    def _on_channels(self, listed: Sequence[Any]) -> Iterator[ChannelTaken]:
        before = self._calls
        busy = {(int(event.dahdichannel), event.uniqueid) for event in listed if event.uniqueid}
        self._calls = {pair: min(before.get(pair, 0) + 1, _TOLD) for pair in busy if pair[0] in self._names}
        for (channel, call), times in self._calls.items():
            if before.get((channel, call), 0) < times:
                yield ChannelTaken(call, self._names[channel])
