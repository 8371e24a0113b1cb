"""The dialler over AMI: what leaves for Asterisk, in which order with the ledger, and what is cleared up."""

import itertools
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest
from ami_peer import AmiPeer
from book import CALLED, Book, ManualClock
from dialling import at_work, eventually

from ivr.config import Settings
from ivr.domain.facts import AlertWithdrawn, CallCancelled
from ivr.domain.lines import TrunkView
from ivr.domain.records import Call, CallState, DeliveryState, Disposition, Number
from ivr.services.dialler import Dialler
from ivr.services.ledger import Ledger

Dial = Callable[..., None]


@pytest.fixture
def asterisk() -> Iterator[AmiPeer]:
    peer = AmiPeer()
    yield peer
    peer.stop()


@pytest.fixture
def dial(
    asterisk: AmiPeer, book: Book, ledger: Ledger, settings: Settings, clock: ManualClock
) -> Iterator[Dial]:
    """Sets the dialler to work, over four lines, until the end of the test. `meanwhile` happens between its
    first plan and the first call."""
    with ExitStack() as ending:

        def dial(meanwhile: Callable[[], object] = lambda: None) -> None:
            firsts = iter([meanwhile])
            ids = itertools.count()

            def new_id() -> str:
                for first in firsts:
                    first()
                return f"tocsin-{next(ids):016x}"

            ami, lines = asterisk.ami(), [TrunkView("sip-a", 4)]
            dialler = Dialler(book.store, ledger, ami, lines, settings.policy, clock, new_id)
            ledger.on_change(dialler.wake)
            ending.enter_context(at_work(ami, dialler))

        yield dial


def test_a_call_is_on_record_before_asterisk_hears_of_it(
    dial: Dial, asterisk: AmiPeer, book: Book, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """A store that can be read but takes no call: nobody is dialled until it does."""
    book.raises()
    rename(settings, "leg", "gone")
    dial()
    eventually(lambda: "calls wait" in caplog.text, "the dialler did not try")
    assert asterisk.asked == []
    rename(settings, "gone", "leg")
    called = [asterisk.expect("Originate")["ChannelId"] for _ in CALLED]
    assert called == [call.id for call in book.find(Call)]


def test_a_team_that_acknowledges_at_the_last_moment_is_not_called(
    dial: Dial, asterisk: AmiPeer, book: Book
) -> None:
    alert = book.raises()
    dial(meanwhile=lambda: book.acknowledges(alert, "def-cert"))
    called = [asterisk.expect("Originate")["Channel"] for _ in CALLED[1:]]
    assert called == ["PJSIP/+4940100003@to@sip-a", "PJSIP/+4940100004@to@sip-a"]
    assert len(asterisk.asked) == 2


def rename(settings: Settings, table: str, to: str) -> None:
    with closing(sqlite3.connect(settings.state / "tocsin.db")) as connection:
        connection.execute(f"ALTER TABLE {table} RENAME TO {to}")


def test_an_originate_says_whom_to_call_over_which_trunk_and_for_how_long(
    dial: Dial, asterisk: AmiPeer, book: Book, settings: Settings
) -> None:
    book.raises()
    dial()
    asked = asterisk.expect("Originate")
    assert asked["Channel"] == "PJSIP/+4940100002@to@sip-a"
    assert asked["Context"] == "callout"
    assert asked["Timeout"] == str(int(settings.policy.ring_s * 1000))


def test_a_call_without_a_channel_is_ended_and_nobody_else_s(
    dial: Dial, asterisk: AmiPeer, book: Book, clock: ManualClock
) -> None:
    """As after a crash: of the calls on record one is up, one is gone, and one is only just being placed."""
    alert = book.raises()
    up, gone = book.rings("def-cert", alert), book.rings("ghi-cert", alert)
    clock.forward(8)
    young = book.rings("xyz-cert", alert)
    asterisk.live.append(up)
    dial()
    asterisk.live.append(young)  # its channel comes a moment after the first look
    eventually(lambda: book.call(gone).state is CallState.ENDED, "the lost call is still on record")
    assert book.dispositions(alert, "ghi-cert") == [Disposition.UNKNOWN]
    clock.forward(book.delivery(alert, "ghi-cert").due_at - clock.now)
    assert asterisk.expect("Originate")["Channel"] == "PJSIP/+4940100003@to@sip-a"
    assert book.call(up).state is CallState.PLACED
    assert book.call(young).state is CallState.PLACED


def test_a_phone_that_rings_for_nobody_is_rung_off(dial: Dial, asterisk: AmiPeer, book: Book) -> None:
    alert = book.raises()
    dial()
    rung = {ring["Channel"]: ring["ChannelId"] for ring in [asterisk.expect("Originate") for _ in CALLED]}
    book.acknowledges(alert, "def-cert")
    call = rung["PJSIP/+4940100002@to@sip-a"]
    assert asterisk.expect("Hangup")["Channel"] == call
    eventually(lambda: book.call(call).state is CallState.ENDED, "the end of the call was not heard of")
    assert call not in asterisk.live
    assert book.dispositions(alert, "def-cert") == [Disposition.CANCELLED]
    assert len(asterisk.live) == len(CALLED) - 1, "the others ring on"


def test_a_call_whose_hangup_was_lost_with_the_connection_is_rung_off(
    dial: Dial, asterisk: AmiPeer, book: Book
) -> None:
    """Two calls were cancelled, and AMI dropped before the Hangup; one of them was answered meanwhile."""
    alert = book.raises()
    rings, answered = book.rings("def-cert", alert), book.rings("ghi-cert", alert)
    for call in (rings, answered):
        book.apply(CallCancelled(call))
        asterisk.live.append(call)
    book.answers(answered)
    book.apply(AlertWithdrawn(alert))
    dial()
    assert asterisk.expect("Hangup")["Channel"] == rings
    eventually(lambda: book.call(rings).state is CallState.ENDED, "the end of the call was not heard of")
    assert asterisk.live == [answered]
    assert len(asterisk.asked) == 1


def test_an_emergency_number_that_got_past_the_directory_is_not_dialled(
    dial: Dial, asterisk: AmiPeer, book: Book
) -> None:
    with book.store.write() as tx:
        tx.put(Number("def-cert", 0, "+49112"))
    alert = book.raises()
    dial()
    called = [asterisk.expect("Originate")["Channel"] for _ in CALLED[1:]]
    assert called == ["PJSIP/+4940100003@to@sip-a", "PJSIP/+4940100004@to@sip-a"]
    assert book.states(alert)["def-cert"] is DeliveryState.EXHAUSTED
    assert len(asterisk.asked) == 2
