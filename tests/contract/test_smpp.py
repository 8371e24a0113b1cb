"""The SMPP link against an SMSC nobody here wrote, and the practice SMSC held to the same behaviour."""

import contextlib
import logging
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from smsc.bell import Bell
from smsc.peer import PASSWORD, SYSTEM_ID, WAIT_S, NpmSmsc, PracticePeer

from ivr.adapters.smpp import codec, deliver
from ivr.adapters.smpp.account import SmscSettings
from ivr.domain.gsm import Place
from ivr.domain.sms import LinkDown, LinkUp, Receipt, Received, Refused, Submitted, Unanswered

TO = "+4915112345678"
TEXT = "ALERT 17 from ABC-CERT, 2026-11-22 14:03 UTC. Call +4940808077555 to listen."

Ring = Callable[..., Bell]


@pytest.fixture
def ring() -> Iterator[Ring]:
    bells: list[Bell] = []

    def make(port: int, **settings: Any) -> Bell:
        bells.append(Bell(port, **settings))
        return bells[-1]

    yield make
    for bell in bells:
        bell.link.stop(2.0)


@pytest.fixture
def npm() -> Iterator[NpmSmsc]:
    smsc = NpmSmsc()
    yield smsc
    smsc.kill()


@pytest.fixture
def practice(tmp_path: Path) -> Iterator[PracticePeer]:
    smsc = PracticePeer(tmp_path / "texts.jsonl")
    yield smsc
    smsc.stop()


@pytest.fixture(params=["npm", "practice"])
def smsc(request: pytest.FixtureRequest) -> NpmSmsc | PracticePeer:
    peer: NpmSmsc | PracticePeer = request.getfixturevalue(request.param)
    return peer


def bound(ring: Ring, smsc: NpmSmsc | PracticePeer, **settings: Any) -> Bell:
    bell = ring(smsc.port, **settings)
    bell.expect(LinkUp)
    assert bell.link.bound
    return bell


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (TEXT, 1),
        ("Zürich [~{€}~] @§$", 1),
        ("Тревога 17", 1),
        ("ALERT 🔔 17", 1),
        ("x" * 161, 2),
        ("€" * 153, 3),
        ("🔔" * 100, 4),
    ],
)
def test_a_text_arrives_as_written_and_its_receipt_comes_back(
    ring: Ring, smsc: NpmSmsc | PracticePeer, text: str, parts: int
) -> None:
    bell = bound(ring, smsc)
    assert bell.link.submit("sms-1", TO, text)
    assert smsc.message().items() >= {"number": TO, "text": text, "parts": parts}.items()
    told = [
        bell.next() for _ in range(1 + parts)
    ]  # receipts of the first parts may come before the last answer
    (submitted,) = (event for event in told if isinstance(event, Submitted))
    receipts = [event for event in told if isinstance(event, Receipt)]
    assert submitted.reference == "sms-1"
    assert len(set(submitted.message_ids)) == parts
    assert [(r.message_id, r.state) for r in receipts] == [(i, "delivered") for i in submitted.message_ids]
    bell.expect_silence()


def test_texts_of_several_parts_do_not_get_mixed_up(ring: Ring, smsc: NpmSmsc | PracticePeer) -> None:
    bell = bound(ring, smsc, window=100)
    texts = [letter * 400 for letter in "abc"]
    for text in texts:
        assert bell.link.submit(text[0], TO, text)
    assert [smsc.message()["text"] for _ in texts] == texts


def test_stop_unbinds(ring: Ring, smsc: NpmSmsc | PracticePeer) -> None:
    bell = bound(ring, smsc)
    bell.link.stop(5.0)
    assert bell.expect(LinkDown).reason == "SMSC sms-a: stopped"
    assert not bell.link.bound
    assert not bell.link.submit("sms-1", TO, TEXT)
    if isinstance(smsc, NpmSmsc):
        smsc.expect("unbind")


def test_fields_of_a_submit(ring: Ring, npm: NpmSmsc) -> None:
    bell = bound(ring, npm)
    bell.link.submit("sms-1", TO, TEXT)
    one = {"esm_class": 0, "data_coding": 0, "registered_delivery": 1, "dest_addr_ton": 1, "dest_addr_npi": 1}
    assert npm.expect("submit").items() >= (one | {"destination_addr": TO[1:]}).items()
    bell.link.submit("sms-2", TO, "Ж" * 100)
    first, last = npm.expect("submit"), npm.expect("submit")
    assert [p["registered_delivery"] for p in (first, last)] == [1, 1]
    assert {(p["esm_class"], p["data_coding"]) for p in (first, last)} == {(0x40, 8)}


@pytest.mark.parametrize(
    ("source", "ton", "npi", "sent"),
    [("+4940808077555", 1, 1, "4940808077555"), ("ABC-CERT", 5, 0, "ABC-CERT"), ("22333", 3, 0, "22333")],
)
def test_sender_address(ring: Ring, npm: NpmSmsc, source: str, ton: int, npi: int, sent: str) -> None:
    bound(ring, npm, source=source).link.submit("sms-1", TO, TEXT)
    seen = npm.expect("submit")
    assert (seen["source_addr_ton"], seen["source_addr_npi"], seen["source_addr"]) == (ton, npi, sent)


def test_wrong_password_is_said_and_not_repeated_at_once(ring: Ring, npm: NpmSmsc) -> None:
    bell = ring(npm.port, password="wrong")
    assert "Invalid Password (0x0e); check system_id and password" in bell.expect(LinkDown).reason
    assert npm.expect("bind")["ok"] is False
    # The ordinary pause ends within 2 s.
    assert npm.saw_nothing("bind", for_s=3.0)
    assert not bell.link.submit("sms-1", TO, TEXT)


@pytest.mark.parametrize(
    ("status", "words", "permanent"),
    [
        (0x0B, "Invalid Destination Address (0x0b)", True),
        (0x58, "Throttling", False),
        (0x455, "0x455", False),
    ],
)
def test_a_refused_submit(ring: Ring, npm: NpmSmsc, status: int, words: str, permanent: bool) -> None:
    bell = bound(ring, npm)
    npm.order(mode={"refuse": status})
    bell.link.submit("sms-1", TO, "x" * 400)
    refused = bell.expect(Refused)
    assert (refused.reference, refused.status, refused.permanent) == ("sms-1", status, permanent)
    assert words in refused.reason
    npm.order(mode={"refuse": 0})
    bell.link.submit("sms-2", TO, TEXT)
    assert bell.expect(Submitted).reference == "sms-2"  # so one text has one end, and the link goes on


def test_what_finds_no_place_in_the_window_waits_for_one(ring: Ring, npm: NpmSmsc) -> None:
    bell = bound(ring, npm, window=3)
    npm.order(mode={"hold": True})
    assert all(bell.link.submit(f"sms-{n}", TO, TEXT) for n in range(5))
    for _ in range(3):
        npm.expect("submit")
    assert npm.saw_nothing("submit", for_s=0.5)
    npm.order(release=True)
    kinds = [type(bell.next()) for _ in range(10)]
    assert (kinds.count(Submitted), kinds.count(Receipt)) == (5, 5)


def test_no_more_wait_than_may_leave_within_a_second(ring: Ring, npm: NpmSmsc) -> None:
    bell = bound(ring, npm, window=1, per_second=4)
    npm.order(mode={"hold": True})
    assert bell.link.room == 4
    assert bell.link.submit("sms-0", TO, TEXT)
    npm.expect("submit")
    assert [bell.link.submit(f"sms-{n}", TO, TEXT) for n in range(1, 6)] == [True] * 4 + [False]
    assert bell.link.room == 0


def test_never_more_on_the_wire_than_the_window(ring: Ring, npm: NpmSmsc) -> None:
    bell = bound(ring, npm, window=2)
    npm.order(mode={"hold": True})
    assert bell.link.submit("sms-1", TO, "x" * 700)  # five parts
    for _ in range(2):
        npm.expect("submit")
    assert npm.saw_nothing("submit", for_s=0.5)
    npm.order(release=True)
    assert len(bell.expect_after_others(Submitted).message_ids) == 5


def test_server_killed_and_back(ring: Ring, npm: NpmSmsc) -> None:
    bell = bound(ring, npm)
    npm.order(mode={"hold": True})
    assert bell.link.submit("sms-1", TO, TEXT)
    assert bell.link.submit("sms-2", TO, "x" * 400)
    for _ in range(4):
        npm.expect("submit")
    npm.kill()
    bell.expect_all(Unanswered("sms-a", "sms-1", sent=True), Unanswered("sms-a", "sms-2", sent=True))
    bell.expect(LinkDown)
    assert not bell.link.submit("sms-3", TO, TEXT)
    npm.start()
    while not isinstance(event := bell.next(), LinkUp):
        assert isinstance(event, LinkDown), event
    assert bell.link.submit("sms-1", TO, TEXT)
    assert bell.expect(Submitted).reference == "sms-1"


def test_no_server_at_all(ring: Ring) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    bell = ring(port)
    assert "cannot connect" in bell.expect(LinkDown).reason
    assert not bell.link.bound


def test_server_silent_on_enquire_link(ring: Ring, npm: NpmSmsc) -> None:
    npm.order(mode={"mute": True})
    bell = bound(ring, npm, enquire_s=0.3, timeout_s=0.5)
    npm.expect("enquire")
    assert "no answer to enquire_link" in bell.expect(LinkDown).reason
    npm.order(mode={"mute": False})
    bell.expect(LinkUp)


def test_enquire_link_keeps_a_quiet_link(ring: Ring, npm: NpmSmsc) -> None:
    bell = bound(ring, npm, enquire_s=0.2, timeout_s=0.5)
    for _ in range(5):
        npm.expect("enquire")
    bell.expect_silence()
    npm.order(send="enquire_link")
    assert npm.expect("enquire_link_resp")["status"] == 0


def test_a_submit_never_answered_ends_the_session(ring: Ring, npm: NpmSmsc) -> None:
    npm.order(mode={"hold": True})
    bell = bound(ring, npm, enquire_s=0.2, timeout_s=0.6)
    bell.link.submit("sms-1", TO, TEXT)
    assert bell.expect(Unanswered).reference == "sms-1"
    assert "no answer to submit_sm" in bell.expect(LinkDown).reason


def test_server_unbinds(ring: Ring, npm: NpmSmsc) -> None:
    bell = bound(ring, npm)
    npm.order(send="unbind")
    assert npm.expect("unbind_resp")["status"] == 0
    assert "ended the session" in bell.expect(LinkDown).reason
    bell.expect(LinkUp)


def test_stop_waits_for_the_answers_that_are_due(ring: Ring, npm: NpmSmsc) -> None:
    bell = bound(ring, npm)
    npm.order(mode={"hold": True})
    bell.link.submit("sms-1", TO, TEXT)
    npm.expect("submit")
    stopping = threading.Thread(target=bell.link.stop, args=(WAIT_S,))
    stopping.start()
    assert npm.saw_nothing("unbind", for_s=0.5)
    npm.order(release=True)
    assert bell.expect(Submitted).reference == "sms-1"
    npm.expect("unbind")
    stopping.join()


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({"receipted_message_id": "ab1", "message_state": 3, "short_message": ""}, "expired"),
        (
            {"receipted_message_id": "ab1", "message_state": 5, "short_message": "id:x stat:DELIVRD"},
            "rejected",
        ),
        ({"short_message": "id:ab1 sub:001 dlvrd:000 stat:REJECTD err:001"}, "rejected"),
        ({"short_message": "id:ab1 stat:undeliv"}, "rejected"),
        ({"short_message": "id:ab1 stat:WHOKNOWS"}, "unknown"),
        ({"message_payload": "id:ab1 stat:EXPIRED", "short_message": ""}, "expired"),
    ],
)
def test_receipts_in_the_forms_they_come_in(
    ring: Ring, npm: NpmSmsc, fields: dict[str, Any], state: str
) -> None:
    bell = bound(ring, npm)
    npm.order(send="deliver_sm", fields={"esm_class": 4, "source_addr": TO[1:]} | fields)
    receipt = bell.expect(Receipt)
    assert (receipt.message_id, receipt.state) == ("ab1", state)
    assert npm.expect("deliver_sm_resp")["status"] == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"esm_class": 8, "short_message": "ON IT 17 id:ab1 stat:DELIVRD"},
        {"esm_class": 4, "short_message": "no id at all stat:DELIVRD"},
        {"esm_class": 4, "short_message": "id:ab1 stat:ENROUTE"},
        {"esm_class": 0x20, "receipted_message_id": "ab1", "message_state": 1, "short_message": ""},
    ],
)
def test_what_ends_no_message_is_acknowledged_and_no_more(
    ring: Ring, npm: NpmSmsc, caplog: pytest.LogCaptureFixture, fields: dict[str, Any]
) -> None:
    caplog.set_level(logging.DEBUG)
    bell = bound(ring, npm)
    npm.order(send="deliver_sm", fields={"source_addr": TO[1:]} | fields)
    assert npm.expect("deliver_sm_resp")["status"] == 0
    bell.expect_silence()
    assert "ON IT" not in caplog.text
    assert TO[1:] not in caplog.text


def test_a_receipt_is_acknowledged_only_when_it_is_on_record(ring: Ring, npm: NpmSmsc) -> None:
    bell = bound(ring, npm)
    npm.order(send="deliver_sm", fields={"esm_class": 4, "short_message": "id:ab1 stat:DELIVRD"})
    receipt = bell.untouched()
    assert isinstance(receipt, Receipt)
    assert npm.saw_nothing("deliver_sm_resp", for_s=0.5)
    receipt.settled()
    assert npm.expect("deliver_sm_resp")["status"] == 0


def test_a_place_in_the_window_is_free_only_when_the_answer_is_on_record(ring: Ring, npm: NpmSmsc) -> None:
    bell = bound(ring, npm, window=1)
    assert bell.link.submit("sms-1", TO, TEXT)
    assert bell.link.submit("sms-2", TO, TEXT)
    submitted = bell.untouched()
    assert isinstance(submitted, Submitted)
    npm.expect("submit")
    assert npm.saw_nothing("submit", for_s=0.5)
    submitted.settled()
    npm.expect("submit")


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"data_coding": 0, "short_message": "On it 17, Grüße €"}, "On it 17, Grüße €"),
        ({"short_message": "да 🔔"}, "да 🔔"),
        ({"data_coding": 3, "short_message": "Grüße"}, "Grüße"),
        ({"message_payload": "STATUS 17", "short_message": ""}, "STATUS 17"),
    ],
)
def test_what_somebody_sends_us_arrives_as_written(
    ring: Ring, npm: NpmSmsc, fields: dict[str, Any], text: str
) -> None:
    bell = bound(ring, npm)
    npm.order(send="deliver_sm", fields={"source_addr": TO[1:]} | fields)
    received = bell.untouched()
    assert isinstance(received, Received)
    assert (received.link, received.sender, received.text) == ("sms-a", TO[1:], text)
    assert text not in repr(received)
    assert npm.saw_nothing("deliver_sm_resp", for_s=0.3)
    received.settled()
    assert npm.expect("deliver_sm_resp")["status"] == 0


@pytest.mark.parametrize("ton", [2, 3, 4])
def test_a_sender_in_national_form_is_not_taken_for_somebody_abroad(
    ring: Ring, npm: NpmSmsc, caplog: pytest.LogCaptureFixture, ton: int
) -> None:
    bell = bound(ring, npm)
    local = {"source_addr": "15228817302", "source_addr_ton": ton, "short_message": "ON IT 17"}
    npm.order(send="deliver_sm", fields=local)
    assert npm.expect("deliver_sm_resp")["status"] == 0
    bell.expect_silence()
    assert "have its operator send international ones" in caplog.text
    assert "15228817302" not in caplog.text


@pytest.mark.parametrize(
    ("esm_class", "user_data", "tlvs", "place"),
    [
        (0x40, b"\5\0\3\7\3\2ON IT 17", b"", Place(7, 3, 2)),
        (0x40, b"\6\x08\4\1\2\3\2ON IT 17", b"", Place(0x102, 3, 2)),
        (0, b"ON IT 17", bytes.fromhex("020c00020102 020e000103 020f000102"), Place(0x102, 3, 2)),
        (0, b"ON IT 17", bytes.fromhex("020c00020102 020e000102 020f000103"), None),  # part 3 of 2
        (0, b"ON IT 17", bytes.fromhex("020c00020102 020f000102"), None),
    ],
)
def test_a_part_of_a_longer_text_knows_its_place(
    ring: Ring, npm: NpmSmsc, esm_class: int, user_data: bytes, tlvs: bytes, place: Place | None
) -> None:
    bell = bound(ring, npm)
    head = b"\0\1\1" + TO[1:].encode() + b"\0" * 4 + bytes([esm_class]) + b"\0" * 8
    npm.order(raw=pdu(5, head + bytes([len(user_data)]) + user_data + tlvs))
    received = bell.expect(Received)
    assert (received.text, received.place) == ("ON IT 17", place)


def test_a_text_without_a_number_is_the_same_for_two_minutes(ring: Ring, npm: NpmSmsc) -> None:
    bell = bound(ring, npm)
    seen = []
    for fields in ({}, {}, {"user_message_reference": 1}):
        npm.order(send="deliver_sm", fields={"source_addr": TO[1:], "short_message": "STATUS"} | fields)
        received = bell.expect(Received)
        seen.append((received.reference, received.same_s))
    assert seen[0] == seen[1]
    assert [same_s for _, same_s in seen] == [120, 120, 86_400]


def test_a_text_that_is_delivered_again_can_be_told_from_another_one(ring: Ring, npm: NpmSmsc) -> None:
    bell = bound(ring, npm)
    seen = []
    for number, text in ((1, "STATUS 17"), (1, "STATUS 17"), (2, "STATUS 17"), (1, "STATUS 18")):
        fields = {"source_addr": TO[1:], "short_message": text, "user_message_reference": number}
        npm.order(send="deliver_sm", fields=fields)
        seen.append(bell.expect(Received).reference)
    assert seen[0] == seen[1]
    assert len(set(seen)) == 3


@pytest.mark.parametrize("bind", ["transceiver", "transmitter"])
def test_binds_that_take_texts(ring: Ring, npm: NpmSmsc, bind: str) -> None:
    bell = bound(ring, npm, bind=bind)
    assert npm.expect("bind")["as"] == f"bind_{bind}"
    assert bell.link.submit("sms-1", TO, TEXT)
    assert bell.expect(Submitted).reference == "sms-1"


def test_a_receiver_takes_no_texts_and_hears_receipts(ring: Ring, npm: NpmSmsc) -> None:
    bell = ring(npm.port, bind="receiver")
    bell.expect(LinkUp)
    assert npm.expect("bind")["as"] == "bind_receiver"
    assert not bell.link.bound
    assert not bell.link.submit("sms-1", TO, TEXT)
    npm.order(send="deliver_sm", fields={"esm_class": 4, "short_message": "id:ab1 stat:DELIVRD"})
    assert bell.expect(Receipt).message_id == "ab1"


@pytest.mark.parametrize("status", [0x58, 0x14])
def test_throttled_it_slows_down_and_recovers(ring: Ring, npm: NpmSmsc, status: int) -> None:
    bell = bound(ring, npm, window=100)
    npm.order(mode={"refuse": status, "hold": True})
    for n in range(30):
        bell.link.submit(f"sms-{n}", TO, TEXT)
    for _ in range(30):
        npm.expect("submit")
    npm.order(release=True)
    refused = [bell.expect(Refused) for _ in range(30)]
    assert all(one.busy and not one.permanent for one in refused)
    # Without a pace, thirty more would be on the wire at once; those that have not left may go over another.
    for n in range(30):
        bell.link.submit(f"sms-{n}", TO, TEXT)
    told = [bell.next() for _ in range(30)]
    assert sum(isinstance(event, Unanswered) and not event.sent for event in told) > 20
    npm.order(mode={"refuse": 0})
    for n in range(5):
        bell.link.submit(f"sms-{n}", TO, TEXT)
        assert isinstance(bell.expect_after_others(Submitted), Submitted)


def test_no_text_waits_for_an_smsc_that_has_had_too_much(ring: Ring, npm: NpmSmsc) -> None:
    bell = bound(ring, npm)
    npm.order(mode={"refuse": 0x58})
    for n in range(6):  # the pause is 1.6 s now
        bell.link.submit(f"sms-{n}", TO, TEXT)
        bell.expect(Refused)
    assert not bell.link.ready
    until = time.monotonic() + WAIT_S
    while not bell.link.ready and time.monotonic() < until:
        time.sleep(0.05)
    assert bell.link.ready
    assert bell.link.room == 1
    assert bell.link.submit("sms-7", TO, TEXT)
    assert not bell.link.ready


def pdu(command_id: int, body: bytes, sequence: int = 7, status: int = 0) -> str:
    return (struct.pack(">LLLL", 16 + len(body), command_id, status, sequence) + body).hex()


RECEIPT = b"\0" * 7 + b"\x04" + b"\0" * 8 + b"\x13id:ab1 stat:DELIVRD"


def test_a_pdu_in_two_halves_with_a_long_pause(ring: Ring, npm: NpmSmsc) -> None:
    bell = bound(ring, npm, timeout_s=0.5)
    whole = pdu(5, RECEIPT)
    npm.order(raw=whole[:50])
    assert npm.saw_nothing("deliver_sm_resp", for_s=1.2)
    npm.order(raw=whole[50:])
    assert bell.expect(Receipt).message_id == "ab1"


@pytest.mark.parametrize(
    ("octets", "answer"),
    [
        (pdu(5, b""), "deliver_sm_resp"),
        (pdu(5, b"\0\1"), "deliver_sm_resp"),
        (pdu(5, b"x" * 200), "deliver_sm_resp"),
        (pdu(0x777, b"?" * 40), "generic_nack"),
        (pdu(9, b"\0" * 20), "generic_nack"),
    ],
)
def test_a_pdu_that_makes_no_sense_is_answered_and_passed_over(
    ring: Ring, npm: NpmSmsc, octets: str, answer: str
) -> None:
    bell = bound(ring, npm)
    npm.order(raw=octets)
    npm.expect(answer)
    bell.link.submit("sms-1", TO, TEXT)
    while not isinstance(event := bell.next(), Submitted):
        assert isinstance(event, Receipt), event


@pytest.mark.parametrize("octets", [RECEIPT[:-5], RECEIPT[:16], RECEIPT[:17], RECEIPT[:3]])
def test_a_message_that_breaks_off_is_refused_for_good(ring: Ring, npm: NpmSmsc, octets: bytes) -> None:
    bell = bound(ring, npm)
    npm.order(raw=pdu(5, octets))
    assert npm.expect("deliver_sm_resp")["status"] == 0x65
    bell.expect_silence()


def test_a_tlv_longer_than_its_pdu_spoils_nothing_else(ring: Ring, npm: NpmSmsc) -> None:
    bell = bound(ring, npm)
    npm.order(raw=pdu(5, RECEIPT + b"\x04\x27\xff\xff\x02"))
    assert bell.expect(Receipt).message_id == "ab1"
    assert npm.expect("deliver_sm_resp")["status"] == 0


def test_answers_that_belong_to_nothing_are_passed_over(ring: Ring, npm: NpmSmsc) -> None:
    bell = bound(ring, npm)
    npm.order(mode={"hold": True})
    bell.link.submit("sms-1", TO, TEXT)
    npm.expect("submit")
    npm.order(raw=pdu(0x80000004, b"stray\0", 999) + pdu(0x80000015, b"", 2) + pdu(0x80000000, b"", 0, 3))
    npm.order(release=True)
    assert bell.expect(Submitted).message_ids == ("npm-1",)


@pytest.mark.parametrize("length", ["ffffffff", "00000000", "0000000f"])
def test_a_length_that_can_be_none(ring: Ring, npm: NpmSmsc, length: str) -> None:
    bell = bound(ring, npm)
    npm.order(raw=length + "00" * 12)
    assert "does not speak SMPP" in bell.expect(LinkDown).reason
    bell.expect(LinkUp)


def test_no_text_number_or_password_in_any_log(
    ring: Ring, npm: NpmSmsc, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    bell = bound(ring, npm)
    bell.link.submit("sms-1", TO, TEXT)
    bell.expect(Submitted)
    for secret in (TO[1:], TEXT, PASSWORD):
        assert secret not in caplog.text
        assert secret.encode().hex() not in caplog.text
    assert PASSWORD not in repr(bell.link._settings)


@pytest.mark.parametrize("number", ["4915112345678", "+49", "112", "+49110", "+49151 12345678\0"])
def test_numbers_that_are_never_texted(ring: Ring, practice: PracticePeer, number: str) -> None:
    bell = bound(ring, practice)
    with pytest.raises(ValueError, match="number"):
        bell.link.submit("sms-1", number, TEXT)


@pytest.mark.parametrize(
    "wrong",
    [
        {"password": "longer-than-8"},
        {"system_id": "x" * 16},
        {"source": "Twelve chars"},
        {"source": "Müller"},
    ],
)
def test_settings_that_smpp_cannot_carry(wrong: dict[str, str]) -> None:
    account = {"system_id": SYSTEM_ID, "password": PASSWORD, "source": "ABC-CERT"} | wrong
    with pytest.raises(ValueError):
        SmscSettings(name="sms-a", host="127.0.0.1", port=2775, **account)


@pytest.mark.parametrize(
    "garbage",
    [b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 64, b"\0" * 64, b"\0\0\0\x10\0\0"],
    ids=["http", "ones", "zeros", "half"],
)
def test_the_practice_smsc_survives_garbage(ring: Ring, practice: PracticePeer, garbage: bytes) -> None:
    with socket.create_connection(("127.0.0.1", practice.port)) as stranger:
        stranger.sendall(garbage)
    with socket.create_connection(("127.0.0.1", practice.port)) as stranger:
        headed = RECEIPT.replace(b"\x04", b"\x40")
        for octets in (pdu(9, b""), pdu(4, b"\0\1"), pdu(4, b"x" * 99), pdu(4, headed), pdu(0x777, b"")):
            stranger.sendall(bytes.fromhex(octets))
        stranger.shutdown(socket.SHUT_WR)
        answers = list(codec.cut(bytearray(stranger.makefile("rb").read())))
    assert [(a.command, a.status) for a in answers] == [
        ("bind_transceiver_resp", 0),
        *[("submit_sm_resp", 0x45)] * 3,
        ("generic_nack", 3),
    ]
    bell = bound(ring, practice)
    bell.link.submit("sms-1", TO, TEXT)
    assert practice.message()["text"] == TEXT


def test_the_practice_smsc_takes_nothing_before_a_bind(practice: PracticePeer) -> None:
    with socket.create_connection(("127.0.0.1", practice.port), timeout=WAIT_S) as stranger:
        stranger.sendall(bytes.fromhex(pdu(4, RECEIPT)))
        status = struct.unpack(">LLLL", stranger.recv(16))[2]
    assert status == 0x04


@given(st.binary(max_size=300), st.sampled_from([4, 5]))
def test_no_body_hurts_the_reader(body: bytes, command_id: int) -> None:
    (read,) = codec.cut(bytearray(bytes.fromhex(pdu(command_id, body))))
    with contextlib.suppress(codec.BadPdu):
        message = codec.short_message(read)
        deliver.ending(message)
        deliver.text(message)
        deliver.identity(message)
