"""The life of one SMS. One table of transitions.

Owns: which facts move an SMS. An accepted message is never lost: it stays queued until the SMSC has taken it.
"""

from collections.abc import Callable
from dataclasses import replace

from ivr.domain.facts import Illegal, SmsDeferred, SmsFailed, SmsReceipt, SmsSubmitted
from ivr.domain.records import Sms, SmsState

SmsFact = SmsSubmitted | SmsDeferred | SmsFailed | SmsReceipt

_FIRST_PAUSE_S = 5.0
_LONGEST_PAUSE_S = 60.0


def is_due(sms: Sms, now: float) -> bool:
    """Whether a queued SMS may be submitted. A moment further ahead than any pause was written before the
    clock was set back; it binds nothing."""
    return not now < sms.due_at <= now + _LONGEST_PAUSE_S


def decide(sms: Sms, fact: SmsFact, now: float) -> Sms:
    """The SMS after `fact`. Raises Illegal for a pair the table does not have."""
    handler = TABLE.get((sms.state, type(fact)))
    if handler is None:
        raise Illegal(f"SMS {sms.id} is {sms.state}: {type(fact).__name__} cannot follow")
    return handler(sms, fact, now)


def _submitted(sms: Sms, fact: SmsFact, now: float) -> Sms:
    assert isinstance(fact, SmsSubmitted)
    ids = " ".join(fact.message_ids)
    return replace(sms, state=SmsState.SUBMITTED, submitted_at=now, message_ids=ids, reason=None)


def _deferred(sms: Sms, fact: SmsFact, now: float) -> Sms:
    assert isinstance(fact, SmsDeferred)
    pause = min(_FIRST_PAUSE_S * 2 ** min(sms.tries, 10), _LONGEST_PAUSE_S)  # 2**1024 is no float
    return replace(sms, tries=sms.tries + 1, due_at=now + pause, reason=fact.reason)


def _failed(sms: Sms, fact: SmsFact, now: float) -> Sms:
    assert isinstance(fact, SmsFailed)
    return replace(sms, state=SmsState.FAILED, reason=fact.reason)


def _receipt(sms: Sms, fact: SmsFact, now: float) -> Sms:
    assert isinstance(fact, SmsReceipt)
    if fact.state == "delivered":
        return replace(sms, state=SmsState.DELIVERED, receipt_at=now, reason=None)
    if fact.state == "unknown":
        return replace(sms, receipt_at=now, reason="the operator does not know what became of it")
    return replace(sms, state=SmsState.FAILED, receipt_at=now, reason=fact.state)


def _stay(sms: Sms, fact: SmsFact, now: float) -> Sms:
    return sms


Handler = Callable[[Sms, SmsFact, float], Sms]

TABLE: dict[tuple[SmsState, type], Handler] = {
    (SmsState.QUEUED, SmsSubmitted): _submitted,
    (SmsState.QUEUED, SmsDeferred): _deferred,
    (SmsState.QUEUED, SmsFailed): _failed,
    (SmsState.SUBMITTED, SmsSubmitted): _submitted,  # sent again after a drop: the newer ids count
    (SmsState.SUBMITTED, SmsDeferred): _stay,
    (SmsState.SUBMITTED, SmsFailed): _failed,
    (SmsState.SUBMITTED, SmsReceipt): _receipt,
    (SmsState.DELIVERED, SmsSubmitted): _stay,
    (SmsState.DELIVERED, SmsDeferred): _stay,
    (SmsState.DELIVERED, SmsFailed): _stay,
    (SmsState.DELIVERED, SmsReceipt): _stay,  # the first final receipt counts
    (SmsState.FAILED, SmsSubmitted): _stay,
    (SmsState.FAILED, SmsDeferred): _stay,
    (SmsState.FAILED, SmsFailed): _stay,
    (SmsState.FAILED, SmsReceipt): _receipt,  # delivered after all
}
"""Not in the table, so illegal: a receipt for an SMS that was never submitted."""
