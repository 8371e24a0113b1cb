"""A carrier, or a callee's phone, that answers our call with another address to call (3xx)."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sip_carrier import SipCarrier
from test_alerts import await_close, raise_alert

from ivr.pstn.ports import free_ports
from ivr.pstn.stage import Stage

pytestmark = pytest.mark.scenario

PREMIUM = "+4990012345678"

REDIRECTS = (
    "<sip:{premium}@127.0.0.1:{elsewhere}>",
    "<sip:{premium}@127.0.0.1:{carrier}>",
    "<sip:PJSIP%2F{premium}%40practice@127.0.0.1:{carrier}>",
    "<sip:PJSIP%2F{premium}%40to%40practice@127.0.0.1:{carrier}>",
    "<sip:PJSIP%2Fpractice%2Fsip:{premium}%40127.0.0.1%3A{elsewhere}@127.0.0.1>",
    "<sip:Local%2F{premium}%40hotline@127.0.0.1>",
    "<sip:{premium}%40callout@127.0.0.1>",
    "<sip:/to%40practice@127.0.0.1:{elsewhere}>",
    "<sip:{premium}@127.0.0.1:{elsewhere}>;q=0.5\r\nContact: <sip:{premium}@127.0.0.1:{carrier}>;q=1",
    "<tel:{premium}>",
    "<sips:{premium}@127.0.0.1:{elsewhere}>",
)
"""As they would stand in a Contact. A slash in the user part is a channel driver to Asterisk."""
STATUS = ("300 Multiple Choices", "301 Moved Permanently", "302 Moved Temporarily", "305 Use Proxy")


def test_a_redirection_leads_nowhere(set_stage: Callable[..., Stage], spoken_alert: Path) -> None:
    """The carrier is asked for the numbers of the directory, once each, and nobody else for anything; no call
    of ours comes back to our own hotline; and each team is named as missing."""
    numbers = [f"+49408080775{n:02}" for n in range(len(REDIRECTS))]
    text = "phones:" + "".join(
        f'\n  - {{number: "{number}", team: team-{n}, calls: no-answer}}' for n, number in enumerate(numbers)
    )
    stage = set_stage(text, lines=len(numbers), policy={"max_calls": 1})
    port = stage.settings.trunks[0].port
    stage.exchange.stop()
    with SipCarrier(free_ports(1, udp=True)[0], {}) as elsewhere:
        ways = {"premium": PREMIUM, "elsewhere": elsewhere.port, "carrier": port}
        answers = {
            number: (STATUS[n % len(STATUS)], f"Contact: {REDIRECTS[n].format(**ways)}")
            for n, number in enumerate(numbers)
        }
        with SipCarrier(port, answers) as carrier:
            alert = await_close(stage, raise_alert(stage, spoken_alert))
            invited, led = carrier.invited(), elsewhere.invited()

    known = [f"sip:{number}@127.0.0.1:{port}" for number in [*numbers, "+4940808077699"]]
    assert not set(invited) - set(known), "a call was led to somebody else"
    assert sorted(invited) == sorted(known[:-1])
    assert led == []
    calls = stage.ask("call", "list")
    assert [call["direction"] for call in calls] == ["out"] * len(numbers), "a call was led to the hotline"
    told = {call["disposition"] for delivery in alert["deliveries"] for call in delivery["calls"]}
    assert told <= {"rejected", "no-answer"}
    assert alert["outcome"] == "incomplete"
