"""A signature is accepted once, and for seven days."""

from dataclasses import replace

from ivr.bridge.intake.mail import Context, Mail
from ivr.domain.mail import Reason, Refused

_WINDOW_S = 7 * 86_400.0
_AHEAD_S = 3600.0
"""How far a signer's clock may be ahead of ours."""
_LATE_S = 3600.0


def in_time(mail: Mail, _: Context) -> Mail | Refused:
    """Judged by when the server brought it, not by when we come to it. Sets `late`."""
    assert mail.opened is not None
    age_s = mail.envelope.received_at - mail.opened.signed_at
    if age_s > _WINDOW_S:
        return Refused(Reason.TOO_OLD, "it was signed more than seven days ago; write it anew")
    if age_s < -_AHEAD_S:
        return Refused(Reason.FROM_THE_FUTURE, "it was signed by a clock that is more than an hour ahead")
    return replace(mail, late=age_s > _LATE_S)


def once(mail: Mail, context: Context) -> Mail | Refused:
    """The last filter: what another one refuses has claimed nothing."""
    assert mail.opened is not None
    until = mail.opened.signed_at + _WINDOW_S + _AHEAD_S
    if not context.claim(mail.opened.signature_id, mail.id, until):
        return Refused(Reason.REPLAYED, "the same signed mail was taken before; nothing was done again")
    return mail
