"""The SMS of one transaction: those it queues, those it drops, and what became of those that left.

Owns: who stands behind "operators", "originator" and "the team", in numbers. What is worth an SMS, and its
words, the domain says. Knows no SMSC: the courier takes what is queued here.
"""

from collections.abc import Iterable
from typing import TypeVar

from ivr.domain import effects, facts, notices, shortmessage, wording
from ivr.domain.facts import Illegal
from ivr.domain.notices import News
from ivr.domain.policy import SmsTime
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
    Severity,
    Sms,
    SmsKind,
    SmsState,
    Team,
)
from ivr.ports import AtLeast, Records
from ivr.services.history import Network, team_policy
from ivr.services.report import many
from ivr.services.traffic import Traffic

Telling = (
    News
    | effects.TellTeam
    | effects.RemindTeams
    | effects.TellWithdrawal
    | effects.TellCaller
    | effects.TellOperators
)
T = TypeVar("T", Leg, Number, Sms)
_ONCE_S = 3600.0


class Outbox:
    """Within one transaction; `tell` ends it."""

    def __init__(self, tx: Records, network: Network, now: float) -> None:
        self._tx = tx
        self._network = network
        self._now = now
        self._news: dict[int, list[News]] = {}

    def follow(self, effect: Telling, alert: Alert, team: str | None) -> None:
        """Tell whom the effect says. `team`: whose delivery has had it, if one has."""
        match effect:
            case effects.TellTeam():
                assert team is not None
                self._announce(alert, team)
            case effects.RemindTeams():
                self._remind(alert)
            case effects.TellWithdrawal():
                self._recall(alert)
            case effects.TellCaller():
                self._tell_caller(alert)
            case effects.TellOperators():
                self.to_operators(effect.text, alert.id)
            case _:
                self._news.setdefault(alert.id, []).append(effect)

    # -- to the teams ------------------------------------------------------------------------------------

    def _announce(self, alert: Alert, team: str) -> None:
        """Tell a team, at those of its numbers that are to get SMS, that there is an alert; once."""
        if self._tx.find(Sms, alert=alert.id, team=team, kind=SmsKind.ALERT):
            return
        text = wording.alert_sms(alert, self._network.hotline, self._network.sms_text)
        for number in self._tx.find(Number, team=team, sms=True):
            self._raise(alert, team, number.number, text)

    def _remind(self, alert: Alert) -> None:
        """Tell the teams that have not acknowledged that the alert is still there, but those that want no
        SMS about alerts."""
        text = wording.reminder(alert, self._network.hotline, self._network.sms_text)
        texts = _by_team(self._tx.find(Sms, alert=alert.id))
        mobiles = _by_team(self._tx.find(Number, sms=True))
        policies = {team.id: team_policy(self._network, team) for team in self._tx.find(Team)}
        for delivery in self._tx.find(Delivery, alert=alert.id):
            rules = policies.get(delivery.team)
            if rules is None or rules.sms is SmsTime.NEVER:
                continue
            if notices.to_remind(delivery, texts.get(delivery.team, [])):
                for number in mobiles.get(delivery.team, []):
                    self._raise(alert, delivery.team, number.number, text)

    def _recall(self, alert: Alert) -> None:
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
            self.to_operators(wording.not_told(alert.id, untold), alert.id)

    def rung_off(self, call: Call) -> None:
        """A phone stopped ringing. If somebody of the team is on another line, its owner is told who."""
        up = self._tx.find(Call, team=call.team, state=(CallState.PLACED, CallState.ANSWERED))
        taker = next((c for c in up if c.person or c.direction is Direction.IN), None)
        if taker is None or not self._tx.find(Number, team=call.team, number=call.number, sms=True):
            return
        for leg in self._tx.find(Leg, call=call.id):
            self._notice(leg.alert, leg.team, call.number or "", wording.taken(leg.alert, taker.number))

    # -- to operators and originator ---------------------------------------------------------------------

    def tell(self) -> None:
        """Queue what operators and originator are told of all that this transaction has done."""
        for alert_id, news in self._news.items():
            alert = self._tx.get(Alert, alert_id)
            assert alert is not None
            text = notices.notice(alert, news, self._tx.find(Delivery, alert=alert_id))
            if text is None:
                continue
            self.to_operators(text, alert_id)
            for number in self._tx.find(Number, team=alert.team, sms=True):
                if number.number not in self._network.operators:
                    self._notice(alert_id, alert.team, number.number, text)

    def _tell_caller(self, alert: Alert) -> None:
        """Tell the originator, or operators where it has no mobile, whether the alert was sent."""
        text = wording.not_sent(alert, self._network.hotline)
        if alert.state is not AlertState.DRAFT:
            text = wording.was_sent(alert, len(self._tx.find(Delivery, alert=alert.id)))
        if self._tx.find(Sms, alert=alert.id, text=text):
            return
        mobiles = self._tx.find(Number, team=alert.team, sms=True)
        for number in mobiles:
            self._notice(alert.id, alert.team, number.number, text)
        if not mobiles:
            self.to_operators(text, alert.id)

    def to_operators(self, text: str, alert: int | None = None) -> None:
        for operator in self._network.operators:
            self._notice(alert, None, operator, text)

    def to_operators_once(self, text: str, alert: int | None) -> None:
        """Not where the same was queued within the last hour, also by a service that was restarted since."""
        lately = AtLeast(self._now - _ONCE_S)
        if not self._tx.find(Sms, kind=SmsKind.NOTICE, queued_at=lately, text=text):
            self.to_operators(text, alert)

    def to_team(self, team: str, text: str) -> None:
        for number in self._tx.find(Number, team=team, sms=True):
            self._notice(None, team, number.number, text)

    # -- to whoever wrote, and what operators write ------------------------------------------------------

    def answer(self, number: str, team: str | None, text: str, alert: int | None) -> None:
        self._queue(alert, team, number, text, SmsKind.ANSWER)

    def write(self, fact: facts.SmsWritten) -> Sms:
        """What an operator writes, to a number of the directory or an operator's."""
        return self._queue(None, self._owner(fact.number), fact.number, fact.text, SmsKind.WRITTEN)

    def repeat(self, fact: facts.SmsRepeated) -> Sms:
        """Queue the SMS anew; what became of the first one stays on record."""
        first = self._tx.get(Sms, fact.sms)
        if first is None:
            raise Illegal(f"there is no SMS {fact.sms}; `tocsin sms list` shows those there are")
        if first.state in (SmsState.QUEUED, SmsState.DELIVERED):
            raise Illegal(f"SMS {first.id} is {first.state}: there is nothing to send again")
        if not first.text:
            raise Illegal(f"SMS {first.id} is erased with its alert: there is nothing to send again")
        alert = self._tx.get(Alert, first.alert) if first.kind is SmsKind.ALERT else None
        if alert is not None and alert.state is AlertState.WITHDRAWN:
            raise Illegal(f"SMS {first.id} tells of alert {alert.id}, which is withdrawn")
        self._owner(first.number)  # it may have left the directory
        raises = alert.severity if alert else None
        return self._queue(first.alert, first.team, first.number, first.text, first.kind, raises)

    def _owner(self, number: str) -> str | None:
        """Whose number it is that an operator has something sent to; None for an operator's."""
        known = self._tx.find(Number, number=number)
        if not known and number not in self._network.operators:
            raise Illegal(f"{number} is neither in the directory nor an operator's; no SMS is sent there")
        return known[0].team if known else None

    # -- what became of them -----------------------------------------------------------------------------

    def exchange(self, fact: facts.SmsTraffic | shortmessage.SmsFact) -> tuple[tuple[Sms, ...], list[Sms]]:
        """What the courier tells. The SMS that leave now; and those by which a team will not read of an
        alert, now that this is known. What is none of ours is passed over."""
        traffic = fact if isinstance(fact, facts.SmsTraffic) else facts.SmsTraffic((fact,))
        entries, missed = [], []
        for moved in Traffic(self._tx, self._now).apply(traffic.told):
            if (what := _what(moved.before, moved.after)) is not None:
                entries.append(self._entry(what, moved.after))
            self._crossed(moved.before, moved.fact)
            if notices.misses(moved.before, moved.after):
                missed.append(moved.after)
        self._tx.append(*entries)
        return tuple(Traffic(self._tx, self._now).claim(traffic.room)), missed

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

    def _notice(self, alert: int | None, team: str | None, number: str, text: str) -> None:
        self._queue(alert, team, number, text, SmsKind.NOTICE)

    def _raise(self, alert: Alert, team: str, number: str, text: str) -> None:
        self._queue(alert.id, team, number, text, SmsKind.ALERT, alert.severity)

    def _queue(
        self,
        alert: int | None,
        team: str | None,
        number: str,
        text: str,
        kind: SmsKind,
        raises: Severity | None = None,
    ) -> Sms:
        now, rank = self._now, shortmessage.rank(raises)
        return self._tx.add(
            Sms(0, alert, team, number, text, queued_at=now, due_at=now, kind=kind, rank=rank)
        )


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
