"""How an alert goes, as its originator asks about it. Owns: who counts as reached, and who as missing."""

from collections.abc import Collection
from dataclasses import dataclass

from ivr.domain.records import Alert, Delivery, DeliveryState, Leg


@dataclass(frozen=True, slots=True)
class Progress:
    alert: Alert
    teams: int
    acknowledged: int
    reached: int
    """Teams of which somebody has heard some of it, or has said "I am on it"; the acknowledged among them."""
    missing: tuple[Delivery, ...]
    """Those not acknowledged, by the names of their teams."""


def progress(alert: Alert, deliveries: Collection[Delivery], legs: Collection[Leg]) -> Progress:
    """`deliveries`, `legs`: all there are of `alert`."""
    missing = [d for d in deliveries if d.state is not DeliveryState.ACKNOWLEDGED]
    heard = {leg.team for leg in legs if leg.heard_s > 0}
    met = [d for d in missing if d.team in heard or d.state is DeliveryState.RESPONDING]
    acknowledged = len(deliveries) - len(missing)
    return Progress(
        alert,
        teams=len(deliveries),
        acknowledged=acknowledged,
        reached=acknowledged + len(met),
        missing=tuple(sorted(missing, key=lambda d: d.team_name.casefold())),
    )
