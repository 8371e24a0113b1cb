"""What people do to a delivery: they acknowledge it, are on it, or will listen later."""

from dataclasses import replace

from ivr.domain.delivery.calls import HOLD_S, deadline_at, held_until, reckon
from ivr.domain.delivery.history import DeliveryFact, History, PutOff, Result
from ivr.domain.effects import Note, Settle
from ivr.domain.facts import Acknowledged, TeamResponding
from ivr.domain.policy import Policy
from ivr.domain.records import Delivery, DeliveryState

_MOST_HOLDS = 2
"""A word every ten minutes must not keep a team from the alert for ever: after that, calls go on."""


def acknowledge(
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


def late(delivery: Delivery, fact: DeliveryFact, history: History, policy: Policy, now: float) -> Result:
    """An acknowledgement that crossed the withdrawal is kept on record; the state stays."""
    assert isinstance(fact, Acknowledged)
    if delivery.acknowledged_at is not None:
        return delivery, ()
    kept = replace(delivery, acknowledged_at=now, acknowledged_via=fact.via, acknowledged_by=fact.by)
    return kept, (Note("acknowledged after the withdrawal", delivery.team_name),)


def respond(delivery: Delivery, fact: DeliveryFact, history: History, policy: Policy, now: float) -> Result:
    """The team is on it: hold its calls. One that is answered goes on, and one that rings is rung off.

    Said again while they are held it changes nothing; said again later it holds them anew, but not for ever.
    Once all calls are spent there is nothing to hold: the team is exhausted, whatever it says.
    """
    assert isinstance(fact, TeamResponding)
    if held_until(delivery, now):
        return delivery, ()
    if delivery.holds >= _MOST_HOLDS:
        return delivery, (Note("responding again, calls go on", f"{delivery.team_name}, via {fact.via}"),)
    until = now + HOLD_S
    held = replace(delivery, due_at=until, held_until=until, holds=delivery.holds + 1)
    after, effects = reckon(held, fact, history, policy, now)
    return after, (Note("responding", f"{delivery.team_name}, via {fact.via}"), *effects)


def put_off(delivery: Delivery, fact: DeliveryFact, history: History, policy: Policy, now: float) -> Result:
    """Somebody will listen, only not now: the team's calls are held as if it had said that it is on it, and
    this number is called first thereafter, even if all calls are spent. As often as calls are held at all,
    and not where the alert is given up before: nobody is promised a call that never comes. A hold that is
    under way becomes this one."""
    assert isinstance(fact, PutOff)
    held = held_until(delivery, now) is not None
    if held and delivery.promised == fact.number:
        return delivery, ()
    if not held and delivery.holds >= _MOST_HOLDS:
        return delivery, (Note("put off too often, calls go on", delivery.team_name),)
    until, holds = now + HOLD_S, delivery.holds if held else delivery.holds + 1
    if until >= deadline_at(delivery, policy):
        return delivery, (Note("put off too late, calls go on", delivery.team_name),)
    asked = replace(delivery, due_at=until, held_until=until, holds=holds, promised=fact.number)
    after, effects = reckon(asked, fact, history, policy, now)
    return after, (Note("put off", delivery.team_name), *effects)


def noted(delivery: Delivery, fact: DeliveryFact, history: History, policy: Policy, now: float) -> Result:
    """Nobody is to be called any more, but an operator may want to know that somebody there is on it."""
    assert isinstance(fact, TeamResponding)
    return delivery, (Note(f"responding, though {delivery.state}", f"{delivery.team_name}, via {fact.via}"),)
