"""The SMS of one transaction: those it queues, those it drops, and what became of those that left.

Owns: who stands behind "operators", "originator" and "the team", in numbers. What is worth an SMS, and its
words, the domain says. Knows no SMSC: the courier takes what is queued here.
"""

from collections.abc import Iterable
from typing import TypeVar

from ivr.domain import facts, notices, shortmessage, wording
from ivr.domain.notices import News
from ivr.domain.records import (
    Alert,
    AlertState,
    Call,
    CallState,
    Delivery,
    Direction,
    Entry,
    Leg,
    Number,
    Sms,
    SmsKind,
    SmsState,
)
from ivr.ports import Records
from ivr.services.history import Network
from ivr.services.report import many
from ivr.services.traffic import Traffic

T = TypeVar("T", Leg, Number, Sms)


class Outbox:
    """Within one transaction; `tell` ends it."""

    def __init__(self, tx: Records, network: Network, now: float) -> None:
        self._tx = tx
        self._network = network
        self._now = now
        self._news: dict[int, list[News]] = {}

    # -- to the teams ------------------------------------------------------------------------------------

    def announce(self, alert: Alert, numbers: Iterable[Number]) -> None:
        """Tell a team, at those of its numbers that are to get SMS, that there is an alert."""
        text = wording.alert_sms(alert, self._network.hotline)
        for number in numbers:
            if number.sms:
                self._queue(alert.id, number.team, number.number, text, SmsKind.ALERT)

    def recall(self, alert: Alert) -> None:
        """The alert is withdrawn: drop what has not left yet, and tell the teams that had it."""
        sms = self._tx.find(Sms, alert=alert.id)
        legs = self._tx.find(Leg, alert=alert.id)
        calls = many(self._tx, Call, "id", [leg.call for leg in legs])
        answered = {call.id for call in calls if call.answered_at is not None}
        for queued in sms:
            if queued.kind is SmsKind.ALERT and queued.state is SmsState.QUEUED:
                self._change(queued, facts.SmsFailed(queued.id, "the alert was withdrawn"))
        texts, by_team = _by_team(sms), _by_team(legs)
        mobiles = _by_team(self._tx.find(Number, sms=True))
        untold = []
        for delivery in self._tx.find(Delivery, alert=alert.id):
            theirs = by_team.get(delivery.team, [])
            picked_up = any(leg.call in answered for leg in theirs)
            if not notices.had_it(delivery, texts.get(delivery.team, []), theirs, picked_up):
                continue
            for number in mobiles.get(delivery.team, []):
                self._notice(alert.id, delivery.team, number.number, wording.withdrawal(alert))
            if delivery.team not in mobiles:
                untold.append(delivery.team_name)
        if untold:
            for operator in self._network.operators:
                self._notice(alert.id, None, operator, wording.not_told(alert.id, untold))

    def rung_off(self, call: Call) -> None:
        """A phone stopped ringing. If somebody of the team is on another line, its owner is told who."""
        up = self._tx.find(Call, team=call.team, state=(CallState.PLACED, CallState.ANSWERED))
        taker = next((c for c in up if c.person or c.direction is Direction.IN), None)
        if taker is None or not self._tx.find(Number, team=call.team, number=call.number, sms=True):
            return
        for leg in self._tx.find(Leg, call=call.id):
            self._notice(leg.alert, leg.team, call.number or "", wording.taken(leg.alert, taker.number))

    # -- to operators and originator ---------------------------------------------------------------------

    def hears(self, alert: int, news: News) -> None:
        """Something happened that they may have to know, when all is said and done."""
        self._news.setdefault(alert, []).append(news)

    def tell(self) -> None:
        """Queue what operators and originator are told of all that this transaction has done."""
        for alert_id, news in self._news.items():
            alert = self._tx.get(Alert, alert_id)
            assert alert is not None
            text = notices.notice(alert, news, self._tx.find(Delivery, alert=alert_id))
            if text is None:
                continue
            for operator in self._network.operators:
                self._notice(alert_id, None, operator, text)
            for number in self._tx.find(Number, team=alert.team, sms=True):
                if number.number not in self._network.operators:
                    self._notice(alert_id, alert.team, number.number, text)

    # -- what became of them -----------------------------------------------------------------------------

    def exchange(self, fact: facts.SmsTraffic | shortmessage.SmsFact) -> tuple[Sms, ...]:
        """What the courier tells; the SMS that leave now. What is none of ours is passed over."""
        traffic = fact if isinstance(fact, facts.SmsTraffic) else facts.SmsTraffic((fact,))
        entries = []
        for moved in Traffic(self._tx, self._now).apply(traffic.told):
            if (what := _what(moved.before, moved.after)) is not None:
                entries.append(self._entry(what, moved.after))
            self._crossed(moved.before, moved.fact)
        self._tx.append(*entries)
        return tuple(Traffic(self._tx, self._now).claim(traffic.room))

    def _crossed(self, sms: Sms, fact: shortmessage.SmsFact) -> None:
        """An SMS that was on the wire when its alert was withdrawn has arrived: so must its recall."""
        if (
            isinstance(fact, facts.SmsSubmitted)
            and sms.kind is SmsKind.ALERT
            and sms.state is SmsState.FAILED
        ):
            alert = self._tx.get(Alert, sms.alert)
            if alert is None or alert.state is not AlertState.WITHDRAWN:
                return
            text = wording.withdrawal(alert)
            if not self._tx.find(Sms, alert=alert.id, number=sms.number, text=text):
                self._notice(alert.id, sms.team, sms.number, text)

    def _change(self, before: Sms, fact: shortmessage.SmsFact) -> None:
        after = shortmessage.decide(before, fact, self._now)
        self._tx.put(after)
        if (what := _what(before, after)) is not None:
            self._tx.append(self._entry(what, after))

    def _entry(self, what: str, sms: Sms) -> Entry:
        return Entry(0, self._now, what, sms.alert, sms.team, None, sms.reason or "")

    # -- the queue ---------------------------------------------------------------------------------------

    def _notice(self, alert: int, team: str | None, number: str, text: str) -> None:
        self._queue(alert, team, number, text, SmsKind.NOTICE)

    def _queue(self, alert: int, team: str | None, number: str, text: str, kind: SmsKind) -> None:
        self._tx.add(Sms(0, alert, team, number, text, queued_at=self._now, due_at=self._now, kind=kind))


def _what(before: Sms, after: Sms) -> str | None:
    """What the journal says of it; None for what is not worth a line."""
    if after.state is not before.state:
        return f"SMS {after.state}"
    return "SMS is sent again" if after.repeated and after.tries > before.tries else None


def _by_team(records: Iterable[T]) -> dict[str | None, list[T]]:
    found: dict[str | None, list[T]] = {}
    for record in records:
        found.setdefault(record.team, []).append(record)
    return found
