"""`tocsin` as scripts meet it: a real SQLite, exit codes, one line an error, JSON that is nothing else."""

import contextlib
import io
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ivr import bootstrap, config
from ivr.adapters.audio.wav import sha256
from ivr.adapters.gate.client import GateClient
from ivr.adapters.pbx.tree import PbxMissing, find_programs
from ivr.adapters.pins import Pins
from ivr.adapters.store import SqlStore
from ivr.cli import main
from ivr.domain.facts import (
    Acknowledged,
    AlertRecorded,
    AlertReleased,
    CallAnswered,
    CallEnded,
    CallPlaced,
    MailMoved,
    SmsDeferred,
    SmsFailed,
    SmsSubmitted,
)
from ivr.domain.records import Account, Delivery, MailState, Source, Via
from ivr.pstn.ports import free_ports
from ivr.services.ledger import Ledger

TEAMS = """\
teams:
  - {id: abc, name: ABC-CERT, numbers: [{number: "+494066969301"}], accounts: [{uid: "40712"}]}
  - {id: xyz, name: Größe-CERT, numbers: [{number: "+494066969302"}, {number: "+4915228817302", sms: true}]}
  - {id: def, name: DEF-CERT, numbers: [{number: "+494066969303"}]}
"""
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An install with three teams, made once by the commands that an operator uses."""
    folder = tmp_path_factory.mktemp("an install")
    assert tocsin(folder, "init").returncode == 0
    (folder / "teams.yaml").write_text(TEAMS, encoding="utf-8")
    assert tocsin(folder, "team", "import", "teams.yaml").returncode == 0
    return folder


@pytest.fixture
def home(template: Path, tmp_path: Path) -> Path:
    return shutil.copytree(template, tmp_path / "an install")


@pytest.fixture
def book(home: Path) -> Iterator[Ledger]:
    """The ledger of the install, as the service has it."""
    settings = config.load(home / "config/tocsin.yaml")
    store = bootstrap.open_store(settings)
    yield bootstrap.ledger(settings, store, time.time)
    store.close()


@pytest.fixture
def wav(tmp_path: Path) -> Path:
    return sound(tmp_path / "alert.wav")


def sound(path: Path, seconds: float = 2.0, rate: int = 8000, channels: int = 1, level: int = 9000) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        high, low = (value.to_bytes(2, "little", signed=True) * 20 * channels for value in (level, -level))
        file.writeframes((high + low) * int(seconds * rate / 40))
    return path


def environment(**more: str) -> dict[str, str]:
    # No programs are installed in an empty cache: nothing here needs Asterisk, flite or sox.
    own = {k: v for k, v in os.environ.items() if k != "TOCSIN_CONFIG"}
    return own | {"TOCSIN_CACHE": "/nonexistent", "LC_ALL": "C.UTF-8", "PYTHONWARNINGS": "error"} | more


def tocsin(home: Path, *words: str, stdin: str = "", **env: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", "from ivr.cli import main; raise SystemExit(main())", *words],
        cwd=home, input=stdin, capture_output=True, text=True, encoding="utf-8", env=environment(**env),
    )  # fmt: skip


def start(home: Path, *words: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", "from ivr.cli import main; raise SystemExit(main())", *words],
        cwd=home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
        env=environment(),
    )  # fmt: skip


def answer(home: Path, *words: str, code: int = 0) -> Any:
    """What a verb says in JSON, in this process; fails when stdout is anything but one document."""
    with contextlib.redirect_stdout(io.StringIO()) as out:
        ended = main(["--config", str(home / "config/tocsin.yaml"), *words, "--json"])
    assert ended == code
    return json.loads(out.getvalue())


def raised(home: Path, wav: Path, *options: str) -> int:
    done = tocsin(home, "alert", "raise", "--team", "abc", "--audio", str(wav), *options)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def acknowledge(book: Ledger, alert: int, *teams: str) -> None:
    for team in teams:
        book.apply(Acknowledged(alert, team, Via.KEYPRESS, "+494066969302"))


def eventually(true: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not true():
        assert time.monotonic() < until, "did not happen in 20 s"
        time.sleep(0.05)


# --- init ------------------------------------------------------------------------------------------------


def test_init_makes_a_private_place_that_works(template: Path) -> None:
    settings = config.load(template / "config/tocsin.yaml")
    assert oct((template / "config/secrets").stat().st_mode & 0o777) == "0o700"
    assert oct((template / "config/secrets/ami").stat().st_mode & 0o777) == "0o600"
    assert len(settings.secret("ami")) >= 32
    assert settings.secret("ami") not in (template / "config/tocsin.yaml").read_text(encoding="utf-8")


def test_init_takes_a_folder_and_names(tmp_path: Path) -> None:
    done = tocsin(tmp_path, "init", "there", "--network", 'A "B" Net', "--hotline", "+49 40 66969-100")
    settings = config.load(tmp_path / "there/config/tocsin.yaml")
    assert (done.returncode, done.stdout) == (0, "")
    assert (settings.network.name, settings.network.hotline) == ('A "B" Net', "+494066969100")
    assert tocsin(tmp_path, "init", "x", "--hotline", "112").returncode == 2
    assert not (tmp_path / "x").exists()


def test_a_second_init_changes_nothing_but_an_old_database(home: Path) -> None:
    files = {p: p.read_bytes() for p in home.rglob("*") if p.is_file() and "tocsin.db" not in p.name}
    (home / "state/tocsin.db").unlink()
    for leftover in (home / "state").glob("tocsin.db-*"):
        leftover.unlink()
    refused = tocsin(home, "alert", "list")
    assert (refused.returncode, "tocsin init" in refused.stderr) == (78, True)
    assert tocsin(home, "init").returncode == 0
    assert tocsin(home, "alert", "list").returncode == 0
    assert {p: p.read_bytes() for p in files} == files


def test_a_database_of_another_version_asks_for_init(home: Path) -> None:
    with sqlite3.connect(home / "state/tocsin.db") as database:
        database.execute("DROP TABLE sms")
        database.execute("UPDATE alembic_version SET version_num = '0000'")
    database.close()
    for words in (("sms", "list"), ("serve",)):
        refused = tocsin(home, *words)
        assert (refused.returncode, refused.stderr.count("\n")) == (78, 1)
        assert "run `tocsin init`" in refused.stderr


# --- exit codes and errors -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["alert", "show", "99"], 1, "there is no alert 99"),
        (["sms", "show", "9" * 30], 1, "the store does not take this"),
        (["team", "show", "half \udcff"], 1, "the store does not take this"),
        (["alert", "release", "99"], 1, "there is no alert 99"),
        (["alert", "watch", "99"], 1, "there is no alert 99"),
        (["delivery", "retry", "99", "abc"], 1, "alert 99 is not addressed to team abc"),
        (["team", "show", "nobody"], 1, "there is no team nobody"),
        (["team", "pin", "999999"], 1, "there is no account 999999"),
        (["team", "add", "n", "--name", "N", "--number", "112"], 65, "emergency number"),
        (["team", "import", "absent.yaml"], 65, "absent.yaml: cannot be read"),
        (["alert", "raise", "--team", "abc", "--audio", "absent.wav"], 65, "there is no such file"),
        (["alert", "raise", "--team", "abc", "--audio", "teams.yaml"], 65, "teams.yaml: is no WAV file"),
        (["alert", "raise", "--team", "abc", "--audio", "x", "--wait"], 2, "--wait needs --release"),
        (["alert", "watch", "--json"], 2, "--json needs the number"),
        (["--config", "absent.yaml", "lines"], 78, "absent.yaml: cannot be read"),
        (["pbx", "status"], 69, "run `tocsin pbx install`"),
        (["pbx", "start"], 69, "run `tocsin pbx install`"),
        (["pstn", "start", "--phones", "absent.yaml"], 65, "absent.yaml: cannot be read"),
    ],
)  # fmt: skip
def test_a_refusal_is_one_line_and_its_code(words: list[str], code: int, said: str, home: Path) -> None:
    if shutil.which("asterisk") and words[0] == "pbx":
        pytest.skip("this machine has an Asterisk of its own")
    done = tocsin(home, *words)
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("tocsin: ") and done.stderr.count("\n") == 1
    assert said in done.stderr


def test_a_wrong_configuration_is_named_with_line_and_key(home: Path) -> None:
    path = home / "config/tocsin.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("lines: 4", "lines: 0"), encoding="utf-8")
    done = tocsin(home, "lines")
    assert done.returncode == 78
    assert re.match(
        r"tocsin: config/tocsin\.yaml:\d+: lines: must be between 1 and 10000, not 0", done.stderr
    )


def test_the_configuration_comes_from_the_environment(home: Path, tmp_path: Path) -> None:
    done = tocsin(tmp_path, "lines", "--json", TOCSIN_CONFIG=str(home / "config/tocsin.yaml"))
    assert json.loads(done.stdout)[0]["lines"] == 4
    assert tocsin(tmp_path, "lines").returncode == 78


def test_a_locked_database_says_try_again(home: Path, wav: Path) -> None:
    database = sqlite3.connect(home / "state/tocsin.db", isolation_level=None)
    database.execute("BEGIN EXCLUSIVE")
    done = tocsin(home, "alert", "raise", "--team", "abc", "--audio", str(wav))
    database.execute("ROLLBACK")
    database.close()
    assert (done.returncode, done.stdout) == (75, "")
    assert done.stderr.count("\n") == 1 and "locked" in done.stderr


def test_a_reader_that_goes_away_is_no_crash(home: Path) -> None:
    child = start(home, "team", "list")
    assert child.stdout and child.stderr
    child.stdout.close()
    assert (child.wait(20), child.stderr.read()) == (1, "")
    child.stderr.close()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere; run the tests as an ordinary user")
def test_what_is_not_permitted_says_so(home: Path) -> None:
    (home / "recordings").chmod(0o500)
    shutil.rmtree(home / "recordings/incoming", ignore_errors=True)
    done = tocsin(home, "alert", "raise", "--team", "abc", "--audio", str(sound(home / "a.wav")))
    (home / "recordings").chmod(0o700)
    assert done.returncode == 77


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may do what the owner of an install cannot undo")
def test_root_does_not_work_in_the_install_of_another_user(home: Path) -> None:
    before = set(home.rglob("*"))
    for folder in ("state", "recordings"):
        os.chown(home / folder, 65534, 65534)
    recording = str(sound(home.parent / "a.wav"))
    for words in (
        ("alert", "raise", "--team", "abc", "--audio", recording),
        ("team", "import", "teams.yaml"),
        ("pbx", "render"),
        ("init",),
        ("serve",),
    ):
        done = tocsin(home, *words)
        assert done.returncode == 77, done.stderr
        told = r"^tocsin: .*/state: is of user \S+; run this as that user: sudo -u \S+$"
        assert re.search(told, done.stderr, re.MULTILINE)
    assert set(home.rglob("*")) == before
    (check,) = (c for c in answer(home, "doctor", code=1)["checks"] if c["name"] == "database")
    assert (check["ok"], "run this as that user" in check["detail"]) == (False, True)


# --- teams -----------------------------------------------------------------------------------------------


def test_teams_as_json_in_any_locale(home: Path) -> None:
    for locale in ("C.UTF-8", "C", "de_DE.ISO-8859-1"):
        done = tocsin(home, "team", "list", "--json", LC_ALL=locale, PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
        assert [team["name"] for team in json.loads(done.stdout)] == ["ABC-CERT", "DEF-CERT", "Größe-CERT"]
        assert tocsin(home, "team", "list", LC_ALL=locale, PYTHONUTF8="0").returncode == 0
    numbers = answer(home, "team", "show", "xyz")["numbers"]
    assert [(n["number"], n["sms"], n["kind"]) for n in numbers] == [
        ("+494066969302", False, "other"), ("+4915228817302", True, "mobile")
    ]  # fmt: skip


def test_a_team_is_added_with_numbers_in_the_order_given(home: Path) -> None:
    words = ["--mobile", "+4915228817309", "--number", "+49 40 66969 309", "--uid", "50001", "--calls-itself"]
    assert answer(home, "team", "add", "new", "--name", "New", *words)["added"] == ["new"]
    team = answer(home, "team", "show", "new")
    assert [(n["number"], n["sms"]) for n in team["numbers"]] == [
        ("+4915228817309", True), ("+494066969309", False)
    ]  # fmt: skip
    assert team["calls_itself"] and not team["trusts_phones"] and not team["machine_message"]


def test_a_team_is_added_that_wants_a_message_on_its_machine(home: Path) -> None:
    words = ("team", "add", "new", "--name", "New", "--machine-message")
    assert tocsin(home, *words, "--trusts-phones").returncode == 2
    assert answer(home, *words)["added"] == ["new"]
    assert answer(home, "team", "show", "new")["machine_message"]
    assert "message on its answering machine: yes" in tocsin(home, "team", "show", "new").stdout


def test_a_pin_is_printed_once_or_taken_from_stdin(home: Path, book: Ledger) -> None:
    done = tocsin(home, "team", "pin", "40712")
    assert re.fullmatch(r"\d{8}\n", done.stdout)
    assert _opens(home, done.stdout.strip())
    chosen = tocsin(home, "team", "pin", "40712", "--stdin", stdin="730184\n")
    assert (chosen.returncode, chosen.stdout) == (0, "")
    assert _opens(home, "730184") and not _opens(home, done.stdout.strip())
    weak = tocsin(home, "team", "pin", "40712", "--stdin", stdin="111111\n")
    assert (weak.returncode, "111111" in weak.stderr) == (65, False)
    strange = subprocess.run(
        [sys.executable, "-m", "ivr", "team", "pin", "40712", "--stdin"], cwd=home, input=b"73018\xff4\n",
        capture_output=True, env=environment(PYTHONIOENCODING="utf-8:strict"),
    )  # fmt: skip
    assert (strange.returncode, strange.stderr.count(b"\n")) == (65, 1), strange.stderr
    assert _opens(home, "730184")


def _opens(home: Path, pin: str) -> bool:
    store = SqlStore(f"sqlite:///{home / 'state/tocsin.db'}")
    try:
        with store.read() as tx:
            account = tx.get(Account, "40712")
        assert account is not None
        return Pins().matches(account.pin_hash, pin)
    finally:
        store.close()


# --- alerts ----------------------------------------------------------------------------------------------


def test_an_alert_is_raised_as_a_draft_released_and_withdrawn(home: Path, wav: Path) -> None:
    number = raised(home, wav)
    draft = answer(home, "alert", "show", str(number))
    assert (draft["state"], draft["source"], draft["deliveries"]) == ("draft", "operator", [])
    assert draft["originator"] == {"team": "abc", "name": "ABC-CERT", "uid": None}
    kept = Path(answer(home, "alert", "audio", str(number))["path"])
    assert kept.read_bytes() == wav.read_bytes() and kept.parent == home / "recordings"
    assert not list((home / "recordings/incoming").iterdir())
    released = answer(home, "alert", "release", str(number))
    assert released["state"] == "released" and TIME.fullmatch(released["released_at"])
    assert answer(home, "alert", "withdraw", str(number))["state"] == "withdrawn"
    assert tocsin(home, "alert", "release", str(number)).returncode == 1


def test_an_alert_is_closed_and_who_has_not_acknowledged_is_missing(
    home: Path, wav: Path, book: Ledger
) -> None:
    number = raised(home, wav, "--release")
    acknowledge(book, number, "def")
    closed = answer(home, "alert", "close", str(number))
    assert (closed["state"], closed["outcome"]) == ("closed", "incomplete")
    states = {d["team"]["id"]: (d["state"], d["reason"]) for d in closed["deliveries"]}
    assert states["def"][0] == "acknowledged"
    assert states["xyz"] == ("exhausted", "closed by an operator")
    again = tocsin(home, "alert", "close", str(number))
    assert (again.returncode, again.stderr) == (0, f"tocsin: alert {number} is closed: incomplete\n")


def test_a_draft_cannot_be_closed(home: Path, wav: Path) -> None:
    number = raised(home, wav)
    refused = tocsin(home, "alert", "close", str(number))
    assert refused.returncode == 1 and "it calls nobody" in refused.stderr


def by_mail(book: Ledger, wav: Path, folder: Path) -> int:
    """An alert of abc that came by mail."""
    text = folder / "mail.txt"
    text.write_text("a worm", encoding="utf-8")
    alert = book.apply(
        AlertRecorded("abc", None, Source.MAIL, str(wav), 2.0, sha256(wav), papers=(str(text),))
    ).alert
    assert alert is not None
    book.apply(AlertReleased(alert.id))
    return alert.id


def test_an_alert_by_mail_is_escalated_once(home: Path, wav: Path, book: Ledger, tmp_path: Path) -> None:
    n = str(by_mail(book, wav, tmp_path))
    book.apply(MailMoved(int(n), "xyz", "duty@xyz.example", MailState.SENT))
    acknowledge(book, int(n), "def")
    before = answer(home, "alert", "show", n)
    assert (before["source"], before["escalated_at"]) == ("mail", None)
    assert {d["state"] for d in answer(home, "delivery", "list", "--alert", n)} == {"mailed", "acknowledged"}
    assert [(m["address"], m["state"]) for m in before["mail"]] == [("duty@xyz.example", "sent")]

    done = tocsin(home, "alert", "escalate", n)
    assert (done.returncode, done.stdout) == (0, "")
    assert f"tocsin: alert {n} is now being telephoned to 1 team\n" in done.stderr
    assert "the service does not run" in done.stderr
    after = answer(home, "alert", "show", n)
    assert TIME.fullmatch(after["escalated_at"])
    assert {d["team"]["id"]: d["state"] for d in after["deliveries"]} == {
        "xyz": "waiting",
        "def": "acknowledged",
    }

    again = tocsin(home, "alert", "escalate", n)
    assert (again.returncode, again.stderr.count("\n")) == (1, 1)
    assert "is escalated" in again.stderr


@pytest.mark.parametrize(
    ("which", "why"),
    [("voice", "did not come by mail"), ("draft", "is draft"), ("99", "there is no alert")],
)
def test_what_is_not_by_mail_alone_is_not_escalated(home: Path, wav: Path, which: str, why: str) -> None:
    options = {"voice": ["--release"], "draft": []}.get(which)
    n = which if options is None else str(raised(home, wav, *options))
    done = tocsin(home, "alert", "escalate", n)
    assert (done.returncode, why in done.stderr, done.stderr.count("\n")) == (1, True, 1)


def test_an_export_takes_the_text_along(home: Path, wav: Path, book: Ledger, tmp_path: Path) -> None:
    n = by_mail(book, wav, tmp_path)
    assert tocsin(home, "alert", "export", str(n), str(tmp_path / "out")).returncode == 0
    assert (tmp_path / "out" / f"{n}.txt").read_text(encoding="utf-8") == "a worm"
    assert f"{n}.txt" in (tmp_path / "out" / "SHA256SUMS").read_text()


def test_the_document_of_an_alert_is_that_of_the_contract(home: Path, wav: Path, book: Ledger) -> None:
    number = raised(home, wav, "--release")
    book.apply(CallPlaced("c1", "xyz", "+494066969302", "practice", (number,)))
    book.apply(CallEnded("c1", 17))
    book.apply(CallPlaced("c2", "def", "+494066969303", "practice", (number,)))
    book.apply(CallAnswered("c2"))
    book.apply(Acknowledged(number, "def", Via.KEYPRESS, "+494066969303", "c2"))
    shown = answer(home, "alert", "show", str(number))
    assert {k: v for k, v in shown.items() if not isinstance(v, list) and not k.endswith("_at")} == {
        "id": number, "state": "released", "outcome": None, "source": "operator", "duration_s": 2.0,
        "severity": "medium",
        "originator": {"team": "abc", "name": "ABC-CERT", "uid": None},
        "sha256": shown["sha256"], "tlp": None, "confirmed": None, "callback": None,
    }  # fmt: skip
    assert re.fullmatch("[0-9a-f]{64}", shown["sha256"])
    assert shown["closed_at"] is None and TIME.fullmatch(shown["released_at"])
    done, busy = shown["deliveries"]
    assert (done["team"], done["state"]) == ({"id": "def", "name": "DEF-CERT"}, "acknowledged")
    assert (done["acknowledged_via"], done["acknowledged_by"]) == ("keypress", "+494066969303")
    (up,) = done["calls"]
    assert TIME.fullmatch(up["answered_at"]) and up["ended_at"] is None and up["disposition"] is None
    assert busy["state"] == "waiting" and busy["acknowledged_at"] is None
    (call,) = busy["calls"]
    assert {k: v for k, v in call.items() if not k.endswith("_at")} == {
        "id": "c1", "n": 1, "number": "+494066969302", "trunk": "practice", "cause": 17, "heard_s": 0.0,
        "disposition": "busy",
    }  # fmt: skip
    assert [(s["kind"], s["team"], s["number"], s["state"], s["receipt_at"]) for s in shown["sms"]] == [
        ("alert", "xyz", "+4915228817302", "queued", None)
    ]
    assert shown["mail"] == []


def test_a_ceiling_that_is_reached_is_said_beside_the_document(home: Path, wav: Path, book: Ledger) -> None:
    with (home / "config/tocsin.yaml").open("a", encoding="utf-8") as file:
        file.write("\ncalls: {per_hour: 2, per_alert: 1}\n")
    alert = raised(home, wav, "--release")
    assert tocsin(home, "alert", "show", str(alert), "--json").stderr == ""
    book.apply(CallPlaced("c1", "xyz", "+494066969302", "practice", (alert,)))
    assert "calls.per_alert" in tocsin(home, "alert", "show", str(alert), "--json").stderr
    assert "ceiling" not in tocsin(home, "lines").stderr
    book.apply(CallPlaced("c2", "def", "+494066969303", "practice", (alert,)))
    assert "calls.per_hour" in tocsin(home, "lines", "--json").stderr


def test_lists_agree_with_the_document(home: Path, wav: Path, book: Ledger) -> None:
    number = raised(home, wav, "--release")
    book.apply(CallPlaced("c1", "xyz", "+494066969302", "practice", (number,)))
    acknowledge(book, number, "def")
    (alert,) = answer(home, "alert", "list", "--state", "released")
    assert (alert["id"], alert["teams"], alert["acknowledged"]) == (number, 2, 1)
    assert answer(home, "alert", "list", "--state", "draft") == []
    (waiting,) = answer(home, "delivery", "list", "--state", "calling")
    assert (waiting["alert"], waiting["team"]["id"], waiting["attempts"]) == (number, "xyz", 1)
    (call,) = answer(home, "call", "list", "--live")
    assert (call["id"], call["direction"], call["alerts"][0]["id"]) == ("c1", "out", number)
    assert answer(home, "call", "list", "--alert", str(number), "--team", "xyz") == [call]
    (trunk,) = answer(home, "lines")
    assert (trunk["trunk"], trunk["lines"], trunk["used"], trunk["free"]) == ("practice", 4, 1, 3)
    assert trunk["calls"] == [call]
    (sms,) = answer(home, "sms", "list", "--alert", str(number))
    assert (sms["team"], sms["state"], TIME.fullmatch(sms["queued_at"]) is not None) == (
        "xyz",
        "queued",
        True,
    )


def test_a_delivery_is_given_up_and_started_again(home: Path, wav: Path) -> None:
    number = str(raised(home, wav, "--release"))
    assert tocsin(home, "delivery", "skip", number, "xyz").returncode == 0
    (skipped,) = answer(home, "delivery", "list", "--alert", number, "--team", "xyz")
    assert (skipped["state"], skipped["reason"]) == ("exhausted", "skipped by an operator")
    assert tocsin(home, "delivery", "retry", number, "xyz").returncode == 0
    (again,) = answer(home, "delivery", "list", "--alert", number, "--team", "xyz")
    assert (again["state"], again["next_number"]) == ("waiting", "+494066969302")


def test_calls_to_a_team_that_is_on_it_are_held(home: Path, wav: Path) -> None:
    number = str(raised(home, wav, "--release"))
    held = tocsin(home, "delivery", "responding", number, "xyz")
    (delivery,) = answer(home, "delivery", "list", "--state", "responding")
    assert (delivery["team"]["id"], delivery["next_number"]) == ("xyz", "+494066969302")
    assert held.returncode == 0 and f"held until {delivery['due_at']}" in held.stderr
    assert tocsin(home, "delivery", "skip", number, "xyz").returncode == 0
    late = tocsin(home, "delivery", "responding", number, "xyz")
    assert late.returncode == 1 and "xyz is exhausted: no calls to hold" in late.stderr


def test_operators_are_told_who_was_not_reached(home: Path, wav: Path) -> None:
    file = home / "config/tocsin.yaml"
    text = file.read_text(encoding="utf-8")
    freed = text.replace("  # operators: [", "  operators: [")
    assert freed != text
    file.write_text(freed, encoding="utf-8")
    number = str(raised(home, wav, "--release"))
    assert tocsin(home, "delivery", "skip", number, "xyz").returncode == 0
    sms = {(s["kind"], s["team"], s["number"]) for s in answer(home, "sms", "list")}
    assert sms == {("alert", "xyz", "+4915228817302"), ("notice", None, "+4915228817399")}


def test_an_alert_says_what_was_said_of_its_content(home: Path, wav: Path) -> None:
    said = ("confirmed", "tlp", "callback")
    raised(home, wav, "--unconfirmed", "--tlp", "AMBER+STRICT", "--callback", "+49 4066 969301")
    assert [answer(home, "alert", "show", "1")[key] for key in said] == [
        False,
        "AMBER+STRICT",
        "+494066969301",
    ]
    assert tocsin(home, "alert", "release", "1", "--confirmed", "--tlp", "RED").returncode == 0
    assert [answer(home, "alert", "show", "1")[key] for key in said] == [True, "RED", "+494066969301"]
    shown = tocsin(home, "alert", "show", "1").stdout
    assert "confirmed, TLP:RED, questions to +494066969301" in shown
    wrong = tocsin(home, "alert", "raise", "--team", "abc", "--audio", str(wav), "--callback", "112")
    assert wrong.returncode == 2
    assert "112 is an emergency number" in wrong.stderr


def test_an_alert_has_the_severity_it_was_raised_with(home: Path, wav: Path) -> None:
    raised(home, wav)
    raised(home, wav, "--severity", "high")
    assert [a["severity"] for a in answer(home, "alert", "list")] == ["medium", "high"]
    assert answer(home, "alert", "show", "2")["severity"] == "high"
    assert tocsin(home, "alert", "list").stdout.splitlines()[2].split()[1:3] == ["draft", "high"]
    wrong = tocsin(home, "alert", "raise", "--team", "abc", "--audio", str(wav), "--severity", "critical")
    assert wrong.returncode == 2


def test_two_shells_wait_for_two_alerts(home: Path, wav: Path, book: Ledger) -> None:
    words = ("alert", "raise", "--team", "abc", "--audio", str(wav), "--release", "--wait")
    shells = [start(home, *words), start(home, *words, "--json")]
    eventually(lambda: len(released(home)) == 2)
    assert all(shell.poll() is None for shell in shells), "they wait"
    for number in released(home):
        acknowledge(book, number, "xyz", "def")
    (number, said), (document, _) = [shell.communicate(timeout=20) for shell in shells]
    assert [shell.returncode for shell in shells] == [0, 0]
    assert {int(number), json.loads(document)["id"]} == {1, 2}
    assert json.loads(document)["outcome"] == "all-acknowledged" and "all-acknowledged" in said


def released(home: Path) -> set[int]:
    store = SqlStore(f"sqlite:///{home / 'state/tocsin.db'}")
    try:
        with store.read() as tx:
            return {delivery.alert for delivery in tx.find(Delivery)}
    finally:
        store.close()


def test_waiting_for_an_alert_that_somebody_missed_exits_1(home: Path, wav: Path, book: Ledger) -> None:
    shell = start(home, "alert", "raise", "--team", "abc", "--audio", str(wav), "--release", "--wait")
    eventually(lambda: released(home) == {1})
    acknowledge(book, 1, "def")
    assert tocsin(home, "delivery", "skip", "1", "xyz").returncode == 0
    number, said = shell.communicate(timeout=20)
    assert (shell.returncode, number) == (1, "1\n")
    assert "incomplete" in said


# --- recordings that an operator brings ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"seconds": 0}, "is empty"),
        ({"seconds": 0.5}, "is short"),
        ({"level": 3}, "is silent"),
        ({"seconds": 121}, "lasts 121.0 s; the limit is 120 s"),
        ({"seconds": 200, "rate": 44100}, "lasts 200.0 s; the limit is 120 s"),
        ({"rate": 16000}, "must be mono, 16 bit, 8000 Hz; to convert others, "),
    ],
)
def test_a_recording_that_cannot_be_sent_is_refused(
    form: dict[str, Any], said: str, home: Path, tmp_path: Path
) -> None:
    path = sound(tmp_path / "bad one.wav", **form)
    if "rate" in form and shutil.which("sox") and shutil.which("asterisk"):
        pytest.skip("this machine has a sox of its own, which converts it")
    done = tocsin(home, "alert", "raise", "--team", "abc", "--audio", str(path))
    assert done.returncode == 65
    assert done.stderr.startswith(f"tocsin: {path}: {said}") and done.stderr.count("\n") == 1
    assert not list((home / "recordings").rglob("*.wav"))


def test_a_recording_without_a_rate_is_refused(home: Path, wav: Path) -> None:
    octets = bytearray(wav.read_bytes())
    octets[24:28] = bytes(4)  # of the header: samples in a second
    wav.write_bytes(octets)
    done = tocsin(home, "alert", "raise", "--team", "abc", "--audio", str(wav))
    assert (done.returncode, done.stderr.count("\n")) == (65, 1), done.stderr


def test_another_kind_of_wav_is_converted_where_sox_is(home: Path, tmp_path: Path) -> None:
    try:
        find_programs()
    except PbxMissing:
        pytest.skip("needs sox: run `tocsin pbx install`")
    path = sound(tmp_path / "other form.wav", rate=44100, channels=2, seconds=3.0)
    raised = answer(home, "alert", "raise", "--team", "abc", "--audio", str(path))
    assert raised["duration_s"] == pytest.approx(3.0, abs=0.01)
    with wave.open(str(home / "recordings/1.wav")) as kept:
        assert (kept.getnchannels(), kept.getsampwidth(), kept.getframerate()) == (1, 2, 8000)


# --- watch -----------------------------------------------------------------------------------------------


def test_watch_tells_each_change_and_ends_with_the_alert(home: Path, wav: Path, book: Ledger) -> None:
    number = raised(home, wav, "--release")
    watching = start(home, "alert", "watch", str(number))
    assert watching.stdout
    first = watching.stdout.readline()
    assert TIME.match(first) and first.endswith(f"alert {number}: released, from ABC-CERT to 2 teams\n")
    book.apply(CallPlaced("c1", "xyz", "+494066969302", "practice", (number,)))
    book.apply(CallEnded("c1", 17))
    acknowledge(book, number, "xyz", "def")
    rest, said = watching.communicate(timeout=20)
    lines = [line.partition(": ")[2] for line in rest.splitlines()]
    assert watching.returncode == 0 and said == ""
    assert "xyz: call 1 ended: busy" in lines and "def: acknowledged via keypress" in lines
    assert lines[-1] == "closed, all-acknowledged"
    assert "+494066969302" not in first + rest, "lines end up in logs"


def test_watching_all_ends_with_ctrl_c(home: Path, wav: Path) -> None:
    watching = start(home, "alert", "watch")
    raised(home, wav, "--release")
    assert watching.stdout and "released" in watching.stdout.readline()
    watching.send_signal(signal.SIGINT)
    assert watching.wait(20) == 0
    assert watching.communicate()[1] == ""


def test_a_command_while_an_alert_is_open_goes_on_from_the_last_moment_on_record(
    home: Path, wav: Path
) -> None:
    """As after the system's clock was set back by an hour."""
    alert = raised(home, wav, "--release")
    with contextlib.closing(sqlite3.connect(home / "state/tocsin.db")) as db, db:
        db.execute("UPDATE journal SET at = at + 3600")
        db.execute("UPDATE delivery SET since = since + 3600, due_at = due_at + 3600")
    assert tocsin(home, "delivery", "skip", str(alert), "xyz").returncode == 0
    assert tocsin(home, "delivery", "retry", str(alert), "xyz").returncode == 0
    with contextlib.closing(sqlite3.connect(home / "state/tocsin.db")) as db:
        moments = dict(db.execute("SELECT team, since FROM delivery"))
    assert moments["xyz"] >= moments["def"]


def test_that_all_trunks_need_the_internet_is_said_wherever_one_looks(home: Path) -> None:
    assert "EVERY TRUNK" in tocsin(home, "lines").stderr
    (check,) = (c for c in answer(home, "doctor", code=1)["checks"] if c["name"] == "internet")
    assert "EVERY TRUNK" in check["detail"]

    path = home / "config/tocsin.yaml"
    marked = path.read_text(encoding="utf-8").replace("    lines: 4", "    lines: 4\n    internet: false")
    path.write_text(marked, encoding="utf-8")
    assert "ceiling" not in tocsin(home, "lines").stderr
    (trunk,) = answer(home, "lines")
    assert (trunk["internet"], trunk["state"], trunk["why"], trunk["since"]) == (False, "up", None, None)


# --- doctor ----------------------------------------------------------------------------------------------


def test_the_doctor_names_what_is_wrong_and_what_to_do(home: Path) -> None:
    (home / "config/secrets/ami").chmod(0o644)
    found = answer(home, "doctor", code=1)
    checks = {check["name"]: check for check in found["checks"]}
    assert found["ok"] is False
    assert checks["configuration"]["ok"] and checks["database"]["ok"] and checks["teams"]["ok"]
    assert "chmod 600" in checks["secrets"]["detail"]
    assert not checks["service"]["ok"] and "tocsin serve" in checks["service"]["detail"]
    lines = tocsin(home, "doctor").stdout.splitlines()
    assert len(lines) == len(checks) and sum(line.startswith("FAIL") for line in lines) >= 2


def test_the_doctor_names_numbers_that_do_not_exist(home: Path) -> None:
    with contextlib.closing(sqlite3.connect(home / "state/tocsin.db")) as db, db:
        db.execute("UPDATE number SET unallocated_at = 1795356180 WHERE team = 'xyz' AND position = 0")
        (number,) = db.execute("SELECT number FROM number WHERE team = 'xyz' AND position = 0").fetchone()
    well, detail = checked(home, "teams")
    assert not well and "xyz" in detail and number[-3:] in detail and number not in detail


def test_the_doctor_names_keys_for_mail_that_fail_and_those_that_will(home: Path) -> None:
    def told(*rows: tuple[str, str | None, int, str]) -> tuple[bool, str]:
        with contextlib.closing(sqlite3.connect(home / "state/tocsin.db")) as db, db:
            db.executemany("INSERT INTO failing_key (what, team, days, why) VALUES (?, ?, ?, ?)", rows)
            key = (
                "INSERT INTO mail_key (team, standard, fingerprint, key, gcm) VALUES (?, 'openpgp', ?, '', 0)"
            )
            db.executemany(key, [(team, what) for what, team, *_ in rows])
            address = "INSERT INTO mail_address (team, position, address) VALUES (?, 0, ?)"
            db.executemany(address, [(team, f"duty@{team}.example") for _, team, *_ in rows])
        return checked(home, "members' keys")

    file = home / "config/tocsin.yaml"
    file.write_text(file.read_text(encoding="utf-8") + "\nbridge: {domain: bell.example}\n", encoding="utf-8")
    assert told() == (True, "none fails, as far as the bridge has told")
    well, detail = told(("A", "xyz", 7, "the key A expires on 2026-12-01 (UTC)"))
    assert well and detail == "xyz fails within 7 days: the key A expires on 2026-12-01 (UTC)"
    well, detail = told(("B", "abc", 0, "the key B is revoked"))
    assert not well and detail.startswith("abc cannot be used any more: the key B is revoked; xyz fails")
    assert "tocsin team import" in detail
    with contextlib.closing(sqlite3.connect(home / "state/tocsin.db")) as db, db:
        db.execute("UPDATE mail_key SET fingerprint = 'C' WHERE team = 'abc'")  # it has sent a new one
    assert checked(home, "members' keys")[1].startswith("xyz fails")


def test_the_doctor_of_a_wrong_configuration_says_where(home: Path) -> None:
    (home / "config/tocsin.yaml").write_text("network: 1\n")
    (check,) = answer(home, "doctor", code=1)["checks"]
    assert "config/tocsin.yaml:1: network" in check["detail"]


# --- a full disk -----------------------------------------------------------------------------------------


def test_serve_keeps_room_for_a_full_disk_and_opens_the_gate(home: Path) -> None:
    file = home / "config/tocsin.yaml"
    ami, agi = free_ports(2)
    text = file.read_text(encoding="utf-8").replace("15038", str(ami)).replace("14573", str(agi))
    file.write_text(text, encoding="utf-8")
    reserve, gate = home / "state/tocsin.db.reserve", home / "state/gate"
    service = start(home, "serve")
    try:
        eventually(lambda: reserve.exists() and reserve.stat().st_size == 16 * 2**20)
        eventually(gate.is_socket)
        with GateClient(gate) as client:
            assert client.current() == []
    finally:
        service.terminate()
        service.communicate()
    assert not gate.exists()
    assert checked(home, "disk reserve") == (True, "16 MB, kept for a full disk")


def test_once_the_disk_was_full_the_shell_says_so_and_takes_no_recording(home: Path, wav: Path) -> None:
    assert checked(home, "disk reserve")[0] is False
    assert raised(home, wav) == 1
    (home / "state/tocsin.db.reserve").touch()
    refused = tocsin(home, "alert", "raise", "--team", "abc", "--audio", str(wav))
    assert (refused.returncode, refused.stderr.count("\n")) == (75, 1)
    assert "the disk is nearly full" in refused.stderr
    ok, detail = checked(home, "disk reserve")
    assert not ok and "32 MB are free" in detail


def checked(home: Path, name: str) -> tuple[bool, str]:
    """What the doctor says of one thing."""
    checks = {check["name"]: check for check in answer(home, "doctor", code=1)["checks"]}
    return checks[name]["ok"], checks[name]["detail"]


def configured(home: Path, before: str, after: str) -> None:
    """Change the configuration of the install."""
    file = home / "config/tocsin.yaml"
    text = file.read_text(encoding="utf-8")
    assert text.count(before) == 1
    file.write_text(text.replace(before, after), encoding="utf-8")


class TestSms:
    MOBILE = "+4915228817302"

    def test_goes_to_a_number_of_the_directory_and_is_shown_with_its_text(self, home: Path) -> None:
        sent = tocsin(home, "sms", "send", "--to", "+49 1522 8817302", "Bitte rückrufen, 10 €")
        assert (sent.returncode, sent.stdout) == (0, "1\n")
        assert "no `smsc` in the configuration" in sent.stderr

        shown = answer(home, "sms", "show", "1")
        assert (shown["kind"], shown["team"], shown["number"], shown["state"], shown["alert"]) == (
            "written",
            "xyz",
            self.MOBILE,
            "queued",
            None,
        )
        assert shown["text"] == "Bitte rückrufen, 10 €"
        assert "text" not in answer(home, "sms", "list")[0]

    @pytest.mark.parametrize(
        ("to", "text", "code", "message"),
        [
            ("+4915228817399", "Hello", 1, "is neither in the directory nor an operator's"),
            ("112", "Hello", 65, "emergency number"),
            ("+4915228817302", " ", 65, "the text is empty"),
            ("+4915228817302", "x" * 40_000, 65, "at most 255 can be joined"),
        ],
    )
    def test_is_refused_in_one_line(self, home: Path, to: str, text: str, code: int, message: str) -> None:
        refused = tocsin(home, "sms", "send", "--to", to, text)

        assert (refused.returncode, refused.stdout) == (code, "")
        assert message in refused.stderr
        assert refused.stderr.count("\n") == 1
        assert answer(home, "sms", "list") == []

    def test_is_sent_again_once_it_has_failed(self, home: Path, book: Ledger) -> None:
        answer(home, "sms", "send", "--to", self.MOBILE, "Hello")
        waits = tocsin(home, "sms", "retry", "1")
        assert (waits.returncode, waits.stdout) == (1, "")
        book.apply(SmsFailed(1, "no such subscriber"))

        again = answer(home, "sms", "retry", "1")
        assert (again["id"], again["state"], again["number"]) == (2, "queued", self.MOBILE)
        assert [s["state"] for s in answer(home, "sms", "list")] == ["failed", "queued"]
        assert tocsin(home, "sms", "show", "3").returncode == 1

    def test_tells_of_an_alert_in_the_words_of_the_network(self, home: Path, wav: Path) -> None:
        configured(
            home, "  # operators:", '  sms_text: "{originator}: alarm {number}, {hotline}"\n  # operators:'
        )
        raised(home, wav, "--release")

        assert answer(home, "sms", "show", "1")["text"] == "operators for ABC-CERT: alarm 1, +494066969100"

    def test_follows_up_while_the_service_runs(self, home: Path, wav: Path) -> None:
        ami, agi = free_ports(2)
        configured(home, "15038", str(ami))
        configured(home, "14573", str(agi))
        configured(home, "  # report_after_s: 900", "  report_after_s: 60")
        raised(home, wav, "--release")
        with contextlib.closing(sqlite3.connect(home / "state/tocsin.db")) as db, db:
            db.execute("UPDATE alert SET released_at = released_at - 61")
            db.execute("UPDATE sms SET state = 'submitted'")
        service = start(home, "serve")
        try:
            eventually(lambda: len(answer(home, "sms", "list")) == 2)
        finally:
            service.terminate()
            service.communicate()
        assert answer(home, "sms", "show", "2")["text"].startswith("REMINDER: ALERT 1 from operators for ABC")

    def test_status_counts_what_waits_and_tries_the_smscs(self, home: Path, book: Ledger) -> None:
        assert answer(home, "sms", "status") == {
            "queued": 0,
            "submitted": 0,
            "delivered": 0,
            "failed": 0,
            "oldest_queued_at": None,
            "reason": None,
            "smsc": [],
        }
        for _ in range(3):
            answer(home, "sms", "send", "--to", self.MOBILE, "Hello")
        book.apply(SmsSubmitted(1, ("m",)))
        book.apply(SmsDeferred(2, "the link was lost"))
        with socket.create_server(("127.0.0.1", 0)) as listening, socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            ports = [s.getsockname()[1] for s in (listening, silent)]
            with (home / "config/tocsin.yaml").open("a", encoding="utf-8") as file:
                file.write("smsc:\n")
                for name, port in zip("ab", ports, strict=True):
                    file.write(f"  - {{name: {name}, host: 127.0.0.1, port: {port}, system_id: tocsin}}\n")
                file.write("  - {name: c, spool: no spool}\n")
            found = answer(home, "sms", "status", code=1)

        assert (found["queued"], found["submitted"], found["reason"]) == (2, 1, "the link was lost")
        assert TIME.fullmatch(found["oldest_queued_at"])
        assert [(link["name"], link["answers"]) for link in found["smsc"]] == [
            ("a", True),
            ("b", False),
            ("c", False),
        ]
