"""How a team that needs secrecy hears alerts: the key in the team file, and its listening PIN."""

import json
from pathlib import Path

import pytest
from book import Book

from ivr.adapters.pins import Pins
from ivr.cli import main
from ivr.domain import facts
from ivr.domain.records import Disposition, Entry, Listen, ListenPin, Team
from ivr.services import listening
from ivr.services.directory import BadEntry, Directory
from ivr.services.door import Door
from ivr.services.report import NotThere
from ivr.yamlfile import BadFile

FILE = """\
teams:
  - id: def-cert
    name: DEF-CERT
    numbers: [{number: "+4940100002"}]
    listen: pin
"""


def issue(book: Book, team: str = "def-cert", chosen: str | None = None) -> str:
    return listening.issue(book.store, Pins(), book.clock, team, chosen)


def opens(book: Book, pin: str, team: str = "def-cert") -> bool:
    class NoCodes:
        def step_of(self, secret: str, code: str, now: float) -> None: ...

    return Door(book.store, book.ledger, Pins(), NoCodes()).may_listen(team, pin)


def test_a_pin_is_chosen_or_drawn_and_the_one_before_opens_nothing(book: Book) -> None:
    issue(book, chosen="4725")
    assert opens(book, "4725") and not opens(book, "4726") and not opens(book, "")
    drawn = issue(book)
    assert drawn.isdigit() and len(drawn) == 6
    assert opens(book, drawn) and not opens(book, "4725")
    assert not opens(book, drawn, "ghi-cert"), "it is another team's"


def test_only_its_hash_is_kept_and_the_journal_does_not_hold_it(book: Book) -> None:
    issue(book, chosen="4725")
    assert book.get(ListenPin, "def-cert").pin_hash.startswith("$argon2id$")
    assert [(e.what, e.team, e.detail) for e in book.find(Entry)] == [
        ("listening PIN issued", "def-cert", "")
    ]


@pytest.mark.parametrize("pin", ["123", "123456789", "47a5", "", "1234", "7777", "4747"])
def test_one_that_is_too_short_too_long_or_guessed_first_is_refused(book: Book, pin: str) -> None:
    with pytest.raises(BadEntry) as refused:
        issue(book, chosen=pin)
    assert not pin or pin not in str(refused.value)
    assert not book.find(ListenPin)


def test_there_is_none_for_a_team_that_is_not_there(book: Book) -> None:
    with pytest.raises(NotThere, match="there is no team nobody"):
        issue(book, "nobody")


def test_an_import_says_how_a_team_listens_and_leaves_its_pin(book: Book, tmp_path: Path) -> None:
    issue(book, chosen="4725")
    file = tmp_path / "teams.yaml"
    file.write_text(FILE, encoding="utf-8")
    directory = Directory(book.store, Pins(), book.clock)
    directory.import_file(file)

    assert book.get(Team, "def-cert").listen is Listen.PIN
    assert opens(book, "4725")
    file.write_text(FILE.replace("listen: pin", "listen: pin\n    trusts-phones: true"), encoding="utf-8")
    with pytest.raises(BadFile, match="has both listen and trusts-phones"):
        directory.import_file(file)


def test_a_call_in_which_nobody_knew_it_was_not_heard(book: Book) -> None:
    alert = book.raises()
    call = book.rings("def-cert", alert)
    book.answers(call)
    book.apply(facts.ListenRefused(call))
    book.hangs_up(call)

    assert book.dispositions(alert, "def-cert") == [Disposition.UNHEARD]
    assert "listening PIN wrong" in book.journal()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    assert main(["init"]) == 0
    return tmp_path


def test_the_shell_adds_such_a_team_and_issues_its_pin(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["team", "add", "new", "--name", "New", "--listen", "pin", "--trusts-phones"]) == 65
    assert main(["team", "add", "new", "--name", "New", "--listen", "pin"]) == 0
    assert main(["team", "show", "new"]) == 0
    assert "no listening PIN yet, it has to call in" in capsys.readouterr().err
    assert main(["team", "listen-pin", "new", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["team"] == "new" and told["pin"].isdigit()
    assert main(["team", "show", "new", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["listen"], shown["listen_pin"]) == ("pin", True)
    assert told["pin"] not in json.dumps(shown)
