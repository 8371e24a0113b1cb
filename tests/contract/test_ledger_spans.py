"""What Asterisk says of spans, on record: what moves, since when, and the channel that a call is on."""

from book import NOON, Book, ManualClock

from ivr.domain.facts import CallCameIn, ChannelTaken, SpanSeen, TrunkReported
from ivr.domain.records import SpanState

DEAD = "D-channel of span 2 down"
WORKS = TrunkReported("isdn-a", 60, "all spans up", (SpanSeen(1, True, "up"), SpanSeen(2, True, "up")))
HALF = TrunkReported("isdn-a", 30, DEAD, (SpanSeen(1, True, "up"), SpanSeen(2, False, DEAD)))


def test_a_span_is_down_since_it_went_down(book: Book, clock: ManualClock) -> None:
    for fact in (WORKS, HALF, HALF):
        clock.forward(10)
        book.apply(fact)

    assert book.find(SpanState) == [
        SpanState(1, "isdn-a", True, "up", NOON + 10),
        SpanState(2, "isdn-a", False, DEAD, NOON + 20),
    ]


def test_the_journal_tells_what_moves_and_nothing_twice(book: Book) -> None:
    for fact in (WORKS, WORKS, HALF, HALF, WORKS):
        book.apply(fact)

    assert [line for line in book.journal() if line.startswith("span")] == ["span down", "span up"]


def test_a_span_that_was_never_seen_up_is_told_of(book: Book) -> None:
    book.apply(HALF)

    assert [line for line in book.journal() if line.startswith("span")] == ["span down"]


def test_a_call_has_the_channel_that_it_is_on(book: Book) -> None:
    call = book.rings("xyz-cert", book.raises())
    book.apply(CallCameIn("caller", "isdn-a"))
    for one in (call, "caller", "stranger"):
        book.apply(ChannelTaken(one, "2/17"))

    assert [book.call(one).channel for one in (call, "caller")] == ["2/17", "2/17"]
