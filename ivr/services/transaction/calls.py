"""What a fact does to telephone calls and to what they carry, within one transaction.

Owns: the legs of a call, and what the directory keeps of a number that was called.
"""

from collections.abc import Sequence
from dataclasses import replace

from ivr.domain import call as calls
from ivr.domain import disposition, facts
from ivr.domain.delivery import CallsChanged, NumberClosed, PutOff
from ivr.domain.effects import Note
from ivr.domain.facts import Illegal
from ivr.domain.number import masked
from ivr.domain.records import (
    Alert,
    Call,
    CallState,
    Delivery,
    DeliveryState,
    Direction,
    Leg,
    Number,
    Team,
)
from ivr.ports import Records
from ivr.services.errands import Errands
from ivr.services.history import Network, phones, team_policy
from ivr.services.outbox import Outbox
from ivr.services.transaction.applied import Applied, Follow, Write
from ivr.services.transaction.deliveries import Deliveries
from ivr.services.transaction.trunks import Trunks


class Calls:
    def __init__(
        self,
        tx: Records,
        network: Network,
        deliveries: Deliveries,
        errands: Errands,
        trunks: Trunks,
        outbox: Outbox,
        note: Write,
        follow: Follow,
        now: float,
    ) -> None:
        self._tx = tx
        self._network = network
        self._deliveries = deliveries
        self._errands = errands
        self._trunks = trunks
        self._outbox = outbox
        self._note = note
        self._follow = follow
        self._now = now

    def placed(self, fact: facts.CallPlaced) -> Applied:
        if self._tx.get(Call, fact.call) is not None:
            raise Illegal(f"call {fact.call} was placed before")
        team = self._tx.get(Team, fact.team)
        may_be = phones(self._tx, self._network, team)
        if not any(p.number == fact.number and p.hours.open_at(self._now) for p in may_be):
            # It waited for a line until its number closed, left the directory, or was not to be called.
            for alert in fact.alerts:
                self._deliveries.tell(self._deliveries.find(alert, fact.team), NumberClosed())
            return Applied()
        call = Call(
            fact.call,
            Direction.OUT,
            CallState.PLACED,
            fact.team,
            fact.number,
            fact.trunk,
            self._now,
            probe=fact.probe,
        )
        self._tx.put(call)
        for alert in fact.alerts:
            self._carry(call, self._deliveries.find(alert, fact.team))
        return Applied(call=call, ring_s=team_policy(self._network, team).ring_s)

    def came_in(self, fact: facts.CallCameIn) -> None:
        if self._tx.get(Call, fact.call) is None:
            fresh = Call(
                fact.call, Direction.IN, CallState.ANSWERED, None, None, fact.trunk, self._now, self._now
            )
            self._tx.put(fresh)
            self._note(Note("hotline called"), call=fact.call)

    def apply(self, fact: calls.CallFact) -> Applied:
        before = self._tx.get(Call, fact.call)
        if before is None:
            return Applied()  # a channel that is none of ours
        after, effects = calls.decide(before, fact, self._now)
        self._tx.put(after)
        if after.direction is Direction.OUT and after != before:
            self._trunks.called(before, after)
        self._follow(effects, team=after.team, call=after)
        if isinstance(fact, facts.CallAnswered | facts.KeyPressed):
            self.flag(after.team, after.number, None)
        if isinstance(fact, facts.CallAnswered) and before.state is CallState.PLACED:
            self._take_on(after)
        if after.cancelled and not before.cancelled:
            self._outbox.rung_off(after)
        return Applied(call=after)

    def _take_on(self, call: Call) -> None:
        """An answered call also carries what was released for its team while it rang. Not later: when a key
        is pressed, or the answer is told once more, its script has read what it has to say."""
        if call.direction is Direction.OUT and call.errand is None:
            for delivery in self._tx.find(Delivery, team=call.team, state=DeliveryState.WAITING):
                self._carry(call, delivery)

    def _carry(self, call: Call, delivery: Delivery) -> None:
        legs = self._tx.find(Leg, alert=delivery.alert, team=delivery.team)
        n = self._same_attempt(call, delivery, legs) or max((leg.n for leg in legs), default=0) + 1
        placed = facts.CallPlaced(call.id, delivery.team, call.number or "", call.trunk, (delivery.alert,))
        self._deliveries.tell(delivery, placed)
        self._tx.put(Leg(call.id, delivery.alert, delivery.team, n))

    def _same_attempt(self, call: Call, delivery: Delivery, legs: Sequence[Leg]) -> int | None:
        """The number of the attempt that goes on with this call, if one does."""
        if not delivery.tried or not self._deliveries.goes_on(delivery, call.number or "", call.trunk):
            return None
        before = self._tx.find(Call, id=[leg.call for leg in legs], number=call.number)
        return max(leg.n for leg in legs if leg.call in {c.id for c in before})

    def heard(self, fact: facts.AlertHeard) -> None:
        leg = self._tx.get(Leg, fact.call, fact.alert)
        call = self._tx.get(Call, fact.call)
        if leg is None or call is None:
            raise Illegal(f"call {fact.call} does not carry alert {fact.alert}")
        self._tx.put(replace(leg, heard_s=max(leg.heard_s, fact.heard_s), whole=leg.whole or fact.whole))
        if call.state is CallState.ENDED:
            self.reckon_legs(call)

    def acknowledged(self, fact: facts.Acknowledged) -> Applied:
        if fact.call is not None:
            leg = self._tx.get(Leg, fact.call, fact.alert)
            if leg is None or leg.team != fact.team:
                raise Illegal(f"call {fact.call} does not carry alert {fact.alert} to team {fact.team}")
            self._tx.put(replace(leg, acknowledged=True))
        self._deliveries.tell(self._deliveries.find(fact.alert, fact.team), fact)
        call = self._tx.get(Call, fact.call) if fact.call else None
        if call is not None and call.state is CallState.ENDED:
            self.reckon_legs(call)
        return Applied(self._tx.get(Alert, fact.alert))

    def put_off(self, fact: facts.CallPutOff) -> Applied:
        """For all that the call carries and that waits: it is the person who cannot listen now."""
        call = self._tx.get(Call, fact.call)
        if call is None or call.number is None:
            return Applied()
        legs = self._tx.find(Leg, call=call.id)
        for leg in legs:
            self._deliveries.tell(self._deliveries.find(leg.alert, leg.team), PutOff(call.number))
        after = [self._deliveries.find(leg.alert, leg.team) for leg in legs]
        return Applied(call=call, held=any(d.promised == call.number for d in after))

    def reckon_legs(self, call: Call) -> None:
        if call.errand is not None:
            self._errands.ended(call)
        for leg in self._tx.find(Leg, call=call.id):
            self._tx.put(replace(leg, disposition=disposition.of_leg(call, leg)))
            self._deliveries.tell(self._deliveries.find(leg.alert, leg.team), CallsChanged())

    def flag(self, team: str | None, number: str | None, unallocated_at: float | None) -> None:
        """Keep in the directory whether the telephone network knows the number. The first news counts."""
        for entry in self._tx.find(Number, team=team, number=number):
            if (entry.unallocated_at is None) is not (unallocated_at is None):
                self._tx.put(replace(entry, unallocated_at=unallocated_at))
                what = "number answers again" if unallocated_at is None else "number is unallocated"
                self._note(Note(what, masked(number)), team=team)
