"""The practice SMSC: takes every text, keeps it in a file, and says that it was delivered.

Owns: the SMSC's side of SMPP 3.4, as far as a bell needs it, on the loopback interface. For practice and
tests only: it lets anybody in, and writes numbers and texts to its file, which stands for the telephones.
"""

import json
import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, cast

from smpplib import consts

from ivr.adapters.smpp import codec, deliver
from ivr.adapters.smpp.codec import BadPdu, Pdu, ShortMessage
from ivr.domain import gsm

RECEIPT_AFTER_S = 0.3
_TICK_S = 0.05
_MOST_UNFINISHED = 1000
"""Parts kept while the rest of their text is awaited; beyond that, the oldest are forgotten."""


class PracticeSmsc:
    """Runs in threads of its own.

    Each complete text is one JSON line in `log`: `number` (E.164), `text`, `at` (RFC 3339), `message_id` (of
    the part that came last) and `parts`.
    """

    def __init__(self, port: int = 0, *, log: Path) -> None:
        """`port` 0: the kernel chooses one. Raises OSError when the port is taken."""
        self._server = _Server(("127.0.0.1", port), _Session)
        self._server.log = log
        self._thread = threading.Thread(target=self._server.serve_forever, args=(_TICK_S,), name="smsc")

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Close every session and the port."""
        self._server.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    log: Path

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.stopping = threading.Event()
        self._lock = threading.Lock()
        self._ids = count(1)
        self._parts: dict[tuple[str, int, int], bytes] = {}

    def take(self, message: ShortMessage) -> str:
        """Keep a message; its id. Raises ValueError for user data that cannot be read."""
        headed = message.esm_class & consts.SMPP_GSMFEAT_UDHI
        place, data = gsm.unheaded(message.user_data) if headed else (None, message.user_data)
        with self._lock:
            message_id = f"{next(self._ids):08x}"
            whole = data if place is None else self._joined(message.destination, place, data)
            if whole is not None:
                self._write(message, whole, message_id, place.total if place else 1)
        return message_id

    def _joined(self, number: str, place: gsm.Place, data: bytes) -> bytes | None:
        self._parts[number, place.reference, place.number] = data
        keys = [(number, place.reference, n) for n in range(1, place.total + 1)]
        if all(key in self._parts for key in keys):
            return b"".join(self._parts.pop(key) for key in keys)
        while len(self._parts) > _MOST_UNFINISHED:
            del self._parts[next(iter(self._parts))]
        return None

    def _write(self, message: ShortMessage, data: bytes, message_id: str, parts: int) -> None:
        wide = message.data_coding == gsm.Alphabet.UCS2
        line = {
            "number": f"+{message.destination}",
            "text": gsm.decode(data, gsm.Alphabet.UCS2 if wide else gsm.Alphabet.GSM7),
            "at": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "message_id": message_id,
            "parts": parts,
        }
        with self.log.open("a", encoding="utf-8") as log:
            log.write(json.dumps(line, ensure_ascii=False) + "\n")


class _Session(socketserver.BaseRequestHandler):
    """One bind, from its connect to its end."""

    def setup(self) -> None:
        self._smsc = cast(_Server, self.server)
        self._link: socket.socket = self.request
        self._link.settimeout(_TICK_S)
        self._sequence = count(1)
        self._bound = False
        self._receipts: list[tuple[float, ShortMessage, str]] = []

    def handle(self) -> None:
        try:
            for pdu in self._pdus():
                self._answer(pdu)
                if pdu.command == "unbind":
                    return
        except (OSError, BadPdu):
            return  # the other side is gone, or never spoke SMPP: other sessions do not notice

    def _pdus(self) -> Iterator[Pdu]:
        buffer = bytearray()
        while not self._smsc.stopping.is_set():
            self._send_receipts()
            try:
                octets = self._link.recv(65536)
            except TimeoutError:
                continue
            if not octets:
                return
            buffer += octets
            yield from codec.cut(buffer)

    def _answer(self, pdu: Pdu) -> None:
        match pdu.command:
            case "bind_transceiver" | "bind_transmitter" | "bind_receiver":
                self._bound = True
                self._reply(pdu, system_id="practice")
            case "submit_sm" if not self._bound:
                self._reply(pdu, consts.SMPP_ESME_RINVBNDSTS)
            case "submit_sm":
                self._submit(pdu)
            case "enquire_link" | "unbind":
                self._reply(pdu)
            case _ if pdu.is_request:
                self._send("generic_nack", pdu.sequence, consts.SMPP_ESME_RINVCMDID)

    def _submit(self, pdu: Pdu) -> None:
        try:
            message = codec.short_message(pdu)
            message_id = self._smsc.take(message)
        except (BadPdu, ValueError):
            self._reply(pdu, consts.SMPP_ESME_RSUBMITFAIL)
            return
        self._reply(pdu, message_id=message_id)
        if message.registered_delivery & consts.SMPP_SMSC_DELIVERY_RECEIPT_BOTH:
            self._receipts.append((time.monotonic() + RECEIPT_AFTER_S, message, message_id))

    def _send_receipts(self) -> None:
        while self._receipts and self._receipts[0][0] <= time.monotonic():
            _, message, message_id = self._receipts.pop(0)
            stamp = datetime.now(UTC).strftime("%y%m%d%H%M")
            dates = f"submit date:{stamp} done date:{stamp}"
            text = f"id:{message_id} sub:001 dlvrd:001 {dates} stat:DELIVRD err:000 text:"
            self._send(
                "deliver_sm",
                next(self._sequence),
                esm_class=deliver.RECEIPT,
                source_addr=message.destination,
                destination_addr=message.source,
                short_message=text.encode(),
                receipted_message_id=message_id,
                message_state=consts.SMPP_MESSAGE_STATE_DELIVERED,
            )

    def _reply(self, pdu: Pdu, status: int = consts.SMPP_ESME_ROK, **fields: Any) -> None:
        self._send(f"{pdu.command}_resp", pdu.sequence, status, **fields)

    def _send(self, command: str, sequence: int, status: int = consts.SMPP_ESME_ROK, **fields: Any) -> None:
        self._link.sendall(codec.build(command, sequence, status, **fields))
