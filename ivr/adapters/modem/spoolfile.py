"""What stands in a file of smsd's spool (SMS Server Tools 3, "SMS file format").

Owns: headers and bodies, and the translation of what they say. Whatever is read is hostile: others may write
to the spool too, and everybody may send us an SMS. Must not know where a file lies, and what it is for.
"""

import os
import re
import stat
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from ivr.domain import gsm
from ivr.domain.number import subscriber
from ivr.domain.records import ReceiptState

_LARGEST = 65_536
"""Octets. smsd's own limit for a text is less."""
_REFUSED_FOR_GOOD = re.compile(r"\+CMS ERROR: 0*1\b")
"""3GPP TS 27.005, 3.2.5, and TS 24.011, table E-2: 1 is an unassigned number. All else is a trouble of the
modem, of its card or of the network."""
_CODECS = {"UTF-8": "utf-8", "ISO": "iso-8859-15", "UCS2": "utf-16-be"}
_REPORT = "SMS STATUS REPORT"


class Unreadable(Exception):
    """A file that smsd cannot have written so. The message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Sent:
    message_ids: tuple[str, ...]
    """One a part where smsd.conf has `messageids = 3`; else that of one part."""


@dataclass(frozen=True, slots=True)
class Failed:
    reason: str
    permanent: bool


@dataclass(frozen=True, slots=True)
class Text:
    """An SMS that came in."""

    sender: str
    text: str = field(repr=False)
    identity: str
    """The same for the same SMS, should the modem give it twice."""
    place: gsm.Place | None


@dataclass(frozen=True, slots=True)
class Report:
    """The network's word on one short message."""

    message_id: str
    state: ReceiptState | None
    """None: it is still being tried."""


@dataclass(frozen=True, slots=True)
class _File:
    headers: Mapping[str, str]
    body: bytes


def outgoing(to: str, text: str) -> bytes:
    """The file that sends `text`. Raises ValueError for a number that is not E.164, or a text too long."""
    alphabet, codec = "UTF-8", "utf-8"
    if gsm.split(text, 0).alphabet is gsm.Alphabet.UCS2:
        alphabet, codec = "UCS2", "utf-16-be"
    head = f"To: {subscriber(to)[1:]}\nAlphabet: {alphabet}\nReport: yes\nAutosplit: 3\n\n"
    return head.encode("ascii") + unicodedata.normalize("NFC", text).encode(codec, "replace")


def sent(path: Path) -> Sent:
    """What a file says that was sent. This and all below raise Unreadable."""
    headers = _read(path).headers
    modem, to = headers.get("Modem", ""), headers.get("To", "")
    numbers = re.findall(r"\d{1,3}", headers.get("Message_id", ""))
    return Sent(tuple(_message_id(modem, number, to) for number in numbers))


def failed(path: Path) -> Failed:
    reason = _read(path).headers.get("Fail_reason") or "smsd does not say why"
    return Failed(f"modem: {reason[:100]}", bool(_REFUSED_FOR_GOOD.match(reason)))


def incoming(path: Path) -> Text | None:
    """The SMS in a file that came in; None for what is no text."""
    file = _read(path)
    alphabet, sender = file.headers.get("Alphabet", ""), file.headers.get("From", "")
    if alphabet == "GSM":
        text = gsm.decode(file.body, gsm.Alphabet.GSM7)
    elif alphabet in _CODECS:
        text = file.body.decode(_CODECS[alphabet], "replace")
    else:
        return None  # binary, or what smsd could not read either
    if text.startswith(_REPORT):
        raise Unreadable("it is a status report; smsd.conf must name a folder for them: report")
    header, place = file.headers.get("UDH-DATA", ""), None
    with suppress(ValueError):  # no hexadecimal digits, or no header
        place, _ = gsm.unheaded(bytes.fromhex(header))
    told_apart = (sender, file.headers.get("Sent", ""), header)
    octets = "\0".join(told_apart).encode("utf-8", "replace") + b"\0" + file.body
    return Text(sender[:64], text, sha256(octets).hexdigest()[:32], place)


def report(path: Path) -> Report:
    file = _read(path)
    said = file.body.decode("latin-1")
    number = re.search(r"^Message_id: (\d{1,3})$", said, re.MULTILINE)
    status = re.search(r"^Status: (\d{1,3})\b", said, re.MULTILINE)
    if not said.startswith(_REPORT) or number is None or status is None:
        raise Unreadable("it is no status report")
    modem, telephone = file.headers.get("Modem", ""), file.headers.get("From", "")
    return Report(_message_id(modem, number[1], telephone), _state(int(status[1])))


def _read(path: Path) -> _File:
    try:
        # Neither through a symbolic link, nor waiting for a pipe's other end.
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise Unreadable("it is no file")
            octets = file.read(_LARGEST + 1)
    except OSError as error:
        raise Unreadable(error.strerror or "it cannot be opened") from error
    if len(octets) > _LARGEST:
        raise Unreadable("it is too large")
    head, gap, body = octets.partition(b"\n\n")
    lines = (line.partition(":") for line in head.decode("utf-8", "replace").splitlines())
    headers = {key: _printable(value.strip()) for key, colon, value in lines if colon}
    if not gap or not headers:
        raise Unreadable("it has no headers")
    return _File(headers, body)


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text[:2000])


def _message_id(modem: str, number: str, telephone: str) -> str:
    """What joins a message and its report. The number the modem gives (TP-MR, 0 to 255, 3GPP TS 23.040,
    9.2.3.6) comes again and again, and counts only together with the telephone."""
    return f"{re.sub('[^!-~]', '?', modem)[:30]}.{int(number)}.{telephone[-4:]}"


def _state(status: int) -> ReceiptState | None:
    """TP-ST (3GPP TS 23.040, 9.2.3.15)."""
    if status == 0x00:
        return ReceiptState.DELIVERED
    if 0x20 <= status <= 0x3F:  # a temporary error, and it is tried again
        return None
    if status == 0x46:  # the validity period is over
        return ReceiptState.EXPIRED
    if 0x40 <= status <= 0x7F:
        return ReceiptState.REJECTED
    return ReceiptState.UNKNOWN  # forwarded, replaced, or reserved
