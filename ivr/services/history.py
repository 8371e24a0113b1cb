"""What the deciders are told besides the row itself: policy, numbers and the calls so far.

Owns: how these are gathered from the records. Decides and changes nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from ivr.domain import delivery as deliveries
from ivr.domain import nextcall, policy
from ivr.domain.attempts import Past
from ivr.domain.delivery import History
from ivr.domain.nextcall import Phone
from ivr.domain.numberclass import Refusal, emergency
from ivr.domain.policy import Policy
from ivr.domain.records import Call, CallState, Delivery, Leg, Number, Team
from ivr.domain.trunk import got_through
from ivr.domain.wording import ALERT_SMS
from ivr.ports import Records

MAIL_OPEN_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Network:
    """What holds for every team, unless it says otherwise."""

    policy: Policy
    hotline: str
    trunks: tuple[str, ...]
    """Their names, in the order of the configuration."""
    operators: tuple[str, ...] = ()
    """Mobiles of those who run the network: they are told what became of an alert."""
    sms_text: str = ALERT_SMS
    """The words of the SMS that there is an alert: see domain.wording.template."""
    duty_operator: str | None = None
    """Whom a caller reaches who wants a person."""
    refusal: Refusal = emergency
    """Why a number is never called, also if it is in the directory."""
    mail_open_s: float = MAIL_OPEN_S
    """How long an alert stays current that is out by mail alone."""

    @property
    def configured(self) -> frozenset[str]:
        """The numbers of the configuration that may be called."""
        return frozenset(filter(None, (*self.operators, self.duty_operator)))


def team_policy(network: Network, team: Team | None) -> Policy:
    return policy.for_team(network.policy, team.policy if team else None)


def phones(tx: Records, network: Network, team: Team | None) -> list[Phone]:
    """The team's numbers that may be called, in the order of its list; none for a team that has left the
    directory."""
    return callable_phones(network, team, tx.find(Number, team=team.id)) if team else []


def callable_phones(network: Network, team: Team, numbers: Iterable[Number]) -> list[Phone]:
    """Those of the team's `numbers` that may be called: one that may not is no phone to anybody."""
    return [phone for phone in nextcall.phones(team, numbers) if network.refusal(phone.number) is None]


def history(tx: Records, network: Network, delivery: Delivery, team: Team | None, now: float) -> History:
    """All that the next step of `delivery` depends on."""
    legs = {leg.call: leg for leg in tx.find(Leg, alert=delivery.alert, team=delivery.team)}
    served = tx.find(Call, id=list(legs)) if legs else []
    past = [
        Past(
            call.number or "",
            leg.disposition,
            call.ended_at,
            call.trunk,
            fault=got_through(call) is False,
            probe=call.probe,
        )
        for call in served
        if (leg := legs[call.id]).disposition is not None
        and call.ended_at is not None
        and call.ended_at >= delivery.since  # it may have begun before, and have taken the alert on since
    ]
    return History(
        numbers=phones(tx, network, team),
        past=sorted(past, key=lambda p: p.ended_at),
        up={call.number or "": call.started_at for call in served if call.state is not CallState.ENDED},
        expired=now >= deliveries.deadline_at(delivery, team_policy(network, team)),
        trunks=len(network.trunks),
    )
