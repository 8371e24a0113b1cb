"""An Asterisk as AMI shows it: speaks the wire, dials nobody, and can be away or hang."""

import asyncio
import contextlib
from dataclasses import dataclass, field

from ivr.adapters.ami import Ami, AmiAccount


@dataclass
class AmiPeer:
    """Listens while started. `channels` are the live ones, `originated` the ChannelIds it was asked for."""

    port: int
    channels: set[str] = field(default_factory=set)
    originated: list[str] = field(default_factory=list)
    hangs: bool = False
    """Takes actions and answers none, as a stopped process."""
    uptime_s: int = 1000
    logins: int = 0
    lists: int = 0
    """How often its channels were asked for."""
    _server: asyncio.Server | None = None
    _links: set[asyncio.StreamWriter] = field(default_factory=set)

    def ami(self) -> Ami:
        return Ami(AmiAccount(self.port, "tocsin", "secret"), "<+4940808077555>")

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for link in tuple(self._links):
            link.close()
        await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._links.add(writer)
        writer.write(b"Asterisk Call Manager/11.0.0\r\n")
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                text = (await reader.readuntil(b"\r\n\r\n")).decode().strip()
                action = dict(line.split(": ", 1) for line in text.split("\r\n"))
                if not self.hangs:
                    writer.write(self._answer(action).encode())
        self._links.discard(writer)
        writer.close()

    def _answer(self, action: dict[str, str]) -> str:
        def message(*lines: str) -> str:
            return "\r\n".join((*lines, f"ActionID: {action['ActionID']}", "", ""))

        match action["Action"]:
            case "Login":
                self.logins += 1
                booted = f"Event: FullyBooted\r\nUptime: {self.uptime_s}\r\nStatus: Fully Booted\r\n\r\n"
                return message("Response: Success", "Message: Authentication accepted") + booted
            case "Originate":
                self.originated.append(action["ChannelId"])
                self.channels.add(action["ChannelId"])
                return message("Response: Success", "Message: Originate successfully queued")
            case "CoreShowChannels":
                self.lists += 1
                channels = [message("Event: CoreShowChannel", f"Uniqueid: {c}") for c in self.channels]
                first = message("Response: Success", "EventList: start", "Message: Channels will follow")
                last = message("Event: CoreShowChannelsComplete", "EventList: Complete")
                return "".join((first, *channels, last))
            case _:
                return message("Response: Success")
