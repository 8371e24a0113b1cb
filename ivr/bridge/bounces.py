"""Mail to bounces+TOKEN@: has a mail of ours come back, or does a program say something else of it?

Owns: what counts as a bounce. The sender in the envelope of our mail is where absence notes, receipts and
warnings of a delay go as well (RFC 3834, 4), and whoever sends these has the mail. Pure.
"""

import re

from ivr.bridge.intake.loops import automatic
from ivr.bridge.intake.mail import Mail
from ivr.domain.mime import Unfit, entity, leaves

_ACTION = re.compile(rb"^action:\s*failed\b", re.IGNORECASE | re.MULTILINE)
"""RFC 3464, 2.3.3; the others are delayed, delivered, relayed and expanded."""


def has_come_back(mail: Mail) -> bool:
    """By its report, and where it has none, as a bounce that nothing says to be an answer. A mail that cannot
    be read counts: operators look at it."""
    if mail.envelope.sender:
        return False
    try:
        root = entity(mail.raw)
        reports = [leaf.decoded() for leaf, _ in leaves(root) if leaf.kind == "message/delivery-status"]
    except Unfit:
        return True
    return any(map(_ACTION.search, reports)) if reports else automatic(root) is None
