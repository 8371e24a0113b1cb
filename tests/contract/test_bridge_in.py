"""Mail into the bridge: a real LMTP client, disk and SQLite; the hotline is its gate, in memory."""

import asyncio
import contextlib
import smtplib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from mails import DOMAIN, MEMBERS, NOW, Answered, Hotline, context, message

from ivr.bridge.incoming import Incoming, State
from ivr.bridge.intake.mail import Context, Envelope, Mail, Trouble
from ivr.bridge.lmtp import LmtpServer
from ivr.bridge.reception import Answer, Reception
from ivr.bridge.spool import Spool, SpoolFull
from ivr.bridge.store import BridgeStore
from ivr.bridge.worker import Worker
from ivr.domain.mail import Opened, Refused, Standard

ALERTS = f"alerts@{DOMAIN}"


@dataclass
class Bridge:
    spool: Spool
    incoming: Incoming
    hotline: Hotline
    answers: Answered
    store: BridgeStore
    now: float = NOW
    is_ready: bool = True
    fails: bool = False
    openers: dict[Standard, object] | None = None

    @property
    def reception(self) -> Reception:
        return Reception(DOMAIN, 100_000, self.spool, lambda: self.now, self._ready)

    def _ready(self) -> bool:
        if self.fails:
            raise RuntimeError("a mistake of ours")
        return self.is_ready

    def context(self) -> Context:
        found = replace(context(self.store.claim), members=self.hotline.members())
        return replace(found, openers=self.openers) if self.openers else found

    def work(self) -> bool:
        return Worker(
            self.spool, self.incoming, self.hotline, self.context, self.answers, lambda: self.now
        ).run()

    def take(self, raw: bytes, sender: str = "b@abc.example", to: str = ALERTS) -> None:
        assert self.reception.take(sender, [to], raw) is Answer.TAKEN

    def last(self) -> tuple[State, str | None, str | None]:
        entry = self.incoming.all()[-1]
        return entry.state, entry.reason, entry.team


@pytest.fixture
def bridge(tmp_path: Path) -> Bridge:
    store = BridgeStore(tmp_path / "bridge.db")
    store.make()
    store.make()
    return Bridge(Spool(tmp_path / "a spool"), Incoming(store), Hotline(), Answered(), store)


@contextlib.contextmanager
def served(bridge: Bridge, where: int | Path) -> Iterator[None]:
    """The LMTP server on a loop of its own, as the process has it."""
    up, loops, stop = threading.Event(), [], asyncio.Event()

    async def serve() -> None:
        server = LmtpServer(where, DOMAIN, 100_000, bridge.reception)
        await server.start()
        loops.append(asyncio.get_running_loop())
        up.set()
        await stop.wait()
        server.stop()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        assert up.wait(20)
        yield
    finally:
        loops[0].call_soon_threadsafe(stop.set)
        thread.join(20)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_mail_by_lmtp_becomes_an_alert(bridge: Bridge, tmp_path: Path) -> None:
    path = tmp_path / "lmtp"
    with served(bridge, path), smtplib.LMTP(str(path)) as client:
        assert path.stat().st_mode & 0o777 == 0o660
        client.ehlo("mx")
        assert client.has_extn("size")
        assert client.sendmail("duty@abc.example", [ALERTS], message()) == {}
    assert bridge.work()
    (entry,) = bridge.incoming.all()
    assert (entry.state, entry.team, entry.kind, entry.alert) == (State.ACCEPTED, "abc", "raise", 1)
    assert (entry.sender, entry.recipients, entry.address) == (
        "duty@abc.example",
        (ALERTS,),
        "alerts@abc.example",
    )
    assert [team for team, _ in bridge.hotline.submitted.values()] == ["abc"]
    assert bridge.spool.waiting() == [] and bridge.answers.accepted_ == [("abc", 1)]
    assert bridge.answers.spread_ == [1]


def test_a_path_too_long_for_a_socket_is_named_with_what_to_do(bridge: Bridge, tmp_path: Path) -> None:
    path = tmp_path / ("x" * 108)
    with pytest.raises(OSError, match="name a port") as error:
        asyncio.run(LmtpServer(path, DOMAIN, 100_000, bridge.reception).start())
    assert error.value.filename == str(path)


def test_a_bounce_comes_without_a_sender(bridge: Bridge, tmp_path: Path) -> None:
    path = tmp_path / "lmtp"
    with served(bridge, path), smtplib.LMTP(str(path)) as client:
        client.sendmail("", [f"bounces+7-x@{DOMAIN}"], message())
    bridge.work()
    assert bridge.answers.back == ["7-x"] and bridge.incoming.all()[-1].sender == ""


def test_what_a_server_is_told(bridge: Bridge) -> None:
    port = free_port()
    with served(bridge, port), smtplib.LMTP("127.0.0.1", port) as client:
        with pytest.raises(smtplib.SMTPRecipientsRefused) as nobody:
            client.sendmail("a@abc.example", [f"nobody@{DOMAIN}"], message())
        assert nobody.value.recipients[f"nobody@{DOMAIN}"][0] == 550
        left = client.sendmail("a@abc.example", [ALERTS, f"iodef-alerts@{DOMAIN}"], message())
        assert left[f"iodef-alerts@{DOMAIN}"][0] == 452  # the server sends it in a transaction of its own
        with pytest.raises(smtplib.SMTPSenderRefused) as large:  # by the SIZE that the client tells
            client.sendmail("a@abc.example", [ALERTS], b"X: y\r\n\r\n" + b"x\r\n" * 40_000)
        assert large.value.smtp_code == 552
        client.mail("a@abc.example")
        client.rcpt(ALERTS)
        assert client.data(b"X: y\r\n\r\n" + b"x\r\n" * 40_000)[0] == 552
        bridge.is_ready = False
    assert len(bridge.spool.waiting()) == 1
    with served(bridge, port), smtplib.LMTP("127.0.0.1", port) as client:
        with pytest.raises(smtplib.SMTPDataError) as later:
            client.sendmail("a@abc.example", [ALERTS], message())
        assert later.value.smtp_code == 451
    assert len(bridge.spool.waiting()) == 1


def test_whatever_goes_wrong_here_the_server_keeps_the_mail(bridge: Bridge, tmp_path: Path) -> None:
    bridge.fails = True
    path = tmp_path / "lmtp"
    with served(bridge, path), smtplib.LMTP(str(path)) as client, pytest.raises(smtplib.SMTPDataError) as no:
        client.sendmail("a@abc.example", [ALERTS], message())
    assert no.value.smtp_code == 451


def test_a_disk_that_takes_nothing_leaves_the_mail_with_the_server(bridge: Bridge, tmp_path: Path) -> None:
    (tmp_path / "a spool" / "waiting").rename(tmp_path / "gone")
    assert bridge.reception.take("a@abc.example", [ALERTS], message()) is Answer.LATER


def test_whoever_sends_much_does_not_fill_the_disk(tmp_path: Path) -> None:
    """Anybody can send: the disk may be the one that the hotline records on."""
    spool = Spool(tmp_path / "spool", most_octets=10_000)
    junk = b"x" * 2_500
    keys = []
    for _ in range(20):
        keys.append(spool.keep(Envelope("a@b.example", (ALERTS,), NOW), junk))
        spool.done(keys[-1])
    kept = sorted((tmp_path / "spool" / "done").iterdir())
    assert 2 <= len(kept) <= 4 and [path.name for path in kept] == keys[-len(kept) :]
    for _ in range(4):
        spool.keep(Envelope("a@b.example", (ALERTS,), NOW), junk)
    with pytest.raises(SpoolFull, match="tocsin mail list"):
        spool.keep(Envelope("a@b.example", (ALERTS,), NOW), junk)
    assert Spool(tmp_path / "spool", most_octets=10_000).waiting() == spool.waiting()


def test_lines_of_a_pipe_are_ended_as_a_mail_is(bridge: Bridge) -> None:
    bridge.take(message().replace(b"\r\n", b"\n"), sender="MAILER-DAEMON")
    (key,) = bridge.spool.waiting()
    envelope, raw = bridge.spool.read(key)
    assert raw == message() and envelope == Envelope("", (ALERTS,), NOW)


def test_a_sender_that_is_no_text_ends_nothing(bridge: Bridge) -> None:
    """A pipe gets the octets that a stranger's server has sent (PEP 383)."""
    bridge.take(message(), sender="b\udcff\x1b[2J@abc.example")
    assert bridge.work() and bridge.last()[0] is State.ACCEPTED
    assert bridge.incoming.all()[0].sender == "b??[2J@abc.example"


@pytest.mark.parametrize(
    ("address", "known"),
    [
        (ALERTS, True),
        (ALERTS.upper(), True),
        (f"ack+17-abc@{DOMAIN}", True),
        (f"bounces+1@{DOMAIN}", True),
        (f"alerts+x@{DOMAIN}", False),
        (f"postmaster@{DOMAIN}", False),
        ("alerts@other.example", False),
        (f"alerts@x.{DOMAIN}", False),
        ("alerts", False),
    ],
)
def test_addresses_of_the_list(bridge: Bridge, address: str, known: bool) -> None:
    assert bridge.reception.knows(address) is known


def test_while_the_hotline_is_away_mail_waits_and_nothing_is_lost_or_done_twice(bridge: Bridge) -> None:
    bridge.take(message())
    bridge.hotline.away = True
    assert [bridge.work() for _ in range(9)] == [False] * 9
    assert len(bridge.spool.waiting()) == 1
    bridge.hotline.away = False
    assert bridge.work() and len(bridge.hotline.submitted) == 1
    assert bridge.last() == (State.ACCEPTED, None, "abc")


def test_a_mail_that_the_hotline_fails_at_does_not_hold_up_the_next(bridge: Bridge) -> None:
    bridge.hotline.chokes_on = "zebra"
    bridge.take(message(b"\r\nA zebra\r\n"))
    bridge.take(message())
    assert not bridge.work() and not bridge.work()
    assert len(bridge.hotline.submitted) == 1 and len(bridge.spool.waiting()) == 1


def test_a_crash_before_the_record_does_nothing_twice(bridge: Bridge, tmp_path: Path) -> None:
    bridge.take(message())
    (key,) = bridge.spool.waiting()
    bridge.work()
    bridge.spool.again(key)  # as if it had been killed before the mail left the spool
    bridge.work()
    assert len(bridge.hotline.submitted) == 1 and bridge.last()[0] is State.ACCEPTED


def test_the_same_mail_twice_is_a_replay(bridge: Bridge) -> None:
    bridge.take(message())
    bridge.take(message())
    bridge.work()
    assert bridge.last() == (State.REFUSED, "replayed", "abc")
    assert len(bridge.hotline.submitted) == 1 and bridge.answers.refused_ == [("abc", "replayed")]


def test_strangers_and_programs_hear_nothing(bridge: Bridge) -> None:
    bridge.take(message(sender="someone@else.example", signer="C" * 40))
    bridge.work()
    assert bridge.last() == (State.REFUSED, "unknown-signer", None)
    bridge.take(message(more=b"Auto-Submitted: auto-replied\r\n"))
    bridge.work()
    assert bridge.last() == (State.REFUSED, "automatic", None)
    bridge.take(message(b"Auto-Submitted: auto-replied\r\n\r\nI am away\r\n"))
    bridge.work()
    assert bridge.last() == (State.REFUSED, "automatic", "abc")
    bridge.take(message(), sender="", to=f"bounces+7-x@{DOMAIN}")
    bridge.work()
    bridge.take(message(more=b"Auto-Submitted: auto-replied\r\n"), sender="", to=f"bounces+8-x@{DOMAIN}")
    bridge.work()
    assert bridge.answers.refused_ == [] and bridge.answers.back == ["7-x"]


def test_what_the_hotline_refuses_is_told_to_the_team(bridge: Bridge) -> None:
    bridge.hotline.refuses = "alert 17 is closed"
    bridge.take(message(b"Content-Type: text/plain\r\n\r\nESCALATE 17\r\n"))
    assert bridge.work()
    entry = bridge.incoming.all()[-1]
    assert (entry.state, entry.reason, entry.detail) == (State.REFUSED, "not-permitted", "alert 17 is closed")
    assert bridge.answers.refused_ == [("abc", "not-permitted")]


def test_an_acknowledgement_and_an_escalation_reach_the_hotline(bridge: Bridge) -> None:
    bridge.take(message(b"\r\nACK 17\r\n"))
    bridge.take(message(b"\r\nESCALATE 17\r\n"))
    bridge.work()
    assert bridge.hotline.acknowledged == [(17, "abc", "alerts@abc.example")]
    assert bridge.hotline.escalated == [(17, "abc")]


def test_a_mail_that_breaks_something_does_not_hold_up_the_next(
    bridge: Bridge, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(raw: bytes, /) -> Opened | Refused:
        raise RuntimeError("with something of the mail in it")

    bridge.openers = {Standard.OPENPGP: broken}
    bridge.take(message())
    assert bridge.work()
    assert bridge.last()[0] is State.BROKEN and "something of the mail" not in caplog.text
    bridge.openers = None
    bridge.take(message())
    assert bridge.work() and bridge.last()[0] is State.ACCEPTED


def test_trouble_of_our_own_is_waited_for_and_not_for_ever(bridge: Bridge) -> None:
    def troubled(raw: bytes, /) -> Opened | Refused:
        raise Trouble("gpg does not run: apt install gnupg")

    bridge.openers = {Standard.OPENPGP: troubled}
    bridge.take(message())
    assert [bridge.work() for _ in range(9)] == [False] * 9
    bridge.now += 3601
    assert bridge.work()
    entry = bridge.incoming.all()[-1]
    assert entry.state is State.BROKEN and "apt install gnupg" in (entry.detail or "")
    bridge.openers = None
    bridge.spool.again(entry.id)
    bridge.incoming.again(entry.id)
    assert bridge.work() and bridge.last()[0] is State.ACCEPTED


def test_its_originator_hears_of_an_alert_that_cannot_be_sent_on_yet(bridge: Bridge) -> None:
    bridge.answers.cannot_spread = True
    bridge.take(message())
    assert not bridge.work() and bridge.answers.accepted_ == [("abc", 1)]
    bridge.now += 3601
    assert bridge.work() and bridge.last()[0] is State.BROKEN
    assert "own.pem: cannot be read" in (bridge.incoming.all()[0].detail or "")


def test_a_mail_that_kills_the_bridge_is_put_aside(bridge: Bridge) -> None:
    bridge.take(message())
    (key,) = bridge.spool.waiting()
    for _ in range(3):  # it was begun, and the process was gone
        bridge.incoming.begin(Mail(key, *bridge.spool.read(key)))
    assert bridge.work() and bridge.last()[0] is State.BROKEN
    assert bridge.hotline.submitted == {}


def test_what_is_old_is_forgotten(bridge: Bridge, tmp_path: Path) -> None:
    bridge.take(message())
    bridge.work()
    bridge.incoming.sweep(NOW - 1, NOW)
    assert len(bridge.incoming.all()) == 1
    bridge.incoming.sweep(NOW + 1, NOW + 8 * 86_400)
    bridge.spool.sweep(4_000_000_000.0)
    assert bridge.incoming.all() == [] and list((tmp_path / "a spool" / "done").iterdir()) == []
    assert bridge.store.claim("s", "m2", NOW)


def test_no_text_of_a_mail_is_in_the_log_or_the_database(
    bridge: Bridge, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    path = tmp_path / "lmtp"
    with served(bridge, path), smtplib.LMTP(str(path)) as client:
        client.sendmail("a@abc.example", [ALERTS], message(b"Subject: zebra\r\n\r\nzebra\r\n"))
    bridge.work()
    assert next(iter(bridge.hotline.submitted.values()))[1].title == "zebra"
    assert "zebra" not in caplog.text
    assert all(b"zebra" not in file.read_bytes() for file in tmp_path.glob("bridge.db*"))
    assert next(iter(MEMBERS)).addresses[0] not in caplog.text
