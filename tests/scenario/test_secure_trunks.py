"""Trunks with TLS and SRTP: whom our Asterisk speaks to, whom it takes calls from, and whom it does not.

The carrier is a hand that writes SIP over TLS, so that nothing on its side forgives.
"""

import asyncio
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from certificates import DAY, Authority, Shown
from sip_over_tls import (
    ENCRYPTED,
    PLAIN,
    WAIT_S,
    Carrier,
    answer,
    client,
    final_status,
    invite,
    speech,
)

from ivr import config
from ivr.adapters.ami.link import AmiAccount
from ivr.adapters.ami.manager import Ami
from ivr.adapters.pbx import dialstring
from ivr.adapters.pbx.process import PbxProcess, run_folder
from ivr.adapters.pbx.render import render
from ivr.domain.facts import CallEnded, Fact
from ivr.ports import Programs
from ivr.pstn.ports import free_ports, free_range
from ivr.pstn.stage import eventually

pytestmark = pytest.mark.scenario

HOTLINE = "+4940808077555"
GOOD, OTHER_CA, OTHER_NAME, EXPIRED, UNENCRYPTED = (f"127.0.0.{n}" for n in range(2, 7))
"""A carrier each, by what is wrong with it."""
CONFIG = """
network: {{name: Net, hotline: "{hotline}"}}
pbx: {{sip_port: {sip}, ami_port: {ami}, agi_port: {agi}, rtp_first: {rtp}, rtp_last: {rtp_last}}}
trunks:
"""
TRUNK = """\
- name: {name}
  host: {host}
  port: {port}
  lines: 2
  tls: true
  tls_port: {tls_port}
  ca: ours.pem
  certificate: hotline.pem
  key: hotline.key
  mutual: true
  srtp: sdes
  send_pai: true
  from_user: account-7
  numbers: {{called: national, caller: e164}}
"""


def in_the_clear(port: int, request: bytes) -> bytes:
    """Takes the call, and would have speech at `port`, unencrypted."""
    here = request.partition(b"@")[2].partition(b";")[0].decode()
    more = (f"Contact: <sip:{here};transport=tls>", "Content-Type: application/sdp")
    return answer(request, "200 OK", *more, body=speech(UNENCRYPTED, PLAIN, port))


@dataclass(frozen=True)
class World:
    settings: config.Settings
    ours: Authority
    stranger: Authority
    carriers: dict[str, Carrier]
    speech: socket.socket
    """Where the one that would not encrypt it waits for speech."""

    def call_out(self, host: str) -> int | None:
        """Call a phone over the trunk to `host`; the hangup cause."""
        return asyncio.run(self._call_out(host))

    async def _call_out(self, host: str) -> int | None:
        trunk = next(trunk for trunk in self.settings.trunks if trunk.host == host)
        told: asyncio.Queue[Fact] = asyncio.Queue()
        up = asyncio.Event()
        ami = Ami(
            AmiAccount(self.settings.pbx.ami_port, "tocsin", self.settings.secret("ami")),
            channel=lambda _, number: dialstring.channel(trunk, number, HOTLINE),
            caller_id=lambda _: dialstring.caller_id(trunk, HOTLINE),
        )
        link = asyncio.create_task(ami.run(told.put_nowait, up.set))
        async with asyncio.timeout(4 * WAIT_S):
            await up.wait()
            await ami.originate("tocsin-0001", "+494066969302", trunk.name, 20.0)
            while not isinstance(fact := await told.get(), CallEnded):
                pass
        link.cancel()
        return fact.cause

    def call_in(
        self, shown: Shown | None, *, to: str = HOTLINE, source: str = GOOD, media: str = ENCRYPTED
    ) -> int:
        """Call the hotline as the good carrier; the final status. Raises OSError."""
        port = self.settings.trunks[0].tls_port
        with (
            socket.create_connection(("127.0.0.1", port), WAIT_S, source_address=(source, 0)) as raw,
            client(self.ours.pem, shown).wrap_socket(raw, server_hostname="127.0.0.1") as talk,
        ):
            talk.sendall(invite(to, talk.getsockname(), "TLS", media))
            return final_status(talk)


@pytest.fixture(scope="module")
def world(asterisk: Programs, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    home = tmp_path_factory.mktemp("with tls")
    ours, stranger = Authority(home, "ours"), Authority(home, "stranger")
    ours.certify("hotline", "127.0.0.1")
    waits = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    waits.bind((UNENCRYPTED, 0))
    unencrypted = partial(in_the_clear, waits.getsockname()[1])
    carriers = {
        GOOD: Carrier(GOOD, ours.certify("good", GOOD)),
        OTHER_CA: Carrier(OTHER_CA, stranger.certify("other-ca", OTHER_CA)),
        OTHER_NAME: Carrier(OTHER_NAME, ours.certify("other-name", "sip.elsewhere.example")),
        EXPIRED: Carrier(EXPIRED, ours.certify("expired", EXPIRED, -DAY)),
        UNENCRYPTED: Carrier(UNENCRYPTED, ours.certify("unencrypted", UNENCRYPTED), unencrypted),
    }
    settings = configure(home, carriers)
    conf = settings.state / "pbx"
    render(settings, asterisk, conf)
    pbx = PbxProcess(asterisk, conf, run_folder(conf))
    with ExitStack() as stack:
        for carrier in carriers.values():
            stack.enter_context(carrier)
        stack.callback(pbx.stop)
        pbx.start()
        stack.callback(waits.close)
        yield World(settings, ours, stranger, carriers, waits)


def configure(home: Path, carriers: dict[str, Carrier]) -> config.Settings:
    (sip,) = free_ports(1, udp=True)
    ami, agi, *tls = free_ports(2 + len(carriers))
    rtp, rtp_last = free_range(40)
    text = CONFIG.format(hotline=HOTLINE, sip=sip, ami=ami, agi=agi, rtp=rtp, rtp_last=rtp_last)
    for n, (host, carrier) in enumerate(carriers.items()):
        text += TRUNK.format(name=f"sip-{n}", host=host, port=carrier.port, tls_port=tls[n])
    (home / "tocsin.yaml").write_text(text)
    (home / "secrets").mkdir()
    (home / "secrets/ami").touch(mode=0o600)
    (home / "secrets/ami").write_text("secret")
    return config.load(home / "tocsin.yaml")


def test_a_call_to_the_carrier_is_encrypted_and_says_who_calls_as_it_wants(world: World) -> None:
    assert world.call_out(GOOD) == 17
    request = world.carriers[GOOD].told.decode()
    assert request.startswith("INVITE sip:04066969302@")
    assert re.search(r"^m=audio [0-9]+ RTP/SAVP ", request, re.M)
    assert re.search(r"^a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:", request, re.M)
    assert f"\r\nFrom: <sip:account-7@{GOOD}>" in request
    assert f"\r\nP-Asserted-Identity: <sip:4940808077555@{GOOD}>\r\n" in request


@pytest.mark.parametrize("host", [OTHER_CA, OTHER_NAME, EXPIRED])
def test_a_carrier_whose_certificate_is_wrong_is_sent_nothing(world: World, host: str) -> None:
    assert world.call_out(host) == 34
    carrier = world.carriers[host]
    eventually(lambda: carrier.connections > 0, WAIT_S, "there was no connection")
    assert carrier.told == b""


def test_a_carrier_that_would_not_encrypt_speech_is_left_and_hears_nothing(world: World) -> None:
    assert world.call_out(UNENCRYPTED) == 58
    eventually(lambda: b"BYE sip:" in world.carriers[UNENCRYPTED].told, WAIT_S, "the call was not ended")
    world.speech.setblocking(False)
    with pytest.raises(BlockingIOError):
        world.speech.recv(2000)


@pytest.mark.parametrize(
    "to", [HOTLINE, "4940808077555", "004940808077555", "040808077555", "80807755", "9040808077555"]
)
def test_the_carriers_calls_are_taken_whatever_form_it_writes_the_number_in(world: World, to: str) -> None:
    assert world.call_in(world.ours.certify("caller", GOOD), to=to) == 200


def test_who_shows_no_certificate_that_is_good_does_not_get_in(world: World) -> None:
    stranger = world.stranger.certify("stranger-caller", GOOD)
    expired = world.ours.certify("expired-caller", GOOD, -DAY)
    for shown in (None, stranger, expired):
        with pytest.raises((ssl.SSLError, ConnectionResetError)):
            world.call_in(shown)


def test_a_good_certificate_from_elsewhere_is_not_enough(world: World) -> None:
    assert world.call_in(world.ours.certify("elsewhere", GOOD), source="127.0.0.9") == 401


def test_speech_in_the_clear_is_refused(world: World) -> None:
    assert world.call_in(world.ours.certify("clear", GOOD), media=PLAIN) == 488


def test_a_call_in_the_clear_is_refused_though_it_comes_from_the_carriers_address(world: World) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as talk:
        talk.settimeout(WAIT_S)
        talk.bind((GOOD, 0))
        talk.connect(("127.0.0.1", world.settings.pbx.sip_port))
        talk.send(invite(HOTLINE, talk.getsockname(), "UDP", ENCRYPTED))
        assert final_status(talk) == 403
