"""What calls do to a delivery: which one is next, and when; a second phone beside the first; no further call.

Owns: the next step, worked out from the whole history, so that a hangup seen once, twice or late is the same.
"""

from dataclasses import replace

from ivr.domain import attempts, nextcall
from ivr.domain.delivery.history import DeliveryFact, History, Result
from ivr.domain.effects import Effect, FlagNumber, Note, Settle, TeamMissing, TellTeam
from ivr.domain.facts import CallPlaced, Illegal
from ivr.domain.nextcall import CallAt, Spent
from ivr.domain.policy import Policy, SmsTime
from ivr.domain.records import Delivery, DeliveryState, Disposition

HOLD_S = 600.0
"""How long a team that says it is on it is not called."""


def deadline_at(delivery: Delivery, policy: Policy) -> float:
    """When the delivery is given up."""
    own = delivery.deadline_at
    return delivery.since + policy.deadline_s if own is None else own


def held_until(delivery: Delivery, now: float) -> float | None:
    """Until when its calls are held back, if they are. A moment further ahead than any hold lasts was written
    before the clock was set back, and holds nothing."""
    until = delivery.held_until
    return until if until is not None and now < until <= now + HOLD_S else None


def placed(delivery: Delivery, fact: DeliveryFact, history: History, policy: Policy, now: float) -> Result:
    assert isinstance(fact, CallPlaced)
    if held_until(delivery, now):
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


def placed_beside(
    delivery: Delivery, fact: DeliveryFact, history: History, policy: Policy, now: float
) -> Result:
    """A second phone rings beside the first one; never a third, and never because a plan was late."""
    assert isinstance(fact, CallPlaced)
    if fact.number != delivery.beside:
        raise Illegal(f"the delivery of alert {delivery.alert} to {delivery.team} is being called")
    return placed(delivery, fact, history, policy, now)


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


def reckon(delivery: Delivery, fact: DeliveryFact, history: History, policy: Policy, now: float) -> Result:
    """Work out the next call from the whole history: the same for a hangup seen once, twice, or late."""
    flags = _flags(history)
    if history.up:
        held = held_until(delivery, now)
        up = replace(delivery, state=DeliveryState.RESPONDING if held else DeliveryState.CALLING)
        return _beside(up, history, policy, now), flags
    after, effects = next_step(delivery, history, policy, now)
    return after, (*flags, *effects)


def _flags(history: History) -> tuple[Effect, ...]:
    """The number of the call that ended last, if it turned out not to exist."""
    gone = nextcall.unallocated(history.past, history.trunks)
    return tuple(FlagNumber(p.number) for p in history.past[-1:] if p.number in gone)


def next_step(delivery: Delivery, history: History, policy: Policy, now: float) -> Result:
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
        return exhausted(delivery, "the deadline has passed")
    held = held_until(delivery, now)
    step = _step(delivery, history, policy, now)
    if isinstance(step, Spent):
        return exhausted(delivery, step.reason)
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


def forward(delivery: Delivery, fact: DeliveryFact, history: History, policy: Policy, now: float) -> Result:
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


def exhausted(delivery: Delivery, reason: str) -> Result:
    spent = replace(delivery, state=DeliveryState.EXHAUSTED, number=None, reason=reason)
    note = Note("team not reached", f"{delivery.team_name}: {reason}")
    return spent, (note, TeamMissing(spent), Settle(delivery.alert))
