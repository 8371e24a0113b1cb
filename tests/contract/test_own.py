"""What a team is told of its own alerts: which, in which order, and for how long."""

from book import CALLED, RAISER, Book, ManualClock
from postgres import ON_BOTH

from ivr.domain import facts
from ivr.domain.records import Source
from ivr.services import own

pytestmark = ON_BOTH
DAY_S = 86_400.0


def sent(book: Book, team: str = RAISER) -> list[int]:
    with book.store.read() as tx:
        return [item.alert.id for item in own.sent(tx, team, book.ledger.now())]


def drafts(book: Book, *sources: Source) -> list[int]:
    with book.store.read() as tx:
        return [alert.id for alert in own.drafts(tx, RAISER, *sources)]


def test_the_newest_is_first_and_a_draft_or_a_withdrawn_one_is_none(book: Book) -> None:
    first, second, third = book.raises(), book.raises(), book.raises()
    draft = book.records()
    book.apply(facts.AlertWithdrawn(second))
    assert sent(book) == [third, first]
    assert sent(book, CALLED[0]) == []
    assert drafts(book, Source.HOTLINE, Source.MAIL) == [draft]
    assert drafts(book, Source.MAIL) == []


def test_a_closed_one_is_told_of_for_a_week_and_an_open_one_for_ever(book: Book, clock: ManualClock) -> None:
    closed, still_open = book.raises(), book.raises()
    for team in CALLED:
        book.acknowledges(closed, team)
    clock.forward(7 * DAY_S)
    assert sent(book) == [still_open, closed]
    clock.forward(1)
    assert sent(book) == [still_open]


def test_how_each_goes(book: Book) -> None:
    alert = book.raises()
    other = book.raises()
    book.acknowledges(alert, CALLED[0])
    call = book.rings(CALLED[1], alert, other)
    book.answers(call)
    book.apply(facts.AlertHeard(call, alert, 1.5, False))
    with book.store.read() as tx:
        second, first = own.sent(tx, RAISER, book.ledger.now())
    assert (first.teams, first.acknowledged, first.reached) == (3, 1, 2)
    assert [d.team for d in first.missing] == list(CALLED[1:])
    assert (second.teams, second.acknowledged, second.reached) == (3, 0, 0)
