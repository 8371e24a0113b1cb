"""The directory on a real SQLite: what a team file may say, and what an import changes."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ivr.adapters.pins import Pins
from ivr.adapters.store import SqlStore, migrate
from ivr.domain.records import Account, Entry, Number, Team
from ivr.services import listing
from ivr.services.directory import BadEntry, Directory
from ivr.services.report import Document, NotThere
from ivr.services.teamfile import TeamEntry
from ivr.yamlfile import BadFile

TWO = """\
teams:
  - id: abc
    name: ABC-CERT
    spoken: A B C cert
    numbers:
      - number: "+49 40 66969-301"
      - {number: "+4915228817301", sms: true}
    accounts: [{uid: "40712"}, {uid: "40713"}]
  - id: xyz
    name: XYZ-CERT
    numbers: [{number: "+494066969302"}]
    calls-itself: true
    trusts-phones: true
"""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    opened = SqlStore(f"sqlite:///{tmp_path / 'tocsin.db'}")
    migrate.upgrade(opened)
    yield opened
    opened.close()


@pytest.fixture
def directory(store: SqlStore) -> Directory:
    return Directory(store, Pins(), time.time)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "teams.yaml"
    path.write_text(TWO, encoding="utf-8")
    return path


def teams(store: SqlStore) -> dict[str, Document]:
    with store.read() as tx:
        return {team["id"]: team for team in listing.teams(tx)}


def journal(store: SqlStore) -> list[Entry]:
    with store.read() as tx:
        return tx.find(Entry)


def ids(teams: tuple[Team, ...]) -> list[str]:
    return [team.id for team in teams]


def account(uid: str, pin: bool) -> dict[str, object]:
    return {"uid": uid, "pin": pin, "totp": False, "callback": None}


def test_an_import_enters_teams_with_numbers_in_order_and_accounts_without_pin(
    store: SqlStore, directory: Directory, file: Path
) -> None:
    changes = directory.import_file(file)
    assert ids(changes.added) == ids(changes.renamed) == ["abc", "xyz"]
    assert teams(store)["abc"] == {
        "id": "abc",
        "name": "ABC-CERT",
        "spoken": "A B C cert",
        "calls_itself": False,
        "trusts_phones": False,
        "machine_message": False,
        "suspended": False,
        "mail_sms": False,
        "listen": "key",
        "listen_pin": False,
        "enrolment": None,
        "words_left": None,
        "zone": "UTC",
        "local_time": False,
        "office_hours": "Mon-Fri 09:00-17:00",
        "policy": {},
        "numbers": [
            {
                "number": "+494066969301",
                "sms": False,
                "kind": "other",
                "hours": "always",
                "unallocated_at": None,
                "tested_at": None,
                "test": None,
            },
            {
                "number": "+4915228817301",
                "sms": True,
                "kind": "mobile",
                "hours": "always",
                "unallocated_at": None,
                "tested_at": None,
                "test": None,
            },
        ],
        "accounts": [account("40712", False), account("40713", False)],
        "mail": None,
    }
    assert teams(store)["xyz"]["calls_itself"] and teams(store)["xyz"]["trusts_phones"]


def test_a_team_that_wants_a_message_on_its_machine_gets_it_by_the_next_file(
    store: SqlStore, directory: Directory, file: Path
) -> None:
    directory.import_file(file)
    file.write_text(TWO.replace("    spoken:", "    machine-message: true\n    spoken:"), encoding="utf-8")
    assert ids(directory.import_file(file).changed) == ["abc"]
    assert teams(store)["abc"]["machine_message"] and not teams(store)["xyz"]["machine_message"]
    assert journal(store)[-1].detail == "machine-message"


@pytest.mark.parametrize(
    ("key", "complaint"),
    [
        ("machine-message: maybe", r"teams\.yaml:\d+: .*machine-message"),
        ("machine-message: true\n    trusts-phones: true", r"teams\.yaml:\d+: .*trusts-phones.*choose one"),
    ],
)
def test_a_message_that_cannot_be_is_refused(
    directory: Directory, file: Path, key: str, complaint: str
) -> None:
    file.write_text(TWO.replace("    spoken:", f"    {key}\n    spoken:"), encoding="utf-8")
    with pytest.raises(BadFile, match=complaint):
        directory.import_file(file)


def test_the_same_file_again_changes_nothing(store: SqlStore, directory: Directory, file: Path) -> None:
    directory.import_file(file)
    before = journal(store)
    changes = directory.import_file(file)
    assert ids(changes.unchanged) == ["abc", "xyz"] and not changes.added + changes.changed + changes.renamed
    assert journal(store) == before


def test_every_change_is_in_the_journal_without_numbers(
    store: SqlStore, directory: Directory, file: Path
) -> None:
    directory.import_file(file)
    file.write_text(TWO.replace("302", "309").replace("XYZ-CERT", "XYZ"), encoding="utf-8")
    changes = directory.import_file(file)
    assert ids(changes.changed) == ids(changes.renamed) == ["xyz"] and ids(changes.unchanged) == ["abc"]
    lines = journal(store)
    assert [(e.what, e.team) for e in lines] == [
        ("team added", "abc"), ("team added", "xyz"), ("team changed", "xyz")
    ]  # fmt: skip
    assert lines[-1].detail == "name, numbers"
    assert not any("66969" in e.detail or "1522" in e.detail for e in lines)


def test_a_team_that_is_not_in_the_file_stays(store: SqlStore, directory: Directory, file: Path) -> None:
    directory.import_file(file)
    file.write_text('teams:\n  - {id: new, name: New, numbers: [{number: "+494066969303"}]}\n')
    directory.import_file(file)
    assert list(teams(store)) == ["abc", "new", "xyz"]
    assert len(teams(store)["abc"]["numbers"]) == 2


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("+4915228817301", "112", "7: number: 112 is an emergency number"),
        ("+4915228817301", "+49112", "7: number: +49112 is an emergency number"),
        ("+4915228817301", "040 1234567", "7: number: '040 1234567' is not a number in E.164 form"),
        ("+494066969302", "+494066969301", "11: number: +494066969301 is given twice"),
        ("40713", "40712", "8: uid: 40712 is given twice"),
        ("40713", "12", "8: uid: a UID has 4 to 10 digits"),
        ("id: xyz", "id: abc", "9: id: abc is given twice"),
        ("id: xyz", "id: XYZ", "9: id: 'XYZ' is no team id"),
        ("id: xyz", "id: ../x", "9: id: '../x' is no team id"),
        ("name: XYZ-CERT", 'name: "a\\u202eb"', "10: name: must be 1 to 60 printable characters"),
        ("name: XYZ-CERT", "nmae: XYZ-CERT", "10: nmae: unknown key; did you mean name?"),
        ("calls-itself: true", "calls-itself: maybe", "12: calls-itself: must be true or false"),
        ("sms: true", "sms: true, pin: 4711", "7: pin: unknown key"),
        ("calls-itself: true", "listen: never", "12: listen: must be one of key, pin, call-in"),
        ("sms: true", "kind: fax", "7: kind: must be one of office, mobile, other"),
        ("sms: true", "hours: night", "7: hours: must be one of always, office-hours, out-of-hours"),
        ("calls-itself: true", "local-time: true", "9: teams[2]: has local-time; give the team's time zone"),
        ("sms: true", "hours: office-hours", "2: teams[1]: has a number with calling hours; give the team's"),
        ("calls-itself: true", "zone: Berlin", "12: zone: 'Berlin' is no time zone; write one such as"),
        ("calls-itself: true", "office-hours: 9 to 5", "12: office-hours: '9 to 5' are no office hours"),
        ("calls-itself: true", "policy: {ring_s: 1}", "12: ring_s: must be between 5 and 120, not 1"),
        ("calls-itself: true", "policy: {busy: {tries: 0}}", "12: tries: must be between 1 and 200, not 0"),
        ("calls-itself: true", "policy: {rign_s: 9}", "12: rign_s: unknown key; did you mean ring_s?"),
        (
            "calls-itself: true",
            "policy: {order: [fax]}",
            "12: order[1]: must be one of office, mobile, other",
        ),
        ("calls-itself: true", "policy: {order: [other, other]}", "12: order: names a kind of number twice"),
    ],
)
def test_an_error_names_line_and_key_and_nothing_is_taken_over(
    old: str, new: str, complaint: str, store: SqlStore, directory: Directory, file: Path
) -> None:
    file.write_text(TWO.replace(old, new), encoding="utf-8")
    with pytest.raises(BadFile) as refused:
        directory.import_file(file)
    assert str(refused.value).startswith(f"{file}:{complaint}")
    assert not teams(store) and not journal(store)


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        ('numbers: [{number: "+494066969302"}]', "4: number: +494066969302 belongs to team xyz already"),
        ('accounts: [{uid: "40712"}]', "4: uid: 40712 belongs to team abc already"),
    ],
)
def test_what_belongs_to_a_team_outside_the_file_is_refused_at_its_line(
    entry: str, complaint: str, store: SqlStore, directory: Directory, file: Path
) -> None:
    directory.import_file(file)
    file.write_text(f"teams:\n  - id: new\n    name: New\n    {entry}\n")
    with pytest.raises(BadFile) as refused:
        directory.import_file(file)
    assert str(refused.value) == f"{file}:{complaint}"
    assert "new" not in teams(store)


def test_a_number_may_move_between_teams_of_one_file(
    store: SqlStore, directory: Directory, file: Path
) -> None:
    directory.import_file(file)
    swapped = TWO.replace("302", "X").replace("66969-301", "66969-302").replace("X", "301")
    file.write_text(swapped, encoding="utf-8")
    directory.import_file(file)
    assert teams(store)["abc"]["numbers"][0]["number"] == "+494066969302"
    assert teams(store)["xyz"]["numbers"][0]["number"] == "+494066969301"


def test_a_team_has_hours_kinds_and_a_policy_of_its_own(
    store: SqlStore, directory: Directory, file: Path
) -> None:
    directory.import_file(file)
    own = """\
    zone: America/New_York
    office-hours: "Mon-Thu 08:00-17:00, Fri 08:00-14:30"
    policy: {ring_s: 45, no-answer: {tries: 2}, busy: {}, order: [mobile, office], sms: never}
"""
    number = '{number: "+494066969302", kind: office, hours: office-hours}'
    file.write_text(TWO.replace('{number: "+494066969302"}', number) + own, encoding="utf-8")
    changes = directory.import_file(file)

    assert ids(changes.changed) == ["xyz"] and not changes.renamed
    assert journal(store)[-1].detail == "zone, office-hours, policy, numbers"
    team = teams(store)["xyz"]
    assert (team["zone"], team["office_hours"]) == (
        "America/New_York",
        "Mon-Thu 08:00-17:00, Fri 08:00-14:30",
    )
    assert team["policy"] == {
        "ring_s": 45,
        "no-answer": {"tries": 2},
        "order": ["mobile", "office"],
        "sms": "never",
    }
    assert [(n["kind"], n["hours"]) for n in team["numbers"]] == [("office", "office-hours")]
    assert ids(directory.import_file(file).unchanged) == ["abc", "xyz"]


def test_the_example_is_a_right_team_file(store: SqlStore, directory: Directory) -> None:
    directory.import_file(Path(__file__).parents[2] / "config" / "teams.example.yaml")

    assert teams(store)["hafen-csirt"]["policy"] == {"ring_s": 45, "parallel_after_s": 5}


def test_fewer_numbers_leave_none_behind(store: SqlStore, directory: Directory, file: Path) -> None:
    directory.import_file(file)
    file.write_text(TWO.replace('      - {number: "+4915228817301", sms: true}\n', ""), encoding="utf-8")
    directory.import_file(file)
    with store.read() as tx:
        assert [n.number for n in tx.find(Number, team="abc")] == ["+494066969301"]


def test_accounts_stay_where_the_key_is_absent_and_go_where_they_are_left_out(
    store: SqlStore, directory: Directory, file: Path
) -> None:
    directory.import_file(file)
    directory.issue_pin("40712")
    line = '    accounts: [{uid: "40712"}, {uid: "40713"}]\n'
    file.write_text(TWO.replace(line, ""), encoding="utf-8")
    directory.import_file(file)
    assert teams(store)["abc"]["accounts"] == [account("40712", True), account("40713", False)]
    file.write_text(TWO.replace(line, '    accounts: [{uid: "40712"}]\n'), encoding="utf-8")
    directory.import_file(file)
    assert teams(store)["abc"]["accounts"] == [account("40712", True)], "and its PIN stays"


def test_an_account_that_moves_to_another_team_comes_without_its_pin(
    store: SqlStore, directory: Directory, file: Path
) -> None:
    directory.import_file(file)
    directory.issue_pin("40713")
    moved = TWO.replace(', {uid: "40713"}', "") + '    accounts: [{uid: "40713"}]\n'
    file.write_text(moved, encoding="utf-8")
    directory.import_file(file)
    assert teams(store)["xyz"]["accounts"] == [account("40713", False)]


def test_a_random_pin_opens_and_is_nowhere_in_the_store(
    store: SqlStore, directory: Directory, file: Path, tmp_path: Path
) -> None:
    directory.import_file(file)
    team, pin = directory.issue_pin("40712")
    assert team == "abc" and len(pin) == 8 and pin.isdigit()
    with store.read() as tx:
        account = tx.get(Account, "40712")
    assert account is not None and Pins().matches(account.pin_hash, pin)
    assert journal(store)[-1].what == "PIN issued"
    store.close()
    assert not any(pin.encode() in path.read_bytes() for path in tmp_path.iterdir())


@pytest.mark.parametrize("weak", ["123456", "111111", "40712", "x23456", "12345678901", "940712"])
def test_a_weak_pin_is_refused_and_not_repeated(
    weak: str, store: SqlStore, directory: Directory, file: Path
) -> None:
    directory.import_file(file)
    with pytest.raises(BadEntry) as refused:
        directory.issue_pin("40712", weak)
    assert weak not in str(refused.value)
    assert teams(store)["abc"]["accounts"][0] == account("40712", False)


def test_a_pin_for_nobody_is_refused(directory: Directory) -> None:
    with pytest.raises(NotThere, match="no account 999999"):
        directory.issue_pin("999999")


def test_adding_a_team_keeps_to_the_same_rules(store: SqlStore, directory: Directory, file: Path) -> None:
    directory.import_file(file)
    for entry, complaint in (
        (TeamEntry(Team("abc", "Again")), "is there already"),
        (TeamEntry(Team("new", "New"), (Number("new", 0, "+494066969302"),)), "belongs to team xyz"),
        (TeamEntry(Team("new", "New"), (), ("40712",)), "belongs to team abc"),
        (TeamEntry(Team("new", "New"), (Number("new", 0, "+494066969309"),) * 2), "given twice"),
    ):
        with pytest.raises(BadEntry, match=complaint):
            directory.add(entry)
    assert list(teams(store)) == ["abc", "xyz"]
    added = directory.add(
        TeamEntry(Team("new", "New"), (Number("new", 0, "+494066969309", sms=True),), ("50001",))
    )
    assert ids(added.added) == ids(added.renamed) == ["new"]
    assert [(n["number"], n["sms"]) for n in teams(store)["new"]["numbers"]] == [("+494066969309", True)]
