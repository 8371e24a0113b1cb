"""The practice network over real SIP and RTP: what a caller meets, what phones hear, what the records say."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from exchange_peer import ALERT, GREETING, INTRODUCTION, THANKS, Peer

from ivr.adapters.pbx.process import PbxFailed
from ivr.adapters.pbx.tree import PbxMissing, find_programs
from ivr.ports import Programs
from ivr.pstn import cdr, phones, witness
from ivr.pstn.behaviour import Hangup, Listen, Press, Say, UntilQuiet
from ivr.pstn.exchange import Exchange, ExchangeError
from ivr.pstn.ports import free_ports, free_range

pytestmark = pytest.mark.scenario

PHONES = """
phones:
  - {number: "+4940808077501", calls: [busy, busy, {does: acknowledges, answer_after: 0.2}]}
  - {number: "+4940808077502", calls: no-answer}
  - {number: "+4940808077503", calls: {does: no-answer, answer_after: 0.5}}
  - {number: "+4940808077504", calls: {does: rejected, answer_after: 0.2}}
  - {number: "+4940808077505", calls: congestion}
  - {number: "+4940808077506", calls: unallocated}
  - {number: "+4940808077507", calls: {does: machine, answer_after: 0.2}}
  - {number: "+4940808077508", calls: hangs-up}
  - {number: "+4940808077509", calls: listens-only}
  - {number: "+4940808077510", calls: acknowledges-early}
  - number: "+4940808077511"
    calls:
      - answer_after: 0
        steps: [until-quiet, {press: "57"}, {listen: 1}, hangup]
"""
CALLER = "+4940808077599"
HOTLINE = "+4940808077700"
UNKNOWN = "+4940808077999"


def number(n: int) -> str:
    return f"+4940808077{n}"


@pytest.fixture(scope="module")
def programs() -> Programs:
    try:
        return find_programs()
    except PbxMissing as missing:
        pytest.skip(f"needs an Asterisk: {missing}")


@dataclass(frozen=True)
class Network:
    exchange: Exchange
    peer: Peer
    sounds: Path

    def sound(self, name: str) -> Path:
        return self.sounds / f"{name}.wav"

    def settled(self) -> tuple[cdr.Record, ...]:
        """All records, once every call is over here too: the other side knows of an end a moment earlier."""
        for _ in range(500):
            records = self.exchange.records()
            if all(record.ended_at is not None for record in records):
                return records
            time.sleep(0.02)
        raise AssertionError("a call does not end at the exchange")


@contextmanager
def running(programs: Programs, home: Path, text: str, *, lines: int | None = None) -> Iterator[Network]:
    port, peer_port = free_ports(2, udp=True)
    declared = (*phones.parse(text, "phones", home), phones.Phone(CALLER, calls=()))
    exchange = Exchange(programs, home)
    exchange.start(declared, port=port, hotline_port=peer_port, rtp=free_range(100), lines=lines)
    try:
        with Peer(programs, peer_port, port) as peer:
            yield Network(exchange, peer, programs.sounds)
    finally:
        exchange.stop()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "a home"


@pytest.fixture
def network(programs: Programs, home: Path) -> Iterator[Network]:
    """Two lines, and phones that answer at once and stay for a while."""
    text = "phones:" + "".join(
        f'\n- {{number: "{number(n)}", calls: {{answer_after: 0, steps: [listen: 1.5]}}}}'
        for n in range(601, 605)
    )
    with running(programs, home, text, lines=2) as network:
        yield network


@dataclass(frozen=True)
class Story:
    """All phones called at once, and what the caller saw; nothing changes any more."""

    network: Network
    causes: dict[str, int]
    keys: dict[str, list[str]]

    def records(self, called: str) -> list[cdr.Record]:
        return [record for record in self.network.exchange.records() if record.number == called]

    def heard(self, called: str, *names: str) -> bool:
        """Whether the phone heard these sounds in this order."""
        recording = self.network.exchange.heard(called)
        assert recording is not None
        return all(m.heard for m in witness.sequence(recording, [self.network.sound(n) for n in names]))


@pytest.fixture(scope="module")
def story(programs: Programs, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    home = tmp_path_factory.mktemp("a home with spaces") / "and (brackets), a comma"
    with running(programs, home, PHONES) as network:
        peer = network.peer
        assert [peer.hangup(peer.dial(number(501))) for _ in range(2)] == [17, 17]
        calls = {number(n): peer.dial(number(n), ring_s=1.5) for n in range(501, 512)}
        calls[UNKNOWN] = peer.dial(UNKNOWN)
        causes = {called: peer.hangup(call) for called, call in calls.items()}
        network.settled()
        yield Story(network, causes, {called: peer.keys(call) for called, call in calls.items()})


@pytest.mark.parametrize(
    ("called", "cause"),
    [
        (number(502), 19),
        (number(503), 19),
        (number(504), 21),
        (number(505), 34),
        (number(506), 1),
        (UNKNOWN, 1),
    ],
)
def test_a_refusal_has_its_cause_for_the_caller_and_in_the_records(
    story: Story, called: str, cause: int
) -> None:
    (record,) = story.records(called)
    assert (story.causes[called], record.cause, record.answered_at) == (cause, cause, None)
    assert record.caller == "+4940808077555"
    assert story.network.exchange.heard(called) is None


def test_busy_twice_and_then_it_answers_and_acknowledges(story: Story) -> None:
    first, second, third = story.records(number(501))
    assert [first.cause, second.cause, third.cause] == [17, 17, 16]
    assert [first.recording, second.recording] == [None, None]
    assert story.keys[number(501)] == ["", "1", "1"]
    assert story.heard(number(501), INTRODUCTION, ALERT, THANKS)
    assert not story.heard(number(501), ALERT, INTRODUCTION)


def test_an_early_key_cuts_the_alert_short(story: Story) -> None:
    recording = story.network.exchange.heard(number(510))
    assert recording is not None
    alert = story.network.sound(ALERT)
    assert witness.find(recording, alert, first_s=3.5).heard
    assert not witness.find(recording, alert).heard
    assert story.heard(number(510), INTRODUCTION, THANKS)
    assert story.keys[number(510)] == ["", "1", "1"]


def test_who_only_listens_hears_the_alert_and_no_thanks(story: Story) -> None:
    assert story.keys[number(509)] == ["", "1"]
    assert story.heard(number(509), INTRODUCTION, ALERT)
    assert not story.heard(number(509), THANKS)


def test_a_machine_presses_nothing_and_hears_no_content(story: Story) -> None:
    recording = story.network.exchange.heard(number(507))
    assert recording is not None
    assert story.keys[number(507)] == ["", ""]
    assert story.heard(number(507), INTRODUCTION)
    assert not witness.any_part(recording, story.network.sound(ALERT)).heard
    assert not witness.control(recording, story.network.sound(INTRODUCTION)).heard


def test_a_script_of_ones_own_is_followed(story: Story) -> None:
    assert story.keys[number(511)] == ["", "5", "7"]
    assert story.heard(number(511), INTRODUCTION)


def test_who_hangs_up_at_once_was_answered_all_the_same(story: Story) -> None:
    (record,) = story.records(number(508))
    assert record.answered_at is not None
    assert record.ended_at is not None
    assert record.ended_at - record.answered_at < 2
    assert record.cause == 16


def test_a_recording_keeps_the_time(story: Story) -> None:
    (record,) = story.records(number(507))
    recording = story.network.exchange.heard(number(507))
    assert recording is not None
    assert record.answered_at is not None
    assert record.ended_at is not None
    audio, rate = witness.load(recording)
    assert rate == 8000
    # Half a second at the start is not recorded if nothing is heard in it.
    assert abs(audio.size / rate - (record.ended_at - record.answered_at)) < 0.8


def test_more_calls_than_lines_are_congested_and_counted(network: Network) -> None:
    peer = network.peer
    calls = [peer.dial(number(601), context="listen"), peer.dial(number(602), context="listen")]
    peer.answered(calls[1])
    assert peer.hangup(peer.dial(number(603))) == 34
    assert [peer.hangup(call) for call in calls] == [16, 16]
    records = network.settled()
    assert [record.over_limit for record in records] == [False, False, True]
    assert cdr.peak(records) == 3
    assert cdr.peak(record for record in records if not record.over_limit) == 2


def test_a_line_may_be_used_again_the_moment_its_call_has_ended(network: Network) -> None:
    peer = network.peer
    for _ in range(20):
        calls = [peer.dial(number(n), context="listen") for n in (603, 604)]
        peer.end(calls[0])
        peer.end(calls[1])
    assert not any(record.over_limit for record in network.settled())


def test_a_phone_in_a_call_is_busy_and_that_call_does_not_count(network: Network) -> None:
    peer = network.peer
    call = peer.dial(number(601), context="listen")
    peer.answered(call)
    assert peer.hangup(peer.dial(number(601))) == 17
    peer.hangup(call)
    assert peer.hangup(peer.dial(number(601), context="listen")) == 16
    network.settled()
    names = [path.name for path in network.exchange.all_heard(number(601))]
    assert names == ["4940808077601-1.wav", "4940808077601-2.wav"]


def test_a_phone_calls_the_hotline_keys_digits_and_speaks(
    network: Network, programs: Programs, tmp_path: Path
) -> None:
    spoken = tmp_path / "what, is (said).wav"
    original = network.sound(THANKS)
    subprocess.run(programs.argv("sox", str(original), "-r", "16000", "-c", "2", str(spoken)), check=True)
    steps = (UntilQuiet(0.8), Press("40712#"), Listen(0.5), Say(spoken), Hangup())
    network.exchange.call(CALLER, HOTLINE, steps)
    network.peer.event(lambda e: e.get("UserEvent") == "Key" and e.get("Digit") == "40712", 15)
    network.peer.event(lambda e: e.get("Event") == "Hangup", 15)
    (record,) = network.settled()
    assert (record.number, record.caller, record.direction) == (HOTLINE, CALLER, "to-hotline")
    assert (record.cause, record.phone) == (16, CALLER)
    recording = network.exchange.heard(CALLER)
    assert recording is not None
    assert witness.find(recording, network.sound(GREETING)).heard
    assert witness.find(network.peer.run / "said.wav", original).heard


def test_only_its_own_phones_can_call(network: Network) -> None:
    with pytest.raises(ExchangeError, match="no phone of the practice network"):
        network.exchange.call(UNKNOWN, HOTLINE, (Hangup(),))


def test_an_exchange_that_a_crashed_run_left_is_stopped_by_the_next(
    network: Network, home: Path, programs: Programs
) -> None:
    network.peer.answered(network.peer.dial(number(601), context="listen"))
    pid = int((home / "conf/asterisk.pid").read_text())
    next_run = Exchange(programs, home)
    assert next_run.is_running()
    next_run.start((), port=free_ports(1, udp=True)[0], hotline_port=1, rtp=free_range(100))
    assert not Path(f"/proc/{pid}").exists()
    assert next_run.records() == ()
    next_run.stop()
    assert not next_run.is_running()
    with pytest.raises(ExchangeError, match="not running"):
        next_run.call(CALLER, HOTLINE, (Hangup(),))


def test_a_port_in_use_is_named(programs: Programs, network: Network, tmp_path: Path) -> None:
    exchange = Exchange(programs, tmp_path / "second")
    with pytest.raises(PbxFailed, match="Address already in use"):
        exchange.start((), port=network.peer.port, hotline_port=1, rtp=free_range(100))
    assert not exchange.is_running()
