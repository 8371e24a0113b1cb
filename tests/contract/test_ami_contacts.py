"""What Asterisk tells of SIP trunks becomes facts: over the manager interface, spoken by a peer."""

import asyncio
from functools import partial

import pytest
from ami_peer import SECRET, WAIT_S, AmiPeer, Message

from ivr.adapters.ami.contacts import Contacts
from ivr.adapters.ami.link import AmiAccount
from ivr.adapters.ami.manager import Ami
from ivr.domain.facts import CallEnded, Fact, TrunkReported

REGISTERS, BY_ADDRESS = "sip-a", "sip-b"
CLIENT = "sip:tocsin@sip.example.net:5060"


class Trunks:
    """How they are, as the peer's Asterisk sees it."""

    def __init__(self) -> None:
        self.state = "NOT_INUSE"
        self.status = "Registered"

    def value(self, variable: str) -> str:
        endpoints = (f"DEVICE_STATE(PJSIP/to@{name})" for name in (REGISTERS, BY_ADDRESS))
        return self.state if variable in endpoints else ""

    def registrations(self) -> list[Message]:
        auth = {"Event": "AuthDetail", "ObjectName": REGISTERS, "Password": "never to be told"}
        detail = {"Event": "OutboundRegistrationDetail", "ObjectName": REGISTERS, "ClientUri": CLIENT}
        return [{**detail, "Status": self.status}, auth]


def contact(status: str, aor: str = BY_ADDRESS) -> Message:
    return {"Event": "ContactStatus", "AOR": aor, "ContactStatus": status, "EndpointName": aor}


def registry(status: str, client: str = CLIENT) -> Message:
    return {"Event": "Registry", "ChannelType": "PJSIP", "Username": client, "Status": status}


def told(trunks: Trunks, *events: Message) -> list[Fact]:
    """What is reported at the connection, and then of these events."""
    peer = AmiPeer(trunks.value, trunks.registrations)
    facts: asyncio.Queue[Fact] = asyncio.Queue()

    async def run() -> list[Fact]:
        ami = Ami(
            AmiAccount(peer.port, "tocsin", SECRET),
            channel=lambda trunk, number: "",
            caller_id=lambda trunk: "",
            observers=[partial(Contacts, {REGISTERS: 4, BY_ADDRESS: 2})],
        )
        link = asyncio.create_task(ami.run(facts.put_nowait, lambda: None))
        seen = [await facts.get(), await facts.get()]
        for event in (*events, {"Event": "Hangup", "Uniqueid": "the end", "Cause": "16"}):
            peer.tell(event)
        while not isinstance(seen[-1], CallEnded):
            seen.append(await facts.get())
        link.cancel()
        return seen[:-1]

    async def in_time() -> list[Fact]:
        async with asyncio.timeout(WAIT_S):
            return await run()

    try:
        return asyncio.run(in_time())
    finally:
        peer.stop()


REGISTERED = TrunkReported(REGISTERS, 4, "registered")
UP = TrunkReported(BY_ADDRESS, 2, "up")


def test_at_a_connection_every_trunk_is_reported_once() -> None:
    assert told(Trunks()) == [REGISTERED, UP]


@pytest.mark.parametrize("status", ["Unregistered", "Rejected", "Stopped"])
def test_a_trunk_that_is_not_registered_has_no_lines(status: str) -> None:
    trunks = Trunks()
    trunks.status = status
    assert told(trunks) == [TrunkReported(REGISTERS, 0, "not registered with the carrier"), UP]


def test_a_trunk_whose_carrier_answers_no_options_has_no_lines() -> None:
    trunks = Trunks()
    trunks.state = "UNAVAILABLE"
    assert [fact.lines for fact in told(trunks) if isinstance(fact, TrunkReported)] == [0, 0]


def test_what_changes_is_reported_and_nothing_else() -> None:
    lost = TrunkReported(REGISTERS, 0, "not registered with the carrier")
    silent = TrunkReported(BY_ADDRESS, 0, "OPTIONS not answered")
    events = (
        registry("Registered"),
        registry("Rejected"),
        registry("Rejected"),
        registry("Rejected", "sip:somebody@sip.example.net"),
        contact("Updated"),
        contact("Unreachable"),
        contact("Unreachable"),
        contact("Unreachable", "of-nobody"),
        contact("Reachable"),
        registry("Registered"),
    )
    assert told(Trunks(), *events) == [REGISTERED, UP, lost, silent, UP, REGISTERED]


def test_a_registration_helps_nothing_while_the_carrier_answers_no_options() -> None:
    silent = TrunkReported(REGISTERS, 0, "OPTIONS not answered")
    events = (contact("Unreachable", REGISTERS), registry("Rejected"), registry("Registered"))
    assert told(Trunks(), *events)[2:] == [silent]
