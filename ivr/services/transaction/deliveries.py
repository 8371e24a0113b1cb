"""What a fact does to deliveries, within one transaction.

Owns: which teams an alert goes to, and what a delivery is told besides the fact itself.
"""

from ivr.domain import attempts, facts, wording
from ivr.domain import delivery as deliveries
from ivr.domain.delivery import DeliveryFact
from ivr.domain.effects import Note, Settle, TellOperators
from ivr.domain.facts import Illegal
from ivr.domain.number import masked
from ivr.domain.records import Alert, Delivery, Number, Team
from ivr.ports import Records
from ivr.services.history import Network, callable_phones, history, team_policy
from ivr.services.transaction.applied import Follow


class Deliveries:
    def __init__(self, tx: Records, network: Network, follow: Follow, now: float) -> None:
        self._tx = tx
        self._network = network
        self._follow = follow
        self._now = now

    def open(self, alert: Alert) -> None:
        numbers: dict[str, list[Number]] = {}
        for number in self._tx.find(Number):
            numbers.setdefault(number.team, []).append(number)
        opened = []
        never: list[str] = []
        for team in self._tx.find(Team):
            if (team.id == alert.team and not team.calls_itself) or team.suspended:
                continue
            fresh, effects = self._opened(alert, team, numbers.get(team.id, []))
            self._tx.put(fresh)
            opened.append((team.id, effects))
            if not alert.by_mail_alone:
                never += self._never_called(alert, team, numbers.get(team.id, []))
        for team_id, effects in opened:  # when all are open, or the first one's end would close the alert
            self._follow(effects, alert=alert, team=team_id)
        if never:
            self._follow((TellOperators(wording.never_called(alert.id, never)),), alert=alert)
        self._follow((Settle(alert.id),))

    def _never_called(self, alert: Alert, team: Team, numbers: list[Number]) -> list[str]:
        """Those of the team's numbers that must not be called, in words, and into the journal: they came into
        the directory by another way, or before the rules were what they are."""
        shown = []
        for number in numbers:
            if (why := self._network.refusal(number.number)) is not None:
                shown.append(f"{team.name} {masked(number.number)}")
                note = Note("number is never called", f"{masked(number.number)} {why}")
                self._follow((note,), alert=alert, team=team.id)
        return shown

    def _opened(self, alert: Alert, team: Team, numbers: list[Number]) -> deliveries.Result:
        rules = team_policy(self._network, team)
        if alert.by_mail_alone:
            until = self._now + self._network.mail_open_s
            return deliveries.mailed(
                alert.id, team.id, team.name, until, alert.severity, team.mail_sms, rules
            )
        phones = callable_phones(self._network, team, numbers)
        return deliveries.opened(alert.id, team.id, team.name, phones, rules, self._now, alert.severity)

    def find(self, alert: int, team: str) -> Delivery:
        found = self._tx.get(Delivery, alert, team)
        if found is None:
            raise Illegal(f"alert {alert} is not addressed to team {team}")
        return found

    def tell(self, before: Delivery, fact: DeliveryFact) -> None:
        team = self._tx.get(Team, before.team)
        so_far = history(self._tx, self._network, before, team, self._now)
        rules = team_policy(self._network, team)
        after, effects = deliveries.decide(before, fact, so_far, rules, self._now)
        self._tx.put(after)
        self._follow(effects, alert=before.alert, team=before.team)

    def goes_on(self, delivery: Delivery, number: str, trunk: str) -> bool:
        """Whether a call to `number` over `trunk` belongs to the attempt that is under way."""
        team = self._tx.get(Team, delivery.team)
        so_far = history(self._tx, self._network, delivery, team, self._now)
        return attempts.goes_on(so_far.past, number, trunk, so_far.trunks)

    def responding(self, fact: facts.TeamResponding) -> Delivery:
        self.tell(self.find(fact.alert, fact.team), fact)
        return self.find(fact.alert, fact.team)
