"""The first filters: is it small and simple enough, and plainly one thing, to be looked at at all."""

import re
from dataclasses import replace

from ivr.bridge.intake.mail import Context, Mail
from ivr.domain.mail import Reason, Refused
from ivr.domain.mime import entity, leaves

_ONCE = (
    "from", "sender", "reply-to", "to", "cc", "subject", "date", "message-id", "in-reply-to", "references",
    "mime-version", "content-type", "content-transfer-encoding", "auto-submitted",
)  # fmt: skip
"""RFC 5322, 3.6, and RFC 2045: of two, one program shows the first and another the last."""
_BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n|\0")


def small(mail: Mail, context: Context) -> Mail | Refused:
    """Before anything is read of it."""
    if len(mail.raw) > context.most_octets:
        return Refused(Reason.TOO_LARGE, f"it is larger than {context.most_octets} octets")
    return mail


def plain(mail: Mail, _: Context) -> Mail | Refused:
    """Lines end in one way, and header fields that steer a program are there once. Sets `entity`."""
    if _BARE.search(mail.raw):
        return Refused(Reason.MALFORMED, "it holds a bare CR, a bare LF or a NUL (RFC 5322, 2.3)")
    outer = entity(mail.raw)
    for name in _ONCE:
        outer.one(name)
    return replace(mail, entity=outer)


def simple(mail: Mail, _: Context) -> Mail | Refused:
    """Not more parts, nor deeper ones, than a mail program makes."""
    assert mail.entity is not None
    for _leaf in leaves(mail.entity):
        pass
    return mail
