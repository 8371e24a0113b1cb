"""A manager interface with no telephones behind it: speaks AMI over a socket as Asterisk 22 does.

A list comes as events between a start and a Complete; an Originate is queued at once; a Hangup finds a
channel by its whole name or its whole Uniqueid, and brings a Hangup event.
"""

import queue
import socketserver
import threading
from collections.abc import Iterator

SECRET = "ami-pw"
WAIT_S = 20.0
_ASKED_FOR_A_CHANGE = ("Originate", "Hangup")

Message = dict[str, str]


class AmiPeer:
    """Listens on a port that the kernel chose; `live` holds the calls (Uniqueids) that have a channel."""

    def __init__(self) -> None:
        self.live: list[str] = []
        self.asked: list[Message] = []
        """Every Originate and Hangup, in order."""
        self._news: queue.Queue[Message] = queue.Queue()
        peer = self

        class Session(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self.wfile.write(b"Asterisk Call Manager/9.0.0\r\n")
                for action in _messages(self.rfile):
                    for answer in peer._answer(action):
                        self.wfile.write("".join(f"{k}: {v}\r\n" for k, v in answer.items()).encode())
                        self.wfile.write(b"\r\n")

        self._server = socketserver.TCPServer(("127.0.0.1", 0), Session)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def stop(self) -> None:
        """Returns once the client has hung up."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def expect(self, action: str) -> Message:
        """The next Originate or Hangup, which must be this one."""
        asked = self._news.get(timeout=WAIT_S)
        assert asked["Action"] == action, asked
        return asked

    def _answer(self, action: Message) -> Iterator[Message]:
        to = {"ActionID": action["ActionID"]}
        if action["Action"] in _ASKED_FOR_A_CHANGE:
            self.asked.append(action)
            self._news.put(action)
        match action["Action"]:
            case "Login" if action["Secret"] == SECRET:
                yield {"Response": "Success", **to, "Message": "Authentication accepted"}
                yield {"Event": "FullyBooted", "Uptime": "100000", "Status": "Fully Booted"}
            case "CoreShowChannels":
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


def _name(call: str) -> str:
    """Of a channel: it says nothing of the call's id."""
    return f"PJSIP/sip-a-{sum(call.encode()):08x}"


def _messages(lines: Iterator[bytes]) -> Iterator[Message]:
    message: Message = {}
    for line in lines:
        key, colon, value = line.decode().rstrip("\r\n").partition(": ")
        if colon:
            message[key] = value
        elif message:
            yield message
            message = {}
