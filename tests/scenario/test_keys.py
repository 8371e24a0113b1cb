"""Keys by SIP INFO (RFC 6086). In the sound: test_tones.py. In all other tests: events (RFC 4733)."""

from collections.abc import Callable
from pathlib import Path

import pytest
from test_alerts import ACKNOWLEDGES, OFFICE, await_close, one_team, raise_alert

from ivr.pstn.stage import Stage

pytestmark = pytest.mark.scenario


def test_keys_by_sip_info_are_understood(set_stage: Callable[..., Stage], spoken_alert: Path) -> None:
    stage = set_stage(one_team(ACKNOWLEDGES), dtmf="info")
    delivery = await_close(stage, raise_alert(stage, spoken_alert))["deliveries"][0]

    assert (delivery["state"], delivery["acknowledged_by"]) == ("acknowledged", OFFICE)
    assert len(delivery["calls"]) == 1
