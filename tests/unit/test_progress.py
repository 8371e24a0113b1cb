"""How an alert goes: who counts as reached, who as missing."""

from ivr.domain.progress import progress
from ivr.domain.records import Alert, AlertState, Delivery, DeliveryState, Leg, Source

ALERT = Alert(1, AlertState.RELEASED, "abc", "ABC", None, Source.HOTLINE, "1.wav", 0.0, 8.0, "")


def test_reached_is_who_acknowledged_heard_or_is_on_it_and_missing_all_but_the_first() -> None:
    states = {
        "called": DeliveryState.CALLING,
        "acknowledged": DeliveryState.ACKNOWLEDGED,
        "by-mail": DeliveryState.ACKNOWLEDGED,
        "heard": DeliveryState.EXHAUSTED,
        "rang": DeliveryState.EXHAUSTED,
        "on-it": DeliveryState.RESPONDING,
    }
    deliveries = [Delivery(1, team, team.title(), state) for team, state in states.items()]
    legs = [
        Leg("c1", 1, "acknowledged", 1, heard_s=8.0, acknowledged=True),
        Leg("c2", 1, "heard", 1, heard_s=2.0),
        Leg("c3", 1, "heard", 2, heard_s=0.0),
        Leg("c4", 1, "rang", 1),
    ]
    found = progress(ALERT, deliveries, legs)
    assert (found.teams, found.acknowledged, found.reached) == (6, 2, 4)
    assert [d.team for d in found.missing] == ["called", "heard", "on-it", "rang"]


def test_an_alert_without_deliveries_misses_nobody() -> None:
    found = progress(ALERT, [], [])
    assert (found.teams, found.acknowledged, found.reached, found.missing) == (0, 0, 0, ())
