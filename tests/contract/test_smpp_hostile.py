"""An SMSC that sends anything at all: sessions end, and the link and the texts live on."""

import contextlib
import socket
import struct
import threading
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from smsc.bell import Bell
from smsc.peer import PASSWORD, SYSTEM_ID, NpmSmsc

from ivr.adapters.smpp import codec
from ivr.adapters.smpp.account import Dropped, SmscSettings
from ivr.adapters.smpp.link import SmppLink
from ivr.adapters.smpp.session import Session
from ivr.adapters.smpp.window import Text
from ivr.domain.sms import LinkDown, LinkUp, Receipt, Received, Refused, SmsEvent, Submitted, Unanswered

TO = "+4915112345678"


def pdu(command: int, body: bytes, status: int = 0, sequence: int = 2, length: int | None = None) -> bytes:
    claimed = 16 + len(body) if length is None else length
    return struct.pack(">LLLL", claimed, command, status, sequence) + body


TLV = st.builds(
    lambda tag, length, value: struct.pack(">HH", tag, length) + value,
    st.sampled_from([0x001E, 0x0427, 0x0424, 0x0204, 0x1403, 0]) | st.integers(0, 0xFFFF),
    st.integers(0, 40) | st.sampled_from([0xFFFF, 0x8000]),
    st.binary(max_size=40),
)
DELIVERY = st.builds(
    lambda esm, coding, size, text, tlvs: (
        b"\0\1\1" + b"4915112345678\0" + b"\0\0\0" + bytes([esm]) + b"\0" * 6
        + bytes([coding, 0, size]) + text + b"".join(tlvs)
    ),
    st.sampled_from([0, 4, 0x20, 0x40, 0x44]) | st.integers(0, 255),
    st.sampled_from([0, 1, 3, 8, 0xF1]) | st.integers(0, 255),
    st.integers(0, 255),
    st.binary(max_size=60)
    | st.sampled_from([b"id:npm-1 stat:DELIVRD", b"id: stat:", b"\5\0\3\1\2\1ON IT 17"]),
    st.lists(TLV, max_size=4),
)  # fmt: skip
COMMANDS = (
    *codec._COMMANDS, 0x80000004, 0x80000000, 0x80000006, 0x80000009, 0x80000015, 4, 5, 6, 0x15, 0x777,
)  # fmt: skip
PDU = st.builds(
    pdu,
    st.sampled_from(COMMANDS) | st.integers(0, 0xFFFFFFFF),
    DELIVERY | st.binary(max_size=200),
    st.sampled_from([0, 0x58, 0x14, 0x0B, 8]) | st.integers(0, 0xFFFFFFFF),
    st.integers(0, 6) | st.integers(0, 0xFFFFFFFF),
    st.none() | st.none() | st.none() | st.integers(0, 300) | st.integers(0, 0xFFFFFFFF),
)
OCTETS = st.lists(PDU | PDU | PDU | st.binary(max_size=100), max_size=30).map(b"".join)


@pytest.fixture(scope="module")
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def play(listener: socket.socket, octets: bytes) -> None:
    """Take one bind, send the octets, and go."""
    link, _ = listener.accept()
    with link:
        link.recv(1000)
        link.sendall(pdu(0x80000009, b"x\0", sequence=1) + octets)
        link.shutdown(socket.SHUT_WR)
        while link.recv(65536):
            pass


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(OCTETS)
@example(pdu(0x80000004, b"a\0", sequence=2) * 3)
@example(pdu(5, b"\0" * 17 + b"\0\1\x1e\0\0", sequence=7))
@example(pdu(5, b"", length=66_001))
def test_whatever_it_sends_a_session_ends_as_one_and_every_text_has_one_end(
    listener: socket.socket, octets: bytes
) -> None:
    events: list[SmsEvent] = []

    def take(event: SmsEvent) -> None:
        events.append(event)
        if isinstance(event, LinkUp):
            assert all(session.window.offer(Text(f"{n}", [b"x"] * n)) for n in (1, 2, 3))
        getattr(event, "settled", lambda: None)()

    port = listener.getsockname()[1]
    account = SmscSettings("a", "127.0.0.1", port, "tocsin", "bell-pw", "ABC-CERT", timeout_s=5)
    session = Session(account, None, take)
    smsc = threading.Thread(target=play, args=(listener, octets))
    smsc.start()
    with pytest.raises(Dropped):
        session.run()
    smsc.join()
    ends = Counter(e.reference for e in events if isinstance(e, Submitted | Refused | Unanswered))
    assert ends == {"1": 1, "2": 1, "3": 1}
    for event in events:
        if isinstance(event, Receipt):
            assert event.message_id.isprintable()
            assert 0 < len(event.message_id) <= 64
        elif isinstance(event, Received):
            assert event.sender.isprintable()


def test_an_smsc_that_asks_and_never_reads_ends_the_session() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        account = SmscSettings("a", *listener.getsockname(), "tocsin", "bell-pw", "ABC-CERT", timeout_s=0.5)

        def ask() -> None:
            link, _ = listener.accept()
            link.recv(1000)
            link.sendall(pdu(0x80000009, b"x\0", sequence=1))
            with link, contextlib.suppress(OSError):
                while True:
                    link.sendall(pdu(0x777, b"") * 1000)

        smsc = threading.Thread(target=ask)
        smsc.start()
        with pytest.raises(Dropped, match="has read nothing for 0"):
            Session(account, None, lambda event: None).run()
        smsc.join()


def test_after_every_kind_of_nonsense_the_link_is_up_again_and_sends() -> None:
    smsc = NpmSmsc()
    bell = Bell(smsc.port)
    bell.expect(LinkUp)
    for octets in (b"\xff" * 40, pdu(5, b"\0", length=15), pdu(6, b"")):
        smsc.order(raw=octets.hex())
        bell.expect(LinkDown)
        bell.expect_after_others(LinkUp)
    assert bell.link.submit("sms-1", TO, "ALERT 17")
    assert bell.expect(Submitted).reference == "sms-1"
    bell.link.stop(2.0)
    smsc.kill()


def test_a_mistake_of_ours_ends_the_session_and_not_the_link(caplog: pytest.LogCaptureFixture) -> None:
    """As far as a test can make one: an event that its taker cannot take."""

    def take(event: SmsEvent) -> None:
        assert not isinstance(event, Receipt), "the mistake"

    smsc = NpmSmsc()
    account = SmscSettings("a", "127.0.0.1", smsc.port, SYSTEM_ID, PASSWORD, "ABC-CERT")
    link = SmppLink(account, take)
    link.start()
    smsc.expect("bind")
    smsc.order(send="deliver_sm", fields={"esm_class": 4, "short_message": "id:ab1 stat:DELIVRD"})
    assert smsc.expect("bind")["ok"]
    assert "SMSC a: the session failed" in caplog.text
    link.stop(2.0)
    smsc.kill()


def test_an_smsc_that_floods_us_is_told_to_keep_what_it_has() -> None:
    """Messages that cannot be put on record now do not fill the memory."""
    smsc = NpmSmsc()
    bell = Bell(smsc.port)
    bell.expect(LinkUp)
    receipt = b"\0" * 7 + b"\x04" + b"\0" * 8 + b"\x13id:ab1 stat:DELIVRD"
    smsc.order(raw=b"".join(pdu(5, receipt, sequence=n) for n in range(1, 1102)).hex())
    answers = [smsc.expect("deliver_sm_resp")["status"] for _ in range(101)]
    assert set(answers) == {0x64}
    for _ in range(1000):
        bell.expect(Receipt)
    assert {smsc.expect("deliver_sm_resp")["status"] for _ in range(1000)} == {0}
    bell.link.stop(2.0)
    smsc.kill()
