"""What one fact does to the records, within one transaction.

Owns: which records a fact touches, and in what order the machines of the domain hear of it. Decides nothing
itself. Knows no telephone, no SMSC and no database: they are ports.
"""

from dataclasses import dataclass, replace
from typing import Protocol

from ivr.domain import alert as alerts
from ivr.domain import call as calls
from ivr.domain import delivery as deliveries
from ivr.domain import disposition, facts, nextcall
from ivr.domain.budget import Login
from ivr.domain.delivery import CallsChanged, DeliveryFact, MobileNotReached, NumberClosed, PutOff
from ivr.domain.effects import (
    Effect,
    EraseTraces,
    FlagNumber,
    Note,
    OpenDeliveries,
    Settle,
    TellDeliveries,
    TellLegs,
)
from ivr.domain.facts import Fact, Illegal
from ivr.domain.number import masked
from ivr.domain.records import (
    Alert,
    AlertState,
    Call,
    CallState,
    Delivery,
    DeliveryState,
    Direction,
    Entry,
    Errand,
    Leg,
    Number,
    Sms,
    Team,
    VerificationWord,
)
from ivr.domain.shortmessage import SmsFact
from ivr.ports import Records
from ivr.services import erasure
from ivr.services.access import Access, AccessFact
from ivr.services.errands import Errands
from ivr.services.history import Network, history, phones, team_policy
from ivr.services.inbox import Inbox
from ivr.services.outbox import Outbox
from ivr.services.words import Words


class Archive(Protocol):
    """Where recordings are kept."""

    def keep(self, alert: int, path: str) -> str:
        """Make the recording at `path` durable under a name of the alert's, never over another; the name."""
        ...

    def erase(self, alert: int) -> None:
        """Delete every recording of the alert; those that are gone already are no error."""
        ...


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of a fact."""

    alert: Alert | None = None
    """The alert as it is now, where the fact was about one."""
    teams: int = 0
    """For AlertReleased: how many teams are being called."""
    call: Call | None = None
    """The call as it is now, where the fact was about one of ours. For CallPlaced: None when it must not be
    made, because its number has closed; the delivery then waits for another."""
    ring_s: float = 0.0
    """For CallPlaced: how long the phone is to ring."""
    held: bool = False
    """For CallPutOff: whether it was granted."""
    sms: tuple[Sms, ...] = ()
    """For SmsTraffic: those that leave now, each for the link it names. For SmsWritten and SmsRepeated: the
    one that was queued."""
    word: VerificationWord | None = None
    """For WordWanted: the word to be spoken, if the team has one."""
    login: Login | None = None
    """For LoginTried: what the caller is told."""
    errand: Errand | None = None
    """The errand as it is now, where the fact was about one."""
    is_routine: bool = False
    """For SmsTraffic: SMS moved and nothing else. That concerns only the courier, who knows; a dialler that
    made a plan for each would have no time for calls."""


_DISK = {
    facts.ReserveGivenUp: Note("disk full", "no new recordings are taken"),
    facts.ReserveMade: Note("disk has room again", "new recordings are taken"),
}


class Transaction:
    """One transaction: apply one fact, once."""

    def __init__(self, tx: Records, archive: Archive, network: Network, now: float) -> None:
        self._tx = tx
        self._archive = archive
        self._network = network
        self._now = now
        self._outbox = Outbox(tx, network, now)
        self._errands = Errands(tx, network, now)
        self._access = Access(tx, network, self._errands, self._outbox, now)
        self._inbox = Inbox(tx, network, self._outbox, self._responding, now)

    def apply(self, fact: Fact) -> Applied:
        applied = self._enter(fact) if isinstance(fact, AccessFact | facts.WordWanted) else self._apply(fact)
        self._outbox.tell()  # last: what is worth an SMS is clear only when all is known that the fact did
        return applied

    def _enter(self, fact: AccessFact | facts.WordWanted) -> Applied:
        if isinstance(fact, facts.WordWanted):
            return Applied(word=Words(self._tx, self._outbox, self._now).next(fact))
        return Applied(login=self._access.apply(fact))

    def _apply(self, fact: Fact) -> Applied:
        match fact:
            case facts.AlertRecorded():
                return self._recorded(fact)
            case (
                facts.AlertReleased()
                | facts.AlertWithdrawn()
                | facts.AlertExpired()
                | facts.ReportDue()
                | facts.CallerLost()
                | facts.AlertErased()
            ):
                return self._alert(fact)
            case facts.CallPlaced():
                return self._placed(fact)
            case facts.CallCameIn():
                self._came_in(fact)
            case (
                facts.CallAnswered()
                | facts.KeyPressed()
                | facts.CallCancelled()
                | facts.CallEnded()
                | facts.TeamIdentified()
                | facts.MessageLeft()
                | facts.CallPassed()
                | facts.ListenRefused()
            ):
                return self._call(fact)
            case facts.CallPutOff():
                return self._put_off(fact)
            case facts.AlertHeard():
                self._heard(fact)
            case (
                facts.ErrandWanted()
                | facts.ErrandPlaced()
                | facts.ErrandDone()
                | facts.ErrandDropped()
                | facts.ErrandExpired()
            ):
                return self._errand(fact)
            case facts.Acknowledged():
                return self._acknowledged(fact)
            case facts.TeamResponding() | facts.DeliveryRetried() | facts.DeliverySkipped():
                self._deliver(self._delivery(fact.alert, fact.team), fact)
                return Applied(self._tx.get(Alert, fact.alert))
            case (
                facts.SmsSubmitted()
                | facts.SmsDeferred()
                | facts.SmsUnanswered()
                | facts.SmsFailed()
                | facts.SmsReceipt()
                | facts.SmsTraffic()
                | facts.SmsReceived()
                | facts.SmsRestMissing()
                | facts.SmsWritten()
                | facts.SmsRepeated()
            ):
                return self._sms(fact)
            case facts.ReserveGivenUp() | facts.ReserveMade():
                self._note(_DISK[type(fact)])
        return Applied()

    # -- alerts ------------------------------------------------------------------------------------------

    def _recorded(self, fact: facts.AlertRecorded) -> Applied:
        team = self._tx.get(Team, fact.team)
        if team is None:
            raise Illegal(f"team {fact.team} is not in the directory")
        fresh = Alert(
            id=0,
            state=AlertState.DRAFT,
            team=team.id,
            team_name=team.name,
            uid=fact.uid,
            source=fact.source,
            audio="",
            recorded_at=self._now,
            duration_s=fact.duration_s,
            sha256=fact.sha256,
            severity=fact.severity,
            confirmed=fact.confirmed,
            tlp=fact.tlp,
            callback=fact.callback,
        )
        if fact.replaces is None:
            draft = self._tx.add(fresh)
        else:
            old = self._tx.get(Alert, fact.replaces)
            if old is None or old.state is not AlertState.DRAFT:
                raise Illegal(f"alert {fact.replaces} is no draft: its recording stays")
            draft = replace(fresh, id=old.id)
        kept = replace(draft, audio=self._archive.keep(draft.id, fact.path))
        self._tx.put(kept)
        self._note(
            Note("alert recorded", f"{fact.duration_s:.1f} s, {fact.source}"), alert=kept.id, team=team.id
        )
        return Applied(kept)

    def _known_alert(self, number: int) -> Alert:
        found = self._tx.get(Alert, number)
        if found is None:
            raise Illegal(f"there is no alert {number}; `tocsin alert list` shows those there are")
        return found

    def _alert(
        self,
        fact: facts.AlertReleased
        | facts.AlertWithdrawn
        | facts.AlertExpired
        | facts.ReportDue
        | facts.CallerLost
        | facts.AlertErased,
    ) -> Applied:
        before = self._known_alert(fact.alert)
        after, effects = alerts.decide(before, fact, self._now)
        self._tx.put(after)
        self._follow(effects, alert=after)
        teams = len(self._tx.find(Delivery, alert=after.id)) if isinstance(fact, facts.AlertReleased) else 0
        return Applied(self._tx.get(Alert, after.id), teams)

    def _open_deliveries(self, alert: Alert) -> None:
        numbers: dict[str, list[Number]] = {}
        for number in self._tx.find(Number):
            numbers.setdefault(number.team, []).append(number)
        opened = []
        for team in self._tx.find(Team):
            if (team.id == alert.team and not team.calls_itself) or team.suspended:
                continue
            fresh, effects = deliveries.opened(
                alert.id,
                team.id,
                team.name,
                nextcall.phones(team, numbers.get(team.id, [])),
                team_policy(self._network, team),
                self._now,
                alert.severity,
            )
            self._tx.put(fresh)
            opened.append((team.id, effects))
        for team_id, effects in opened:  # when all are open, or the first one's end would close the alert
            self._follow(effects, alert=alert, team=team_id)
        self._settle(alert.id)

    def _settle(self, alert_id: int) -> None:
        before = self._tx.get(Alert, alert_id)
        assert before is not None
        after, effects = alerts.decide(
            before, alerts.Settled(self._tx.find(Delivery, alert=alert_id)), self._now
        )
        self._tx.put(after)
        self._follow(effects, alert=after)

    # -- deliveries --------------------------------------------------------------------------------------

    def _delivery(self, alert: int, team: str) -> Delivery:
        found = self._tx.get(Delivery, alert, team)
        if found is None:
            raise Illegal(f"alert {alert} is not addressed to team {team}")
        return found

    def _deliver(self, before: Delivery, fact: DeliveryFact) -> None:
        team = self._tx.get(Team, before.team)
        so_far = history(self._tx, self._network, before, team, self._now)
        rules = team_policy(self._network, team)
        after, effects = deliveries.decide(before, fact, so_far, rules, self._now)
        self._tx.put(after)
        self._follow(effects, alert=before.alert, team=before.team)

    def _responding(self, fact: facts.TeamResponding) -> Delivery:
        self._deliver(self._delivery(fact.alert, fact.team), fact)
        return self._delivery(fact.alert, fact.team)

    def _acknowledged(self, fact: facts.Acknowledged) -> Applied:
        if fact.call is not None:
            leg = self._tx.get(Leg, fact.call, fact.alert)
            if leg is None or leg.team != fact.team:
                raise Illegal(f"call {fact.call} does not carry alert {fact.alert} to team {fact.team}")
            self._tx.put(replace(leg, acknowledged=True))
        self._deliver(self._delivery(fact.alert, fact.team), fact)
        call = self._tx.get(Call, fact.call) if fact.call else None
        if call is not None and call.state is CallState.ENDED:
            self._reckon_legs(call)
        return Applied(self._tx.get(Alert, fact.alert))

    # -- calls -------------------------------------------------------------------------------------------

    def _placed(self, fact: facts.CallPlaced) -> Applied:
        if self._tx.get(Call, fact.call) is not None:
            raise Illegal(f"call {fact.call} was placed before")
        team = self._tx.get(Team, fact.team)
        if not any(p.number == fact.number and p.hours.open_at(self._now) for p in phones(self._tx, team)):
            # It waited for a line until its number closed, or left the directory.
            for alert in fact.alerts:
                self._deliver(self._delivery(alert, fact.team), NumberClosed())
            return Applied()
        call = Call(fact.call, Direction.OUT, CallState.PLACED, fact.team, fact.number, fact.trunk, self._now)
        self._tx.put(call)
        for alert in fact.alerts:
            self._carry(call, self._delivery(alert, fact.team))
        return Applied(call=call, ring_s=team_policy(self._network, team).ring_s)

    def _came_in(self, fact: facts.CallCameIn) -> None:
        if self._tx.get(Call, fact.call) is None:
            fresh = Call(
                fact.call, Direction.IN, CallState.ANSWERED, None, None, fact.trunk, self._now, self._now
            )
            self._tx.put(fresh)
            self._note(Note("hotline called"), call=fact.call)

    def _call(self, fact: calls.CallFact) -> Applied:
        before = self._tx.get(Call, fact.call)
        if before is None:
            return Applied()  # a channel that is none of ours
        after, effects = calls.decide(before, fact, self._now)
        self._tx.put(after)
        self._follow(effects, team=after.team, call=after)
        if isinstance(fact, facts.CallAnswered | facts.KeyPressed):
            self._flag(after.team, after.number, None)
            if after.state is CallState.ANSWERED:
                self._take_on(after)
        if after.cancelled and not before.cancelled:
            self._outbox.rung_off(after)
        return Applied(call=after)

    def _take_on(self, call: Call) -> None:
        """An answered call also carries what was released for its team while it rang."""
        if call.direction is Direction.OUT and call.errand is None:
            for delivery in self._tx.find(Delivery, team=call.team, state=DeliveryState.WAITING):
                self._carry(call, delivery)

    def _carry(self, call: Call, delivery: Delivery) -> None:
        n = len(self._tx.find(Leg, alert=delivery.alert, team=delivery.team)) + 1
        placed = facts.CallPlaced(call.id, delivery.team, call.number or "", call.trunk, (delivery.alert,))
        self._deliver(delivery, placed)
        self._tx.put(Leg(call.id, delivery.alert, delivery.team, n))

    def _heard(self, fact: facts.AlertHeard) -> None:
        leg = self._tx.get(Leg, fact.call, fact.alert)
        call = self._tx.get(Call, fact.call)
        if leg is None or call is None:
            raise Illegal(f"call {fact.call} does not carry alert {fact.alert}")
        self._tx.put(replace(leg, heard_s=max(leg.heard_s, fact.heard_s), whole=leg.whole or fact.whole))
        if call.state is CallState.ENDED:
            self._reckon_legs(call)

    def _reckon_legs(self, call: Call) -> None:
        if call.errand is not None:
            self._errands.ended(call)
        for leg in self._tx.find(Leg, call=call.id):
            self._tx.put(replace(leg, disposition=disposition.of_leg(call, leg)))
            self._deliver(self._delivery(leg.alert, leg.team), CallsChanged())

    def _put_off(self, fact: facts.CallPutOff) -> Applied:
        """For all that the call carries and that waits: it is the person who cannot listen now."""
        call = self._tx.get(Call, fact.call)
        if call is None or call.number is None:
            return Applied()
        legs = self._tx.find(Leg, call=call.id)
        for leg in legs:
            self._deliver(self._delivery(leg.alert, leg.team), PutOff(call.number))
        after = [self._delivery(leg.alert, leg.team) for leg in legs]
        return Applied(call=call, held=any(d.promised == call.number for d in after))

    def _flag(self, team: str | None, number: str | None, unallocated_at: float | None) -> None:
        """Keep in the directory whether the telephone network knows the number. The first news counts."""
        for entry in self._tx.find(Number, team=team, number=number):
            if (entry.unallocated_at is None) is not (unallocated_at is None):
                self._tx.put(replace(entry, unallocated_at=unallocated_at))
                what = "number answers again" if unallocated_at is None else "number is unallocated"
                self._note(Note(what, masked(number)), team=team)

    # -- errands -----------------------------------------------------------------------------------------

    def _errand(
        self,
        fact: facts.ErrandWanted
        | facts.ErrandPlaced
        | facts.ErrandDone
        | facts.ErrandDropped
        | facts.ErrandExpired,
    ) -> Applied:
        match fact:
            case facts.ErrandWanted():
                return Applied(errand=self._errands.want(fact))
            case facts.ErrandPlaced():
                return Applied(call=self._errands.place(fact), ring_s=self._network.policy.ring_s)
            case _:
                return Applied(errand=self._errands.tell(fact))

    # -- SMS ---------------------------------------------------------------------------------------------

    def _sms(
        self,
        fact: SmsFact
        | facts.SmsTraffic
        | facts.SmsReceived
        | facts.SmsRestMissing
        | facts.SmsWritten
        | facts.SmsRepeated,
    ) -> Applied:
        match fact:
            case facts.SmsReceived():
                self._inbox.apply(fact)
            case facts.SmsRestMissing():
                self._inbox.give_up()
            case facts.SmsWritten():
                return Applied(sms=(self._outbox.write(fact),))
            case facts.SmsRepeated():
                return Applied(sms=(self._outbox.repeat(fact),))
            case _:
                leaving, missed = self._outbox.exchange(fact)
                for sms in missed:
                    delivery = self._tx.get(Delivery, sms.alert, sms.team)
                    if delivery is not None:
                        self._deliver(delivery, MobileNotReached())
                return Applied(sms=leaving, is_routine=not missed)
        return Applied()

    # -- effects -----------------------------------------------------------------------------------------

    def _follow(
        self,
        effects: tuple[Effect, ...],
        alert: Alert | int | None = None,
        team: str | None = None,
        call: Call | None = None,
    ) -> None:
        alert_id = alert.id if isinstance(alert, Alert) else alert
        for effect in effects:
            match effect:
                case Note():
                    self._note(effect, alert_id, team, call.id if call else None)
                case OpenDeliveries():
                    assert isinstance(alert, Alert)
                    self._open_deliveries(alert)
                case TellDeliveries():
                    for delivery in self._tx.find(Delivery, alert=alert_id):
                        self._deliver(delivery, effect.fact)
                case TellLegs():
                    assert call is not None
                    self._reckon_legs(call)
                case EraseTraces():
                    assert alert_id is not None
                    self._archive.erase(alert_id)
                    erasure.erase(self._tx, alert_id)
                case FlagNumber():
                    self._flag(team, effect.number, self._now)
                case Settle():
                    self._settle(effect.alert)
                case _:
                    told = alert if isinstance(alert, Alert) else self._known_alert(alert_id or 0)
                    self._outbox.follow(effect, told, team)

    def _note(
        self, note: Note, alert: int | None = None, team: str | None = None, call: str | None = None
    ) -> None:
        self._tx.add(Entry(0, self._now, note.what, alert, team, call, note.detail))
