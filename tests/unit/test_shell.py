"""The shell without a store: the parser, the table of exit codes, what `watch` tells and shows."""

import errno
import importlib
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import pytest
import yaml
from rich.console import Console

from ivr import config
from ivr.cli import main, output
from ivr.cli import parser as command_line
from ivr.cli.watch import Look, changes
from ivr.cli.watch_table import picture
from ivr.domain.policy import Policy
from ivr.domain.recording import Limits
from ivr.domain.records import (
    Alert,
    AlertState,
    Call,
    CallState,
    Delivery,
    DeliveryState,
    Direction,
    Disposition,
    Leg,
    Outcome,
    Sms,
    SmsKind,
    SmsState,
    Source,
    Via,
)
from ivr.services.report import AlertFile, rfc3339

EXAMPLE = Path(__file__).parents[2] / "config" / "tocsin.example.yaml"
RELEASED = 1_795_356_180.0
NOON = "2026-11-22T14:03:00Z"


# --- the command line ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ["--config", "x.yaml", "alert", "list"],
        ["alert", "--config", "x.yaml", "list"],
        ["alert", "list", "--config", "x.yaml"],
        ["--config", "first.yaml", "alert", "list", "--config", "x.yaml"],
    ],
)
def test_config_is_taken_before_and_after_the_verb(words: list[str]) -> None:
    assert command_line().parse_args(words).config == "x.yaml"


@pytest.mark.parametrize(
    "words",
    [[], ["frob"], ["alert"], ["alert", "show"], ["alert", "show", "seven"], ["alert", "list", "--js"]],
)
def test_a_usage_error_is_one_line_and_exit_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    said = capsys.readouterr()
    assert ended.value.code == 2
    assert said.out == ""
    assert said.err.startswith("tocsin: ") and said.err.count("\n") == 1 and "--help" in said.err


def test_the_version_is_an_answer(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    said = capsys.readouterr()
    assert said.out.startswith("tocsin ") and said.err == ""


def test_help_loads_nothing_heavy() -> None:
    heavy = (
        "sqlalchemy",
        "alembic",
        "rich",
        "yaml",
        "pydub",
        "argon2",
        "panoramisk",
        "asyncio",
        "ivr.config",
    )
    look = f"print([m for m in {heavy} if m in sys.modules])"
    look = f"print([m for m in {heavy} if m in sys.modules])"
    code = f"import sys, ivr.cli; ivr.cli.parser().format_help(); {look}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_reading_verb_takes_json() -> None:
    reading = """alert list|alert show 1|alert raise --team a --audio f|alert release 1|alert withdraw 1
        |alert watch|alert audio 1|delivery list|call list|lines|sms list|team list|team show a|team import f
        |team add a --name A|team pin 1|doctor|pbx status|pstn cdr|pstn heard +4940808077555"""
    for line in reading.split("|"):
        assert command_line().parse_args([*line.split(), "--json"]).json, line


def test_the_table_of_exit_codes_names_exceptions_that_exist() -> None:
    for name in output.CODES:
        module, _, kind = name.rpartition(".")
        found = getattr(importlib.import_module(module), kind)
        assert issubclass(found, Exception) and f"{found.__module__}.{found.__qualname__}" == name


def test_a_kind_of_expected_error_counts_as_its_parent_and_a_surprise_as_none() -> None:
    assert output.code_of(FileNotFoundError("x")) == 1
    assert output.code_of(PermissionError("x")) == 77
    assert output.code_of(OSError(errno.ENOSPC, "No space left on device")) == 75
    assert output.code_of(ZeroDivisionError()) is None


def test_a_complaint_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    output.complain(ValueError("two\nlines"))
    output.complain(FileNotFoundError(2, "No such file", "a/b"))
    assert capsys.readouterr().err == "tocsin: two lines\ntocsin: a/b: No such file\n"


def test_a_table_has_aligned_columns_and_no_heads_alone(capsys: pytest.CaptureFixture[str]) -> None:
    output.table(("A", "LONG"), [("xyz", None), (1, True)])
    output.table(("A",), [])
    assert capsys.readouterr().out == "A    LONG\nxyz  -\n1    yes\n"


def test_every_key_of_the_configuration_is_in_the_example() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    shapes = (
        config.Network,
        config.Pbx,
        config.Trunk,
        config.Smsc,
        config.Modem,
        Policy,
        Limits,
        config._File,
    )
    for shape in shapes:
        for key in fields(shape):
            name = key.metadata.get("key", key.name)
            assert f"{name}:" in text, f"{shape.__name__}.{name}"


@pytest.mark.parametrize("section", ["smsc", "policy", "audio"])
def test_what_is_commented_out_in_the_example_is_right(section: str, tmp_path: Path) -> None:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    start = lines.index(f"# {section}:")
    end = next(n for n in range(start + 1, len(lines)) if not lines[n].startswith("#"))
    freed = [line.removeprefix("# ") for line in lines[start:end]]
    path = tmp_path / "tocsin.yaml"
    path.write_text("\n".join(lines[:start] + freed + lines[end:]), encoding="utf-8")
    loaded = config.load(path)
    if section == "smsc":
        smsc, modem = loaded.smsc
        assert isinstance(smsc, config.Smsc)
        assert smsc.system_id == "tocsin"
        assert modem == config.Modem(Path("/var/spool/sms"), "modem")
    else:
        # The values shown are the defaults, as the file says.
        assert getattr(loaded, section) == type(getattr(loaded, section))()
    assert yaml.safe_load(path.read_text(encoding="utf-8"))[section], "the section was not freed"


# --- watch -----------------------------------------------------------------------------------------------


def alert(**changed: object) -> Alert:
    base = Alert(
        17, AlertState.RELEASED, "abc", "ABC-CERT", None, Source.OPERATOR, "17.wav", RELEASED - 1, 9.0, "00",
        released_at=RELEASED,
    )  # fmt: skip
    return replace(base, **changed)  # type: ignore[arg-type]


WAITING = Delivery(17, "xyz", "XYZ-CERT", number="+494066969301", due_at=RELEASED, since=RELEASED)
RINGING = Call("c1", Direction.OUT, CallState.PLACED, "xyz", "+494066969301", "sip-a", RELEASED + 1)
BUSY = replace(RINGING, state=CallState.ENDED, ended_at=RELEASED + 2, cause=17)
LEG = Leg("c1", 17, "xyz", 1)
BEFORE = AlertFile(alert(), [WAITING], {}, {}, [])


def told(before: AlertFile | None, after: AlertFile) -> list[str]:
    return [f"{at - RELEASED:g} {text}" for at, text in changes(before, after, RELEASED + 100)]


def test_rfc3339() -> None:
    assert rfc3339(RELEASED + 0.9) == NOON
    assert rfc3339(None) is None


def test_an_alert_that_comes_into_sight_is_told_from_its_beginning() -> None:
    assert told(None, BEFORE) == ["0 released, from ABC-CERT to 1 teams"]
    assert told(BEFORE, BEFORE) == []


def test_a_call_that_came_and_went_between_two_looks_is_told_whole_and_masked() -> None:
    after = replace(BEFORE, legs={"xyz": [replace(LEG, disposition=Disposition.BUSY)]}, calls={"c1": BUSY})
    assert told(BEFORE, after) == ["1 xyz: call 1 to +4940…301", "2 xyz: call 1 ended: busy"]
    assert told(after, after) == []


def test_a_team_that_cannot_be_called_now_is_told_once_and_its_opening_is_told_by_the_call() -> None:
    closed = replace(BEFORE, deliveries=[replace(WAITING, reason="no number may be called at this hour")])
    assert told(BEFORE, closed) == ["100 xyz: waiting: no number may be called at this hour"]
    assert told(closed, closed) == told(closed, BEFORE) == []


def test_acknowledgement_and_end_are_told_in_that_order() -> None:
    answered = replace(RINGING, state=CallState.ANSWERED, answered_at=RELEASED + 2)
    done = replace(
        WAITING, state=DeliveryState.ACKNOWLEDGED, acknowledged_at=RELEASED + 9, acknowledged_via=Via.KEYPRESS
    )
    closed = alert(state=AlertState.CLOSED, closed_at=RELEASED + 9, outcome=Outcome.ALL_ACKNOWLEDGED)
    after = AlertFile(closed, [done], {"xyz": [LEG]}, {"c1": answered}, [])
    assert told(BEFORE, after) == [
        "1 xyz: call 1 to +4940…301",
        "2 xyz: call 1 answered",
        "9 xyz: acknowledged via keypress",
        "9 closed, all-acknowledged",
    ]


def test_exhausted_names_the_reason_and_a_retry_reopens() -> None:
    spent = replace(WAITING, state=DeliveryState.EXHAUSTED, reason="not reached in 24 calls", number=None)
    closed = alert(state=AlertState.CLOSED, closed_at=RELEASED + 50, outcome=Outcome.INCOMPLETE)
    after = AlertFile(closed, [spent], {}, {}, [])
    assert told(BEFORE, after) == ["50 xyz: exhausted: not reached in 24 calls", "50 closed, incomplete"]
    assert told(after, BEFORE) == ["100 open again", "100 xyz: waiting"]


def test_sms_are_told_as_they_change() -> None:
    queued = Sms(1, 17, "xyz", "+49152", "text", SmsState.QUEUED, RELEASED)
    sent = replace(queued, state=SmsState.DELIVERED, submitted_at=RELEASED + 1, receipt_at=RELEASED + 2)
    assert told(BEFORE, replace(BEFORE, sms=[queued])) == ["0 xyz: SMS queued"]
    assert told(replace(BEFORE, sms=[queued]), replace(BEFORE, sms=[sent])) == ["2 xyz: SMS delivered"]
    notice = replace(queued, team=None, kind=SmsKind.NOTICE)
    assert told(BEFORE, replace(BEFORE, sms=[notice])) == ["0 operators: notice by SMS queued"]


def drawn(file: AlertFile, height: int = 40) -> str:
    console = Console(width=120, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    with console.file:
        console.print(picture(Look({17: file}, {"sip-a": 1}), {"sip-a": 4}, RELEASED + 65, height))
    return console.export_text()


def test_the_table_shows_who_is_being_called_and_for_how_long() -> None:
    calling = replace(WAITING, state=DeliveryState.CALLING, team_name="[bold]XYZ")
    text = drawn(AlertFile(alert(), [calling], {"xyz": [LEG]}, {"c1": RINGING}, []))
    row = next(line for line in text.splitlines() if "XYZ" in line)
    assert "[bold]XYZ" in row, "a team's name is never read as markup"
    assert "calling" in row and "+494066969301" in row and "ringing 1:04" in row
    assert "2026-11-22 14:03:00 UTC" in text and "1:05" in text
    assert "0 of 1 acknowledged" in text and "sip-a 1 of 4" in text


def test_a_low_terminal_keeps_the_rows_that_matter() -> None:
    done = [
        Delivery(17, f"t{n}", f"Done {n:02}", DeliveryState.ACKNOWLEDGED, acknowledged_at=RELEASED)
        for n in range(40)
    ]
    text = drawn(replace(BEFORE, deliveries=[*done, WAITING]), height=16)
    assert "XYZ-CERT" in text and "and 32 more teams" in text
    assert len(text.splitlines()) <= 16


def test_an_empty_table_says_so() -> None:
    console = Console(width=100, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    with console.file:
        console.print(picture(Look({}, {}), {"sip-a": 4}, RELEASED, 20))
    assert "No current alert" in console.export_text()
