"""What one fact does to the records, within one transaction.

Owns: which records a fact touches, and in what order the machines of the domain hear of it. Decides nothing
itself. Knows no telephone, no SMSC and no database: they are ports.
"""

from ivr.domain import facts, wording
from ivr.domain.delivery import MobileNotReached
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
from ivr.domain.facts import Fact
from ivr.domain.records import Alert, Call, Delivery, Entry
from ivr.domain.shortmessage import SmsFact
from ivr.ports import Records
from ivr.services import erasure
from ivr.services.access import Access, AccessFact
from ivr.services.errands import Errands
from ivr.services.history import Network
from ivr.services.inbox import Inbox
from ivr.services.outbox import Outbox
from ivr.services.transaction.alerts import Alerts
from ivr.services.transaction.applied import Applied, Archive
from ivr.services.transaction.calls import Calls
from ivr.services.transaction.deliveries import Deliveries
from ivr.services.transaction.mail import Mails
from ivr.services.transaction.mailkeys import MailKeys
from ivr.services.transaction.trunks import Trunks
from ivr.services.words import Words

__all__ = ["Applied", "Archive", "Transaction"]

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
        self._deliveries = Deliveries(tx, network, self._follow, now)
        self._mails = Mails(tx, self._note, now)
        self._alerts = Alerts(tx, archive, self._mails, self._note, self._follow, now)
        self._trunks = Trunks(tx, network, self._outbox, self._note, now)
        self._calls = Calls(
            tx,
            network,
            self._deliveries,
            self._errands,
            self._trunks,
            self._outbox,
            self._note,
            self._follow,
            now,
        )
        self._inbox = Inbox(tx, network, self._outbox, self._deliveries.responding, now)

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
                return self._alerts.recorded(fact)
            case (
                facts.AlertReleased()
                | facts.AlertWithdrawn()
                | facts.AlertEscalated()
                | facts.AlertExpired()
                | facts.AlertClosed()
                | facts.ReportDue()
                | facts.CallerLost()
                | facts.AlertErased()
            ):
                return self._alerts.apply(fact)
            case facts.CallPlaced():
                return self._calls.placed(fact)
            case facts.CallCameIn():
                self._calls.came_in(fact)
            case (
                facts.CallRang()
                | facts.CallAnswered()
                | facts.KeyPressed()
                | facts.CallCancelled()
                | facts.CallEnded()
                | facts.TeamIdentified()
                | facts.MessageLeft()
                | facts.CallPassed()
                | facts.ListenRefused()
                | facts.ChannelTaken()
            ):
                return self._calls.apply(fact)
            case facts.CallPutOff():
                return self._calls.put_off(fact)
            case facts.AlertHeard():
                self._calls.heard(fact)
            case (
                facts.ErrandWanted()
                | facts.ErrandPlaced()
                | facts.ErrandDone()
                | facts.ErrandDropped()
                | facts.ErrandExpired()
            ):
                return self._errand(fact)
            case (
                facts.Acknowledged()
                | facts.TeamResponding()
                | facts.DeliveryRetried()
                | facts.DeliverySkipped()
                | facts.MailMoved()
            ):
                return self._deliver(fact)
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
            case (
                facts.KeysLookedAt()
                | facts.CeilingReached()
                | facts.ReserveGivenUp()
                | facts.ReserveMade()
                | facts.TrunkReported()
            ):
                self._look_after(fact)
        return Applied()

    def _look_after(
        self,
        fact: (
            facts.KeysLookedAt
            | facts.CeilingReached
            | facts.ReserveGivenUp
            | facts.ReserveMade
            | facts.TrunkReported
        ),
    ) -> None:
        """What is of the house, and of no single delivery."""
        match fact:
            case facts.KeysLookedAt():
                MailKeys(self._tx, self._outbox, self._note).looked_at(fact)
            case facts.CeilingReached():
                self._note(Note("ceiling reached", f"{fact.most} calls"), fact.alert)
                self._outbox.to_operators_once(wording.ceiling(fact.alert, fact.most), fact.alert)
            case facts.TrunkReported():
                self._trunks.reported(fact)
            case _:
                self._note(_DISK[type(fact)])

    def _deliver(
        self,
        fact: facts.Acknowledged
        | facts.TeamResponding
        | facts.DeliveryRetried
        | facts.DeliverySkipped
        | facts.MailMoved,
    ) -> Applied:
        match fact:
            case facts.Acknowledged():
                return self._calls.acknowledged(fact)
            case facts.MailMoved():
                self._mails.moved(fact)
            case _:
                self._deliveries.tell(self._deliveries.find(fact.alert, fact.team), fact)
        return Applied(self._tx.get(Alert, fact.alert))

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
                        self._deliveries.tell(delivery, MobileNotReached())
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
                    self._deliveries.open(alert)
                case TellDeliveries():
                    for delivery in self._tx.find(Delivery, alert=alert_id):
                        self._deliveries.tell(delivery, effect.fact)
                case TellLegs():
                    assert call is not None
                    self._calls.reckon_legs(call)
                case EraseTraces():
                    assert alert_id is not None
                    self._archive.erase(alert_id)
                    erasure.erase(self._tx, alert_id)
                case FlagNumber():
                    self._calls.flag(team, effect.number, self._now)
                case Settle():
                    self._alerts.settle(effect.alert)
                case _:
                    told = alert if isinstance(alert, Alert) else self._alerts.known(alert_id or 0)
                    self._outbox.follow(effect, told, team)

    def _note(
        self, note: Note, alert: int | None = None, team: str | None = None, call: str | None = None
    ) -> None:
        self._tx.add(Entry(0, self._now, note.what, alert, team, call, note.detail))
