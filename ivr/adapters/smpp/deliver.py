"""What a deliver_sm says: what became of a message of ours, or what somebody has sent us.

Owns: the translation of receipts and of incoming texts. Every octet that comes in is hostile. Must not know
about sockets, threads or time.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from smpplib import consts

from ivr.adapters.smpp.codec import ShortMessage, printable
from ivr.domain import gsm
from ivr.domain.records import ReceiptState
from ivr.domain.sms import ALIKE_SAME_S, NUMBERED_SAME_S

RECEIPT = 0x04
_INTERMEDIATE = 0x20
_KIND = 0x3C
"""Kinds of a deliver_sm in its esm_class (section 5.2.12), and their mask; smpplib names only others."""

_LOCAL = frozenset((consts.SMPP_TON_NATNL, consts.SMPP_TON_NWSPEC, consts.SMPP_TON_SBSCR))
"""Types of number (section 5.2.5) under which the same digits mean another telephone in another country."""

_RECEIPTED_MESSAGE_ID = consts.OPTIONAL_PARAMS["receipted_message_id"]
_MESSAGE_STATE = consts.OPTIONAL_PARAMS["message_state"]
_USER_MESSAGE_REFERENCE = consts.OPTIONAL_PARAMS["user_message_reference"]
_SAR = tuple(
    consts.OPTIONAL_PARAMS[f"sar_{name}"] for name in ("msg_ref_num", "total_segments", "segment_seqnum")
)

_STATES: dict[str | int, ReceiptState | None] = {
    1: None, "ENROUTE": None,  # on its way: the end is yet to come
    2: ReceiptState.DELIVERED, "DELIVRD": ReceiptState.DELIVERED,
    3: ReceiptState.EXPIRED, "EXPIRED": ReceiptState.EXPIRED,
    4: ReceiptState.REJECTED, "DELETED": ReceiptState.REJECTED,
    5: ReceiptState.REJECTED, "UNDELIV": ReceiptState.REJECTED,
    6: ReceiptState.UNKNOWN, "ACCEPTD": ReceiptState.UNKNOWN,
    7: ReceiptState.UNKNOWN, "UNKNOWN": ReceiptState.UNKNOWN,
    8: ReceiptState.REJECTED, "REJECTD": ReceiptState.REJECTED,
}  # fmt: skip
"""message_state (section 5.2.28) and the words of a receipt's text (Appendix B). None: nothing has ended."""

_TEXT_ID = re.compile(rb"\bid:\s*([!-~]{1,64})", re.IGNORECASE)
_TEXT_STATE = re.compile(rb"\bstat:\s*([A-Z]{1,10})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Ending:
    """What a receipt says; `state` is None when the message has not come to its end."""

    message_id: str
    state: ReceiptState | None


def ending(message: ShortMessage) -> Ending | None:
    """What a deliver_sm says became of a message of ours; None when it is no receipt, or names no message.

    The TLVs count before the text, whose form is only a custom (section 5.2.12 and Appendix B).
    """
    kind = message.esm_class & _KIND
    if kind not in (RECEIPT, _INTERMEDIATE) and _RECEIPTED_MESSAGE_ID not in message.tlvs:
        return None
    named = _TEXT_ID.search(message.user_data)
    message_id = printable(message.tlvs.get(_RECEIPTED_MESSAGE_ID, b"")) or (
        named[1].decode() if named else ""
    )
    if not message_id:
        return None
    code = message.tlvs.get(_MESSAGE_STATE, b"")
    said = _TEXT_STATE.search(message.user_data)
    word = int.from_bytes(code) if len(code) == 1 else said[1].decode().upper() if said else ""
    return Ending(message_id, _STATES.get(word, ReceiptState.UNKNOWN))


def text(message: ShortMessage) -> tuple[str, gsm.Place | None] | None:
    """The text that somebody has sent us, and its place where it is one part of a longer text; None for what
    is no text, and for a receipt."""
    if message.esm_class & _KIND or _RECEIPTED_MESSAGE_ID in message.tlvs:
        return None
    data, place = message.user_data, _segment(message.tlvs)
    if message.esm_class & consts.SMPP_GSMFEAT_UDHI:
        try:
            place, data = gsm.unheaded(data)
        except ValueError:
            return None
    match message.data_coding:
        case consts.SMPP_ENCODING_DEFAULT | 0xF0 | 0xF1:
            said = gsm.decode(data, gsm.Alphabet.GSM7)
        case consts.SMPP_ENCODING_ISO10646:
            said = gsm.decode(data, gsm.Alphabet.UCS2)
        case consts.SMPP_ENCODING_IA5 | consts.SMPP_ENCODING_ISO88591:
            said = data.decode("latin-1")
        case _:
            return None
    return said, place


def may_be_e164(message: ShortMessage) -> bool:
    """Whether its sender's digits may be those of an international number. Read as one, others are somebody
    else's, who would be answered."""
    return message.source_ton not in _LOCAL


def _segment(tlvs: Mapping[int, bytes]) -> gsm.Place | None:
    """The place that the sar_ TLVs tell (sections 5.3.2.22 to 24), where there is no header."""
    reference, total, number = (tlvs.get(tag, b"") for tag in _SAR)
    if (len(reference), len(total), len(number)) != (2, 1, 1) or not 1 <= number[0] <= total[0]:
        return None
    return gsm.Place(int.from_bytes(reference), total[0], number[0])


def identity(message: ShortMessage) -> tuple[str, float]:
    """What tells a message that is delivered again from another one, and for how many seconds: its own number
    where it has one; else the same octets from the same sender are likely, for a while, to be the same."""
    number = message.tlvs.get(_USER_MESSAGE_REFERENCE, b"")
    parts = (message.source, message.destination, number.hex(), str(message.data_coding))
    sar = b"".join(message.tlvs.get(tag, b"") for tag in _SAR)
    octets = "\0".join(parts).encode() + b"\0" + sar + b"\0" + message.user_data
    return sha256(octets).hexdigest()[:32], NUMBERED_SAME_S if number else ALIKE_SAME_S
