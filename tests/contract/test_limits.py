"""Callers who never stop: a call ends after its longest time, a script that is kept busy by itself."""

import logging
from itertools import product

import pytest
from agi_caller import Call, HangUp, Press, Speech
from test_conversations import PIN, Build, build, empty_house

from agi.callout import callout
from agi.hotline import hotline
from ivr.domain import facts

__all__ = ["build", "empty_house"]


class Monkey:
    """Types `first`, and then the same key for ever, in the middle of whatever is heard."""

    def __init__(self, key: str, first: str = "") -> None:
        self._key = key
        self._first = list(first)
        self._heard = 0

    def hears(self, sound: str, seconds: float, start_s: float) -> Press | HangUp | None:
        self._heard += 1
        assert self._heard < 20_000, "nothing ends this call"
        at_s = start_s + 0.5 if seconds <= 1 else start_s + 2.5
        return Press(self._first.pop(0) if self._first else self._key, at_s) if at_s < seconds else None

    def waits(self, timeout_s: float) -> str | HangUp:
        return self._first.pop(0) if self._first else self._key

    def speaks(self, longest_s: float) -> Speech:
        return Speech(10.0, "#")


@pytest.mark.parametrize(("begins", "key"), [*product([""], "059*"), *product(["1"], "0258*9")])
def test_a_callee_who_presses_one_key_for_ever_is_led_out(
    build: Build, key: str, begins: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    house = build("limits")
    alert = house.raise_alert("abc-cert", 8.0)
    house.scripts["callout"] = callout(house.desk, 3.0)
    call = Call(house.port, "callout", Monkey(key, begins), sound_s=house.length)
    house.ledger.apply(facts.CallPlaced(call.call_id, "xyz-cert", "+494080807704", "sip-a", (alert,)))
    call.run()

    assert call.variables == {"TOCSIN_DONE": "1"}
    assert call.commands[0] == "SET AUTOHANGUP 1800", "nothing else ends a call that hangs"
    assert "failed: " not in caplog.text


def test_a_caller_may_stay_for_an_hour(build: Build) -> None:
    house = build("limits")
    house.scripts["hotline"] = hotline(house.desk, 3.0)
    call = Call(house.port, "hotline", Monkey("5"), sound_s=house.length).run()

    assert call.commands[:2] == ["ANSWER", "SET AUTOHANGUP 3600"]


def test_after_an_hour_the_call_of_whoever_listens_for_ever_is_over(
    build: Build, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    house = build("limits")
    house.raise_alert("xyz-cert", 8.0)
    house.scripts["hotline"] = hotline(house.desk, 3.0)
    call = Call(house.port, "hotline", Monkey("2", f"40711#{PIN}#"), sound_s=house.length).run()

    assert call.variables == {}, "it was ended, and did not come to its end"
    assert len(call.commands) > 1000
    assert caplog.text == ""
