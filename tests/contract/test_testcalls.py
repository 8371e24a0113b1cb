"""Test calls and the duty operator, on record: whom they may go to, and what an operator sees of them."""

import pytest
from book import NOON, Book, ManualClock

from ivr.adapters.audio.recordings import Recordings
from ivr.adapters.store import SqlStore
from ivr.config import Settings
from ivr.domain.errand import TESTS, TESTS_S
from ivr.domain.facts import ErrandDone, ErrandPlaced, ErrandWanted, Illegal
from ivr.domain.records import Errand, ErrandKind
from ivr.services import listing
from ivr.services.ledger import Ledger

OPERATOR = "+4940100099"
OFFICE, MOBILE = "+4940100004", "+4917100004"


def results(book: Book) -> dict[str, tuple[str | None, str | None]]:
    with book.store.read() as tx:
        (team,) = listing.teams(tx, "xyz-cert")
    return {n["number"]: (n["tested_at"], n["test"]) for n in team["numbers"]}


def wants(book: Book, number: str) -> int:
    errand = book.apply(ErrandWanted(ErrandKind.TEST, number, "xyz-cert", "40713")).errand
    assert errand is not None
    return errand.id


def test_the_directory_shows_the_last_test_of_each_number(book: Book, clock: ManualClock) -> None:
    assert results(book) == {OFFICE: (None, None), MOBILE: (None, None)}
    first, mobile = wants(book, OFFICE), wants(book, MOBILE)
    assert results(book)[OFFICE] == ("2026-11-22T14:03:00Z", "waiting")
    book.apply(ErrandPlaced(first, "c1", "sip-a"))
    book.apply(ErrandPlaced(mobile, "c2", "sip-a"))
    book.hangs_up("c1", 17)
    book.apply(ErrandDone(mobile))
    assert results(book) == {
        OFFICE: ("2026-11-22T14:03:00Z", "busy"),
        MOBILE: ("2026-11-22T14:03:00Z", "done"),
    }
    clock.forward(3600)
    book.apply(ErrandDone(wants(book, OFFICE)))
    assert results(book)[OFFICE] == ("2026-11-22T15:03:00Z", "done")


def test_a_number_is_tested_three_times_an_hour_and_another_one_does_not_wait_for_it(
    book: Book, clock: ManualClock
) -> None:
    def granted(number: str) -> bool:
        return book.apply(ErrandWanted(ErrandKind.TEST, number, "xyz-cert", "40713")).errand is not None

    assert [granted(OFFICE) for _ in range(TESTS + 1)] == [*[True] * TESTS, False]
    assert granted(MOBILE)
    clock.forward(TESTS_S - 1)
    assert not granted(OFFICE)
    clock.forward(2)
    assert [granted(OFFICE) for _ in range(TESTS + 1)] == [*[True] * TESTS, False]
    assert len(book.find(Errand)) == 2 * TESTS + 1, "what is refused leaves nothing behind"


def test_the_duty_operator_is_called_at_the_configured_number_alone(
    settings: Settings, store: SqlStore, recordings: Recordings, book: Book
) -> None:
    wanted = ErrandWanted(ErrandKind.OPERATOR, OPERATOR, uid="40713")
    with pytest.raises(Illegal):
        book.apply(wanted)
    with_one = Ledger(
        store, recordings, settings.policy, "+4940808077555", lambda: NOON, duty_operator=OPERATOR
    )
    assert with_one.apply(wanted).errand is not None
    with pytest.raises(Illegal):
        with_one.apply(ErrandWanted(ErrandKind.OPERATOR, MOBILE, uid="40713"))
    assert [e.number for e in book.find(Errand)] == [OPERATOR]
