"""The life of one SMS. One table of transitions.

Owns: which facts move an SMS, and which SMSC it goes to. An accepted message is never lost: it stays queued
until an SMSC has taken it.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from ivr.domain.facts import SmsDeferred, SmsFailed, SmsReceipt, SmsSubmitted, SmsUnanswered
from ivr.domain.records import ReceiptState, Severity, Sms, SmsState

SmsFact = SmsSubmitted | SmsDeferred | SmsUnanswered | SmsFailed | SmsReceipt

_FIRST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 60.0


def rank(raises: Severity | None) -> int:
    """The place of an SMS in the order of leaving: those that `raises` an alert, by its severity (as it was
    when they were queued), and then all others."""
    return len(Severity) if raises is None else raises.rank


def is_due(sms: Sms, now: float) -> bool:
    """Whether a queued SMS may be submitted. A moment further ahead than any pause was written before the
    clock was set back; it binds nothing."""
    return not now < sms.due_at <= now + LONGEST_PAUSE_S


def route(sms: Sms, bound: Sequence[str]) -> str:
    """Which of the SMSCs we are bound to, in order of preference, is to have it: the first one; after a try
    that came to nothing the next one, because a link that stands is no proof that what is behind it works."""
    return bound[sms.tries % len(bound)]


def handed(sms: Sms, link: str, now: float) -> Sms:
    """A queued SMS that is about to leave for `link`. Committed before it leaves: what is found so after a
    crash may have left."""
    return replace(sms, link=link, handed_at=now)


def decide(sms: Sms, fact: SmsFact, now: float) -> Sms:
    """The SMS after `fact`. Every fact may come in every state: links and SMSCs tell twice, and late."""
    return TABLE[sms.state, type(fact)](sms, fact, now)


def _submitted(sms: Sms, fact: SmsFact, now: float) -> Sms:
    assert isinstance(fact, SmsSubmitted)
    ids = " ".join(fact.message_ids)
    return replace(
        sms, state=SmsState.SUBMITTED, submitted_at=now, message_ids=ids, reason=None, handed_at=None
    )


def _deferred(sms: Sms, fact: SmsFact, now: float) -> Sms:
    assert isinstance(fact, SmsDeferred)
    pause = _pause_s(sms.tries) if fact.rests else 0.0
    return replace(sms, tries=sms.tries + 1, due_at=now + pause, reason=fact.reason, handed_at=None)


def _unanswered(sms: Sms, fact: SmsFact, now: float) -> Sms:
    """The first time it goes on at once: the link is to blame. It may as well be this SMS that kills it."""
    pause = _pause_s(sms.tries) if sms.repeated else 0.0
    reason = "the link was lost before the answer"
    return replace(sms, tries=sms.tries + 1, due_at=now + pause, reason=reason, handed_at=None, repeated=True)


def _pause_s(tries: int) -> float:
    return min(_FIRST_PAUSE_S * 2.0 ** min(tries, 10), LONGEST_PAUSE_S)  # 2**1024 is no float


def _failed(sms: Sms, fact: SmsFact, now: float) -> Sms:
    assert isinstance(fact, SmsFailed)
    return replace(sms, state=SmsState.FAILED, reason=fact.reason, handed_at=None)


def _receipt(sms: Sms, fact: SmsFact, now: float) -> Sms:
    assert isinstance(fact, SmsReceipt)
    if fact.state == ReceiptState.DELIVERED:
        return replace(sms, state=SmsState.DELIVERED, receipt_at=now, reason=None, handed_at=None)
    if fact.state == ReceiptState.UNKNOWN:
        return replace(sms, receipt_at=now, reason="the operator does not know what became of it")
    return replace(sms, state=SmsState.FAILED, receipt_at=now, reason=str(fact.state))


def _receipt_of_an_earlier_try(sms: Sms, fact: SmsFact, now: float) -> Sms:
    """It is to be sent again; that is needless only where it has arrived."""
    assert isinstance(fact, SmsReceipt)
    return _receipt(sms, fact, now) if fact.state == ReceiptState.DELIVERED else sms


def _stay(sms: Sms, fact: SmsFact, now: float) -> Sms:
    return sms


Handler = Callable[[Sms, SmsFact, float], Sms]

TABLE: dict[tuple[SmsState, type], Handler] = {
    (SmsState.QUEUED, SmsSubmitted): _submitted,
    (SmsState.QUEUED, SmsDeferred): _deferred,
    (SmsState.QUEUED, SmsUnanswered): _unanswered,
    (SmsState.QUEUED, SmsFailed): _failed,
    (SmsState.QUEUED, SmsReceipt): _receipt_of_an_earlier_try,
    (SmsState.SUBMITTED, SmsSubmitted): _submitted,  # sent again after a drop: the newer ids count
    (SmsState.SUBMITTED, SmsDeferred): _stay,
    (SmsState.SUBMITTED, SmsUnanswered): _stay,
    (SmsState.SUBMITTED, SmsFailed): _failed,
    (SmsState.SUBMITTED, SmsReceipt): _receipt,
    (SmsState.DELIVERED, SmsSubmitted): _stay,
    (SmsState.DELIVERED, SmsDeferred): _stay,
    (SmsState.DELIVERED, SmsUnanswered): _stay,
    (SmsState.DELIVERED, SmsFailed): _stay,
    (SmsState.DELIVERED, SmsReceipt): _stay,  # the first final receipt counts
    (SmsState.FAILED, SmsSubmitted): _stay,  # withdrawn while it was on the wire
    (SmsState.FAILED, SmsDeferred): _stay,
    (SmsState.FAILED, SmsUnanswered): _stay,
    (SmsState.FAILED, SmsFailed): _stay,
    (SmsState.FAILED, SmsReceipt): _receipt,  # delivered after all
}
