"""Short messages as a GSM modem says them, in hexadecimal digits (3GPP TS 23.040, 9.2.2, and 27.005, 3.1).

Written from the specifications, and not with the codec under test.
"""

import time
from dataclasses import dataclass

_NO_SMSC = "00"


@dataclass(frozen=True, slots=True)
class Submitted:
    """What smsd has the modem send."""

    number: str
    text: str
    place: tuple[int, int, int] | None
    """Reference, total and number, where it is one part of several."""
    wants_report: bool


def submitted(pdu: str) -> Submitted:
    """Read an SMS-SUBMIT (9.2.2.2)."""
    octets = bytes.fromhex(pdu)
    octets = octets[octets[0] + 1 :]
    first, digits = octets[0], octets[2]
    end = 4 + (digits + 1) // 2
    number = "".join(f"{o & 15:x}{o >> 4:x}" for o in octets[4:end])[:digits]
    coding = octets[end + 1]
    end += 3 if first & 0x18 else 2
    length, data = octets[end], octets[end + 1 :]
    head = data[: data[0] + 1] if first & 0x40 else b""
    if coding & 0x0C == 0x08:
        text = data[len(head) : length].decode("utf-16-be")
    else:
        text = _read7(data, length, (len(head) * 8 + 6) // 7)
    place = (head[3], head[4], head[5]) if head[1:3] == b"\x00\x03" else None
    return Submitted(f"+{number}", text, place, bool(first & 0x20))


def deliver(sender: str, text: str, place: tuple[int, int, int] | None = None) -> str:
    """Write an SMS-DELIVER in UCS2 (9.2.2.1)."""
    head = bytes((5, 0, 3, *place)) if place else b""
    data = head + text.encode("utf-16-be")
    first = 0x44 if place else 0x04
    return f"{_NO_SMSC}{first:02X}{_address(sender)}0008{_now()}{len(data):02X}{data.hex().upper()}"


def status_report(reference: int, recipient: str, status: int) -> str:
    """Write an SMS-STATUS-REPORT (9.2.2.3)."""
    return f"{_NO_SMSC}06{reference:02X}{_address(recipient)}{_now()}{_now()}{status:02X}"


def _address(number: str) -> str:
    digits = number.lstrip("+")
    padded = digits + "F" * (len(digits) % 2)
    return f"{len(digits):02X}91" + "".join(b + a for a, b in zip(padded[::2], padded[1::2], strict=True))


def _now() -> str:
    stamp = time.strftime("%y%m%d%H%M%S00", time.gmtime())
    return "".join(b + a for a, b in zip(stamp[::2], stamp[1::2], strict=True))


_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = dict(zip("\x14\x28\x29\x2f\x3c\x3d\x3e\x40\x65", "^{}\\[~]|€", strict=True))


def _read7(data: bytes, septets: int, skipped: int) -> str:
    bits = int.from_bytes(data, "little")
    codes = [chr(bits >> 7 * n & 127) for n in range(skipped, septets)]
    text, escaped = "", False
    for code in codes:
        text += "" if code == "\x1b" else _EXTENSION[code] if escaped else _BASIC[ord(code)]
        escaped = code == "\x1b"
    return text
