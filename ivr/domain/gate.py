"""The words of the gate, by which the mail bridge reaches the hotline: one JSON object a line, each way.

Owns: the form of a line, and why something is not done. A request has a `verb` and may have an `id`, which
its answer repeats. An answer has `ok`; with false an `error` in a line for an operator, and a `code`. Every
request may be repeated, after a crash too: a mail that is submitted again is the same alert, and whatever
else was done already is done.
"""

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

Object = dict[str, Any]

MOST = 1 << 20
"""Octets in a line, each way."""
_TOO_LONG = f"a line has at most {MOST} octets"
AUDIO = 1 << 18
"""Octets of a recording in one answer."""


class Code(StrEnum):
    """Why something was not done."""

    BAD = "bad-request"
    """It will never be understood."""
    REFUSED = "refused"
    """It cannot be done as things are."""
    LATER = "later"
    """Too much was asked for; or the store, or its disk, takes nothing now."""
    FAILED = "failed"
    """A mistake of ours, which is in the log."""


class BadLine(ValueError):
    """No line of this protocol; the message is one line without anything of it."""


def line(message: Mapping[str, Any]) -> bytes:
    """The line of a message. Raises BadLine for what is too long for one."""
    try:
        made = json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError:
        raise BadLine("a text in it is no Unicode") from None
    if len(made) > MOST:
        raise BadLine(_TOO_LONG)
    return made


def read(raw: bytes) -> Object:
    """The object in a line. Raises BadLine."""
    if len(raw) > MOST:
        raise BadLine(_TOO_LONG)
    try:
        found = json.loads(raw, parse_constant=_no_number, parse_int=_int)
    except (ValueError, RecursionError):
        raise BadLine("the line is no JSON") from None
    if not isinstance(found, dict):
        raise BadLine("the line is no JSON object")
    return found


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def _int(digits: str) -> int:
    if len(digits) > 18:  # an integer of 64 bits
        raise ValueError("too large")
    return int(digits)


def refused(code: Code, error: str) -> Object:
    return {"ok": False, "code": code.value, "error": " ".join(error.split())}
