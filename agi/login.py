"""Who is calling: UID and PIN, and a one-time code where the account has one.

Owns: that an unknown UID and a wrong PIN take the same path, words and time, also while a failure budget is
spent. No digit is ever logged. An account with one-time codes is asked for one whatever the PIN was: a
guesser learns that the UID exists, and nothing of its PIN.
"""

import logging
from collections import Counter
from functools import partial

from agi.listen import Clerk
from ivr.adapters.fastagi import Channel
from ivr.domain.budget import Login
from ivr.domain.records import Account
from ivr.domain.spoken import prompt
from ivr.services.desk import Desk

log = logging.getLogger(__name__)

_LOGINS = 3
_DIGITS = 20
"""More than any UID or PIN has: what is longer is neither."""
_DIGIT_S = 5


def login(channel: Channel, desk: Desk, clerk: Clerk) -> Account | None:
    """Ask for UID and PIN; None after three failures, and for a caller who may be called back."""
    lead = [prompt("greeting")]
    mistakes: Counter[str] = Counter()
    for _ in range(_LOGINS):
        uid = channel.collect([*lead, prompt("enter-uid")], _DIGITS, _DIGIT_S)
        pin = channel.collect([prompt("enter-pin")], _DIGITS, _DIGIT_S) if uid else ""
        if not pin:
            lead = [prompt("no-input")]
            continue
        code = ""
        if clerk.wait(channel, partial(desk.door.asks_code, uid), prompt("one-moment")):
            code = channel.collect([prompt("enter-code")], _DIGITS, _DIGIT_S)
        knock = partial(desk.door.knock, channel.call_id, uid, pin, code, mistakes[uid])
        entrance = clerk.wait(channel, knock, prompt("one-moment"))
        if entrance.account is not None:
            return entrance.account
        log.warning("call %s: login %s", channel.call_id, entrance.login)
        if entrance.login is Login.HELD:
            lead = [prompt("called-back-soon")]  # and the line is given up, for that call may need it
            break
        mistakes[uid] += 1
        lead = [prompt("login-wrong")]
    channel.play(lead)
    return None
