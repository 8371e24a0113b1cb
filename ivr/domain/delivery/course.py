"""How a delivery begins and ends beside its calls: withdrawn, expired, escalated, closed, skipped, anew."""

from dataclasses import replace

from ivr.domain.delivery.calls import exhausted, next_step, reckon
from ivr.domain.delivery.history import DeliveryFact, History, Result
from ivr.domain.effects import Note, Settle, TellTeam
from ivr.domain.policy import Policy, SmsTime
from ivr.domain.records import Delivery, DeliveryState


def begun(delivery: Delivery, history: History, policy: Policy, now: float) -> Result:
    """The calls begin now."""
    begun = replace(delivery, state=DeliveryState.WAITING, since=now, deadline_at=now + policy.deadline_s)
    first, effects = next_step(begun, history, policy, now)
    return first, (*effects, TellTeam()) if policy.sms is SmsTime.AT_RELEASE else effects


def withdraw(delivery: Delivery, fact: DeliveryFact, history: History, policy: Policy, now: float) -> Result:
    return replace(delivery, state=DeliveryState.WITHDRAWN, number=None), ()


def expire(delivery: Delivery, fact: DeliveryFact, history: History, policy: Policy, now: float) -> Result:
    """A call that is up may finish, and an operator's retry has a deadline of its own."""
    if history.up or not history.expired:
        return delivery, ()
    return next_step(delivery, history, policy, now)


def escalate(delivery: Delivery, fact: DeliveryFact, history: History, policy: Policy, now: float) -> Result:
    return begun(delivery, replace(history, expired=False), policy, now)


def unanswered(
    delivery: Delivery, fact: DeliveryFact, history: History, policy: Policy, now: float
) -> Result:
    """Nobody has escalated it in all that time."""
    if not history.expired:
        return delivery, ()
    return exhausted(delivery, "not acknowledged by mail")


def skip(delivery: Delivery, fact: DeliveryFact, history: History, policy: Policy, now: float) -> Result:
    return exhausted(delivery, "skipped by an operator")


def close(delivery: Delivery, fact: DeliveryFact, history: History, policy: Policy, now: float) -> Result:
    return exhausted(delivery, "closed by an operator")


def retry(delivery: Delivery, fact: DeliveryFact, history: History, policy: Policy, now: float) -> Result:
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
    again, effects = reckon(renewed, fact, replace(history, past=(), expired=False), policy, now)
    return again, (Note("retried by an operator", delivery.team_name), *effects, Settle(delivery.alert))


def stay(delivery: Delivery, fact: DeliveryFact, history: History, policy: Policy, now: float) -> Result:
    return delivery, ()
