"""What a mail of ours is made of: a content, which is signed and encrypted, and outer header fields that tell
nothing of it.

Owns: their bytes. Pure: the moment, and whatever is random, are arguments. Lines end in CRLF.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

OUTER_SUBJECT = "Alert list"
_MESSAGE_ID = re.compile(r"<[^\s<>]{3,250}>")


@dataclass(frozen=True, slots=True)
class Attachment:
    type: str
    """application/iodef+xml"""
    name: str
    data: bytes


def content(sender: str, to: str, subject: str, text: str, attachments: Sequence[Attachment] = ()) -> bytes:
    """A MIME entity, with the header fields that it protects (RFC 9788): the same for all members, so that it
    is signed once."""
    inner = EmailMessage(policy=SMTP)
    inner["From"], inner["To"], inner["Subject"] = sender, to, subject
    inner.set_content(text, cte="quoted-printable")
    for attached in attachments:
        main, _, sub = attached.type.partition("/")
        inner.add_attachment(attached.data, maintype=main, subtype=sub, filename=attached.name)
    del inner["MIME-Version"]  # of whole messages
    inner.set_param("hp", "cipher")
    return inner.as_bytes()


@dataclass(frozen=True, slots=True)
class Outer:
    """The header fields that everybody on the way can read."""

    sender: str
    to: str
    message_id: str
    at: float
    answers: str = ""
    """Message-ID of the mail that this one answers: another's word, so it is looked at."""
    thread: str = ""
    """Message-ID that all mails about one alert refer to."""
    reply_to: str = ""


def message(outer: Outer, entity: bytes) -> bytes:
    """A whole message (RFC 5322) around an encrypted or signed entity."""
    head = EmailMessage(policy=SMTP)
    head["From"], head["To"], head["Subject"] = outer.sender, outer.to, OUTER_SUBJECT
    head["Date"] = format_datetime(datetime.fromtimestamp(outer.at, UTC))
    head["Message-ID"] = outer.message_id
    answered = outer.answers if _MESSAGE_ID.fullmatch(outer.answers) else ""
    if outer.reply_to:
        head["Reply-To"] = outer.reply_to
    if answered:
        head["In-Reply-To"] = answered
    if references := " ".join(filter(None, (outer.thread, answered))):
        head["References"] = references
    head["Auto-Submitted"] = "auto-replied" if outer.answers else "auto-generated"  # RFC 3834, 5
    head["MIME-Version"] = "1.0"
    return head.as_bytes().removesuffix(b"\r\n") + entity
