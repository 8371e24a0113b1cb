"""An alert that came by mail, from the gate to the telephone. Its witness is the exchange."""

import time
from collections.abc import Callable
from contextlib import suppress

import pytest
from test_alerts import ACKNOWLEDGES, await_close, one_team, out_calls, shown

from ivr.adapters.gate_client import GateAway, GateClient
from ivr.domain.records import MailState
from ivr.pstn.stage import CALLER, Stage, eventually

pytestmark = pytest.mark.scenario

TEXT = "A worm scans for mail gateways. It comes from many addresses. Block port four thousand now."
DUTY = "duty@xyz-cert.example"


def handed_in(gate: GateClient) -> int:
    """The number of the alert. Handed in again and again, as the bridge does: a service that has just begun
    may still be making room on the disk."""
    numbers: list[int] = []

    def submitted() -> bool:
        with suppress(GateAway):
            numbers.append(gate.submit("<1@signal-cert.example>", str(CALLER.team), TEXT, title="Worm"))
        return bool(numbers)

    eventually(submitted, 30, "the alert is not taken")
    return numbers[0]


def test_nobody_acknowledges_a_mail_and_its_originator_has_the_phones_ring(
    set_stage: Callable[..., Stage],
) -> None:
    stage = set_stage(one_team(ACKNOWLEDGES))
    where = stage.settings.gate.socket
    assert where is not None
    with GateClient(where) as gate:
        number = handed_in(gate)
        gate.mailed(number, "xyz-cert", DUTY, MailState.SENT)
        time.sleep(3)
        assert out_calls(stage) == []
        assert shown(stage, number)["deliveries"][0]["state"] == "mailed"

        assert gate.escalate(number, str(CALLER.team))["teams"] == 1
        told = await_close(stage, number)

    assert (told["source"], told["outcome"]) == ("mail", "all-acknowledged")
    assert told["released_at"] < told["escalated_at"] < told["closed_at"]
    (delivery,) = told["deliveries"]
    assert (delivery["state"], delivery["acknowledged_via"]) == ("acknowledged", "keypress")
    (call,) = delivery["calls"]
    assert call["disposition"] == "acknowledged"
    assert call["heard_s"] > 2
    assert [(m["address"], m["state"]) for m in told["mail"]] == [(DUTY, "sent")]
    assert len(out_calls(stage)) == 1
