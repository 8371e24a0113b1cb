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

from smpplib import command, command_codes, consts, smpp

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


class _Reader(command.SubmitSM):  # type: ignore[misc]  # smpplib has no types
    """Reads the mandatory part with smpplib and the TLVs (section 3.2.4) by itself.

    smpplib takes an integer's size from its own table and not from the wire, cuts the last character off an
    id sent without its NUL, and fails on a TLV that it knows from another command.
    """

    def __init__(self) -> None:
        super().__init__("submit_sm", sequence=0)
        self.tlvs: dict[int, bytes] = {}

    def parse_optional_params(self, data: bytes) -> None:
        while len(data) >= 4:
            tag, length = struct.unpack_from(">HH", data)
            self.tlvs[tag] = data[4 : 4 + length]
            data = data[4 + length :]


def short_message(pdu: Pdu) -> ShortMessage:
    """The body of a submit_sm or deliver_sm. Raises BadPdu."""
    reader = _Reader()
    try:
        reader.parse(pdu.raw)
    except struct.error as error:
        raise BadPdu(f"{pdu.command} with a body that breaks off") from error
    # smpplib takes a body that ends between two fields for a whole one.
    if reader.sm_default_msg_id is None or len(reader.short_message or b"") != reader.sm_length:
        raise BadPdu(f"{pdu.command} with a body that breaks off")
    return ShortMessage(
        source=printable(reader.source_addr or b""),
        destination=printable(reader.destination_addr or b""),
        esm_class=reader.esm_class or 0,
        data_coding=reader.data_coding or 0,
        registered_delivery=reader.registered_delivery or 0,
        user_data=reader.short_message or reader.tlvs.get(_MESSAGE_PAYLOAD, b""),
        tlvs=reader.tlvs,
    )


def source_address(source: str) -> dict[str, Any]:
    """The sender's fields of a submit_sm: a number in E.164, a short code, or up to 11 letters and digits.

    TON and NPI as in sections 5.2.5 and 5.2.6. Raises ValueError with a sentence.
    """
    if _ALPHANUMERIC.fullmatch(source):
        ton, npi, address = consts.SMPP_TON_ALNUM, consts.SMPP_NPI_UNK, source
    elif _SHORT_CODE.fullmatch(source):
        ton, npi, address = consts.SMPP_TON_NWSPEC, consts.SMPP_NPI_UNK, source
    else:
        ton, npi = consts.SMPP_TON_INTL, consts.SMPP_NPI_ISDN
        address = subscriber(source).removeprefix("+")
    return {"source_addr_ton": ton, "source_addr_npi": npi, "source_addr": address}


def destination_address(number: str) -> dict[str, Any]:
    """The receiver's fields of a submit_sm. Raises ValueError for what may not be in the directory."""
    digits = subscriber(number).removeprefix("+")
    return {
        "dest_addr_ton": consts.SMPP_TON_INTL,
        "dest_addr_npi": consts.SMPP_NPI_ISDN,
        "destination_addr": digits,
    }


def described(status: int) -> str:
    """A command status in words, with its number."""
    return f"{consts.DESCRIPTIONS.get(status, 'a status of the SMSC itself')} (0x{status:02x})"


def is_permanent(status: int) -> bool:
    return status in _PERMANENT


def printable(octets: bytes) -> str:
    """A C-octet string up to its NUL, at most 64 characters."""
    text = octets.partition(b"\0")[0][:64].decode("latin-1")
    return "".join(c if "!" <= c <= "~" else "?" for c in text)
