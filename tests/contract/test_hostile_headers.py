"""What callers say of themselves reaches a script as headers: none of it is evaluated, kept or logged."""

import logging

import pytest
from agi_caller import Call, HangUp, Press, Speech
from test_conversations import PIN, Build, build, empty_house

from agi.hotline import hotline
from ivr.domain import facts
from ivr.domain import records as r
from ivr.domain.records import Call as CallRecord

__all__ = ["build", "empty_house"]

MARK = "0wned"


class LogsIn:
    """Logs in and hangs up at the first question after it."""

    def __init__(self) -> None:
        self._keys = list(f"40711#{PIN}#")

    def hears(self, sound: str, seconds: float, start_s: float) -> Press | HangUp | None:
        return Press(self._keys.pop(0)) if self._keys else HangUp()

    def waits(self, timeout_s: float) -> str | HangUp:
        return self._keys.pop(0) if self._keys else HangUp()

    def speaks(self, longest_s: float) -> Speech:
        raise AssertionError("nothing is recorded")


@pytest.mark.parametrize(
    "caller",
    [
        (f"${{SHELL(touch {MARK})}}", f"$[1+1]{MARK}"),
        (f"{MARK}'; DROP TABLE call; --", f'{MARK}" OR 1=1'),
        (f"{MARK}\\", f'{MARK}\\"'),
        (f"{MARK}\x1b[2J\x07", f"{MARK} \u202e\u2028 ERROR forged"),
        (f"1\nagi_uniqueid: {MARK}", f"2\nagi_channel: PJSIP/{MARK}-1\nagi_network_script: callout"),
        ("1", f"2\nagi_accountcode: {MARK}"),
        (f"{MARK}" * 400, "%s%n{0}{__class__}" + MARK),
        ("", ""),
    ],
    ids=["dialplan", "sql", "quoting", "terminal", "headers", "account", "length and format", "nothing"],
)
def test_a_hostile_caller_logs_in_like_any_other(
    build: Build, caller: tuple[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    house = build("hostile")
    house.scripts["hotline"] = hotline(house.desk, 3.0)
    call = Call(house.port, "hotline", LogsIn(), caller=caller).run()

    with house.store.read() as tx:
        (kept,) = tx.find(CallRecord)
        everything = [record for kind in (r.Call, r.Entry, r.Errand, r.Budget) for record in tx.find(kind)]
    assert (kept.id, kept.trunk, kept.team) == (call.call_id, "sip-a", "abc-cert")
    assert MARK not in f"{everything}{caplog.text}{call.commands}"
    assert "failed: " not in caplog.text


def test_a_call_over_isdn_came_in_by_the_trunk_that_its_span_is_of(build: Build) -> None:
    house = build("hostile")
    house.scripts["hotline"] = hotline(house.desk, 3.0)
    Call(house.port, "hotline", LogsIn(), channel="DAHDI/i2/-3", account="isdn-a").run()

    with house.store.read() as tx:
        (kept,) = tx.find(CallRecord)
    assert kept.trunk == "isdn-a"


def test_a_caller_cannot_take_the_place_of_a_call_that_we_make(build: Build) -> None:
    house = build("hostile")
    alert = house.raise_alert("abc-cert", 8.0)
    house.ledger.apply(facts.CallPlaced("tocsin-1", "xyz-cert", "+494080807704", "sip-a", (alert,)))
    house.scripts["hotline"] = hotline(house.desk, 3.0)
    theirs = Call(house.port, "hotline", LogsIn(), caller=("1\nagi_uniqueid: tocsin-1", "x")).run()

    with house.store.read() as tx:
        kept = {call.id: (call.direction, call.state) for call in tx.find(CallRecord)}
    assert kept == {
        "tocsin-1": (r.Direction.OUT, r.CallState.PLACED),
        theirs.call_id: (r.Direction.IN, r.CallState.ANSWERED),
    }
