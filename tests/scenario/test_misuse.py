"""Callers who want us to call somebody for them: by what they dial, what stands in their messages, by keys.

Its witnesses are the exchange, a telephone elsewhere that nobody may call, and our own Asterisk's account of
its channels.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from ami_listener import hears_what_we_hear
from sip_carrier import SipCarrier
from test_alerts import one_team

from bench.sip_caller import Dialog, Refused, SipCaller, offer
from ivr.pstn import witness
from ivr.pstn.behaviour import Hangup, Listen, Press, Step
from ivr.pstn.cast import CALLER, HOTLINE, PIN, UID
from ivr.pstn.ports import free_ports
from ivr.pstn.stage import Stage, eventually

pytestmark = pytest.mark.scenario

OUTSIDE = "+4990012345678"
CALLER_ID = b"<sip:+4940808077699@127.0.0.1>"

DIALLED = (
    OUTSIDE,
    f"{OUTSIDE}%40to%40practice",
    f"{OUTSIDE}%40practice",
    "100%40hotline",
    "100%40callout",
    f"Local%2F{OUTSIDE}%40hotline",
    f"PJSIP%2F{OUTSIDE}%40to%40practice",
    f"{HOTLINE}%26PJSIP%2F{OUTSIDE}%40to%40practice",
    f"{HOTLINE},1,Dial(PJSIP/{OUTSIDE})",
    f"%24%7BDIAL(PJSIP%2F{OUTSIDE})%7D",
    f"*72{OUTSIDE}",
    "%23%231",
    "*2",
    "s",
    "h",
    "T",
    "callout",
    "to%40practice",
)
"""What is dialled: numbers outside, our own dial strings, extensions, functions of the dialplan."""


def headers(elsewhere: int) -> list[tuple[str, ...]]:
    """Header fields that ask for another target of a call, or say that it came by one."""
    outside = f"<sip:{OUTSIDE}@127.0.0.1:{elsewhere}>"
    return [
        ("Replaces: 1;to-tag=2;from-tag=3",),
        ("Join: 1;to-tag=2;from-tag=3",),
        (f"Refer-To: {outside}", "Referred-By: <sip:1@127.0.0.1>"),
        (f"Diversion: {outside};reason=unconditional",),
        (f"History-Info: {outside};index=1",),
        (f"P-Asserted-Identity: {outside}", f"Remote-Party-ID: {outside}", f"P-Called-Party-ID: {outside}"),
        (f"Route: <sip:127.0.0.1:{elsewhere};lr>",),
        (f"Contact: {outside}",),
        (f"Alert-Info: <http://127.0.0.1:{elsewhere}/>", f"Call-Info: <http://127.0.0.1:{elsewhere}/>"),
    ]


def outside_calls(everything: str) -> set[str]:
    """The channels of our Asterisk that are not calls of the carrier's to the hotline."""
    told = r"^Event: Newchannel\n(?:.+\n)*?Channel: (.+)\n(?:.+\n)*?Context: (.+)$"
    return {
        name
        for name, context in re.findall(told, everything, re.MULTILINE)
        if context != "hotline" or not name.startswith("PJSIP/to@practice-")
    }


@contextmanager
def watched(stage: Stage) -> Iterator[SipCarrier]:
    """Nobody is called meanwhile, and all calls end. Yields the telephone elsewhere."""
    with hears_what_we_hear(stage) as heard, SipCarrier(free_ports(1, udp=True)[0], {}) as elsewhere:
        yield elsewhere
        eventually(lambda: not stage.ask("call", "list", "--live"), 30, "a call did not end")
    assert elsewhere.invited() == []
    assert [r for r in stage.exchange.records() if r.direction == "to-phone"] == [], "somebody was called"
    assert {call["direction"] for call in stage.ask("call", "list")} <= {"in"}
    assert outside_calls(heard.told) == set()


def rings_through(caller: SipCaller, number: str, more: Sequence[str] = ()) -> Dialog | None:
    """A call to `number`; None where it is refused."""
    try:
        return caller.call(number, CALLER_ID, more=more)
    except Refused:
        return None


@pytest.fixture(scope="module")
def stage(set_stage_once: Callable[..., Stage]) -> Stage:
    return set_stage_once(one_team("busy"), lines=8)


def test_what_is_dialled_is_the_hotline_or_nothing(stage: Stage) -> None:
    with watched(stage), SipCaller(stage.settings.pbx.sip_port) as caller:
        for number in DIALLED:
            if (dialog := rings_through(caller, number)) is not None:
                dialog.hang_up()


def test_no_header_field_leads_a_call_elsewhere(stage: Stage) -> None:
    with watched(stage) as elsewhere, SipCaller(stage.settings.pbx.sip_port) as caller:
        for more in headers(elsewhere.port):
            if (dialog := rings_through(caller, HOTLINE, more)) is not None:
                dialog.hang_up()
        with pytest.raises(Refused, match="420"):
            caller.call(HOTLINE, CALLER_ID, more=("Require: replaces", "Replaces: 1;to-tag=2;from-tag=3"))


def test_a_call_that_is_up_cannot_be_sent_elsewhere(stage: Stage) -> None:
    """REFER, alone and with Replaces; another target by re-INVITE and UPDATE; flash and keys by SIP INFO."""
    with watched(stage) as elsewhere, SipCaller(stage.settings.pbx.sip_port) as caller:
        outside = f"<sip:{OUTSIDE}@127.0.0.1:{elsewhere.port}>"
        dialog = caller.call(HOTLINE, CALLER_ID)
        dialog.tell("REFER", more=(f"Refer-To: {outside}", "Referred-By: <sip:1@127.0.0.1>"))
        dialog.tell("REFER", more=(f"Refer-To: {outside[:-1]}?Replaces=1%3Bto-tag%3D2%3Bfrom-tag%3D3>",))
        dialog.tell("REFER", more=("Refer-To: <sip:Local%2F1%40callout@127.0.0.1>",))
        for content, body in (
            *(("application/dtmf-relay", f"Signal={key}\r\nDuration=100\r\n") for key in "*2#1##"),
            ("application/dtmf-relay", "Signal=16\r\nDuration=100\r\n"),
            ("application/dtmf-relay", "Signal=flash\r\n"),
            ("application/hook-flash", "!"),
            ("application/broadsoft", "event flashhook"),
        ):
            dialog.tell("INFO", body, (f"Content-Type: {content}",))
        for method in ("MESSAGE", "SUBSCRIBE", "PUBLISH", "NOTIFY"):
            more = ("Event: refer", f"Refer-To: {outside}", "Content-Type: text/plain")
            dialog.tell(method, "call me", more)
        moved = (f"Contact: {outside}", f"P-Asserted-Identity: {outside}")
        dialog.tell("UPDATE", offer(9), moved)
        assert dialog.ask("INVITE", offer(9), moved) == 200
        dialog.hang_up()


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.2"])
def test_whoever_asks_for_more_than_a_call_gets_nothing(stage: Stage, address: str) -> None:
    """The carrier, and somebody whose address is none of a carrier's: told the same whatever they ask for."""
    with watched(stage) as elsewhere, SipCaller(stage.settings.pbx.sip_port, address) as caller:
        outside = f"<sip:{OUTSIDE}@127.0.0.1:{elsewhere.port}>"
        for number in (HOTLINE, OUTSIDE, "practice", "to%40practice"):
            answers = {
                method: caller.ask(method, number, "", more)
                for method, more in (
                    ("REGISTER", (f"Contact: {outside}", "Expires: 3600")),
                    ("REFER", (f"Refer-To: {outside}",)),
                    ("SUBSCRIBE", ("Event: presence", "Expires: 3600", "Accept: application/pidf+xml")),
                    ("PUBLISH", ("Event: presence", "Expires: 3600")),
                    ("MESSAGE", ("Content-Type: text/plain",)),
                    ("NOTIFY", ("Event: refer", "Subscription-State: active")),
                )
            }
            statuses = {method: status for method, (status, _) in answers.items()}
            assert min(statuses.values()) >= 400, statuses
            for _, text in answers.values():
                assert not re.search(r"asterisk|tocsin", text, re.IGNORECASE), text
            if address != "127.0.0.1":
                assert set(statuses.values()) == {401}, "what there is here can be told from the answer"


def test_no_key_reaches_outside(stage: Stage) -> None:
    """Transfer codes where a PIN is asked for, and at the menu."""
    codes = [step for keys in ("*2", "#1", "##", "*1", "**2", "*290") for step in (Press(keys), Listen(1))]
    logs_in = (Listen(6.5), Press(f"{UID}#"), Listen(1), Press(f"{PIN}#"), Listen(2))

    def calls(*steps: Step) -> Path:
        before = len(stage.exchange.all_heard(CALLER.number))
        stage.exchange.call(CALLER.number, HOTLINE, (*steps, Hangup()))
        eventually(lambda: len(stage.exchange.all_heard(CALLER.number)) > before, 60, "the call did not end")
        return stage.exchange.all_heard(CALLER.number)[-1]

    with watched(stage):
        heard = calls(*logs_in, *codes)
        calls(Listen(3), *codes)
    menu = stage.settings.sounds / "en/main-menu.wav"
    assert witness.find(heard, menu, first_s=1.0).heard, "the caller was not logged in"
