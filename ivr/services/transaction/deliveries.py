"""What a fact does to deliveries, within one transaction.

Owns: which teams an alert goes to, and what a delivery is told besides the fact itself.
"""

from ivr.domain import attempts, facts, nextcall
from ivr.domain import delivery as deliveries
from ivr.domain.delivery import DeliveryFact
from ivr.domain.effects import Settle
from ivr.domain.facts import Illegal
from ivr.domain.records import Alert, Delivery, Number, Team
from ivr.ports import Records
from ivr.services.history import Network, history, team_policy
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
        for team in self._tx.find(Team):
            if (team.id == alert.team and not team.calls_itself) or team.suspended:
                continue
            fresh, effects = self._opened(alert, team, numbers.get(team.id, []))
            self._tx.put(fresh)
            opened.append((team.id, effects))
        for team_id, effects in opened:  # when all are open, or the first one's end would close the alert
            self._follow(effects, alert=alert, team=team_id)
        self._follow((Settle(alert.id),))

    def _opened(self, alert: Alert, team: Team, numbers: list[Number]) -> deliveries.Result:
        rules = team_policy(self._network, team)
        if alert.by_mail_alone:
            until = self._now + self._network.mail_open_s
            return deliveries.mailed(
                alert.id, team.id, team.name, until, alert.severity, team.mail_sms, rules
            )
        phones = nextcall.phones(team, numbers)
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
