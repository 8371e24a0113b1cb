"""The life of a delivery: one alert on its way to one team. One table of transitions.

Owns: which facts move a delivery, and where to. The next number and moment come from policy. The history of
its calls is an argument, so that facts commute: an acknowledgement before or after the hangup that belongs to
it, or a hangup reported twice, end in the same state.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from ivr.domain import attempts, nextcall
from ivr.domain.attempts import Past
from ivr.domain.effects import Effect, FlagNumber, Note, Settle, TeamMissing, TellTeam
from ivr.domain.facts import (
    Acknowledged,
    AlertEscalated,
    AlertExpired,
    AlertWithdrawn,
    CallPlaced,
    DeliveryRetried,
    DeliverySkipped,
    Illegal,
    TeamResponding,
)
from ivr.domain.nextcall import CallAt, Phone, Spent
from ivr.domain.policy import Policy, SmsTime
from ivr.domain.records import Delivery, DeliveryState, Disposition, Severity

HOLD_S = 600.0
"""How long a team that says it is on it is not called."""
_MOST_HOLDS = 2
"""A word every ten minutes must not keep a team from the alert for ever: after that, calls go on."""


@dataclass(frozen=True, slots=True)
class CallsChanged:
    """A call for this delivery has ended, or more became known of one that had."""


@dataclass(frozen=True, slots=True)
class NumberClosed:
    """The call that was due came so late that its number may not be called any more."""


@dataclass(frozen=True, slots=True)
class MobileNotReached:
    """An SMS that tells of the alert is known not to arrive at a mobile of the team."""


@dataclass(frozen=True, slots=True)
class PutOff:
    """Somebody who was called at `number` wants to be called back there."""

    number: str


@dataclass(frozen=True, slots=True)
class History:
    """What a delivery's next step depends on besides its own row."""

    numbers: Sequence[Phone]
    """The team's numbers, in the order of its list."""
    past: Sequence[Past]
    """The ended calls since `delivery.since`, in the order of their end."""
    up: Mapping[str, float]
    """The numbers of the calls that serve this delivery and are placed or up, and when each was placed."""
    expired: bool
    """The delivery's deadline has passed."""
    trunks: int = 1
    """How many trunks there are to call over."""


DeliveryFact = (
    CallPlaced
    | NumberClosed
    | CallsChanged
    | MobileNotReached
    | Acknowledged
    | TeamResponding
    | PutOff
    | AlertWithdrawn
    | AlertEscalated
    | AlertExpired
    | DeliverySkipped
    | DeliveryRetried
)
Result = tuple[Delivery, tuple[Effect, ...]]


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
    return _begun(fresh, History(numbers, (), {}, expired=False), policy, now)


def mailed(
    alert: int, team: str, team_name: str, until: float, severity: Severity, by_sms: bool, policy: Policy
) -> Result:
    """A new delivery by mail alone, given up at `until`. `by_sms`: the team wants an SMS all the same."""
    fresh = Delivery(alert, team, team_name, DeliveryState.MAILED, deadline_at=until, severity=severity)
    return fresh, (TellTeam(),) if by_sms and policy.sms is not SmsTime.NEVER else ()


def _begun(delivery: Delivery, history: History, policy: Policy, now: float) -> Result:
    """The calls begin now."""
    begun = replace(delivery, state=DeliveryState.WAITING, since=now, deadline_at=now + policy.deadline_s)
    first, effects = _next(begun, history, policy, now)
    return first, (*effects, TellTeam()) if policy.sms is SmsTime.AT_RELEASE else effects


def deadline_at(delivery: Delivery, policy: Policy) -> float:
    """When the delivery is given up."""
    own = delivery.deadline_at
    return delivery.since + policy.deadline_s if own is None else own


def decide(delivery: Delivery, fact: DeliveryFact, history: History, policy: Policy, now: float) -> Result:
    """The delivery after `fact`. Raises Illegal for a pair the table does not have."""
    handler = TABLE.get((delivery.state, type(fact)))
    if handler is None:
        raise Illegal(
            f"the delivery of alert {delivery.alert} to {delivery.team} is {delivery.state}: "
            f"{type(fact).__name__} cannot follow"
        )
    return handler(delivery, fact, history, policy, now)


def _held_until(delivery: Delivery, now: float) -> float | None:
    """Until when its calls are held back, if they are. A moment further ahead than any hold lasts was written
    before the clock was set back, and holds nothing."""
    until = delivery.held_until
    return until if until is not None and now < until <= now + HOLD_S else None


def _placed(delivery: Delivery, fact: DeliveryFact, history: History, policy: Policy, now: float) -> Result:
    assert isinstance(fact, CallPlaced)
    if _held_until(delivery, now):
        raise Illegal(f"{delivery.team} has just said that it is on alert {delivery.alert}: no call now")
    kept = None if fact.number == delivery.promised else delivery.promised
    calling = replace(
        delivery,
        state=DeliveryState.CALLING,
        attempts=delivery.attempts + 1,
        reason=None,
        promised=kept,
        tried="",
    )
    return _beside(calling, replace(history, up={**history.up, fact.number: now}), policy, now), ()


def _placed_beside(
    delivery: Delivery, fact: DeliveryFact, history: History, policy: Policy, now: float
) -> Result:
    """A second phone rings beside the first one; never a third, and never because a plan was late."""
    assert isinstance(fact, CallPlaced)
    if fact.number != delivery.beside:
        raise Illegal(f"the delivery of alert {delivery.alert} to {delivery.team} is being called")
    return _placed(delivery, fact, history, policy, now)


def _beside(delivery: Delivery, history: History, policy: Policy, now: float) -> Delivery:
    """Which number may ring beside the one that does, and from when on."""
    if policy.parallel_after_s is None or len(history.up) != 1:
        return replace(delivery, beside=None)
    step = _step(delivery, history, policy, now)
    (placed_at,) = history.up.values()
    if isinstance(step, Spent) or step.closed or history.expired:
        return replace(delivery, beside=None)
    at = max(step.due_at, step.afresh_at, placed_at + policy.parallel_after_s)
    return replace(delivery, beside=step.number, beside_at=at)


def _step(delivery: Delivery, history: History, policy: Policy, now: float) -> CallAt | Spent:
    until = deadline_at(delivery, policy)
    return nextcall.next_call(
        policy,
        history.numbers,
        history.past,
        delivery.since,
        now,
        until,
        history.trunks,
        history.up,
        delivery.promised,
    )


def _reckon(delivery: Delivery, fact: DeliveryFact, history: History, policy: Policy, now: float) -> Result:
    """Work out the next call from the whole history: the same for a hangup seen once, twice, or late."""
    flags = _flags(history)
    if history.up:
        held = _held_until(delivery, now)
        up = replace(delivery, state=DeliveryState.RESPONDING if held else DeliveryState.CALLING)
        return _beside(up, history, policy, now), flags
    after, effects = _next(delivery, history, policy, now)
    return after, (*flags, *effects)


def _flags(history: History) -> tuple[Effect, ...]:
    """The number of the call that ended last, if it turned out not to exist."""
    gone = nextcall.unallocated(history.past, history.trunks)
    return tuple(FlagNumber(p.number) for p in history.past[-1:] if p.number in gone)


def _next(delivery: Delivery, history: History, policy: Policy, now: float) -> Result:
    after, effects = _next_call(delivery, history, policy, now)
    return after, (*effects, TellTeam()) if _missed_a_call(after, history, policy) else effects


def _missed_a_call(delivery: Delivery, history: History, policy: Policy) -> bool:
    """Whether a team that wants its SMS after the first call is to have it; also where there can be none."""
    called = any(p.disposition is not Disposition.CANCELLED for p in history.past)
    return policy.sms is SmsTime.AFTER_FIRST_CALL and (called or delivery.reason is not None)


def _next_call(delivery: Delivery, history: History, policy: Policy, now: float) -> Result:
    if uncounted := attempts.of(history.past, history.trunks).uncounted:
        # Worked out anew, or an end that is told twice would take another one off.
        delivery = replace(delivery, attempts=len(history.past) - uncounted)
    if history.expired:
        return _exhausted(delivery, "the deadline has passed")
    held = _held_until(delivery, now)
    step = _step(delivery, history, policy, now)
    if isinstance(step, Spent):
        return _exhausted(delivery, step.reason)
    waiting = replace(
        delivery,
        state=DeliveryState.RESPONDING if held else DeliveryState.WAITING,
        number=step.number,
        due_at=max(step.due_at, held or step.due_at),
        avoid_trunk=step.avoid,
        tried=",".join(step.tried),
        afresh_at=max(step.afresh_at, held or 0.0),
        beside=None,
        reason=step.closed,
    )
    if step.closed is None or step.closed == delivery.reason:
        return waiting, ()
    shut = Note("team cannot be called now", f"{delivery.team_name}: {step.closed}")
    return waiting, (shut, TeamMissing(waiting))


def _forward(delivery: Delivery, fact: DeliveryFact, history: History, policy: Policy, now: float) -> Result:
    """A text will not bring the team to call in, so its next call is due now, unless its numbers are closed.

    Once: whatever comes of that call, the pauses are as they were.
    """
    step = _step(delivery, history, policy, now)
    if delivery.due_at <= now or isinstance(step, Spent) or step.closed:
        return delivery, ()
    if not any(p.number == step.number and p.hours.open_at(now) for p in history.numbers):
        return delivery, ()
    sooner = replace(delivery, number=step.number, avoid_trunk=step.avoid, due_at=now, reason=None)
    return sooner, (Note("called sooner, an SMS does not arrive", delivery.team_name),)


def _exhausted(delivery: Delivery, reason: str) -> Result:
    spent = replace(delivery, state=DeliveryState.EXHAUSTED, number=None, reason=reason)
    note = Note("team not reached", f"{delivery.team_name}: {reason}")
    return spent, (note, TeamMissing(spent), Settle(delivery.alert))


def _acknowledge(
    delivery: Delivery, fact: DeliveryFact, history: History, policy: Policy, now: float
) -> Result:
    assert isinstance(fact, Acknowledged)
    done = replace(
        delivery,
        state=DeliveryState.ACKNOWLEDGED,
        number=None,
        reason=None,
        acknowledged_at=now,
        acknowledged_via=fact.via,
        acknowledged_by=fact.by,
    )
    return done, (Note("acknowledged", f"{delivery.team_name}, via {fact.via}"), Settle(delivery.alert))


def _late(delivery: Delivery, fact: DeliveryFact, history: History, policy: Policy, now: float) -> Result:
    """An acknowledgement that crossed the withdrawal is kept on record; the state stays."""
    assert isinstance(fact, Acknowledged)
    if delivery.acknowledged_at is not None:
        return delivery, ()
    kept = replace(delivery, acknowledged_at=now, acknowledged_via=fact.via, acknowledged_by=fact.by)
    return kept, (Note("acknowledged after the withdrawal", delivery.team_name),)


def _respond(delivery: Delivery, fact: DeliveryFact, history: History, policy: Policy, now: float) -> Result:
    """The team is on it: hold its calls. One that is answered goes on, and one that rings is rung off.

    Said again while they are held it changes nothing; said again later it holds them anew, but not for ever.
    Once all calls are spent there is nothing to hold: the team is exhausted, whatever it says.
    """
    assert isinstance(fact, TeamResponding)
    if _held_until(delivery, now):
        return delivery, ()
    if delivery.holds >= _MOST_HOLDS:
        return delivery, (Note("responding again, calls go on", f"{delivery.team_name}, via {fact.via}"),)
    until = now + HOLD_S
    held = replace(delivery, due_at=until, held_until=until, holds=delivery.holds + 1)
    after, effects = _reckon(held, fact, history, policy, now)
    return after, (Note("responding", f"{delivery.team_name}, via {fact.via}"), *effects)


def _put_off(delivery: Delivery, fact: DeliveryFact, history: History, policy: Policy, now: float) -> Result:
    """Somebody will listen, only not now: the team's calls are held as if it had said that it is on it, and
    this number is called first thereafter, even if all calls are spent. As often as calls are held at all; a
    hold that is under way becomes this one."""
    assert isinstance(fact, PutOff)
    held = _held_until(delivery, now) is not None
    if held and delivery.promised == fact.number:
        return delivery, ()
    if not held and delivery.holds >= _MOST_HOLDS:
        return delivery, (Note("put off too often, calls go on", delivery.team_name),)
    until, holds = now + HOLD_S, delivery.holds if held else delivery.holds + 1
    asked = replace(delivery, due_at=until, held_until=until, holds=holds, promised=fact.number)
    after, effects = _reckon(asked, fact, history, policy, now)
    return after, (Note("put off", delivery.team_name), *effects)


def _noted(delivery: Delivery, fact: DeliveryFact, history: History, policy: Policy, now: float) -> Result:
    """Nobody is to be called any more, but an operator may want to know that somebody there is on it."""
    assert isinstance(fact, TeamResponding)
    return delivery, (Note(f"responding, though {delivery.state}", f"{delivery.team_name}, via {fact.via}"),)


def _withdraw(delivery: Delivery, fact: DeliveryFact, history: History, policy: Policy, now: float) -> Result:
    return replace(delivery, state=DeliveryState.WITHDRAWN, number=None), ()


def _expire(delivery: Delivery, fact: DeliveryFact, history: History, policy: Policy, now: float) -> Result:
    """A call that is up may finish, and an operator's retry has a deadline of its own."""
    if history.up or not history.expired:
        return delivery, ()
    return _next(delivery, history, policy, now)


def _escalate(delivery: Delivery, fact: DeliveryFact, history: History, policy: Policy, now: float) -> Result:
    return _begun(delivery, replace(history, expired=False), policy, now)


def _unanswered(
    delivery: Delivery, fact: DeliveryFact, history: History, policy: Policy, now: float
) -> Result:
    """Nobody has escalated it in all that time."""
    if not history.expired:
        return delivery, ()
    return _exhausted(delivery, "not acknowledged by mail")


def _skip(delivery: Delivery, fact: DeliveryFact, history: History, policy: Policy, now: float) -> Result:
    return _exhausted(delivery, "skipped by an operator")


def _retry(delivery: Delivery, fact: DeliveryFact, history: History, policy: Policy, now: float) -> Result:
    """A new start: calls before now no longer count, and one that is still up goes on."""
    renewed = replace(
        delivery,
        since=now,
        attempts=0,
        deadline_at=now + policy.deadline_s,
        held_until=None,
        holds=0,
        promised=None,
    )
    again, effects = _reckon(renewed, fact, replace(history, past=(), expired=False), policy, now)
    return again, (Note("retried by an operator", delivery.team_name), *effects, Settle(delivery.alert))


def _stay(delivery: Delivery, fact: DeliveryFact, history: History, policy: Policy, now: float) -> Result:
    return delivery, ()


Handler = Callable[[Delivery, DeliveryFact, History, Policy, float], Result]

_S = DeliveryState
TABLE: dict[tuple[DeliveryState, type], Handler] = {
    (_S.MAILED, MobileNotReached): _stay,  # the mail was to reach them
    (_S.MAILED, Acknowledged): _acknowledge,
    (_S.MAILED, TeamResponding): _noted,
    (_S.MAILED, AlertWithdrawn): _withdraw,
    (_S.MAILED, AlertEscalated): _escalate,
    (_S.MAILED, AlertExpired): _unanswered,
    (_S.MAILED, DeliverySkipped): _skip,
    (_S.WAITING, CallPlaced): _placed,
    (_S.WAITING, NumberClosed): _reckon,
    (_S.WAITING, CallsChanged): _reckon,  # more became known of a call that had ended
    (_S.WAITING, MobileNotReached): _forward,
    (_S.WAITING, Acknowledged): _acknowledge,
    (_S.WAITING, TeamResponding): _respond,
    (_S.WAITING, PutOff): _put_off,  # the hangup was told first
    (_S.WAITING, AlertWithdrawn): _withdraw,
    (_S.WAITING, AlertEscalated): _stay,  # an operator's retry was quicker
    (_S.WAITING, AlertExpired): _expire,
    (_S.WAITING, DeliverySkipped): _skip,
    (_S.WAITING, DeliveryRetried): _retry,
    (_S.CALLING, CallPlaced): _placed_beside,
    (_S.CALLING, NumberClosed): _reckon,  # the one that was to ring beside
    (_S.CALLING, CallsChanged): _reckon,
    (_S.CALLING, MobileNotReached): _stay,  # a phone rings already
    (_S.CALLING, Acknowledged): _acknowledge,
    (_S.CALLING, TeamResponding): _respond,
    (_S.CALLING, PutOff): _put_off,
    (_S.CALLING, AlertWithdrawn): _withdraw,
    (_S.CALLING, AlertEscalated): _stay,
    (_S.CALLING, AlertExpired): _expire,
    (_S.CALLING, DeliverySkipped): _skip,
    (_S.CALLING, DeliveryRetried): _stay,  # is being called this moment
    (_S.RESPONDING, CallPlaced): _placed,  # the hold is over
    (_S.RESPONDING, NumberClosed): _reckon,
    (_S.RESPONDING, CallsChanged): _reckon,
    (_S.RESPONDING, MobileNotReached): _stay,  # the hold was asked for
    (_S.RESPONDING, Acknowledged): _acknowledge,
    (_S.RESPONDING, TeamResponding): _respond,
    (_S.RESPONDING, PutOff): _put_off,
    (_S.RESPONDING, AlertWithdrawn): _withdraw,
    (_S.RESPONDING, AlertEscalated): _stay,
    (_S.RESPONDING, AlertExpired): _expire,
    (_S.RESPONDING, DeliverySkipped): _skip,
    (_S.RESPONDING, DeliveryRetried): _retry,
    (_S.ACKNOWLEDGED, CallsChanged): _stay,  # the hangup of the call that acknowledged
    (_S.ACKNOWLEDGED, MobileNotReached): _stay,
    (_S.ACKNOWLEDGED, Acknowledged): _stay,  # the first one counts
    (_S.ACKNOWLEDGED, TeamResponding): _stay,
    (_S.ACKNOWLEDGED, PutOff): _stay,
    (_S.ACKNOWLEDGED, AlertWithdrawn): _stay,  # it was acknowledged, and stays on record so
    (_S.ACKNOWLEDGED, AlertEscalated): _stay,
    (_S.ACKNOWLEDGED, AlertExpired): _stay,
    (_S.ACKNOWLEDGED, DeliverySkipped): _stay,
    (_S.EXHAUSTED, CallsChanged): _stay,
    (_S.EXHAUSTED, MobileNotReached): _stay,
    (_S.EXHAUSTED, Acknowledged): _acknowledge,  # late, and counts
    (_S.EXHAUSTED, TeamResponding): _noted,
    (_S.EXHAUSTED, PutOff): _stay,  # the hangup was told first, and nobody was promised anything
    (_S.EXHAUSTED, AlertWithdrawn): _withdraw,
    (_S.EXHAUSTED, AlertEscalated): _stay,  # it was given up by an operator
    (_S.EXHAUSTED, AlertExpired): _stay,
    (_S.EXHAUSTED, DeliverySkipped): _stay,
    (_S.EXHAUSTED, DeliveryRetried): _retry,
    (_S.WITHDRAWN, CallsChanged): _stay,
    (_S.WITHDRAWN, MobileNotReached): _stay,
    (_S.WITHDRAWN, Acknowledged): _late,
    (_S.WITHDRAWN, TeamResponding): _stay,
    (_S.WITHDRAWN, PutOff): _stay,
    (_S.WITHDRAWN, AlertWithdrawn): _stay,
    (_S.WITHDRAWN, AlertExpired): _stay,
    (_S.WITHDRAWN, DeliverySkipped): _stay,
}
"""Not in the table, so illegal: a call placed, or come too late, for a delivery that is settled or by mail
alone, and an operator's retry of one that is acknowledged, withdrawn or by mail alone. In the table and yet
illegal: a call placed while the team's calls are held, and one to another number than the one that may ring
beside the first."""
