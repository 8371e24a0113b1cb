"""Who is calling: UID and PIN.

Owns: that an unknown UID and a wrong PIN take the same path, words and time. No digit is ever logged.
"""

import logging
from functools import partial

from agi.listen import Clerk
from ivr.adapters.fastagi import Channel
from ivr.domain.records import Account
from ivr.domain.spoken import prompt
from ivr.services.desk import Desk

log = logging.getLogger(__name__)

_LOGINS = 3
_DIGITS = 20
"""More than any UID or PIN has: what is longer is neither."""
_DIGIT_S = 5


def login(channel: Channel, desk: Desk, clerk: Clerk) -> Account | None:
    """Ask for UID and PIN; None after three failures."""
    lead = [prompt("greeting")]
    for _ in range(_LOGINS):
        uid = channel.collect([*lead, prompt("enter-uid")], _DIGITS, _DIGIT_S)
        if not uid:
            lead = [prompt("no-input")]
            continue
        pin = channel.collect([prompt("enter-pin")], _DIGITS, _DIGIT_S)
        account = clerk.wait(channel, partial(desk.identify, uid, pin), prompt("one-moment"))
        if account is not None:
            return account
        log.warning("call %s: login failed", channel.call_id)
        lead = [prompt("login-wrong")]
    channel.play(lead)
    return None
