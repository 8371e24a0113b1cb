"""Whose mail it is, and whether it was meant for this list.

Owns: the rule that signer, address and what the signature covers must agree. A good signature says who wrote
a text, not to whom: who got it in another network could encrypt it to us. So header fields that the signature
covers (RFC 9788, and RFC 8551, 3.1) must name an address of ours. Where a mail program signs none, the outer
ones must, which whoever passes a mail on can change; docs/mail.md tells what is left of that.
"""

from dataclasses import replace

from ivr.bridge.intake.mail import Context, Mail
from ivr.bridge.intake.sender import address_in, addresses
from ivr.domain.mail import Reason, Refused
from ivr.domain.mime import Entity


def of_its_team(mail: Mail, context: Context) -> Mail | Refused:
    """The signer's team is the one whose address it comes from. Sets `member`."""
    assert mail.opened is not None
    assert mail.content is not None
    member = context.members.who_signs(mail.opened.standard, mail.opened.signer)
    if member is None:
        return Refused(Reason.UNKNOWN_SIGNER, "it is signed by a key that is pinned for no team")
    writes = context.members.who_writes(mail.sender)
    if writes is None or writes.team != member.team:
        return Refused(Reason.NOT_THE_SENDER, "it is signed by another team than the address in From is of")
    if (inner := mail.content.one("from")) and address_in(inner) != mail.sender:
        return Refused(Reason.NOT_THE_SENDER, "the From that was signed is another one")
    return replace(mail, member=member)


def for_us(mail: Mail, context: Context) -> Mail | Refused:
    """It names an address of ours, and that is what it is for, whatever the envelope says. Sets `to`."""
    assert mail.entity is not None
    assert mail.content is not None
    signed = _named(mail.content)
    named = _named(mail.entity) if signed is None else signed
    ours = tuple(a for a in named or () if a.rpartition("@")[2] == context.domain)
    if not ours:
        return Refused(Reason.NOT_TO_US, "neither To nor Cc names an address of this list")
    return replace(mail, to=ours)


def _named(entity: Entity) -> list[str] | None:
    """Addresses in To and Cc, in lower case; None where it has neither field."""
    values = [*entity.all("to"), *entity.all("cc")]
    return [address for value in values for address in addresses(value)] if values else None
