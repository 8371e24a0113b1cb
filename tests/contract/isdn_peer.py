"""A manager interface with spans behind it: says of them what chan_dahdi of Asterisk 22 does."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress

from ami_peer import SECRET, AmiPeer, Message
from dialling import eventually

from ivr.adapters.ami.link import AmiAccount
from ivr.adapters.ami.manager import Ami
from ivr.adapters.ami.observer import Observer
from ivr.domain.facts import Fact


class IsdnPeer(AmiPeer):
    def __init__(self) -> None:
        self.spans: dict[int, tuple[str, str]] = {}
        """By number: whether it is in alarm, and whether its D channel is up."""
        self.standby: dict[int, tuple[str, str]] = {}
        """The same of second D channels (NFAS)."""
        self.channels: dict[int, str] = {}
        """By DAHDI's number: the call on it, or nothing."""
        self.has_isdn = True
        super().__init__()

    def answer(self, action: Message) -> Iterator[Message]:
        to = {"ActionID": action["ActionID"]}
        match action["Action"] if self.has_isdn else "":
            case "PRIShowSpans":
                yield {
                    "Response": "Success",
                    **to,
                    "EventList": "start",
                    "Message": "Span status will follow",
                }
                for span, (alarm, up) in (*self.spans.items(), *self.standby.items()):
                    yield {
                        **{"Event": "PRIShowSpans", "Span": str(span), "DChannel": "16", "Order": "Primary"},
                        **{"Active": "Yes", "Alarm": alarm, "Up": up, **to},
                    }
                yield {"Event": "PRIShowSpansComplete", **to, "EventList": "Complete"}
            case "DAHDIShowChannels":
                yield {"Response": "Success", **to, "EventList": "start", "Message": "Channels will follow"}
                for channel, call in self.channels.items():
                    on = (
                        {"Channel": f"DAHDI/i1/{channel}-1", "Uniqueid": call, "AccountCode": ""}
                        if call
                        else {}
                    )
                    yield {
                        "Event": "DAHDIShowChannels",
                        "DAHDIChannel": str(channel),
                        **on,
                        "Alarm": "No Alarm",
                        **to,
                    }
                yield {"Event": "DAHDIShowChannelsComplete", **to, "EventList": "Complete"}
            case "PRIShowSpans" | "DAHDIShowChannels":
                yield {"Response": "Error", **to, "Message": "Invalid/unknown command"}
            case _:
                yield from super().answer(action)


@contextmanager
def heard(
    peer: AmiPeer, *observers: Callable[[], Observer], places: Sequence[str] = ()
) -> Iterator[list[Fact]]:
    """The facts that come from `peer`, from the moment it is connected to. `places`: calls that we place."""
    facts: list[Fact] = []
    up = threading.Event()
    ami = Ami(AmiAccount(peer.port, "tocsin", SECRET), lambda trunk, number: "", lambda trunk: "", observers)
    loop = asyncio.new_event_loop()
    task = loop.create_task(ami.run(facts.append, up.set))

    def run() -> None:
        with closing(loop), suppress(asyncio.CancelledError):
            loop.run_until_complete(task)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        assert up.wait(20)
        for call in places:
            asyncio.run_coroutine_threadsafe(ami.originate(call, "", "", 5.0), loop).result(20)
        yield facts
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join()


def come(facts: Sequence[Fact], *expected: Fact) -> None:
    """Exactly these, in this order, sooner or later."""
    eventually(lambda: len(facts) >= len(expected), f"of {expected} only {facts}")
    assert list(facts) == list(expected)
