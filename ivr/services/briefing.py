"""What a call that we make has to say, and to whom.

Owns: which alerts a call carries still, and what its script must know of the team.
"""

from dataclasses import dataclass

from ivr.domain import nextcall
from ivr.domain.records import (
    Alert,
    AlertState,
    Call,
    Delivery,
    DeliveryState,
    Leg,
    Listen,
    ListenPin,
    Number,
    Team,
    VerificationWord,
)
from ivr.ports import Records


@dataclass(frozen=True, slots=True)
class Brief:
    """What a call out has to say."""

    team: Team
    number: str | None
    """The number that was called."""
    alerts: tuple[Alert, ...]
    """Not yet acknowledged by this team, oldest first; empty when that changed while the phone rang."""
    listen: Listen
    """How it may hear them: a team that has no listening PIN yet, though it wants one, calls in."""
    has_words: bool
    """Whether it was ever given verification words."""
    has_others: bool
    """Whether another number of the team can be called now, and nobody there has passed these alerts."""


def brief(tx: Records, call_id: str, now: float) -> Brief:
    """What the call `call_id` carries. Raises LookupError for a call that was never placed."""
    call = tx.get(Call, call_id)
    team = tx.get(Team, call.team) if call and call.team else None
    if team is None:
        raise LookupError(f"call {call_id} is none of ours")
    carried = [leg.alert for leg in tx.find(Leg, call=call_id)]
    due = [d.alert for d in tx.find(Delivery, alert=carried, team=team.id) if needs(d)]
    number = call.number if call else None
    pinless = team.listen is Listen.PIN and tx.get(ListenPin, team.id) is None
    return Brief(
        team,
        number,
        tuple(tx.find(Alert, id=due, state=AlertState.RELEASED)),
        Listen.CALL_IN if pinless else team.listen,
        has_words=bool(tx.first(1, VerificationWord, team=team.id)),
        has_others=any(phone != number for phone in _open(tx, team, due, now)),
    )


def _open(tx: Records, team: Team, alerts: list[int], now: float) -> set[str]:
    """The numbers of the team that can be called about these alerts now, as far as anybody knows."""
    phones = nextcall.phones(team, tx.find(Number, team=team.id))
    calls = tx.find(Call, id=[leg.call for leg in tx.find(Leg, alert=alerts, team=team.id)])
    passed = {call.number for call in calls if call.passed}
    return {phone.number for phone in phones if phone.hours.open_at(now)} - passed


def needs(delivery: Delivery) -> bool:
    """Whether the team has yet to acknowledge; a delivery that was given up may still be acknowledged."""
    return delivery.state not in (DeliveryState.ACKNOWLEDGED, DeliveryState.WITHDRAWN)
