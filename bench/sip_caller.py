"""A caller who speaks SIP by hand (RFC 3261), so that nothing corrects what it sends: INVITE, ACK, BYE."""

import re
import secrets
import socket
from collections.abc import Sequence

_SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio {port} RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n"
)


def offer(port: int) -> str:
    """The description of a session with sound to this port of 127.0.0.1 (RFC 4566)."""
    return _SDP.format(port=port)


class Refused(AssertionError):
    """The call was not answered; the final response."""


class SipCaller:
    """Calls `number` at 127.0.0.1:`port`; what the From header says is taken as it stands."""

    def __init__(self, port: int, address: str = "127.0.0.1") -> None:
        """`address`: the caller's own; every one of 127.0.0.0/8 is of this machine."""
        self._peer = ("127.0.0.1", port)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, 0))
        self._socket.settimeout(5)
        self._own = f"{address}:{self._socket.getsockname()[1]}"

    def __enter__(self) -> "SipCaller":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def call(self, number: str, sender: bytes, rtp: int = 9, more: Sequence[str] = ()) -> "Dialog":
        """Call and be answered. `sender` is what stands in From before its tag; `rtp` the port for sound,
        as a rule one where nobody listens (9, discard); `more`: further header fields."""
        dialog = self.send(number, sender, rtp, more)
        status, text = self.final("1 INVITE")
        dialog.to = re.search(r"^To:\s*(.*?)\r$", text, re.MULTILINE | re.IGNORECASE)[1]  # type: ignore[index]
        dialog.send("ACK", "1 ACK")
        if status != 200:
            raise Refused(text.splitlines()[0])
        dialog.sdp = text.partition("\r\n\r\n")[2]
        return dialog

    def send(self, number: str, sender: bytes, rtp: int = 9, more: Sequence[str] = ()) -> "Dialog":
        """As `call`, but wait for no answer."""
        dialog = self.dialog(number, sender)
        dialog.send("INVITE", "1 INVITE", offer(rtp), more)
        return dialog

    def ask(self, method: str, number: str, body: str = "", more: Sequence[str] = ()) -> tuple[int, str]:
        """The final response to a request that belongs to no call."""
        self.dialog(number, b"<sip:1@127.0.0.1>").send(method, f"1 {method}", body, more)
        return self.final(f"1 {method}")

    def dialog(self, number: str, sender: bytes) -> "Dialog":
        uri = f"sip:{number}@{self._peer[0]}:{self._peer[1]}"
        return Dialog(self, uri, sender, secrets.token_hex(8))

    def final(self, cseq: str) -> tuple[int, str]:
        """The final response to the request of this CSeq."""
        while True:
            text = self._socket.recv(65536).decode("utf-8", "replace")
            found = re.match(r"SIP/2.0 (\d{3})", text)
            if found and int(found[1]) >= 200 and re.search(rf"^CSeq:\s*{cseq}\s*$", text, re.MULTILINE):
                return int(found[1]), text

    def transmit(self, message: bytes) -> None:
        self._socket.sendto(message, self._peer)

    @property
    def own(self) -> str:
        return self._own


class Dialog:
    def __init__(self, caller: SipCaller, uri: str, sender: bytes, call_id: str) -> None:
        self._caller = caller
        self._uri = uri
        self._sender = sender
        self._call_id = call_id
        self.to = f"<{uri}>"
        self._cseq = 1
        self.sdp = ""
        """The answer to what was offered (RFC 3264)."""

    def hang_up(self) -> None:
        self.ask("BYE")

    def ask(self, method: str, body: str = "", more: Sequence[str] = ()) -> int:
        """The status of the final response to a request within the call; one to an INVITE gets its ACK."""
        self.tell(method, body, more)
        status, _ = self._caller.final(f"{self._cseq} {method}")
        if method == "INVITE":
            self.send("ACK", f"{self._cseq} ACK")
        return status

    def tell(self, method: str, body: str = "", more: Sequence[str] = ()) -> None:
        """A request within the call, and wait for no answer."""
        self._cseq += 1
        self.send(method, f"{self._cseq} {method}", body, more)

    def send(self, method: str, cseq: str, body: str = "", more: Sequence[str] = ()) -> None:
        """One request. A Contact or Content-Type among `more` takes the place of ours."""
        own = self._caller.own
        given = {line.partition(":")[0].lower() for line in more}
        head = [
            f"{method} {self._uri} SIP/2.0",
            f"Via: SIP/2.0/UDP {own};branch=z9hG4bK{secrets.token_hex(8)};rport",
            "Max-Forwards: 70",
            f"To: {self.to}",
            f"Call-ID: {self._call_id}",
            f"CSeq: {cseq}",
            *([] if "contact" in given else [f"Contact: <sip:{own}>"]),
            *(["Content-Type: application/sdp"] if body and "content-type" not in given else []),
            *more,
            f"Content-Length: {len(body)}",
        ]
        sender = b"From: " + self._sender + b";tag=" + self._call_id.encode()
        lines = [line.encode() for line in head]
        self._caller.transmit(b"\r\n".join([*lines, sender, b"", body.encode()]))
