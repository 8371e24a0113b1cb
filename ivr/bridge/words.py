"""The texts of mails to members. Owns: the words. Pure; what goes to whom is `correspondence`'s."""

from collections.abc import Sequence
from datetime import UTC, datetime

from ivr.bridge.intake.mail import Said
from ivr.domain.keywatch import how
from ivr.domain.mail import Refused
from ivr.domain.records import FailingKey, Tlp

_HOW = """\
Nobody is telephoned by itself. To have those called who have not acknowledged, write a signed and encrypted
mail to the list whose first line is:

ESCALATE {alert}
"""
_RAISED = "Alert {alert} is on the list and on its way to the other teams by mail.\n\n" + _HOW
_ESCALATED = "The teams that have not acknowledged alert {alert} are being telephoned.\n"
_LATE = "\nYour mail was on its way for more than an hour.\n"
_REFUSED = """\
A mail that came with your address, or your signature, was not taken: {detail} ({reason}).

If you have not written it, somebody else has. Its number is {id}.
"""
_NOTICE = """\
There is an alert. It cannot be sent to you: {why}.

Call the hotline to hear it: {hotline}. Then send us your new key.
"""
_ALERT = """\
{label}Alert {number}, raised by {name}, {time} UTC

{text}

Acknowledge: reply to this mail, signed and encrypted, or call {hotline}.
"""
_UNLABELLED = "{name} has given it no TLP label. In this network that means TLP:{tlp}.\n"
_WITHDRAWN = """\
Alert {number} from {name}, of {time} UTC, is WITHDRAWN: it does not hold any more.

You need not acknowledge it. Questions: {hotline}.
"""
_KEY = """\
The key or certificate of your team, to which alerts are encrypted, {when}:

  {why}

Send the operators of the list a new one, or the same one prolonged, and read its fingerprint out to them.
Without it alerts do not reach you by mail. By telephone you hear them always: {hotline}.
"""


def alert(number: int, name: str, released_at: float, said: Said, hotline: str, unlabelled: Tlp) -> str:
    """`unlabelled`: what an alert without a label is, in this network."""
    text = said.text or "It was spoken: listen to the recording, or call the hotline."
    return _ALERT.format(
        label=f"TLP:{said.tlp}\n" if said.tlp else _UNLABELLED.format(name=name, tlp=unlabelled),
        number=number,
        name=name,
        time=_minute(released_at),
        text=f"{said.title}\n\n{text}" if said.title else text,
        hotline=hotline,
    )


def withdrawn(number: int, name: str, released_at: float, hotline: str) -> str:
    """To those who had it."""
    return _WITHDRAWN.format(number=number, name=name, time=_minute(released_at), hotline=hotline)


def withdrawn_in_clear(number: int, hotline: str) -> str:
    """The same to whom nothing can be encrypted; its number tells nothing."""
    return f"Alert {number} is withdrawn: it does not hold any more. Questions: {hotline}.\n"


def notice(why: str, hotline: str) -> str:
    """To a team whose key cannot be used; readable for everybody."""
    return _NOTICE.format(why=why, hotline=hotline)


def missing(alert: int, names: Sequence[str], is_escalated: bool) -> str:
    how = "They are being telephoned.\n" if is_escalated else _HOW.format(alert=alert)
    listed = "".join(f"  {name}\n" for name in names) or "  nobody\n"
    return f"These teams have not acknowledged alert {alert}:\n\n{listed}\n{how}"


def accepted(alert: int, is_escalated: bool, is_late: bool, warnings: Sequence[str]) -> str:
    words = _ESCALATED if is_escalated else _RAISED
    noted = "".join(f"Note: {warning}.\n" for warning in warnings)
    return words.format(alert=alert) + (_LATE if is_late else "") + noted


def refused(why: Refused, mail: str) -> str:
    """`mail`: the number of the one that was refused."""
    return _REFUSED.format(detail=why.detail, reason=why.reason, id=mail)


def key(failing: FailingKey, hotline: str) -> str:
    """To its team; nothing in it is of an alert, so it may be readable for everybody."""
    return _KEY.format(when=how(failing.days), why=failing.why, hotline=hotline)


def _minute(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M}"
