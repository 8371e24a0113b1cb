"""The life of a delivery: one alert on its way to one team. One table of transitions.

Owns: which facts move a delivery, and where to. The next number and moment come from policy. The history of
its calls is an argument, so that facts commute: an acknowledgement before or after the hangup that belongs to
it, or a hangup reported twice, end in the same state.
"""

from collections.abc import Callable, Sequence

from ivr.domain.delivery import calls, course, people
from ivr.domain.delivery.calls import HOLD_S, deadline_at
from ivr.domain.delivery.history import (
    CallsChanged,
    DeliveryFact,
    History,
    MobileNotReached,
    NumberClosed,
    PutOff,
    Result,
)
from ivr.domain.effects import TellTeam
from ivr.domain.facts import (
    Acknowledged,
    AlertClosed,
    AlertEscalated,
    AlertExpired,
    AlertWithdrawn,
    CallPlaced,
    DeliveryRetried,
    DeliverySkipped,
    Illegal,
    TeamResponding,
)
from ivr.domain.nextcall import Phone
from ivr.domain.policy import Policy, SmsTime
from ivr.domain.records import Delivery, DeliveryState, Severity

__all__ = [
    "HOLD_S",
    "TABLE",
    "CallsChanged",
    "DeliveryFact",
    "History",
    "MobileNotReached",
    "NumberClosed",
    "PutOff",
    "Result",
    "deadline_at",
    "decide",
    "mailed",
    "opened",
]


def opened(
    alert: int,
    team: str,
    team_name: str,
    numbers: Sequence[Phone],
    policy: Policy,
    now: float,
    severity: Severity = Severity.MEDIUM,
) -> Result:
    """A new delivery, due at once; exhausted at once where there is no number to call."""
    fresh = Delivery(alert, team, team_name, severity=severity)
    return course.begun(fresh, History(numbers, (), {}, expired=False), policy, now)


def mailed(
    alert: int, team: str, team_name: str, until: float, severity: Severity, by_sms: bool, policy: Policy
) -> Result:
    """A new delivery by mail alone, given up at `until`. `by_sms`: the team wants an SMS all the same."""
    fresh = Delivery(alert, team, team_name, DeliveryState.MAILED, deadline_at=until, severity=severity)
    return fresh, (TellTeam(),) if by_sms and policy.sms is not SmsTime.NEVER else ()


def decide(delivery: Delivery, fact: DeliveryFact, history: History, policy: Policy, now: float) -> Result:
    """The delivery after `fact`. Raises Illegal for a pair the table does not have."""
    handler = TABLE.get((delivery.state, type(fact)))
    if handler is None:
        raise Illegal(
            f"the delivery of alert {delivery.alert} to {delivery.team} is {delivery.state}: "
            f"{type(fact).__name__} cannot follow"
        )
    return handler(delivery, fact, history, policy, now)


Handler = Callable[[Delivery, DeliveryFact, History, Policy, float], Result]

_S = DeliveryState
TABLE: dict[tuple[DeliveryState, type], Handler] = {
    (_S.MAILED, MobileNotReached): course.stay,  # the mail was to reach them
    (_S.MAILED, Acknowledged): people.acknowledge,
    (_S.MAILED, TeamResponding): people.noted,
    (_S.MAILED, AlertWithdrawn): course.withdraw,
    (_S.MAILED, AlertEscalated): course.escalate,
    (_S.MAILED, AlertExpired): course.unanswered,
    (_S.MAILED, AlertClosed): course.close,
    (_S.MAILED, DeliverySkipped): course.skip,
    (_S.WAITING, CallPlaced): calls.placed,
    (_S.WAITING, NumberClosed): calls.reckon,
    (_S.WAITING, CallsChanged): calls.reckon,  # more became known of a call that had ended
    (_S.WAITING, MobileNotReached): calls.forward,
    (_S.WAITING, Acknowledged): people.acknowledge,
    (_S.WAITING, TeamResponding): people.respond,
    (_S.WAITING, PutOff): people.put_off,  # the hangup was told first
    (_S.WAITING, AlertWithdrawn): course.withdraw,
    (_S.WAITING, AlertEscalated): course.stay,  # an operator's retry was quicker
    (_S.WAITING, AlertExpired): course.expire,
    (_S.WAITING, AlertClosed): course.close,
    (_S.WAITING, DeliverySkipped): course.skip,
    (_S.WAITING, DeliveryRetried): course.retry,
    (_S.CALLING, CallPlaced): calls.placed_beside,
    (_S.CALLING, NumberClosed): calls.reckon,  # the one that was to ring beside
    (_S.CALLING, CallsChanged): calls.reckon,
    (_S.CALLING, MobileNotReached): course.stay,  # a phone rings already
    (_S.CALLING, Acknowledged): people.acknowledge,
    (_S.CALLING, TeamResponding): people.respond,
    (_S.CALLING, PutOff): people.put_off,
    (_S.CALLING, AlertWithdrawn): course.withdraw,
    (_S.CALLING, AlertEscalated): course.stay,
    (_S.CALLING, AlertExpired): course.expire,
    (_S.CALLING, AlertClosed): course.close,
    (_S.CALLING, DeliverySkipped): course.skip,
    (_S.CALLING, DeliveryRetried): course.stay,  # is being called this moment
    (_S.RESPONDING, CallPlaced): calls.placed,  # the hold is over
    (_S.RESPONDING, NumberClosed): calls.reckon,
    (_S.RESPONDING, CallsChanged): calls.reckon,
    (_S.RESPONDING, MobileNotReached): course.stay,  # the hold was asked for
    (_S.RESPONDING, Acknowledged): people.acknowledge,
    (_S.RESPONDING, TeamResponding): people.respond,
    (_S.RESPONDING, PutOff): people.put_off,
    (_S.RESPONDING, AlertWithdrawn): course.withdraw,
    (_S.RESPONDING, AlertEscalated): course.stay,
    (_S.RESPONDING, AlertExpired): course.expire,
    (_S.RESPONDING, AlertClosed): course.close,
    (_S.RESPONDING, DeliverySkipped): course.skip,
    (_S.RESPONDING, DeliveryRetried): course.retry,
    (_S.ACKNOWLEDGED, CallsChanged): course.stay,  # the hangup of the call that acknowledged
    (_S.ACKNOWLEDGED, MobileNotReached): course.stay,
    (_S.ACKNOWLEDGED, Acknowledged): course.stay,  # the first one counts
    (_S.ACKNOWLEDGED, TeamResponding): course.stay,
    (_S.ACKNOWLEDGED, PutOff): course.stay,
    (_S.ACKNOWLEDGED, AlertWithdrawn): course.stay,  # it was acknowledged, and stays on record so
    (_S.ACKNOWLEDGED, AlertEscalated): course.stay,
    (_S.ACKNOWLEDGED, AlertExpired): course.stay,
    (_S.ACKNOWLEDGED, AlertClosed): course.stay,
    (_S.ACKNOWLEDGED, DeliverySkipped): course.stay,
    (_S.EXHAUSTED, CallsChanged): course.stay,
    (_S.EXHAUSTED, MobileNotReached): course.stay,
    (_S.EXHAUSTED, Acknowledged): people.acknowledge,  # late, and counts
    (_S.EXHAUSTED, TeamResponding): people.noted,
    (_S.EXHAUSTED, PutOff): course.stay,  # the hangup was told first, and nobody was promised anything
    (_S.EXHAUSTED, AlertWithdrawn): course.withdraw,
    (_S.EXHAUSTED, AlertEscalated): course.stay,  # it was given up by an operator
    (_S.EXHAUSTED, AlertExpired): course.stay,
    (_S.EXHAUSTED, AlertClosed): course.stay,
    (_S.EXHAUSTED, DeliverySkipped): course.stay,
    (_S.EXHAUSTED, DeliveryRetried): course.retry,
    (_S.WITHDRAWN, CallsChanged): course.stay,
    (_S.WITHDRAWN, MobileNotReached): course.stay,
    (_S.WITHDRAWN, Acknowledged): people.late,
    (_S.WITHDRAWN, TeamResponding): course.stay,
    (_S.WITHDRAWN, PutOff): course.stay,
    (_S.WITHDRAWN, AlertWithdrawn): course.stay,
    (_S.WITHDRAWN, AlertExpired): course.stay,
    (_S.WITHDRAWN, AlertClosed): course.stay,
    (_S.WITHDRAWN, DeliverySkipped): course.stay,
}
"""Not in the table, so illegal: a call placed, or come too late, for a delivery that is settled or by mail
alone, and an operator's retry of one that is acknowledged, withdrawn or by mail alone. In the table and yet
illegal: a call placed while the team's calls are held, and one to another number than the one that may ring
beside the first."""
