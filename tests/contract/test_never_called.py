"""Numbers that must not be called: they are refused at the shell; one that is in the directory all the same
is not called, and people are told so."""

from pathlib import Path

import pytest
from book import CALLED, TEAMS, Book, ManualClock

from ivr.adapters import numbering
from ivr.adapters.audio.recordings import Recordings
from ivr.adapters.pins import Pins
from ivr.adapters.store import SqlStore
from ivr.config import Settings
from ivr.domain.facts import CallPlaced, ErrandPlaced, ErrandWanted, Illegal
from ivr.domain.numberclass import ALLOWED
from ivr.domain.records import Delivery, DeliveryState, Entry, ErrandKind, Number, Sms
from ivr.services.directory import BadEntry, Directory
from ivr.services.ledger import Ledger
from ivr.services.teamfile import TeamEntry
from ivr.yamlfile import BadFile

PREMIUM = "+499001234567"
OPERATOR = "+4917655500999"

MAY_CALL = numbering.may_call("+4940808077555", frozenset(ALLOWED), frozenset())


@pytest.fixture
def ledger(settings: Settings, store: SqlStore, recordings: Recordings, clock: ManualClock) -> Ledger:
    return Ledger(
        store,
        recordings,
        settings.policy,
        settings.network.hotline,
        clock,
        operators=(OPERATOR,),
        duty_operator=PREMIUM,
        refusal=MAY_CALL,
    )


def journal(book: Book) -> list[Entry]:
    with book.store.read() as tx:
        return [entry for entry in tx.find(Entry) if entry.what == "number is never called"]


def next_number(book: Book, alert: int, team: str) -> str | None:
    with book.store.read() as tx:
        delivery = tx.get(Delivery, alert, team)
    assert delivery is not None
    return delivery.number


def put(book: Book, *numbers: Number) -> None:
    with book.store.write() as tx:
        tx.put(*numbers)


@pytest.mark.parametrize("number", [PREMIUM, "+49112", "+8816123456789"])
def test_the_teams_other_number_is_called_and_operators_are_told(book: Book, number: str) -> None:
    put(book, Number("xyz-cert", 0, number))
    alert = book.raises()
    assert next_number(book, alert, "xyz-cert") == "+4917100004"
    (entry,) = journal(book)
    assert (entry.alert, entry.team) == (alert, "xyz-cert")
    assert number not in entry.detail
    with book.store.read() as tx:
        texts = [sms.text for sms in tx.find(Sms, number=OPERATOR)]
    assert any("never called" in text and "XYZ-CERT" in text and number not in text for text in texts)


def test_a_team_that_has_no_other_number_is_missing(book: Book) -> None:
    put(book, Number("def-cert", 0, PREMIUM))
    alert = book.raises()
    assert book.states(alert) == {
        "def-cert": DeliveryState.EXHAUSTED,
        **{team: DeliveryState.WAITING for team in CALLED if team != "def-cert"},
    }


def test_a_call_that_was_planned_before_the_rules_changed_is_refused_at_the_last_moment(book: Book) -> None:
    """The next number is due in its place."""
    alert = book.raises()
    put(book, Number("xyz-cert", 0, PREMIUM))
    applied = book.apply(CallPlaced("c1", "xyz-cert", PREMIUM, "sip-a", (alert,)))
    assert applied.call is None
    assert next_number(book, alert, "xyz-cert") == "+4917100004"


def test_an_errand_to_such_a_number_is_refused_when_it_is_asked_for_and_when_it_is_due(
    book: Book, store: SqlStore, recordings: Recordings, settings: Settings
) -> None:
    put(book, Number("xyz-cert", 0, PREMIUM))
    with pytest.raises(Illegal, match="no number of team xyz-cert that may be called"):
        book.apply(ErrandWanted(ErrandKind.TEST, PREMIUM, "xyz-cert", "40713"))
    with pytest.raises(Illegal, match="may be called"):
        book.apply(ErrandWanted(ErrandKind.OPERATOR, PREMIUM))
    lax = Ledger(store, recordings, settings.policy, settings.network.hotline, book.clock)
    errand = lax.apply(ErrandWanted(ErrandKind.TEST, PREMIUM, "xyz-cert", "40713")).errand
    assert errand is not None
    assert book.apply(ErrandPlaced(errand.id, "c1", "sip-a")).call is None
    assert len(journal(book)) == 1


# -- where they are entered ------------------------------------------------------------------------------


@pytest.fixture
def directory(store: SqlStore, clock: ManualClock) -> Directory:
    return Directory(store, Pins(), clock, MAY_CALL)


def test_a_team_with_such_a_number_is_not_added(directory: Directory) -> None:
    entry = TeamEntry(TEAMS[0].__class__("new-cert", "NEW-CERT"), (Number("new-cert", 0, PREMIUM),))
    with pytest.raises(BadEntry, match=r"class premium, .* add premium to calls\.allow"):
        directory.add(entry)


def test_a_file_with_such_a_number_is_not_imported_and_the_line_is_named(
    directory: Directory, tmp_path: Path
) -> None:
    file = tmp_path / "teams.yaml"
    file.write_text(f'teams:\n  - id: new-cert\n    name: N\n    numbers:\n      - number: "{PREMIUM}"\n')
    with pytest.raises(BadFile, match=r"teams\.yaml:5: number: .*class premium"):
        directory.import_file(file)
