"""A manager interface with no telephones behind it: speaks AMI over a socket as Asterisk 22 does.

A list comes as events between a start and a Complete; an Originate is queued at once; a Hangup finds a
channel by its whole name or its whole Uniqueid, and brings a Hangup event.
"""

import queue
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

from ivr.adapters.ami.link import AmiAccount
from ivr.adapters.ami.manager import Ami
from ivr.domain import endpoint

SECRET = "ami-pw"
WAIT_S = 20.0
_ASKED_FOR_A_CHANGE = ("Originate", "Hangup")

Message = dict[str, str]


class AmiPeer:
    """Listens from the start, on a port that the kernel chose; `live` holds the calls (Uniqueids) that have a
    channel. It can be away, and it can hang."""

    def __init__(
        self,
        value: Callable[[str], str] = lambda variable: "NOT_INUSE",
        registrations: Callable[[], Sequence[Message]] = lambda: (),
    ) -> None:
        """`value`: of a variable that is asked for; `registrations`: the events that tell of them."""
        self._value = value
        self._registrations = registrations
        self.live: list[str] = []
        self.asked: list[Message] = []
        """Every Originate and Hangup, in order."""
        self.hangs = False
        """Takes actions and answers none, as a stopped process."""
        self.uptime_s = 100_000
        self.logins = 0
        self.lists = 0
        """How often its channels were asked for."""
        self.port = 0
        self._news: queue.Queue[Message] = queue.Queue()
        self.start()

    def start(self) -> None:
        """Be there again, on the port it had before."""
        self._server = _Server(("127.0.0.1", self.port), _Session)
        self._server.peer = self
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def stop(self) -> None:
        """Be away, and hang up on the client; again is the same as once."""
        self._server.hang_up()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def ami(self) -> Ami:
        """What speaks to it."""
        return Ami(
            AmiAccount(self.port, "tocsin", SECRET),
            channel=endpoint.channel,
            caller_id=lambda trunk: "<+4940808077555>",
        )

    @property
    def originated(self) -> list[str]:
        """The calls it was asked for, by ChannelId."""
        return [asked["ChannelId"] for asked in self.asked if asked["Action"] == "Originate"]

    def expect(self, action: str) -> Message:
        """The next Originate or Hangup, which must be this one."""
        asked = self._news.get(timeout=WAIT_S)
        assert asked["Action"] == action, asked
        return asked

    def tell(self, event: Message) -> None:
        """An event that nobody has asked for."""
        assert self._server.link is not None
        self._server.link.sendall(_wire(event))

    def answer(self, action: Message) -> Iterator[Message]:
        to = {"ActionID": action["ActionID"]}
        if action["Action"] in _ASKED_FOR_A_CHANGE:
            self.asked.append(action)
            self._news.put(action)
        match action["Action"]:
            case "Login" if action["Secret"] == SECRET:
                self.logins += 1
                yield {"Response": "Success", **to, "Message": "Authentication accepted"}
                yield {"Event": "FullyBooted", "Uptime": str(self.uptime_s), "Status": "Fully Booted"}
            case "CoreShowChannels":
                self.lists += 1
                yield {"Response": "Success", **to, "EventList": "start", "Message": "Channels will follow"}
                for call in self.live:
                    yield {"Event": "CoreShowChannel", **to, "Channel": _name(call), "Uniqueid": call}
                yield {"Event": "CoreShowChannelsComplete", **to, "EventList": "Complete"}
            case "Originate":
                self.live.append(action["ChannelId"])
                yield {"Response": "Success", **to, "Message": "Originate successfully queued"}
            case "Hangup":
                yield from self._hang_up(action["Channel"], to)
            case "Ping":
                yield {"Response": "Success", **to, "Ping": "Pong"}
            case "Getvar":
                yield {"Response": "Success", **to, "Value": self._value(action["Variable"])}
            case "PJSIPShowRegistrationsOutbound":
                yield {"Response": "Success", **to, "EventList": "start", "Message": "Following are Events"}
                for event in self._registrations():
                    yield {**event, **to}
                yield {"Event": "OutboundRegistrationDetailComplete", **to, "EventList": "Complete"}
            case _:
                yield {"Response": "Error", **to, "Message": "Authentication failed"}

    def _hang_up(self, channel: str, to: Message) -> Iterator[Message]:
        gone = [call for call in self.live if channel in (call, _name(call))]
        if not gone:
            yield {"Response": "Error", **to, "Message": "No such channel"}
        for call in gone:
            self.live.remove(call)
            yield {"Response": "Success", **to, "Message": "Channel Hungup"}
            yield {"Event": "Hangup", "Channel": _name(call), "Uniqueid": call, "Cause": "0"}


class _Server(socketserver.TCPServer):
    """One client at a time."""

    allow_reuse_address = True
    peer: AmiPeer
    link: socket.socket | None = None

    def hang_up(self) -> None:
        if self.link is not None:
            with suppress(OSError):  # the client was faster
                self.link.shutdown(socket.SHUT_RDWR)


class _Session(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        peer, self.server.link = self.server.peer, self.request
        with suppress(ConnectionError):  # the client may go at any moment
            self.wfile.write(b"Asterisk Call Manager/9.0.0\r\n")
            for action in _messages(self.rfile):
                if not peer.hangs:
                    self._send(peer.answer(action))

    def _send(self, answers: Iterator[Message]) -> None:
        for answer in answers:
            self.wfile.write(_wire(answer))


def _wire(message: Message) -> bytes:
    return "".join(f"{k}: {v}\r\n" for k, v in message.items()).encode() + b"\r\n"


def _name(call: str) -> str:
    """Of a channel: it says nothing of the call's id."""
    return f"PJSIP/to@sip-a-{sum(call.encode()):08x}"


def _messages(lines: Iterator[bytes]) -> Iterator[Message]:
    message: Message = {}
    for line in lines:
        key, colon, value = line.decode().rstrip("\r\n").partition(": ")
        if colon:
            message[key] = value
        elif message:
            yield message
            message = {}
