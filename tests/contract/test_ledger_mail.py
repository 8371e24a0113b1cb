"""The ledger on a real store: an alert that came by mail, from its first mailbox to the telephone."""

from pathlib import Path

import pytest
from book import CALLED, NOON, Book, ManualClock, speak
from postgres import ON_BOTH

from ivr.adapters.audio.recordings import Recordings
from ivr.adapters.store import SqlStore
from ivr.domain import facts
from ivr.domain.facts import Illegal
from ivr.domain.records import (
    Alert,
    AlertState,
    Delivery,
    DeliveryState,
    Mail,
    MailState,
    Number,
    Outcome,
    Sms,
    Source,
    Team,
    Via,
)
from ivr.services.followup import FollowUp
from ivr.services.report import alert_document

pytestmark = ON_BOTH

D = DeliveryState
ORIGINATOR = "abc-cert"
XYZ_MAIL = "duty@xyz-cert.example"
HOUR_S, DAY_S = 3600.0, 86_400.0


def arrives(book: Book, folder: Path, message: str = "<1@abc-cert.example>") -> int:
    """A mail of the originator's has been read out into a recording; the number of its alert."""
    take = speak(folder / "spoken.wav", 2.0)
    text = folder / "read.txt"
    text.write_text("a worm", encoding="utf-8")
    fact = facts.AlertRecorded(
        ORIGINATOR, None, Source.MAIL, str(take), 2.0, "0" * 64, papers=(str(text),), message=message
    )
    alert = book.apply(fact).alert
    assert alert is not None
    book.apply(facts.AlertReleased(alert.id))
    return alert.id


@pytest.fixture
def alert(book: Book, tmp_path: Path) -> int:
    return arrives(book, tmp_path)


def escalates(book: Book, alert: int, team: str | None = ORIGINATOR) -> int:
    return book.apply(facts.AlertEscalated(alert, Via.MAIL, team)).teams


def test_has_a_delivery_to_every_team_and_calls_nobody(book: Book, alert: int) -> None:
    assert book.states(alert) == dict.fromkeys(CALLED, D.MAILED)
    assert book.find(Sms) == []
    with pytest.raises(Illegal):
        book.apply(facts.CallPlaced("c", "xyz-cert", "+4940100004", "sip-a", (alert,)))


def test_is_told_by_sms_to_those_who_want_that_alone(book: Book, store: SqlStore, tmp_path: Path) -> None:
    with store.write() as tx:
        tx.put(Team("xyz-cert", "XYZ-CERT", mail_sms=True))
    arrives(book, tmp_path)

    assert [(s.team, s.number) for s in book.find(Sms)] == [("xyz-cert", "+4917100004")]


def test_its_call_to_a_team_does_not_begin_because_another_alert_s_is_answered(
    book: Book, alert: int
) -> None:
    other = book.raises()
    call = book.rings("xyz-cert", other)
    book.answers(call)

    assert book.delivery(alert, "xyz-cert").state is D.MAILED


def test_escalated_every_team_that_has_not_acknowledged_is_called_and_texted(
    book: Book, alert: int, clock: ManualClock
) -> None:
    book.apply(facts.Acknowledged(alert, "def-cert", Via.MAIL, "duty@def-cert.example"))
    clock.forward(HOUR_S)

    assert escalates(book, alert) == 2
    assert book.states(alert) == {"def-cert": D.ACKNOWLEDGED, "ghi-cert": D.WAITING, "xyz-cert": D.WAITING}
    assert {d.due_at for d in book.find(Delivery, state=D.WAITING)} == {NOON + HOUR_S}
    assert [s.number for s in book.find(Sms)] == ["+4917100003", "+4917100004"]
    assert book.alert(alert).escalated_at == NOON + HOUR_S


def test_escalated_a_team_without_a_number_does_not_close_it(book: Book, store: SqlStore, alert: int) -> None:
    with store.write() as tx:
        tx.drop(*tx.find(Number, team="def-cert"))
    escalates(book, alert)

    assert book.states(alert)["def-cert"] is D.EXHAUSTED
    assert book.alert(alert).state is AlertState.RELEASED


def test_one_ledger_takes_acknowledgements_by_mail_and_by_keypress(book: Book, alert: int) -> None:
    book.apply(facts.Acknowledged(alert, "def-cert", Via.MAIL, "duty@def-cert.example"))
    book.acknowledges(alert, "ghi-cert")
    escalates(book, alert)
    call = book.rings("xyz-cert", alert)
    book.answers(call)
    book.presses_1(call, alert, "xyz-cert")

    assert book.alert(alert).outcome is Outcome.ALL_ACKNOWLEDGED
    vias = {d.team: d.acknowledged_via for d in book.find(Delivery, alert=alert)}
    assert vias == {"def-cert": Via.MAIL, "ghi-cert": Via.HOTLINE, "xyz-cert": Via.KEYPRESS}


@pytest.mark.parametrize(
    ("happens", "why"),
    [
        (facts.AlertWithdrawn, "is withdrawn: it cannot be escalated"),
        (lambda n: facts.AlertEscalated(n, Via.OPERATOR), "is escalated"),
    ],
)
def test_escalated_too_late_is_refused_and_changes_nothing(
    book: Book, alert: int, happens: object, why: str
) -> None:
    book.apply(happens(alert))  # type: ignore[operator]
    before = book.everything()
    with pytest.raises(Illegal, match=why):
        escalates(book, alert)

    assert book.everything() == before


def test_left_alone_it_closes_after_a_day_and_late_acknowledgements_count(
    book: Book, alert: int, clock: ManualClock
) -> None:
    clock.forward(DAY_S)
    book.apply(facts.AlertExpired(alert))
    assert book.alert(alert).outcome is Outcome.INCOMPLETE
    with pytest.raises(Illegal, match="is closed: it cannot be escalated"):
        escalates(book, alert)

    for team in CALLED:
        book.apply(facts.Acknowledged(alert, team, Via.MAIL, f"duty@{team}.example"))
    assert book.alert(alert).outcome is Outcome.ALL_ACKNOWLEDGED


def test_after_an_hour_its_originator_is_told_who_is_missing_once(
    book: Book, store: SqlStore, alert: int, clock: ManualClock
) -> None:
    with store.write() as tx:
        tx.put(Number(ORIGINATOR, 1, "+4917100001", sms=True))
    follow = FollowUp(store, book.ledger, 900.0, clock, HOUR_S)
    for seconds in (HOUR_S - 1, 1, HOUR_S):
        clock.forward(seconds)
        follow.look()

    (told,) = book.find(Sms)
    assert told.number == "+4917100001"
    assert "still open: DEF-CERT, GHI-CERT, XYZ-CERT. By mail alone" in told.text
    assert set(book.states(alert).values()) == {D.MAILED}


def test_the_same_mail_handed_in_again_is_the_same_alert(book: Book, tmp_path: Path) -> None:
    again = [arrives(book, tmp_path) for _ in range(2)]

    assert again == [1, 1]
    assert arrives(book, tmp_path, "<2@abc-cert.example>") == 2
    assert len(book.find(Alert)) == 2


def test_its_text_is_kept_beside_what_speaks_it_and_erased_with_it(
    book: Book, recordings: Recordings, alert: int
) -> None:
    assert recordings.path("1.txt").read_text(encoding="utf-8") == "a worm"
    book.apply(facts.AlertWithdrawn(alert))
    book.apply(facts.AlertErased(alert))

    assert not list(recordings.path(".").glob("1*"))


def test_what_a_failed_transaction_has_left_is_not_taken_for_its_text(
    book: Book, recordings: Recordings
) -> None:
    recordings.path("1.wav").touch()
    recordings.path("1.txt").touch()

    assert recordings.beside(book.alert(book.raises()).audio) == []


class TestMailboxes:
    def told(self, book: Book, alert: int, *states: MailState) -> Mail:
        for state in states:
            book.apply(
                facts.MailMoved(alert, "xyz-cert", XYZ_MAIL, state, "550" if state == "failed" else None)
            )
        return book.get(Mail, alert, "xyz-cert", XYZ_MAIL)

    def test_are_queued_then_sent_and_what_comes_twice_or_late_changes_nothing(
        self, book: Book, alert: int, clock: ManualClock
    ) -> None:
        assert self.told(book, alert, MailState.QUEUED).sent_at is None
        assert self.told(book, alert, MailState.SENT).sent_at == NOON
        clock.forward(60)
        late = self.told(book, alert, MailState.SENT, MailState.QUEUED)
        assert (late.state, late.sent_at) == (MailState.SENT, NOON)
        came_back = self.told(book, alert, MailState.FAILED)
        assert (came_back.state, came_back.sent_at, came_back.reason) == (MailState.FAILED, NOON, "550")

    def test_may_fail_and_be_sent_after_all(self, book: Book, alert: int) -> None:
        assert self.told(book, alert, MailState.QUEUED, MailState.FAILED).reason == "550"
        assert self.told(book, alert, MailState.QUEUED, MailState.SENT).state is MailState.SENT

    def test_of_a_team_that_the_alert_is_not_for_are_refused(self, book: Book, alert: int) -> None:
        with pytest.raises(Illegal, match="not addressed to team abc-cert"):
            book.apply(facts.MailMoved(alert, ORIGINATOR, "a@abc-cert.example", MailState.SENT))

    def test_are_shown_and_one_that_acknowledged_says_so(
        self, book: Book, store: SqlStore, alert: int
    ) -> None:
        self.told(book, alert, MailState.SENT)
        book.apply(facts.Acknowledged(alert, "xyz-cert", Via.MAIL, XYZ_MAIL))
        with store.read() as tx:
            shown = alert_document(tx, alert)

        assert (shown["source"], shown["escalated_at"]) == ("mail", None)
        assert shown["mail"] == [
            {
                "team": "xyz-cert",
                "address": XYZ_MAIL,
                "state": "acknowledged",
                "sent_at": "2026-11-22T14:03:00Z",
                "acknowledged_at": "2026-11-22T14:03:00Z",
                "reason": None,
            }
        ]

    def test_are_masked_when_the_alert_is_erased(self, book: Book, alert: int) -> None:
        self.told(book, alert, MailState.SENT)
        book.apply(facts.Acknowledged(alert, "xyz-cert", Via.MAIL, XYZ_MAIL))
        book.apply(facts.AlertWithdrawn(alert))
        book.apply(facts.AlertErased(alert))

        assert [m.address for m in book.find(Mail)] == ["d…@xyz-cert.example"]
        assert book.delivery(alert, "xyz-cert").acknowledged_by == "d…@xyz-cert.example"
        assert "duty@" not in " ".join(book.journal())
