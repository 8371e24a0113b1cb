"""Who is told what became of an alert, besides those who are called about it.

Owns: which news make a notice, and who had an alert and so is to hear of its withdrawal. The words are in
wording. Knows no numbers and no SMSC: who stands behind "operators" is not decided here.
"""

from collections.abc import Collection, Sequence

from ivr.domain import wording
from ivr.domain.facts import TeamMissing, TellOutcome
from ivr.domain.records import OPEN, Alert, AlertState, Delivery, DeliveryState, Leg, Sms, SmsKind

News = TeamMissing | TellOutcome


def notice(alert: Alert, news: Sequence[News], deliveries: Collection[Delivery]) -> str | None:
    """What operators and originator are told after all that one fact did to `alert`; None for nothing.

    One text for all of it: when the alert has closed, its outcome names the team that was given up last.
    """
    if TellOutcome() in news and alert.state is AlertState.CLOSED:
        missing = [d.team_name for d in deliveries if d.state is not DeliveryState.ACKNOWLEDGED]
        return wording.closing(alert.id, len(deliveries), missing)
    missed = [n.delivery for n in news if isinstance(n, TeamMissing)]
    if not missed or alert.state is not AlertState.RELEASED:
        return None
    return wording.missing(alert.id, missed, still_open=sum(d.state in OPEN for d in deliveries))


def had_it(delivery: Delivery, sms: Collection[Sms], legs: Collection[Leg], picked_up: bool) -> bool:
    """Whether the team may know of the alert: by an SMS that may have left, a call, or a word of its own.

    `sms` and `legs` are those of this delivery; `picked_up`: one of its calls was answered. An SMS that was
    tried once may have arrived even though the SMSC did not say so.
    """
    texted = any(s.kind is SmsKind.ALERT and (s.submitted_at is not None or s.tries > 0) for s in sms)
    heard = any(leg.heard_s > 0 for leg in legs)
    spoke = delivery.acknowledged_at is not None or delivery.held_until is not None
    return texted or heard or picked_up or spoke
