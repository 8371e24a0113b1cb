"""An SMS that came in, within one transaction: who wrote, what it does, and what they are answered.

Owns: whose number it is, which alerts concern them, and the count of answers. What the words mean, and the
words of the answers, is the business of domain.answers.
"""

from collections.abc import Callable

from ivr.domain import answers, facts
from ivr.domain.answers import Said, Wish
from ivr.domain.number import masked
from ivr.domain.records import (
    Alert,
    AlertState,
    Delivery,
    DeliveryState,
    Entry,
    Number,
    Received,
    Sms,
    SmsKind,
    Team,
    Via,
)
from ivr.ports import AtLeast, Records
from ivr.services.history import Network
from ivr.services.outbox import Outbox

Reply = tuple[str, int | None]
"""The text, and the alert it is about."""


class Inbox:
    """`respond` makes a TeamResponding true, and gives the delivery as it is then."""

    def __init__(
        self,
        tx: Records,
        network: Network,
        outbox: Outbox,
        respond: Callable[[facts.TeamResponding], Delivery],
        now: float,
    ) -> None:
        self._tx = tx
        self._network = network
        self._outbox = outbox
        self._respond = respond
        self._now = now

    def apply(self, fact: facts.SmsReceived) -> None:
        """Do what the SMS wishes, and answer it. Delivered again within a day, it changes nothing."""
        number = answers.sender(fact.sender)
        reference = answers.known_by(fact.reference)
        if number is None or number == self._network.hotline or self._is_known(number, reference):
            return
        said = answers.understood(fact.text)
        team = next((self._tx.get(Team, n.team) for n in self._tx.find(Number, number=number)), None)
        is_operator = number in self._network.operators
        is_answered = self._may_answer(said.wish, number, known=is_operator or team is not None)
        if team is None and not is_operator and not is_answered:
            return  # whoever floods us does not fill the store
        self._tx.add(Received(0, reference, number, self._now))
        if is_operator and (team is None or said.wish is Wish.STATUS):
            text, alert = self._to_operator(said, number, is_answered)
        elif team is not None:
            text, alert = self._to_team(said, team, number, is_answered)
        else:
            text, alert = answers.stranger(self._network.hotline), None
        team_id = team.id if team else None
        detail = f"{said.wish}, from {masked(number)}" + ("" if is_answered else ", not answered")
        self._tx.add(Entry(0, self._now, "SMS came in", alert, team_id, None, detail))
        if is_answered:
            self._outbox.answer(number, team_id, text, alert)

    def _is_known(self, number: str, reference: str) -> bool:
        since = AtLeast(self._now - answers.SAME_S)
        return bool(self._tx.find(Received, sender=number, reference=reference, at=since))

    def _may_answer(self, wish: Wish, number: str, known: bool) -> bool:
        since = AtLeast(self._now - answers.WITHIN_S)
        answered = self._tx.find(Sms, kind=SmsKind.ANSWER, queued_at=since)
        theirs = sum(s.number == number for s in answered)
        strangers = sum(s.team is None and s.number not in self._network.operators for s in answered)
        return answers.may_answer(wish, known, theirs, strangers)

    # -- the answer --------------------------------------------------------------------------------------

    def _to_operator(self, said: Said, number: str, is_answered: bool) -> Reply:
        released = [a.id for a in self._tx.find(Alert, state=AlertState.RELEASED)]
        match said.wish:
            case Wish.STATUS:
                asked = answers.meant(said, released)
                alert = self._tx.get(Alert, asked) if asked is not None else None
                if alert is not None:
                    return answers.standing(alert, self._tx.find(Delivery, alert=alert.id)), alert.id
            case Wish.STOP:
                return self._stop("An operator", number, is_answered), None
        return answers.helpful(released, self._network.hotline), None

    def _to_team(self, said: Said, team: Team, number: str, is_answered: bool) -> Reply:
        hotline = self._network.hotline
        theirs = {d.alert: d for d in self._tx.find(Delivery, team=team.id)}
        raised = {a.id for a in self._tx.find(Alert, team=team.id)}
        released = {a.id for a in self._tx.find(Alert, state=AlertState.RELEASED)}
        to_do = sorted(n for n in released & theirs.keys() if _is_open(theirs[n]))
        current = to_do or sorted(released & theirs.keys())
        match said.wish:
            case Wish.ON_IT:
                asked = answers.meant(said, current)
                if asked in theirs:
                    after = self._respond(facts.TeamResponding(asked, team.id, Via.SMS))
                    return answers.heard_on_it(self._alert(asked), after, hotline, self._now), asked
            case Wish.STATUS:
                current = sorted({*current, *(released & raised)})
                asked = answers.meant(said, current)
                if asked in raised:
                    deliveries = self._tx.find(Delivery, alert=asked)
                    return answers.standing(self._alert(asked), deliveries), asked
                if asked in theirs:
                    alert = self._alert(asked)
                    return answers.own_standing(alert, theirs[asked], hotline, self._now), asked
            case Wish.STOP:
                return self._stop(team.name, number, is_answered), None
        return answers.helpful(current, hotline), None

    def _stop(self, who: str, number: str, is_answered: bool) -> str:
        if is_answered:  # as often as the sender is, and no more
            self._outbox.to_operators(answers.wants_stop(who, number))
        return answers.stopped(self._network.hotline)

    def _alert(self, number: int) -> Alert:
        alert = self._tx.get(Alert, number)
        assert alert is not None
        return alert


def _is_open(delivery: Delivery) -> bool:
    return delivery.state not in (DeliveryState.ACKNOWLEDGED, DeliveryState.WITHDRAWN)
