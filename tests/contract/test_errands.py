"""Errands on a real store and through the dialler: on record first, to known numbers only, without alerts."""

import itertools
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from ami_peer import AmiPeer
from book import Book, ManualClock
from dialling import at_work, eventually

from ivr.config import Settings
from ivr.domain.facts import ErrandDone, ErrandDropped, ErrandPlaced, ErrandWanted, Illegal
from ivr.domain.lines import TrunkView
from ivr.domain.records import Call, CallState, Errand, ErrandKind, ErrandState, Leg, Number
from ivr.services.dialler import Dialler
from ivr.services.ledger import Ledger

XYZ = "+4940100004"


def wants(book: Book, number: str = XYZ, team: str | None = "xyz-cert") -> Errand:
    wanted = book.apply(ErrandWanted(ErrandKind.TEST, number, team, "40713")).errand
    assert wanted is not None
    return wanted


@pytest.mark.parametrize(("number", "team"), [("+4940999999", "xyz-cert"), (XYZ, "abc-cert"), (XYZ, None)])
def test_only_the_numbers_of_that_team_are_called(book: Book, number: str, team: str | None) -> None:
    with pytest.raises(Illegal):
        wants(book, number, team)
    assert book.find(Errand) == []


def test_a_number_that_has_left_the_directory_meanwhile_is_not_called(book: Book) -> None:
    errand = wants(book)
    with book.store.write() as tx:
        tx.drop(*tx.find(Number, team="xyz-cert"))
    assert book.apply(ErrandPlaced(errand.id, "c1", "sip-a")).call is None
    assert book.get(Errand, errand.id).state is ErrandState.FAILED
    assert book.find(Call) == []


def test_its_call_takes_no_alert_along_that_is_released_while_it_rings(book: Book) -> None:
    errand = wants(book)
    book.apply(ErrandPlaced(errand.id, "c1", "sip-a"))
    book.raises()
    book.answers("c1")
    assert book.find(Leg) == []


def test_what_became_of_its_call_is_what_became_of_it(book: Book) -> None:
    answered, unanswered = wants(book), wants(book)
    book.apply(ErrandPlaced(answered.id, "c1", "sip-a"))
    book.apply(ErrandPlaced(unanswered.id, "c2", "sip-a"))
    book.answers("c1")
    book.apply(ErrandDone(answered.id))
    book.hangs_up("c1")
    book.hangs_up("c2", 19)
    assert book.get(Errand, answered.id).state is ErrandState.DONE
    assert book.get(Errand, unanswered.id).reason == "no-answer"
    assert not any(XYZ in entry for entry in book.journal())


@pytest.fixture
def asterisk(book: Book, ledger: Ledger, settings: Settings, clock: ManualClock) -> Iterator[AmiPeer]:
    """With a dialler at work over two lines."""
    peer, ids = AmiPeer(), itertools.count()
    with ExitStack() as ending:
        ending.callback(peer.stop)
        ami, lines = peer.ami(), [TrunkView("sip-a", 2)]
        dialler = Dialler(
            book.store, ledger, ami, lines, settings.policy, clock, lambda: f"tocsin-{next(ids):016x}"
        )
        ledger.on_change(dialler.wake)
        ending.enter_context(at_work(ami, dialler))
        yield peer


def test_it_is_dialled_into_its_own_script_and_its_call_is_on_record(asterisk: AmiPeer, book: Book) -> None:
    wants(book)
    asked = asterisk.expect("Originate")
    assert (asked["Channel"], asked["Context"]) == (f"PJSIP/{XYZ}@to@sip-a", "errand")
    assert book.call(asked["ChannelId"]).state is CallState.PLACED


def test_a_phone_that_nobody_wants_to_ring_any_more_is_rung_off(asterisk: AmiPeer, book: Book) -> None:
    errand = wants(book)
    call = asterisk.expect("Originate")["ChannelId"]
    book.apply(ErrandDropped(errand.id))
    assert asterisk.expect("Hangup")["Channel"] == call
    eventually(lambda: book.call(call).state is CallState.ENDED, "its call goes on")


def test_a_call_that_is_lost_is_placed_again_while_it_is_of_use(
    asterisk: AmiPeer, book: Book, clock: ManualClock
) -> None:
    errand = wants(book)
    first = asterisk.expect("Originate")["ChannelId"]
    asterisk.live.remove(first)  # and nobody saw its end
    eventually(lambda: book.call(first).state is CallState.ENDED, "the lost call is still on record")
    clock.forward(10)
    again = asterisk.expect("Originate")["ChannelId"]
    assert again != first
    assert book.get(Errand, errand.id).call == again
