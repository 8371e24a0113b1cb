"""A GSM modem without a radio: answers AT commands (3GPP TS 27.005) at the other end of a pseudo-terminal."""

import os
import queue
import threading
import time
import tty
from contextlib import suppress

from smsd import pdu
from smsd.pdu import Submitted

WAIT_S = 20.0


class Modem:
    """`device` is what smsd opens. Messages that came in lie in its memory until smsd has read them."""

    def __init__(self) -> None:
        self._line, slave = os.openpty()
        tty.setraw(slave)
        self._slave = slave  # held open, or our side would see a hangup whenever smsd closes its own
        self.device = os.ttyname(slave)
        self.refuses: str | None = None
        """What it says instead of sending, such as: +CMS ERROR: 38."""
        self.is_mute = False
        """It says nothing at all."""
        self._sent: queue.Queue[tuple[int, Submitted]] = queue.Queue()
        self._memory: dict[int, str] = {}
        self._reference = 253  # soon to begin anew: it has one octet
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        os.close(self._slave)
        self._thread.join(WAIT_S)
        os.close(self._line)

    def sent(self) -> tuple[int, Submitted]:
        """The next short message, and the reference that the modem gave it."""
        return self._sent.get(timeout=WAIT_S)

    def has_sent_nothing(self, for_s: float = 0.0) -> bool:
        time.sleep(for_s)
        return self._sent.empty()

    def receives(self, octets: str) -> None:
        """A PDU comes in from the network."""
        place = next(n for n in range(1, 100) if n not in self._memory)
        self._memory[place] = octets

    def reports(self, reference: int, recipient: str, status: int = 0) -> None:
        """The network says what became of a short message."""
        self.receives(pdu.status_report(reference, recipient, status))

    def _run(self) -> None:
        received = b""
        with suppress(OSError):  # closed
            while octets := os.read(self._line, 4096):
                received += octets
                while (end := min((received.find(c) for c in b"\r\x1a" if c in received), default=-1)) >= 0:
                    command, received = received[:end].decode().strip(), received[end + 1 :]
                    if command and not self.is_mute:
                        os.write(self._line, self._answer(command).encode())

    def _answer(self, command: str) -> str:
        name, _, value = command.partition("=")
        if name == "AT+CMGS":
            return "\r\n> "
        if not command.startswith("AT"):
            return self._send(command)
        match name:
            case "AT+CPIN?":
                said = "+CPIN: READY"
            case "AT+CSQ":
                said = "+CSQ: 20,0"
            case "AT+CREG?":
                said = "+CREG: 0,1"
            case "AT+CPMS?":
                memory = f'"SM",{len(self._memory)},20'
                said = f"+CPMS: {memory},{memory},{memory}"
            case "AT+CMGR" if int(value) in self._memory:
                octets = self._memory[int(value)]
                said = f"+CMGR: 0,,{len(octets) // 2 - 1}\r\n{octets}"
            case "AT+CMGD":
                self._memory.pop(int(value), None)
                said = ""
            case _:
                said = ""
        return f"\r\n{said}\r\n\r\nOK\r\n" if said else "\r\nOK\r\n"

    def _send(self, octets: str) -> str:
        if self.refuses is not None:
            return f"\r\n{self.refuses}\r\n"
        self._reference = (self._reference + 1) % 256
        self._sent.put((self._reference, pdu.submitted(octets)))
        return f"\r\n+CMGS: {self._reference}\r\n\r\nOK\r\n"
