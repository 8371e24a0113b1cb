"""Who a mail says that it is from: exactly one address, and no other one shown beside it.

Owns: the form of From that is taken. Sender and Reply-To are for nobody, the envelope proves nothing.
"""

import re
import unicodedata
from dataclasses import replace

from ivr.bridge.intake.encoded import shown
from ivr.bridge.intake.mail import Context, Mail
from ivr.domain import enrol
from ivr.domain.mail import Reason, Refused
from ivr.domain.mime import Unfit

_FROM = re.compile(
    r'\s*(?:(?P<name>(?:"(?:[^"\\]|\\.)*+"|[^\s"<>()@,;:\\]++|\s++)*+)<(?P<angle>[^<>\s]+)>'
    r"|(?P<bare>[^<>\s]+))\s*"
)
"""RFC 5322, 3.4, without groups, lists, comments and routes. Possessive: nothing is tried in two ways."""
_BETWEEN = re.compile(r"[\s<>\"'(),;:]+")
_LONGEST = 1000
"""Characters of a From."""


def one_sender(mail: Mail, _: Context) -> Mail | Refused:
    """Sets `sender`."""
    assert mail.entity is not None
    return replace(mail, sender=address_in(mail.entity.one("from")))


def address_in(value: str) -> str:
    """The one address in a From, in lower case. Raises Unfit."""
    found = _FROM.fullmatch(value) if len(value) <= _LONGEST else None
    if found is None:
        raise Unfit(Reason.MALFORMED, "From is not one name and one address (RFC 5322, 3.6.2)")
    try:
        address = enrol.address(found["angle"] or found["bare"]).lower()
    except ValueError as error:
        raise Unfit(Reason.MALFORMED, "From holds no address") from error
    unquoted = re.sub(r'"((?:[^"\\]|\\.)*)"', lambda m: re.sub(r"\\(.)", r"\1", m[1]), found["name"] or "")
    name = unicodedata.normalize("NFKC", shown(unquoted))  # some letters look like an @
    if any(other != address for other in addresses(name)):
        raise Unfit(Reason.NOT_THE_SENDER, "the name in From shows another address than it is from")
    return address


def addresses(text: str) -> list[str]:
    """Whatever looks like an address, in lower case."""
    return [word.lower() for word in _BETWEEN.split(text) if "@" in word.strip("@")]
