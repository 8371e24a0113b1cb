"""What a team has written: the text and the documents in what it signed.

Owns: which parts of a mail are its text. HTML is not: what a person sees of it and what a program reads of it
can be made to differ.
"""

import re
import unicodedata
from dataclasses import dataclass

from ivr.domain.mail import Reason
from ivr.domain.mime import Entity, Unfit, leaves

_CHARSETS = ("us-ascii", "ascii", "utf-8", "iso-8859-1", "iso-8859-15", "windows-1252")
_DOCUMENTS = ("application/xml", "text/xml", "application/iodef+xml")
_LONGEST = 20_000
"""Characters of a text."""
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
        elif leaf.kind == "text/plain" and not _attached(leaf):
            texts.append(_text(leaf))
        elif parent != "multipart/alternative":
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
    if charset not in _CHARSETS:
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
