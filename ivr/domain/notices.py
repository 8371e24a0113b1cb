"""Who is told what became of an alert, besides those who are called about it.

Owns: which news make a notice, and who had an alert and so is to hear of its withdrawal. The words are in
wording. Knows no numbers and no SMSC: who stands behind "operators" is not decided here.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

from ivr.domain import wording
from ivr.domain.effects import TeamMissing, TellOutcome, TellProgress
from ivr.domain.records import (
    OPEN,
    Alert,
    AlertState,
    Delivery,
    DeliveryState,
    Leg,
    Sms,
    SmsKind,
    SmsState,
    TrunkState,
)

News = TeamMissing | TellProgress | TellOutcome


def notice(alert: Alert, news: Sequence[News], deliveries: Collection[Delivery]) -> str | None:
    """What operators and originator are told after all that one fact did to `alert`; None for nothing.

    One text for all of it: when the alert has closed, its outcome names the team that was given up last.
    """
    if TellOutcome() in news and alert.state is AlertState.CLOSED:
        missing = [d.team_name for d in deliveries if d.state is not DeliveryState.ACKNOWLEDGED]
        return wording.closing(alert.id, len(deliveries), missing)
    if alert.state is not AlertState.RELEASED:
        return None
    if TellProgress() in news and alert.by_mail_alone:
        return wording.unanswered_mail(alert, list(deliveries))
    if TellProgress() in news:
        return wording.progress(alert.id, list(deliveries))
    missed = [n.delivery for n in news if isinstance(n, TeamMissing)]
    if not missed:
        return None
    return wording.missing(alert.id, missed, still_open=sum(d.state in OPEN for d in deliveries))


TRUNK_NOTICES = 4
TRUNK_NOTICES_S = 3600.0
"""So many notices of one trunk in this time, twice as many where it was the last one: a trunk that comes and
goes must not bury what else there is."""


def trunk(moved: TrunkState, left: Sequence[str], now: float) -> tuple[TrunkState, str | None]:
    """What operators are told of a trunk that has just gone down or come back, and the trunk with that
    counted. `left`: the trunks that are up."""
    told = moved.told if 0 <= now - moved.told_at < TRUNK_NOTICES_S else 0
    most = TRUNK_NOTICES if left else 2 * TRUNK_NOTICES
    if told >= most:
        return moved, None
    text = wording.trunk_moved(moved, left, last=told == most - 1)
    return replace(moved, told=told + 1, told_at=moved.told_at if told else now), text


def to_remind(delivery: Delivery, sms: Collection[Sms]) -> bool:
    """Whether its team is to be reminded. `sms`: those of this delivery; one that has not left yet is
    reminder enough."""
    waiting = any(s.kind is SmsKind.ALERT and s.state is SmsState.QUEUED for s in sms)
    return (delivery.state in OPEN or delivery.state is DeliveryState.EXHAUSTED) and not waiting


def misses(before: Sms, after: Sms) -> bool:
    """Whether it has just become known that a team will not read of an alert at this number."""
    failed = after.state is SmsState.FAILED and before.state is not SmsState.FAILED
    return failed and after.kind is SmsKind.ALERT


def had_it(delivery: Delivery, sms: Collection[Sms], legs: Collection[Leg], picked_up: bool) -> bool:
    """Whether the team may know of the alert: by an SMS that may have left, a call, or a word of its own.

    `sms` and `legs` are those of this delivery; `picked_up`: one of its calls was answered. An SMS that was
    tried once may have arrived even though the SMSC did not say so.
    """
    texted = any(s.kind is SmsKind.ALERT and (s.submitted_at is not None or s.tries > 0) for s in sms)
    heard = any(leg.heard_s > 0 for leg in legs)
    spoke = delivery.acknowledged_at is not None or delivery.held_until is not None
    return texted or heard or picked_up or spoke
