"""What a team has written: the text and the documents in what it signed.

Owns: which parts of a mail are its text. HTML is not: what a person sees of it and what a program reads of it
can be made to differ.
"""

import re
import unicodedata
from dataclasses import dataclass

from ivr.bridge.intake.archives import refuse_bombs
from ivr.domain.mail import Reason
from ivr.domain.mime import Entity, Unfit, leaves

_CHARSETS = re.compile(r"(us-)?ascii|utf-8|iso-8859-([1-9]|1[013-6])|windows-125[0-8]|koi8-[ru]")
"""UTF-8, and those of one octet a character in which ASCII is itself: there is one way to read them."""
_DOCUMENTS = ("application/xml", "text/xml", "application/iodef+xml")
_LONGEST = 20_000
"""Characters of a text."""
_DISPLAY = re.compile(r"\A(?:[!-9;-~]+:.*\n(?:[ \t].*\n)*)+\n")
"""Header fields that a program repeats before the text, for those that do not know RFC 9788 (4.5.3), or in a
part of its own, marked `protected-headers`. They would stand where a command does."""
_UNSEEN = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters, and those that turn the direction of what is shown."""


@dataclass(frozen=True, slots=True)
class Content:
    """In words and documents."""

    text: str
    document: bytes | None
    """XML."""
    left_out: tuple[str, ...]
    """Content types of what is neither."""


def read(root: Entity) -> Content:
    """Raises Unfit."""
    texts: list[str] = []
    documents: list[bytes] = []
    left_out: list[str] = []
    for leaf, parent in leaves(root):
        if is_document(leaf):
            documents.append(leaf.decoded())
        elif leaf.kind in ("text/plain", "text/rfc822-headers") and not _attached(leaf):
            repeats = leaf.parameter("hp-legacy-display") or (parent and leaf.parameter("protected-headers"))
            texts.append(_DISPLAY.sub("", f"{_text(leaf)}\n\n").strip() if repeats else _text(leaf))
        elif parent != "multipart/alternative":
            refuse_bombs(leaf)
            left_out.append(leaf.kind)
    if len(documents) > 1:
        raise Unfit(Reason.MALFORMED, "it holds several documents; send each in a mail of its own")
    text = "\n\n".join(filter(None, texts))
    if len(text) > _LONGEST:
        raise Unfit(Reason.TOO_LARGE, f"its text is longer than {_LONGEST} characters")
    return Content(text, documents[0] if documents else None, tuple(left_out))


def is_document(leaf: Entity) -> bool:
    return leaf.kind in _DOCUMENTS or (
        leaf.kind == "application/octet-stream" and leaf.file_name.lower().endswith(".xml")
    )


def _attached(leaf: Entity) -> bool:
    return leaf.one("content-disposition").lower().startswith("attachment")


def _text(leaf: Entity) -> str:
    charset = (leaf.parameter("charset") or "us-ascii").lower()
    if not _CHARSETS.fullmatch(charset):
        raise Unfit(Reason.MALFORMED, "its text is in a charset that is not taken; write UTF-8")
    try:
        # Many programs say us-ascii and write more.
        text = leaf.decoded().decode("utf-8" if charset in ("us-ascii", "ascii") else charset)
    except UnicodeDecodeError as error:
        raise Unfit(Reason.MALFORMED, "its text is not in the charset that it says") from error
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n")).strip()
    if _UNSEEN.search(text):
        raise Unfit(Reason.MALFORMED, "its text holds control characters")
    return text
