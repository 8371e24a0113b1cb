"""Mail that no person has sent: loops, lists, automatic replies, bounces.

Owns: how it is known. It stays on record, is never answered, and never an acknowledgement.
"""

from collections.abc import Sequence

from ivr.bridge.intake.mail import Context, Mail
from ivr.domain.mail import Reason, Refused
from ivr.domain.mime import Entity

_MOST_HOPS = 30
"""Received fields. Mail servers stop at 50 (Postfix: hopcount_limit), a loop through us is found sooner."""
_BULK = ("bulk", "junk", "list", "auto_reply")
_ROBOTS = (
    "x-autoreply",
    "x-autorespond",
    "x-auto-reply-from",
    "x-loop",
    "list-id",
    "list-post",
    "list-unsubscribe",
)
_REPORTS = ("multipart/report", "message/delivery-status", "message/disposition-notification")


def by_a_person(mail: Mail, context: Context) -> Mail | Refused:
    assert mail.entity is not None
    if len(mail.entity.all("received")) > _MOST_HOPS:
        return Refused(Reason.LOOP, f"it has come over more than {_MOST_HOPS} mail servers")
    if mail.entity.one("message-id").lower().endswith(f"@{context.domain}>"):
        return Refused(Reason.LOOP, "it is a mail of ours that has come back")
    if not mail.envelope.sender:
        return Refused(Reason.AUTOMATIC, "it has the null sender of bounces and automatic replies")
    robot = automatic(mail.entity)
    return robot if robot is not None else mail


def automatic(entity: Entity) -> Refused | None:
    """What in the header fields says that a program has written it (RFC 3834, 5), or passed it to many."""
    if _word(entity.all("auto-submitted")) not in ("", "no"):
        return Refused(Reason.AUTOMATIC, "it says that it was sent automatically (Auto-Submitted)")
    if _word(entity.all("precedence")) in _BULK:
        return Refused(Reason.AUTOMATIC, "it says that it went to many (Precedence)")
    if found := next((name for name in _ROBOTS if entity.all(name)), None):
        return Refused(Reason.AUTOMATIC, f"it has come from a list or a program ({found})")
    if entity.kind in _REPORTS:
        return Refused(Reason.AUTOMATIC, "it reports about another mail")
    return None


def _word(values: Sequence[str]) -> str:
    """The keyword before any parameters or comments."""
    return values[0].partition(";")[0].partition("(")[0].strip().lower() if values else ""
