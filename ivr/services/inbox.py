"""An SMS that came in, within one transaction: who wrote, what it does, and what they are answered.

Owns: whose number it is, which alerts concern them, and the count of answers. What the words mean, and the
words of the answers, is the business of domain.answers.
"""

from collections.abc import Callable

from ivr.domain import answers, facts, parts
from ivr.domain.answers import Said, Wish
from ivr.domain.gsm import Place
from ivr.domain.number import masked
from ivr.domain.records import (
    Alert,
    AlertState,
    Delivery,
    DeliveryState,
    Entry,
    Number,
    Received,
    ReceivedPart,
    Sms,
    SmsKind,
    Team,
    Via,
)
from ivr.ports import AtLeast, AtMost, Records
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
        """Do what the SMS wishes, and answer it. Delivered again, it changes nothing."""
        number = answers.sender(fact.sender)
        reference = answers.known_by(fact.reference)
        if (
            number is None
            or number == self._network.hotline
            or self._is_known(number, reference, fact.same_s)
        ):
            return
        received = Received(0, reference, number, self._now)
        if self._team(number) is None and number not in self._network.operators:
            # Whoever floods us does not fill the store.
            text = parts.alone(fact.place, fact.text) if fact.place else fact.text
            if text is not None and self._answer_stranger(number, text):
                self._tx.add(received)
            return
        self._tx.add(received)
        text = fact.text if fact.place is None else self._joined(number, fact.place, fact.text)
        if text is not None:
            self._answer(number, text)

    def give_up(self) -> None:
        """Take those longer texts as they are whose parts have waited for too long."""
        for late in self._tx.find(ReceivedPart, at=AtMost(self._now - parts.WAIT_S)):
            found = self._parts(late.sender, Place(late.reference, late.total, late.number))
            if found:  # not given up with an earlier one
                self._tx.drop(*found)
                self._answer(late.sender, parts.given_up(found), ", of a longer text whose rest is missing")

    def _joined(self, number: str, place: Place, text: str) -> str | None:
        """The text that is whole with this part; None while it is not."""
        if not parts.may_wait(place, len(self._tx.find(ReceivedPart, sender=number))):
            return parts.alone(place, text)
        self._tx.put(ReceivedPart(number, place.reference, place.total, place.number, text, self._now))
        found = self._parts(number, place)
        joined = parts.whole(found)
        if joined is not None:
            self._tx.drop(*found)
        return joined

    def _parts(self, number: str, place: Place) -> list[ReceivedPart]:
        return self._tx.find(ReceivedPart, sender=number, reference=place.reference, total=place.total)

    def _answer_stranger(self, number: str, text: str) -> bool:
        """Whether there was an answer."""
        said = answers.understood(text)
        if not self._may_answer(said.wish, number, known=False):
            return False
        self._note(said, number, None, None)
        self._outbox.answer(number, None, answers.stranger(self._network.hotline), None)
        return True

    def _answer(self, number: str, text: str, remark: str = "") -> None:
        """Do what one of us wishes, and answer it."""
        said = answers.understood(text)
        team = self._team(number)
        is_answered = self._may_answer(said.wish, number, known=True)
        if team is None or (number in self._network.operators and said.wish is Wish.STATUS):
            reply, alert = self._to_operator(said, number, is_answered)
        else:
            reply, alert = self._to_team(said, team, number, is_answered)
        team_id = team.id if team else None
        self._note(said, number, alert, team_id, remark if is_answered else f"{remark}, not answered")
        if is_answered:
            self._outbox.answer(number, team_id, reply, alert)

    def _team(self, number: str) -> Team | None:
        return next((self._tx.get(Team, n.team) for n in self._tx.find(Number, number=number)), None)

    def _note(self, said: Said, number: str, alert: int | None, team: str | None, remark: str = "") -> None:
        detail = f"{said.wish}, from {masked(number)}{remark}"
        self._tx.add(Entry(0, self._now, "SMS came in", alert, team, None, detail))

    def _is_known(self, number: str, reference: str, same_s: float) -> bool:
        since = AtLeast(self._now - same_s)
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
