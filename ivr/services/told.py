"""What links tell, as facts.

Owns: the translation of events into facts, and of what is left at a start. Knows no store.
"""

from collections.abc import Callable
from dataclasses import dataclass

from ivr.domain.facts import SmsDeferred, SmsFailed, SmsReceipt, SmsSubmitted, SmsUnanswered
from ivr.domain.records import Sms
from ivr.domain.shortmessage import SmsFact
from ivr.domain.sms import Receipt, Refused, Submitted, Unanswered


def _nobody_waits() -> None:
    pass


@dataclass(frozen=True, slots=True)
class Told:
    """A fact that is not on record yet."""

    fact: SmsFact
    settled: Callable[[], None] = _nobody_waits

    @property
    def queues_again(self) -> bool:
        return isinstance(self.fact, SmsDeferred | SmsUnanswered)


def told(event: Submitted | Refused | Unanswered | Receipt) -> Told:
    match event:
        case Receipt():
            return Told(SmsReceipt(event.message_id, event.state, event.link), event.settled)
        case Submitted():
            return Told(submitted(event), event.settled)
        case Refused(permanent=True):
            return Told(SmsFailed(int(event.reference), event.reason), event.settled)
        case Refused():
            fact: SmsFact = SmsDeferred(int(event.reference), event.reason, rests=not event.busy)
            return Told(fact, event.settled)
        case Unanswered(sent=True):
            return Told(SmsUnanswered(int(event.reference)))
        case Unanswered():
            return Told(SmsDeferred(int(event.reference), "the link was lost", rests=False))


def submitted(event: Submitted) -> SmsSubmitted:
    return SmsSubmitted(int(event.reference), event.message_ids, event.link)


def in_doubt(sms: Sms, at: float, answer: SmsSubmitted | None) -> SmsFact:
    """What became of an SMS that was handed over: `answer`, which came at `at`, or nothing that is known."""
    # An older answer is about another SMS: of a store that was here before this one.
    return answer if answer and at >= (sms.handed_at or 0.0) else SmsUnanswered(sms.id)
