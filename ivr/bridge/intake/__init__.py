"""The filters that a mail goes through, in their order: from raw bytes to what a team asks for.

Owns: the order. What is cheap and sure comes first; nothing is decrypted before it is known to be small,
simple and written by a person, nothing is read before the signature, and the signature is claimed last.
"""

from collections.abc import Sequence

from ivr.bridge.intake.authority import for_us, of_its_team
from ivr.bridge.intake.limits import plain, simple, small
from ivr.bridge.intake.loops import by_a_person
from ivr.bridge.intake.mail import Accepted, Context, Filter, Mail
from ivr.bridge.intake.opening import opened
from ivr.bridge.intake.orders import understood
from ivr.bridge.intake.replay import in_time, once
from ivr.bridge.intake.sender import one_sender
from ivr.domain.mail import Refused
from ivr.domain.mime import Unfit

FILTERS: Sequence[Filter] = (
    small,
    plain,
    simple,
    by_a_person,
    one_sender,
    opened,
    of_its_team,
    for_us,
    in_time,
    understood,
    once,
)


def judge(mail: Mail, context: Context) -> tuple[Mail, Accepted | Refused]:
    """What becomes of it, and the mail as far as it came. Raises Trouble."""
    for one in FILTERS:
        try:
            found = one(mail, context)
        except Unfit as unfit:
            found = unfit.refused
        if isinstance(found, Refused):
            return mail, found
        mail = found
    assert mail.accepted is not None
    return mail, mail.accepted
