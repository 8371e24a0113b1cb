"""The ledger on a real store: SMS that came in, what they do, and what is answered."""

import pytest
from book import NOON, Book, ManualClock
from postgres import ON_BOTH

from ivr.adapters.audio.recordings import Recordings
from ivr.adapters.store import SqlStore
from ivr.config import Settings
from ivr.domain import facts
from ivr.domain.gsm import Place
from ivr.domain.records import Call, DeliveryState, Entry, Number, Received, ReceivedPart, Sms, SmsKind
from ivr.services.followup import FollowUp
from ivr.services.ledger import Ledger

pytestmark = ON_BOTH

D = DeliveryState
ABC, DEF, XYZ = "abc-cert", "def-cert", "xyz-cert"
ABC_PHONE, XYZ_PHONE, XYZ_MOBILE = "+4940100001", "+4940100004", "+4917100004"
OPERATOR, STRANGER = "+4917100098", "+4917199999"
HOUR = 3600


@pytest.fixture
def book(settings: Settings, store: SqlStore, recordings: Recordings, clock: ManualClock) -> Book:
    hotline = settings.network.hotline
    ledger = Ledger(store, recordings, settings.policy, hotline, clock, operators=(OPERATOR,))
    return Book(store, ledger, clock, recordings.incoming)


def answers(book: Book) -> list[Sms]:
    return [s for s in book.find(Sms) if s.kind is SmsKind.ANSWER]


def writes(book: Book, sender: str, text: str, reference: str | None = None) -> str | None:
    """What `sender` is answered; None for nothing."""
    before = len(answers(book))
    known = len(book.find(Received)) + before
    book.apply(facts.SmsReceived(sender, text, reference or f"{sender} {text} {known} {book.clock()}"))
    new = answers(book)[before:]
    assert {s.number.lstrip("+") for s in new} <= {sender.lstrip("+")}
    assert len(new) <= 1
    return new[0].text if new else None


class TestOnIt:
    def test_holds_the_calls_of_the_team_and_acknowledges_nothing(self, book: Book) -> None:
        alert = book.raises()

        assert writes(book, XYZ_MOBILE.lstrip("+"), f"We're on it #{alert}") == (
            f"Alert {alert}: noted, your calls pause until 14:13 UTC. This is no acknowledgement. "
            "Call +4940808077555, listen, and press 1 to acknowledge."
        )
        held = book.delivery(alert, XYZ)
        assert (held.state, held.due_at, held.acknowledged_at) == (D.RESPONDING, NOON + 600, None)
        assert book.delivery(alert, DEF).state is D.WAITING
        assert [(s.team, s.alert) for s in answers(book)] == [(XYZ, alert)]

    def test_needs_no_number_where_there_is_one_alert_that_the_team_has_not_acknowledged(
        self, book: Book
    ) -> None:
        done, alert = book.raises(), book.raises()
        book.acknowledges(done, XYZ)
        writes(book, XYZ_PHONE, "on it")

        assert (book.delivery(done, XYZ).state, book.delivery(alert, XYZ).state) == (
            D.ACKNOWLEDGED,
            D.RESPONDING,
        )

    def test_of_one_of_two_has_to_say_which(self, book: Book) -> None:
        first, second = book.raises(), book.raises()
        text = writes(book, XYZ_MOBILE, "on it") or ""

        assert f"Current alerts: {first}, {second}." in text
        assert {book.delivery(n, XYZ).state for n in (first, second)} == {D.WAITING}
        writes(book, XYZ_MOBILE, f"on it {second}")
        assert book.delivery(second, XYZ).state is D.RESPONDING

    def test_twice_at_most_then_calls_go_on_and_the_sender_is_told_so(
        self, book: Book, clock: ManualClock
    ) -> None:
        alert = book.raises()
        for _ in range(2):
            assert "pause until" in (writes(book, XYZ_MOBILE, "on it") or "")
            clock.forward(600)

        assert "so your calls go on" in (writes(book, XYZ_MOBILE, "on it") or "")
        assert book.delivery(alert, XYZ).due_at <= clock.now

    def test_of_an_alert_that_is_not_for_the_team_does_nothing(self, book: Book) -> None:
        alert = book.raises()
        before = book.states(alert)

        for text in (f"on it {alert}", "on it 999", "on it 999999999"):
            assert "There is no current alert for you." in (writes(book, ABC_PHONE, text) or "")
        assert book.states(alert) == before

    def test_still_holds_when_there_is_no_answer_any_more(self, book: Book) -> None:
        for n in range(20):
            assert writes(book, XYZ_MOBILE, f"status {n}") is not None
        alert = book.raises()

        assert writes(book, XYZ_MOBILE, "on it") is None
        assert book.delivery(alert, XYZ).state is D.RESPONDING

    def test_does_not_touch_a_call_that_is_up(self, book: Book) -> None:
        alert = book.raises()
        call = book.rings(XYZ, alert)
        book.answers(call)
        writes(book, XYZ_MOBILE, "on it")
        book.presses_1(call, alert, XYZ)

        assert book.delivery(alert, XYZ).state is D.ACKNOWLEDGED
        assert not book.get(Call, call).cancelled


def test_an_operator_who_is_of_a_team_speaks_for_the_team_and_hears_of_all(
    book: Book, store: SqlStore
) -> None:
    with store.write() as tx:
        tx.put(Number(DEF, 1, OPERATOR, sms=True))
    alert = book.raises()

    assert writes(book, OPERATOR, "status") == (
        f"Alert {alert}: 0 of 3 acknowledged; still open: DEF-CERT, GHI-CERT, XYZ-CERT."
    )
    assert "pause until" in (writes(book, OPERATOR, "on it") or "")
    assert book.delivery(alert, DEF).state is D.RESPONDING


class TestStatus:
    def test_names_to_the_originator_all_who_are_missing(self, book: Book) -> None:
        alert = book.raises()
        book.acknowledges(alert, DEF)
        text = f"Alert {alert}: 1 of 3 acknowledged; still open: GHI-CERT, XYZ-CERT."

        assert writes(book, ABC_PHONE, f"STATUS {alert}") == text
        assert writes(book, ABC_PHONE, "status") == text
        assert writes(book, OPERATOR, "status") == text

    def test_tells_another_team_of_itself_alone(self, book: Book) -> None:
        alert = book.raises()
        text = writes(book, XYZ_MOBILE, f"status {alert}") or ""

        assert text.startswith(f"Alert {alert}: XYZ-CERT has not acknowledged. Calls go on.")
        assert "DEF" not in text
        book.acknowledges(alert, XYZ)
        assert "acknowledged at 14:03 UTC" in (writes(book, XYZ_MOBILE, f"status {alert}") or "")

    def test_of_a_draft_is_known_to_its_team_alone(self, book: Book) -> None:
        draft = book.records()

        assert writes(book, ABC_PHONE, f"status {draft}") == f"Alert {draft} is a draft: it was NOT sent."
        assert "There is no current alert" in (writes(book, XYZ_MOBILE, f"status {draft}") or "")


class TestStop:
    def test_is_told_to_operators_and_calls_and_sms_go_on(self, book: Book) -> None:
        alert = book.raises()
        assert writes(book, XYZ_MOBILE, "STOP") == (
            "The operators were told. Calls about alerts go on. Hotline: +4940808077555."
        )

        told = [s.text for s in book.find(Sms, number=OPERATOR)]
        assert told == ["XYZ-CERT (+4917100004) has sent STOP. Calls and SMS go on; please ask them."]
        assert book.delivery(alert, XYZ).state is D.WAITING
        assert len(book.find(Number, team=XYZ, sms=True)) == 1
        book.raises()
        assert len([s for s in book.find(Sms, number=XYZ_MOBILE) if s.kind is SmsKind.ALERT]) == 2

    def test_again_and_again_does_not_flood_the_operators(self, book: Book) -> None:
        for _ in range(9):
            writes(book, XYZ_MOBILE, "STOP")

        assert len(book.find(Sms, number=OPERATOR)) == 3


class TestHowManyAnswers:
    def test_three_an_hour_to_one_of_us_who_is_not_understood(self, book: Book, clock: ManualClock) -> None:
        assert [writes(book, XYZ_MOBILE, "huh") is None for _ in range(5)] == [False] * 3 + [True] * 2
        clock.forward(HOUR - 1)
        assert writes(book, XYZ_MOBILE, "huh") is None
        clock.forward(2)
        assert writes(book, XYZ_MOBILE, "huh") is not None

    def test_few_to_strangers_and_nothing_of_the_rest_is_kept(self, book: Book, clock: ManualClock) -> None:
        alert = book.raises()
        for n in range(40):
            writes(book, f"+49171{n:06}", f"on it {alert}")

        assert len(answers(book)) == 20
        assert len(book.find(Received)) == 20
        assert len(book.find(Entry, what="SMS came in")) == 20
        assert set(book.states(alert).values()) == {D.WAITING}
        assert "pause until" in (writes(book, XYZ_MOBILE, "on it") or ""), "strangers took our turn"
        clock.forward(HOUR + 1)
        assert writes(book, STRANGER, "hello") == (
            "This number is not known to the alert hotline +4940808077555, so nothing was done. Please call."
        )

    def test_what_we_are_told_ourselves_is_not_counted_against_strangers(self, book: Book) -> None:
        for n in range(12):
            for one_of_us in (XYZ_MOBILE, OPERATOR):
                writes(book, one_of_us, f"status {n}")

        assert writes(book, STRANGER, "hello") is not None

    def test_three_to_one_stranger(self, book: Book) -> None:
        assert [writes(book, STRANGER, "STOP") is None for _ in range(4)] == [False] * 3 + [True]
        assert book.find(Sms, number=OPERATOR) == []

    @pytest.mark.parametrize("address", ["TOCSIN", "12345", "", "+4940808077555"])
    def test_none_to_what_is_no_person(self, address: str, book: Book) -> None:
        writes(book, address, "STOP")

        assert book.find(Sms) == []
        assert book.find(Received) == []


class TestTheSameSmsAgain:
    def test_changes_nothing_within_a_day(self, book: Book, clock: ManualClock) -> None:
        alert = book.raises()
        writes(book, XYZ_MOBILE, "on it", "ref-1")
        clock.forward(600)
        before = [*book.everything(), *book.find(Sms)]
        writes(book, XYZ_MOBILE, "on it", "ref-1")

        assert [*book.everything(), *book.find(Sms)] == before
        writes(book, XYZ_MOBILE, "on it", "ref-2")
        assert book.delivery(alert, XYZ).holds == 2

    def test_is_another_one_from_another_sender_and_the_day_after(
        self, book: Book, clock: ManualClock
    ) -> None:
        writes(book, XYZ_MOBILE, "status", "ref-1")
        assert writes(book, XYZ_PHONE, "status", "ref-1") is not None
        clock.forward(24 * HOUR + 1)
        assert writes(book, XYZ_MOBILE, "status", "ref-1") is not None

    def test_of_the_same_words_is_the_same_for_as_long_as_it_is_likely(
        self, book: Book, clock: ManualClock
    ) -> None:
        """Wherever on the clock its first delivery stood."""
        for after_s, is_new in ((0, True), (119, False), (2, True), (119, False)):
            clock.forward(after_s)
            before = len(answers(book))
            book.apply(facts.SmsReceived(XYZ_MOBILE, "status", "its words", 120.0))
            assert len(answers(book)) - before == is_new


def sends(book: Book, sender: str, number: int, text: str, total: int = 3, reference: int = 7) -> str | None:
    """What `sender` is answered to one part of a longer text."""
    before = len(answers(book))
    fact = facts.SmsReceived(sender, text, f"{reference} {number}", place=Place(reference, total, number))
    for _ in range(2):  # and again: it changes nothing
        book.apply(fact)
    new = answers(book)[before:]
    assert len(new) <= 1
    return new[0].text if new else None


def gives_up(book: Book, clock: ManualClock, after_s: float = 61) -> None:
    clock.forward(after_s)
    FollowUp(book.store, book.ledger, 900, clock).look()


class TestALongerText:
    def test_is_understood_as_a_whole_in_whatever_order_it_comes(self, book: Book) -> None:
        alert = book.raises()
        assert sends(book, XYZ_MOBILE, 3, f"in {alert}") is None
        assert sends(book, XYZ_MOBILE, 1, "We are on") is None
        assert book.delivery(alert, XYZ).state is D.WAITING
        assert "pause until" in (sends(book, XYZ_MOBILE, 2, " it, that is ") or "")
        assert book.delivery(alert, XYZ).state is D.RESPONDING
        assert book.find(ReceivedPart) == []

    def test_may_deny_in_its_first_part_what_its_second_seems_to_say(self, book: Book) -> None:
        alert = book.raises()
        sends(book, XYZ_MOBILE, 1, "Nobody of us is awake or ", total=2)
        sends(book, XYZ_MOBILE, 2, f"on it {alert}", total=2)
        assert book.delivery(alert, XYZ).state is D.WAITING

    def test_is_not_mixed_with_another_one(self, book: Book) -> None:
        sends(book, XYZ_MOBILE, 1, "STA", total=2)
        assert sends(book, XYZ_MOBILE, 2, "TUS", total=2, reference=8) is None
        assert sends(book, XYZ_PHONE, 2, "TUS", total=2) is None
        assert sends(book, XYZ_MOBILE, 2, "TUS", total=3) is None
        assert len(book.find(ReceivedPart)) == 4

    def test_without_its_end_is_taken_by_its_first_part_after_a_minute(
        self, book: Book, clock: ManualClock
    ) -> None:
        alert = book.raises()
        sends(book, XYZ_MOBILE, 1, f"on it {alert}", total=2)
        gives_up(book, clock, 59)
        assert book.delivery(alert, XYZ).state is D.WAITING
        gives_up(book, clock, 1)
        assert book.delivery(alert, XYZ).state is D.RESPONDING
        assert book.find(ReceivedPart) == []
        gives_up(book, clock)
        assert len(answers(book)) == 1
        (came_in,) = (e.detail for e in book.find(Entry) if e.what == "SMS came in")
        assert came_in.endswith(", of a longer text whose rest is missing")

    def test_without_its_begin_is_not_understood(self, book: Book, clock: ManualClock) -> None:
        alert = book.raises()
        for number in (2, 3):
            sends(book, XYZ_MOBILE, number, f"on it {alert}")
        gives_up(book, clock)
        assert book.delivery(alert, XYZ).state is D.WAITING
        assert [a.text[:41] for a in answers(book)] == ["Please send ON IT, STATUS or STOP with th"]

    def test_that_is_very_long_is_taken_by_its_first_part_at_once(self, book: Book) -> None:
        alert = book.raises()
        assert sends(book, XYZ_MOBILE, 2, "...", total=11) is None
        assert "pause until" in (sends(book, XYZ_MOBILE, 1, f"on it {alert}", total=11) or "")
        assert book.find(ReceivedPart) == []

    def test_does_not_fill_the_store(self, book: Book) -> None:
        for reference in range(40):
            sends(book, XYZ_MOBILE, 2, "...", reference=reference)
        assert len(book.find(ReceivedPart)) == 30

    def test_of_a_stranger_is_answered_by_its_first_part_and_not_kept(self, book: Book) -> None:
        assert sends(book, STRANGER, 2, "or not") is None
        assert "not known" in (sends(book, STRANGER, 1, "status") or "")
        assert book.find(ReceivedPart) == []


def test_nothing_of_the_text_and_no_whole_number_is_in_the_journal(book: Book) -> None:
    book.raises()
    writes(book, XYZ_MOBILE, "on it, my PIN is 271828 \x00 \ud800 secret")

    lines = [entry for entry in book.find(Entry) if entry.what == "SMS came in"]
    assert [entry.detail for entry in lines] == ["on it, from +4917…004"]
    assert not any("secret" in entry.detail or "271828" in entry.detail for entry in book.find(Entry))
