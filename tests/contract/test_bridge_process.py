"""The whole bridge in one process: LMTP in, SMTP out; the hotline is its gate, in memory."""

import asyncio
import smtplib
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from mailboxes import Mailboxes
from mails import DOMAIN, MEMBERS, Clear, ClearSealer, Hotline, message, read_iodef

from ivr.bridge.failing import Failing
from ivr.bridge.gate import Current
from ivr.bridge.incoming import Incoming, State
from ivr.bridge.members import Members
from ivr.bridge.outgoing import Kind, Outgoing
from ivr.bridge.process import BridgeProcess, Tools
from ivr.bridge.reception import Reception
from ivr.bridge.sending import BySmtp
from ivr.bridge.spool import Spool
from ivr.bridge.store import BridgeStore
from ivr.bridge.tokens import Tokens
from ivr.config.bridge import Bridge, Smtp
from ivr.domain.mail import Opened, Standard
from ivr.domain.records import FailingKey, Tlp
from ivr.pstn.ports import free_ports

ALERTS = f"alerts@{DOMAIN}"


@dataclass
class Running:
    socket: Path
    hotline: Hotline
    sink: Mailboxes
    store: BridgeStore
    spool: Spool
    pinned: list[int]

    def post(self, raw: bytes, to: str = ALERTS) -> None:
        with smtplib.LMTP(str(self.socket)) as client:
            client.sendmail("b@abc.example", [to], raw)


def until(what: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not what():
        assert time.monotonic() < end
        time.sleep(0.02)


@contextmanager
def running(folder: Path, hotline: Hotline, *failing: FailingKey) -> Iterator[Running]:
    settings = Bridge(DOMAIN, folder)
    store, spool, sink = BridgeStore(folder / "bridge.db"), Spool(folder / "spool"), Mailboxes()
    store.make()
    pinned: list[int] = []

    def pin(members: Members) -> None:
        pinned.append(len(list(members)))

    (port,) = free_ports(1)
    transport = BySmtp(Smtp("127.0.0.1", port, starttls=False), DOMAIN, None, ssl.create_default_context())
    tools = Tools(
        lambda: hotline,
        {Standard.OPENPGP: Clear()},
        {Standard.OPENPGP: ClearSealer()},
        pin,
        read_iodef,
        lambda current: b"<IODEF-Document/>",
        transport,
        lambda members, now: list(failing),
    )
    process = BridgeProcess(
        settings, "Example Network", "+4940808077555", store, spool, Tokens(b"secret"), tools, time.time
    )
    up, stop, loops = threading.Event(), asyncio.Event(), []

    async def serve() -> None:
        loops.append(asyncio.get_running_loop())
        running = asyncio.create_task(process.run(up.set))
        await stop.wait()
        running.cancel()

    mails = Controller(sink, "127.0.0.1", port)
    mails.start()
    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        assert up.wait(30)
        yield Running(settings.socket, hotline, sink, store, spool, pinned)
    finally:
        loops[0].call_soon_threadsafe(stop.set)
        thread.join(30)
        process.close()
        mails.stop()


def fresh(content: bytes = b"\r\nA zebra is about.\r\n", **more: str) -> bytes:
    return message(content, at=time.time(), **more)


def opened(raw: bytes) -> bytes:
    found = Clear()(raw)
    assert isinstance(found, Opened)
    return found.content


def test_one_mail_in_goes_to_every_other_member_and_is_acknowledged_by_a_reply(tmp_path: Path) -> None:
    with running(tmp_path, Hotline()) as bridge:
        bridge.post(fresh())
        until(lambda: len(bridge.sink.got) == 2)
        mails = dict(bridge.sink.got)
        assert b"A zebra is about." in opened(mails["cert@xyz.example"])
        assert b"ESCALATE 1" in opened(mails["alerts@abc.example"])
        assert bridge.pinned == [2]
        head = mails["cert@xyz.example"].decode("ascii", "replace")
        reply_to = next(line[10:] for line in head.splitlines() if line.startswith("Reply-To: "))
        bridge.post(
            fresh(b"\r\nThank you\r\n", signer="B" * 40, sender="cert@xyz.example", to=reply_to), reply_to
        )
        until(lambda: bridge.hotline.acknowledged == [(1, "xyz", "cert@xyz.example")])
        until(lambda: (1, "xyz", "sent", None) in bridge.hotline.told)


def test_what_was_spoken_is_written_and_who_is_missing(tmp_path: Path) -> None:
    spoken = Current(7, "abc", "ABC-CERT", time.time(), False, Tlp.RED)
    mailed = Current(8, "abc", "ABC-CERT", time.time(), True, is_reported=True, missing=("XYZ-CERT",))
    withdrawn = Current(9, "abc", "ABC-CERT", time.time(), False, is_withdrawn=True)
    with running(tmp_path, Hotline(on=[spoken, mailed, withdrawn])) as bridge:
        until(lambda: len(bridge.sink.got) == 2)
        mails = dict(bridge.sink.got)
        heard = opened(mails["cert@xyz.example"])
        assert b"TLP:RED" in heard and b'filename="alert-7.wav"' in heard and b"UklGRg==" in heard
        assert b"XYZ-CERT" in opened(mails["alerts@abc.example"])
    assert [line.kind for line in Outgoing(bridge.store).all()] == [Kind.ALERT, Kind.REPORT]


def test_a_withdrawal_is_written_to_who_had_it_whenever_their_mail_has_left(tmp_path: Path) -> None:
    hotline = Hotline(on=[Current(7, "abc", "ABC-CERT", time.time(), False, Tlp.RED)])
    with running(tmp_path, hotline) as bridge:
        until(lambda: (7, "xyz", "sent", None) in hotline.told)
        hotline.on = [replace(hotline.on[0], is_withdrawn=True)]
        until(lambda: len(bridge.sink.got) == 2)
        assert b"is WITHDRAWN" in opened(bridge.sink.got[1][1])
        outgoing = Outgoing(bridge.store)
        assert [line.kind for line in outgoing.all()] == [Kind.ALERT, Kind.WITHDRAWAL]
        # One that was on the wire just then, so that it has been sent after all.
        outgoing.add(Kind.ALERT, "7", 7, "abc", "alerts@abc.example", fresh(), time.time() + 60)
        outgoing.sent(outgoing.all()[-1].id, time.time())
        until(lambda: bridge.sink.got[-1][0] == "alerts@abc.example")
    assert b"is WITHDRAWN" in opened(bridge.sink.got[-1][1])


def test_keys_are_pinned_and_told_of_before_any_mail_comes(tmp_path: Path) -> None:
    key = FailingKey("B" * 40, "xyz", 7, "the key ends on 2026-12-01 (UTC)")
    own = FailingKey("F" * 64, None, 30, "the certificate ends")
    for _ in range(2):  # started again, it is told no second time
        with running(tmp_path, Hotline(), key, own) as bridge:
            until(lambda: bridge.hotline.failing == [key, own] and bridge.pinned == [2])
            until(lambda: bool(Outgoing(bridge.store).all()) and Outgoing(bridge.store).next_due() is None)
    (line,) = Outgoing(bridge.store).all()
    assert (line.kind, line.team) == (Kind.KEY, "xyz")
    assert Failing(bridge.store).all() == [key, own]


def test_a_mail_from_a_pipe_is_found(tmp_path: Path) -> None:
    with running(tmp_path, Hotline()) as bridge:
        Reception(DOMAIN, 100_000, bridge.spool, time.time, lambda: True).take(
            "b@abc.example", [ALERTS], fresh()
        )
        until(lambda: [entry.state for entry in Incoming(bridge.store).all()] == [State.ACCEPTED])


def test_while_the_hotline_is_away_the_server_keeps_the_mail(tmp_path: Path) -> None:
    with running(tmp_path, Hotline(away=True)) as bridge:
        with pytest.raises(smtplib.SMTPDataError) as later:
            bridge.post(fresh())
        assert later.value.smtp_code == 451 and bridge.spool.waiting() == []
        bridge.hotline.away = False
        bridge.post(fresh())
        until(lambda: len(bridge.sink.got) == len(list(MEMBERS)))
