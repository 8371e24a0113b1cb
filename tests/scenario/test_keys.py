"""Keys as carriers send them: by RFC 4733 (all other tests), by SIP INFO, and as tones in the sound."""

from collections.abc import Callable
from pathlib import Path

import pytest
from test_alerts import ACKNOWLEDGES, OFFICE, await_close, one_team, raise_alert

from ivr.pstn.stage import Stage

pytestmark = pytest.mark.scenario


@pytest.mark.parametrize("dtmf", ["info", "inband"])
def test_keys_are_understood_however_they_travel(
    set_stage: Callable[..., Stage], spoken_alert: Path, dtmf: str
) -> None:
    stage = set_stage(one_team(ACKNOWLEDGES), dtmf=dtmf)
    delivery = await_close(stage, raise_alert(stage, spoken_alert))["deliveries"][0]

    assert (delivery["state"], delivery["acknowledged_by"]) == ("acknowledged", OFFICE)
    assert len(delivery["calls"]) == 1
