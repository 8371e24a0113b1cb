"""A trunk with a registration: registered, lost, and back, as the manager interface tells it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path

import pytest
from certificates import Authority

from ivr import config
from ivr.adapters.ami.contacts import Contacts
from ivr.adapters.ami.link import AmiAccount
from ivr.adapters.ami.manager import Ami
from ivr.adapters.pbx.process import PbxProcess, run_folder
from ivr.adapters.pbx.render import render
from ivr.domain.facts import Fact, TrunkReported
from ivr.ports import Programs
from ivr.pstn import phones
from ivr.pstn.behaviour import Listen
from ivr.pstn.carrier import Carrier, Login, Tls
from ivr.pstn.exchange import Exchange
from ivr.pstn.ports import free_ports, free_range
from ivr.pstn.stage import eventually

pytestmark = pytest.mark.scenario

HOTLINE, PHONE = "+4940808077555", "+4940808077501"
CONFIG = """
network: {{name: Net, hotline: "{hotline}"}}
pbx: {{sip_port: {sip}, ami_port: {ami}, agi_port: {agi}, rtp_first: {rtp}, rtp_last: {rtp_last}}}
trunks:
- {{name: sip-a, host: 127.0.0.1, port: {exchange}, lines: 2, username: account-7, qualify_s: 2, tls: true,
   tls_port: {tls}, ca: ca.pem, certificate: ours.pem, key: ours.key, srtp: sdes}}
- {{name: asked, host: 127.0.0.2, port: {dead}, lines: 3, qualify_s: 1}}
- {{name: not-asked, host: 127.0.0.3, port: {dead}, lines: 4}}
"""
PATIENCE_S = 40.0


class Carriers:
    """The exchange at the other end, which can be away."""

    def __init__(self, programs: Programs, home: Path) -> None:
        authority = Authority(home, "ca")
        authority.certify("ours", "127.0.0.1")
        shown = authority.certify("theirs", "127.0.0.1")
        self._carrier = Carrier(
            Tls(authority.pem, shown.certificate, shown.key), Login("account-7", "practice")
        )
        self.exchange = Exchange(programs, home / "pstn")
        self.port, self.hotline_port = free_ports(2)
        self._rtp = free_range(40)

    def start(self) -> None:
        self.exchange.start(
            [phones.Phone(PHONE, calls=())],
            port=self.port,
            hotline_port=self.hotline_port,
            rtp=self._rtp,
            carrier=self._carrier,
        )


@pytest.fixture
def carrier(asterisk: Programs, tmp_path: Path) -> Iterator[Carriers]:
    carrier = Carriers(asterisk, tmp_path)
    carrier.start()
    yield carrier
    carrier.exchange.stop()


@pytest.fixture
def settings(asterisk: Programs, tmp_path: Path, carrier: Carriers) -> Iterator[config.Settings]:
    """Of an Asterisk that runs."""
    (sip, dead), (ami, agi), (rtp, rtp_last) = free_ports(2, udp=True), free_ports(2), free_range(40)
    text = CONFIG.format(
        hotline=HOTLINE, sip=sip, ami=ami, agi=agi, rtp=rtp, rtp_last=rtp_last,
        exchange=carrier.port, tls=carrier.hotline_port, dead=dead,
    )  # fmt: skip
    (tmp_path / "tocsin.yaml").write_text(text)
    (tmp_path / "secrets").mkdir()
    for name in ("ami", "trunk-sip-a"):
        (tmp_path / "secrets" / name).touch(mode=0o600)
        (tmp_path / "secrets" / name).write_text("practice")
    settings = config.load(tmp_path / "tocsin.yaml")
    conf = settings.state / "pbx"
    render(settings, asterisk, conf)
    pbx = PbxProcess(asterisk, conf, run_folder(conf))
    pbx.start()
    yield settings
    pbx.stop()


REGISTERED = TrunkReported("sip-a", 2, "registered")
SILENT = TrunkReported("asked", 0, "OPTIONS not answered")
NOT_ASKED = TrunkReported("not-asked", 4, "up")


def test_a_registration_is_lost_and_comes_back(settings: config.Settings, carrier: Carriers) -> None:
    asyncio.run(lost_and_back(settings, carrier))
    carrier.exchange.call(PHONE, HOTLINE, (Listen(0.5),))
    eventually(
        lambda: any(r.answered_at for r in carrier.exchange.records()), 10, "the hotline does not answer"
    )


async def lost_and_back(settings: config.Settings, carrier: Carriers) -> None:
    async with watched(settings) as told:
        await until(told, {REGISTERED, SILENT})
    async with watched(settings) as told:  # who connects later hears the same at once
        assert {await told.get() for _ in range(3)} == {REGISTERED, SILENT, NOT_ASKED}
        await asyncio.to_thread(carrier.exchange.stop)
        await until(told, {TrunkReported("sip-a", 0, "not registered with the carrier")})
        await asyncio.to_thread(carrier.start)
        await until(told, {REGISTERED})


@asynccontextmanager
async def watched(settings: config.Settings) -> AsyncIterator["asyncio.Queue[Fact]"]:
    """What is reported of the trunks."""
    told: asyncio.Queue[Fact] = asyncio.Queue()
    ami = Ami(
        AmiAccount(settings.pbx.ami_port, "tocsin", "practice"),
        channel=lambda trunk, number: "",
        caller_id=lambda trunk: "",
        observers=[partial(Contacts, {trunk.name: trunk.lines for trunk in settings.trunks})],
    )
    link = asyncio.create_task(ami.run(told.put_nowait, lambda: None))
    async with asyncio.timeout(PATIENCE_S):
        yield told
    link.cancel()
    with suppress(asyncio.CancelledError):
        await link


async def until(told: "asyncio.Queue[Fact]", wanted: set[Fact]) -> None:
    while wanted:
        wanted = wanted - {await told.get()}
