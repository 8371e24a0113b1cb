"""Facts that come together share one commit, and each is whole or not at all."""

import logging

import pytest
from book import CALLED, Book
from postgres import ON_BOTH

from ivr.adapters.store import SqlStore
from ivr.domain.facts import CallAnswered, CallCameIn, CallEnded, CallPlaced, Fact
from ivr.domain.records import Call, CallState, DeliveryState, Leg
from ivr.ports import StoreAway

pytestmark = ON_BOTH

D = DeliveryState


def placed(book: Book, alert: int, *others: int) -> list[Fact]:
    """A call to each team. All carry the alert; the second one carries the `others` too."""
    return [
        CallPlaced(
            f"together-{n}",
            team,
            book.delivery(alert, team).number or "",
            "sip-a",
            (alert, *others) if n == 1 else (alert,),
        )
        for n, team in enumerate(CALLED)
    ]


def test_they_are_told_in_one_commit(book: Book) -> None:
    alert = book.raises()
    commits: list[int] = []
    book.ledger.on_change(lambda: commits.append(len(book.find(Call))))

    done = book.ledger.apply_together(placed(book, alert))

    assert [applied.call.number for applied in done if applied and applied.call] == [
        book.delivery(alert, team).number for team in CALLED
    ]
    assert commits == [len(CALLED)]


def test_the_next_one_finds_what_the_one_before_did(book: Book) -> None:
    alert = book.raises()
    book.ledger.apply_together(
        [*placed(book, alert), CallAnswered("together-0"), CallEnded("together-1", 17)]
    )

    states = [call.state for call in book.find(Call)]
    assert states == [CallState.ANSWERED, CallState.ENDED, CallState.PLACED]


def test_one_that_is_refused_half_way_leaves_no_trace_and_the_others_whole(
    book: Book, caplog: pytest.LogCaptureFixture
) -> None:
    """The second call was to carry two alerts, and the later one is acknowledged meanwhile. When that is
    seen, the call and its first leg are written."""
    caplog.set_level(logging.INFO)
    alert, later = book.raises(), book.raises()
    facts = placed(book, alert, later)
    book.acknowledges(later, CALLED[1])
    before = book.delivery(alert, CALLED[1])

    done = book.ledger.apply_together(facts)

    assert [applied is not None for applied in done] == [True, False, True]
    assert [call.id for call in book.find(Call)] == ["together-0", "together-2"]
    assert [leg.call for leg in book.find(Leg)] == ["together-0", "together-2"]
    assert book.delivery(alert, CALLED[1]) == before
    assert book.states(alert) == {CALLED[0]: D.CALLING, CALLED[1]: D.WAITING, CALLED[2]: D.CALLING}
    assert "CallPlaced cannot follow" in caplog.text


def test_when_the_store_fails_half_way_none_of_them_is_true(book: Book, store: SqlStore) -> None:
    alert = book.raises()
    facts = [CallCameIn("caller", "sip-a"), *placed(book, alert)]
    rename(store, "leg", "gone")
    with pytest.raises(StoreAway):
        book.ledger.apply_together(facts)
    rename(store, "gone", "leg")

    assert book.find(Call) == []
    assert set(book.states(alert).values()) == {D.WAITING}
    assert None not in book.ledger.apply_together(facts)
    assert len(book.find(Call)) == 1 + len(CALLED)


def rename(store: SqlStore, table: str, to: str) -> None:
    with store.engine.begin() as connection:
        connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO {to}")
