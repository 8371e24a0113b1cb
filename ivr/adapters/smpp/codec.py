"""SMPP 3.4 on the wire: octets to PDUs and back.

Owns: framing, the two directions of smpplib's codec, and the translation of wire codes (addresses, command
status). Must not know about sockets, threads or time. Every octet that comes in is hostile.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from smpplib import command_codes, consts, smpp

from ivr.domain.number import subscriber

HEADER = 16
LONGEST = 66_000
"""Octets of a PDU: a message_payload of 64 KB and what stands around it."""

_COMMANDS: dict[int, str] = {code: name for name, code in command_codes.commands.items()}

_MESSAGE_PAYLOAD = consts.OPTIONAL_PARAMS["message_payload"]

_ALPHANUMERIC = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 .&_-]{1,11}")
_SHORT_CODE = re.compile(r"[0-9]{3,8}")

_PERMANENT = frozenset(
    getattr(consts, f"SMPP_ESME_{name}")
    for name in (
        "RINVMSGLEN RINVCMDLEN RINVCMDID RINVPRTFLG RINVREGDLVFLG RINVSRCADR RINVDSTADR RINVSERTYP "
        "RINVESMCLASS RINVSRCTON RINVSRCNPI RINVDSTTON RINVDSTNPI RINVREPFLAG RINVSCHED RINVEXPIRY "
        "RINVDFTMSGID RX_P_APPN RX_R_APPN RINVOPTPARSTREAM ROPTPARNOTALLWD RINVPARLEN RMISSINGOPTPARAM "
        "RINVOPTPARAMVAL"
    ).split()
)
"""Statuses (section 5.1.3) that find fault with the message or its addresses. Any other may pass when it is
sent again: a full queue, a throttle, an SMSC with troubles of its own."""


BUSY = frozenset((consts.SMPP_ESME_RTHROTTLED, consts.SMPP_ESME_RMSGQFUL))
"""Statuses that find fault with nothing but how much we send."""


class BadPdu(Exception):
    """Octets that are no PDU, or one whose body cannot be read. The message says what is wrong."""


@dataclass(frozen=True, slots=True)
class Pdu:
    """A whole PDU with its header read; `command` is empty for a command id that SMPP 3.4 does not have."""

    command: str
    status: int
    sequence: int
    raw: bytes = field(repr=False)

    @property
    def is_request(self) -> bool:
        return not self.raw[4] & 0x80

    @property
    def message_id(self) -> str:
        """The body of a submit_sm_resp, in printable characters; empty where there is none."""
        return printable(self.raw[HEADER:])


@dataclass(frozen=True, slots=True)
class ShortMessage:
    """The body of a submit_sm or a deliver_sm."""

    source: str
    source_ton: int
    """Type of number (section 5.2.5)."""
    destination: str
    esm_class: int
    data_coding: int
    registered_delivery: int
    user_data: bytes = field(repr=False)
    tlvs: dict[int, bytes] = field(repr=False)


def cut(buffer: bytearray) -> Iterator[Pdu]:
    """Take every whole PDU off the front of `buffer`. Raises BadPdu when what follows can be none."""
    while len(buffer) >= HEADER:
        length, code, status, sequence = struct.unpack_from(">LLLL", buffer)
        if not HEADER <= length <= LONGEST:
            raise BadPdu(f"a PDU claims to be {length} octets long")
        if len(buffer) < length:
            return
        raw = bytes(buffer[:length])
        del buffer[:length]
        yield Pdu(_COMMANDS.get(code, ""), status, sequence, raw)


def build(name: str, sequence: int, status: int = 0, **fields: Any) -> bytes:
    """The octets of one PDU."""
    pdu = smpp.make_pdu(name, sequence=sequence, **fields)
    pdu.sequence, pdu.status = sequence, status  # smpplib's constructor ignores a sequence it is given
    octets: bytes = pdu.generate()
    return octets


def reply(name: str, sequence: int, status: int) -> bytes:
    """The octets of an answer that says nothing but its status."""
    return b"".join((_empty(name)[:8], struct.pack(">LL", status, sequence), _empty(name)[HEADER:]))


@cache
def _empty(name: str) -> bytes:
    return build(name, 0)


def short_message(pdu: Pdu) -> ShortMessage:
    """The body of a submit_sm or deliver_sm (sections 4.4.1 and 4.6.1). Raises BadPdu.

    smpplib, beside being slow at it, takes an integer's size from its own table and not from the wire, cuts
    the last character off an id sent without its NUL, and fails on a TLV that it knows from another command.
    """
    raw = pdu.raw
    try:
        source_at = raw.index(0, HEADER) + 3  # behind service_type, TON and NPI
        source_end = raw.index(0, source_at)
        destination_at = source_end + 3
        destination_end = raw.index(0, destination_at)
        schedule_end = raw.index(0, destination_end + 4)  # behind esm_class, protocol_id and priority_flag
        rest = raw.index(0, schedule_end + 1) + 1  # behind validity_period
        registered_delivery, _, data_coding, _, length = raw[rest : rest + 5]
    except ValueError as error:
        raise BadPdu(f"{pdu.command} with a body that breaks off") from error
    end = rest + 5 + length
    if end > len(raw):
        raise BadPdu(f"{pdu.command} with a body that breaks off")
    tlvs = dict(_tlvs(raw[end:]))
    return ShortMessage(
        source=printable(raw[source_at:source_end]),
        source_ton=raw[source_at - 2],
        destination=printable(raw[destination_at:destination_end]),
        esm_class=raw[destination_end + 1],
        data_coding=data_coding,
        registered_delivery=registered_delivery,
        user_data=raw[rest + 5 : end] or tlvs.get(_MESSAGE_PAYLOAD, b""),
        tlvs=tlvs,
    )


def _tlvs(octets: bytes) -> Iterator[tuple[int, bytes]]:
    """The optional parameters (section 3.2.4), as far as they can be read."""
    while len(octets) >= 4:
        tag, length = struct.unpack_from(">HH", octets)
        yield tag, octets[4 : 4 + length]
        octets = octets[4 + length :]


def submission(
    source: bytes, destination: bytes, esm_class: int, data_coding: int, user_data: bytes
) -> bytes:
    """The body of a submit_sm (section 4.4.1) that asks for a receipt. smpplib takes ten times as long.

    The addresses as they come from source_address and destination_address.
    """
    return b"".join(
        (
            b"\0",  # service_type
            source,
            destination,
            bytes((esm_class, 0, 0)),  # and protocol_id, priority_flag
            b"\0\0",  # schedule_delivery_time, validity_period
            bytes((consts.SMPP_SMSC_DELIVERY_RECEIPT_BOTH, 0, data_coding, 0, len(user_data))),
            user_data,
        )
    )


def request(name: str, sequence: int, body: bytes) -> bytes:
    """The octets of a request whose body is there already."""
    return struct.pack(">LLLL", HEADER + len(body), command_codes.commands[name], 0, sequence) + body


def source_address(source: str) -> bytes:
    """TON, NPI and address of a sender: a number in E.164, a short code, or up to 11 letters and digits.

    As in sections 5.2.5 and 5.2.6. Raises ValueError with a sentence.
    """
    if _ALPHANUMERIC.fullmatch(source):
        ton, npi, address = consts.SMPP_TON_ALNUM, consts.SMPP_NPI_UNK, source
    elif _SHORT_CODE.fullmatch(source):
        ton, npi, address = consts.SMPP_TON_NWSPEC, consts.SMPP_NPI_UNK, source
    else:
        ton, npi = consts.SMPP_TON_INTL, consts.SMPP_NPI_ISDN
        address = subscriber(source).removeprefix("+")
    return _address(ton, npi, address)


def destination_address(number: str) -> bytes:
    """TON, NPI and address of a receiver. Raises ValueError for what may not be in the directory."""
    return _address(consts.SMPP_TON_INTL, consts.SMPP_NPI_ISDN, subscriber(number).removeprefix("+"))


def _address(ton: int, npi: int, address: str) -> bytes:
    return bytes((ton, npi)) + address.encode("ascii") + b"\0"


def described(status: int) -> str:
    """A command status in words, with its number."""
    return f"{consts.DESCRIPTIONS.get(status, 'a status of the SMSC itself')} (0x{status:02x})"


def is_permanent(status: int) -> bool:
    return status in _PERMANENT


def printable(octets: bytes) -> str:
    """A C-octet string up to its NUL, at most 64 characters."""
    return octets.partition(b"\0")[0][:64].translate(_PRINTABLE).decode("ascii")


_PRINTABLE = bytes(octet if 0x21 <= octet <= 0x7E else ord("?") for octet in range(256))
