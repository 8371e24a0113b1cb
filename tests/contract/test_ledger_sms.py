"""SMS on record: what is handed over, whose receipt is whose, and what a kill at any moment leaves."""

import pytest
from book import NOON, Book, ManualClock
from postgres import ON_BOTH

from ivr.domain import facts
from ivr.domain.facts import SmsReceipt, SmsSubmitted, SmsTraffic, SmsUnanswered
from ivr.domain.records import EarlyReceipt, Number, ReceiptState, Severity, Sms, SmsPart, SmsState

DELIVERED, EXPIRED, UNKNOWN = ReceiptState.DELIVERED, ReceiptState.EXPIRED, ReceiptState.UNKNOWN
A = (("a", 10),)

pytestmark = ON_BOTH


@pytest.fixture
def two(book: Book) -> tuple[int, int]:
    """Two SMS in the outbox."""
    book.raises()
    first, second = (sms.id for sms in book.find(Sms))
    return first, second


def hands_over(book: Book, *room: tuple[str, int]) -> list[tuple[int, str | None]]:
    return [(sms.id, sms.link) for sms in book.apply(SmsTraffic((), room)).sms]


def state(book: Book, sms: int) -> SmsState:
    return book.get(Sms, sms).state


class TestHandingOver:
    def test_is_on_record_before_it_leaves_and_happens_once(self, book: Book, two: tuple[int, int]) -> None:
        assert hands_over(book, *A) == [(two[0], "a"), (two[1], "a")]
        assert [(s.link, s.handed_at, s.repeated) for s in book.find(Sms)] == [("a", NOON, False)] * 2
        assert hands_over(book, *A) == []

    def test_never_more_than_there_is_room_for_the_oldest_first(
        self, book: Book, two: tuple[int, int]
    ) -> None:
        assert hands_over(book, ("a", 1)) == [(two[0], "a")]
        assert hands_over(book, ("a", 0)) == []
        assert hands_over(book, ("a", 1)) == [(two[1], "a")]

    def test_to_the_preferred_smsc_alone_also_where_it_is_full(
        self, book: Book, two: tuple[int, int]
    ) -> None:
        assert hands_over(book, ("a", 1), ("b", 9)) == [(two[0], "a")]

    def test_after_a_try_in_vain_to_the_next_one_also_behind_those_that_wait_for_the_first(
        self, book: Book, two: tuple[int, int]
    ) -> None:
        book.apply(facts.SmsDeferred(two[1], "throttled", rests=False))
        assert hands_over(book, ("a", 0), ("b", 1)) == [(two[1], "b")]

    def test_wakes_nobody_but_where_a_team_will_not_read_of_an_alert(
        self, book: Book, two: tuple[int, int]
    ) -> None:
        woken: list[None] = []
        book.ledger.on_change(lambda: woken.append(None))
        hands_over(book, *A)
        book.apply(SmsTraffic((SmsSubmitted(two[0], ("m1",), "a"), SmsReceipt("m1", DELIVERED, "a"))))
        assert woken == []
        book.apply(SmsTraffic((facts.SmsFailed(two[1], "no such number"),)))
        assert len(woken) == 1

    def test_what_rests_stays_until_its_time(
        self, book: Book, clock: ManualClock, two: tuple[int, int]
    ) -> None:
        book.apply(facts.SmsDeferred(two[0], "a system error"))
        assert hands_over(book, *A) == [(two[1], "a")]
        clock.forward(5)
        assert hands_over(book, *A) == [(two[0], "a")]

    def test_a_moment_from_before_the_clock_was_set_back_holds_nothing(
        self, book: Book, clock: ManualClock, two: tuple[int, int]
    ) -> None:
        clock.forward(-3600)
        assert hands_over(book, *A) == [(two[0], "a"), (two[1], "a")]

    def test_by_the_severity_of_the_alert_and_all_else_after_the_alerts(self, book: Book) -> None:
        book.apply(facts.SmsWritten("+4917100004", "To everybody: please test your phones."))
        for severity in (Severity.LOW, Severity.HIGH, Severity.MEDIUM):
            alert = book.records(severity=severity)
            book.apply(facts.AlertReleased(alert))
        assert [sms.alert for sms in book.apply(SmsTraffic((), A)).sms] == [2, 2, 3, 3, 1, 1, None]

    def test_one_that_is_sent_again_keeps_its_place(self, book: Book, two: tuple[int, int]) -> None:
        book.apply(facts.SmsWritten("+4917100004", "To everybody: please test your phones."))
        book.apply(facts.SmsFailed(two[0], "no such number"))
        again = book.apply(facts.SmsRepeated(two[0])).sms[0]
        assert hands_over(book, ("a", 2)) == [(two[1], "a"), (again.id, "a")]

    def test_what_was_withdrawn_does_not_leave(self, book: Book) -> None:
        alert = book.raises()
        book.apply(facts.AlertWithdrawn(alert))
        assert hands_over(book, *A) == []

    def test_what_is_told_and_what_leaves_is_one_commit(self, book: Book, two: tuple[int, int]) -> None:
        hands_over(book, ("a", 1))
        told = (SmsSubmitted(two[0], ("a1",), "a"), SmsReceipt("a1", DELIVERED, "a"))
        left = book.apply(SmsTraffic(told, (("a", 1),))).sms
        assert [sms.id for sms in left] == [two[1]]
        assert state(book, two[0]) is SmsState.DELIVERED
        assert [line for line in book.journal() if line.startswith("SMS")] == [
            "SMS submitted",
            "SMS delivered",
        ]


class TestALostLink:
    def test_what_it_had_is_sent_again_over_the_other_and_marked(
        self, book: Book, two: tuple[int, int]
    ) -> None:
        hands_over(book, ("a", 1))
        book.apply(SmsUnanswered(two[0]))
        assert hands_over(book, ("a", 0), ("b", 9)) == [(two[0], "b")]
        assert [sms.repeated for sms in book.find(Sms)] == [True, False]
        assert "SMS is sent again" in book.journal()

    def test_the_receipt_of_the_first_copy_counts(self, book: Book, two: tuple[int, int]) -> None:
        """The SMSC had it, and its answer was only late on record."""
        book.apply(SmsSubmitted(two[0], ("a1",), "a"))
        book.apply(SmsSubmitted(two[0], ("b1",), "b"))
        book.apply(SmsReceipt("a1", DELIVERED, "a"))
        assert state(book, two[0]) is SmsState.DELIVERED


class TestReceipts:
    def test_one_that_overtakes_its_answer_is_kept_and_counts(self, book: Book, two: tuple[int, int]) -> None:
        hands_over(book, *A)
        book.apply(SmsReceipt("a1", DELIVERED, "a"))
        assert book.find(EarlyReceipt) == [EarlyReceipt("a", "a1", DELIVERED, NOON)]
        book.apply(SmsSubmitted(two[0], ("a1",), "a"))
        assert state(book, two[0]) is SmsState.DELIVERED
        assert book.find(EarlyReceipt) == []

    def test_one_that_overtakes_it_within_the_same_commit(self, book: Book, two: tuple[int, int]) -> None:
        hands_over(book, *A)
        book.apply(SmsTraffic((SmsReceipt("a1", EXPIRED, "a"), SmsSubmitted(two[0], ("a1",), "a"))))
        assert state(book, two[0]) is SmsState.FAILED
        assert book.find(EarlyReceipt) == []

    def test_for_a_message_nobody_knows_nothing_is_kept_where_no_answer_is_due(
        self, book: Book, two: tuple[int, int]
    ) -> None:
        book.apply(SmsReceipt("a1", DELIVERED, "a"))
        hands_over(book, *A)
        book.apply(SmsReceipt("b1", DELIVERED, "b"))
        assert book.find(EarlyReceipt) == []

    def test_for_a_message_nobody_knows_is_forgotten(
        self, book: Book, clock: ManualClock, two: tuple[int, int]
    ) -> None:
        hands_over(book, *A)
        book.apply(SmsReceipt("x1", DELIVERED, "a"))
        clock.forward(3601)
        book.apply(SmsReceipt("x2", DELIVERED, "a"))
        assert [early.message_id for early in book.find(EarlyReceipt)] == ["x2"]

    def test_ids_of_one_smsc_are_nothing_to_another(self, book: Book, two: tuple[int, int]) -> None:
        book.apply(SmsSubmitted(two[0], ("1",), "a"))
        book.apply(SmsSubmitted(two[1], ("1",), "b"))
        book.apply(SmsReceipt("1", DELIVERED, "b"))
        assert [sms.state for sms in book.find(Sms)] == [SmsState.SUBMITTED, SmsState.DELIVERED]

    @pytest.mark.parametrize(
        "order", [("p1", "p2", "p3"), ("p3", "p1", "p2"), ("p2", "p2", "p1", "p3", "p1")]
    )
    def test_a_text_has_arrived_when_all_its_parts_have_in_any_order(
        self, book: Book, two: tuple[int, int], order: tuple[str, ...]
    ) -> None:
        book.apply(SmsSubmitted(two[0], ("p1", "p2", "p3"), "a"))
        for part in order[:-1]:
            if part == order[-1]:
                break
            book.apply(SmsReceipt(part, DELIVERED, "a"))
        missing = {"p1", "p2", "p3"} - {p.message_id for p in book.find(SmsPart, state=DELIVERED)}
        assert state(book, two[0]) is (SmsState.SUBMITTED if missing else SmsState.DELIVERED)
        for part in missing:
            book.apply(SmsReceipt(part, DELIVERED, "a"))
        assert state(book, two[0]) is SmsState.DELIVERED

    def test_a_part_that_was_told_twice_does_not_stand_for_another(
        self, book: Book, two: tuple[int, int]
    ) -> None:
        book.apply(SmsSubmitted(two[0], ("p1", "p2"), "a"))
        for _ in range(2):
            book.apply(SmsReceipt("p1", DELIVERED, "a"))
        assert state(book, two[0]) is SmsState.SUBMITTED

    def test_a_part_that_does_not_arrive_fails_the_text(self, book: Book, two: tuple[int, int]) -> None:
        book.apply(SmsSubmitted(two[0], ("p1", "p2"), "a"))
        book.apply(SmsTraffic((SmsReceipt("p1", DELIVERED, "a"), SmsReceipt("p2", EXPIRED, "a"))))
        failed = book.get(Sms, two[0])
        assert (failed.state, failed.reason) == (SmsState.FAILED, "expired")

    def test_that_says_nothing_is_followed_by_one_that_does(self, book: Book, two: tuple[int, int]) -> None:
        book.apply(SmsSubmitted(two[0], ("a1",), "a"))
        book.apply(SmsReceipt("a1", UNKNOWN, "a"))
        book.apply(SmsReceipt("a1", DELIVERED, "a"))
        assert state(book, two[0]) is SmsState.DELIVERED

    def test_that_an_earlier_try_has_expired_fails_no_later_one(
        self, book: Book, two: tuple[int, int]
    ) -> None:
        book.apply(SmsSubmitted(two[0], ("a1",), "a"))
        with book.store.write() as tx:  # as an operator who has it sent once more
            (sms,) = tx.find(Sms, id=two[0])
            tx.put(Sms(sms.id, sms.alert, sms.team, sms.number, sms.text, tries=1))
        book.apply(SmsTraffic((SmsSubmitted(two[0], ("b1",), "b"), SmsReceipt("a1", EXPIRED, "a"))))
        assert state(book, two[0]) is SmsState.SUBMITTED

    def test_an_old_id_given_to_a_new_message_is_the_new_ones(self, book: Book, two: tuple[int, int]) -> None:
        """An SMSC that was started anew may count from one again."""
        book.apply(SmsTraffic((SmsSubmitted(two[0], ("1",), "a"), SmsReceipt("1", DELIVERED, "a"))))
        hands_over(book, *A)
        book.apply(SmsReceipt("1", DELIVERED, "a"))
        book.apply(SmsSubmitted(two[1], ("1",), "a"))
        assert state(book, two[1]) is SmsState.DELIVERED

    def test_an_smsc_that_names_no_message_loses_nothing(self, book: Book, two: tuple[int, int]) -> None:
        book.apply(SmsSubmitted(two[0], ("", "p2"), "a"))
        book.apply(SmsReceipt("p2", DELIVERED, "a"))
        assert state(book, two[0]) is SmsState.DELIVERED


def test_a_thousand_sms_and_their_receipts_are_one_commit(book: Book) -> None:
    with book.store.write() as tx:
        tx.drop(*tx.find(Number, sms=True))
    alert = book.raises()
    with book.store.write() as tx:
        tx.append(*(Sms(0, alert, None, "+4917100001", f"{n}") for n in range(1000)))
    left = book.apply(SmsTraffic((), (("a", 1000),))).sms
    told = [SmsSubmitted(sms.id, (f"m{sms.id}",), "a") for sms in left]
    receipts = [SmsReceipt(f"m{sms.id}", DELIVERED, "a") for sms in left]
    book.apply(SmsTraffic((*told, *receipts)))
    assert len(book.find(Sms, state=SmsState.DELIVERED)) == 1000
