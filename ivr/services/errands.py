"""What a fact does to the errands, within one transaction.

Owns: that only numbers of the directory and of the configuration are called. What becomes of an errand the
domain says.
"""

from ivr.domain import disposition, errand, facts
from ivr.domain.effects import Note
from ivr.domain.errand import ErrandCallEnded, ErrandFact
from ivr.domain.facts import Illegal
from ivr.domain.number import masked
from ivr.domain.records import Call, CallState, Direction, Entry, Errand, ErrandKind, Leg, Number
from ivr.domain.trunk import got_through
from ivr.ports import AtLeast, Records
from ivr.services.history import Network


class Errands:
    def __init__(self, tx: Records, network: Network, now: float) -> None:
        self._tx = tx
        self._network = network
        self._now = now

    def want(self, fact: facts.ErrandWanted) -> Errand | None:
        """The errand; None for a test of a number that has had enough of them."""
        if not self._is_known(fact.number, fact.team):
            raise Illegal(f"{masked(fact.number)} is no number of team {fact.team} that may be called")
        if fact.kind is ErrandKind.TEST and not errand.may_test(self._tests(fact.number), self._now):
            return None
        fresh = self._tx.add(errand.wanted(fact, self._now))
        self._note(Note(f"{fresh.kind} wanted", masked(fresh.number)), fresh)
        return fresh

    def place(self, fact: facts.ErrandPlaced) -> Call | None:
        """The call to be made; None where its number has left the directory since."""
        before = self._errand(fact.errand)
        if not self._is_known(before.number, before.team):
            self._move(before, facts.ErrandDropped(before.id))
            return None
        self._move(before, fact)
        call = Call(
            fact.call,
            Direction.OUT,
            CallState.PLACED,
            before.team,
            before.number,
            fact.trunk,
            self._now,
            errand=before.id,
            probe=fact.probe,
        )
        self._tx.put(call)
        return call

    def tell(self, fact: facts.ErrandDone | facts.ErrandDropped | facts.ErrandExpired) -> Errand:
        return self._move(self._errand(fact.errand), fact)

    def ended(self, call: Call) -> None:
        """`call`, which was for an errand, is over."""
        assert call.errand is not None
        how = disposition.of_leg(call, _NOTHING_HEARD)
        failed_by = call.trunk if got_through(call) is False else None
        self._move(self._errand(call.errand), ErrandCallEnded(call.id, how, failed_by))

    def _tests(self, number: str) -> list[Errand]:
        return self._tx.find(
            Errand, kind=ErrandKind.TEST, number=number, until=AtLeast(self._now - errand.TESTS_S)
        )

    def _errand(self, number: int) -> Errand:
        found = self._tx.get(Errand, number)
        if found is None:
            raise Illegal(f"there is no errand {number}")
        return found

    def _is_known(self, number: str, team: str | None) -> bool:
        """Whether it is of the directory or of the configuration, and may be called."""
        if (why := self._network.refusal(number)) is not None:
            self._tx.add(
                Entry(0, self._now, "number is never called", team=team, detail=f"{masked(number)} {why}")
            )
            return False
        if team is None:
            return number in self._network.configured
        return bool(self._tx.find(Number, team=team, number=number))

    def _move(self, before: Errand, fact: ErrandFact) -> Errand:
        after, effects = errand.decide(before, fact, self._now)
        self._tx.put(after)
        for effect in effects:
            if isinstance(effect, Note):
                self._note(effect, after)
        return after

    def _note(self, note: Note, about: Errand) -> None:
        self._tx.add(Entry(0, self._now, note.what, team=about.team, call=about.call, detail=note.detail))


_NOTHING_HEARD = Leg("", 0, "", 0)
"""A call without an alert is judged as one in which nothing of it was heard."""
