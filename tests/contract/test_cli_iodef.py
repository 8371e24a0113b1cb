"""`tocsin iodef`, as scripts and people meet it; no configuration is anywhere near."""

import json
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
from test_cli import tocsin

from ivr.adapters import iodef
from ivr.cli import main
from ivr.domain.incident import Purpose
from ivr.domain.records import Severity, Tlp

FOREIGN = Path(__file__).parent / "iodef"
FORM = """\
csirt: csirt.example.net
id: 2026-17
tlp: AMBER
severity: high
contact: Größe-CERT
telephone: "+49 40 808077 555"
reported: "2026-11-22T15:03:00+01:00"
description: |
  Routers are taken over.

  Close port 7547.
"""
ENOUGH = (
    *("--csirt", "csirt.example.net", "--tlp", "GREEN", "--description", "Close port 7547."),
    *("--contact", "ABC-CERT", "--mail", "csirt@example.net"),
)


def ran(home: Path, *words: str, code: int = 0, stdin: str = "") -> "subprocess.CompletedProcess[str]":
    done = tocsin(home, "iodef", *words, stdin=stdin)
    assert done.returncode == code, done.stderr
    return done


def answer(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> Any:
    assert main(["iodef", *words, "--json"]) == code
    return json.loads(capsys.readouterr().out)


def test_a_new_document_is_made_of_options(tmp_path: Path) -> None:
    done = ran(tmp_path, "new", *ENOUGH)

    document, problems = iodef.examine(done.stdout.encode())
    assert problems == ()
    assert document.incident.purpose is Purpose.WARNING
    assert document.incident.tlp is Tlp.GREEN
    assert document.incident.contact.name == "ABC-CERT"
    assert document.incident.id.id
    assert done.stderr == ""


def test_a_new_document_is_made_of_a_form_and_options_say_more(tmp_path: Path) -> None:
    (tmp_path / "form.yaml").write_text(FORM, encoding="utf-8")

    done = ran(tmp_path, "new", "--form", "form.yaml", "--tlp", "RED", "--to", "1", "--out", "an alert.xml")

    assert done.stdout == ""
    written = tmp_path / "an alert.xml"
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    document = iodef.read(written.read_bytes())
    assert document.version == "1.00"
    assert document.incident.tlp is Tlp.RED
    assert document.incident.assessment.severity is Severity.HIGH
    assert document.incident.reported_at == 1_795_356_180.0
    assert document.incident.description == "Routers are taken over.\n\nClose port 7547."


def test_no_file_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "there.xml").write_text("mine", encoding="utf-8")

    done = ran(tmp_path, "new", *ENOUGH, "--out", "there.xml", code=1)

    assert "there.xml" in done.stderr
    assert (tmp_path / "there.xml").read_text(encoding="utf-8") == "mine"


def test_what_is_missing_is_said_in_one_line(tmp_path: Path) -> None:
    done = ran(tmp_path, "new", "--description", "Something", code=65)

    assert done.stdout == ""
    (said,) = done.stderr.splitlines()
    assert said.startswith("tocsin: cannot be sent yet: tlp: ")
    assert "; contact: " in said
    assert "; csirt, id: " in said


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("tlp: PINK\n", "form.yaml:1: tlp: "),
        ("severe: high\n", "severe"),
        ('started: "2026-11-22 14:03"\n', "must be a time with its zone"),
        ("description: [a]\n", "form.yaml:1: description: "),
    ],
)
def test_a_wrong_form_is_refused_with_its_line(tmp_path: Path, form: str, said: str) -> None:
    (tmp_path / "form.yaml").write_text(form, encoding="utf-8")

    done = ran(tmp_path, "new", "--form", "form.yaml", code=65)

    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("words", [("--started", "yesterday"), ("--tlp", "amber"), ("--severity", "huge")])
def test_a_wrong_option_is_usage(tmp_path: Path, words: tuple[str, ...]) -> None:
    assert words[0] in ran(tmp_path, "new", *words, code=2).stderr


def test_show_has_the_text_and_what_was_not_understood(tmp_path: Path) -> None:
    done = ran(tmp_path, "show", str(FOREIGN / "version-2.xml"))

    assert done.stdout.startswith("TLP:GREEN\n")
    assert "\n  Incident/EventData[1]/Flow/System/Node/Address: 192.0.2.0/28\n" in done.stdout
    assert done.stderr == ""


def test_show_takes_standard_input(tmp_path: Path) -> None:
    octets = ran(tmp_path, "new", *ENOUGH).stdout

    assert "From:         ABC-CERT" in ran(tmp_path, "show", "-", stdin=octets).stdout


def test_show_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    shown = answer(capsys, "show", str(FOREIGN / "profile-2003.xml"))

    assert (shown["version"], shown["profile"]) == ("1.0", "eCSIRT.net IODEF Profile Version 1.0")
    assert {"path": "Incident/IncidentData/Expectation/@priority", "text": "high"} in shown["unread"]
    assert shown["incident"] == {
        "csirt": "csirt.example.net",
        "id": "#1234",
        "purpose": "warning",
        "warning": True,
        "tlp": "AMBER",
        "description": "A worm spreads over port 1434",
        "severity": "high",
        "impact": "Networks are full",
        "confidence": "high",
        "method": "One packet of 376 octets",
        "contact": "CSIRT of example.net",
        "telephone": "+49 40 808077 555",
        "fax": "+49 40 808077 556",
        "mail": "csirt@example.net",
        "zone": "+01:00",
        "action": "contact-sender",
        "expectation": "Tell us your sources",
        "reported_at": "2003-01-25T08:00:00Z",
        "detected_at": "2003-01-25T05:30:00Z",
        "started_at": "2003-01-25T05:29:00Z",
        "stopped_at": "2003-01-25T12:00:00Z",
    }


def test_check_is_content_with_what_can_be_sent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran(tmp_path, "new", *ENOUGH, "--out", "alert.xml")

    assert (
        "alert.xml: good: IODEF 2.00, Tocsin IODEF Profile Version 1.0"
        in ran(tmp_path, "check", "alert.xml").stdout
    )
    assert answer(capsys, "check", str(tmp_path / "alert.xml")) == {
        **{"ok": True, "version": "2.00", "profile": "Tocsin IODEF Profile Version 1.0", "problems": []}
    }


def test_check_names_line_and_column(tmp_path: Path) -> None:
    octets = ran(tmp_path, "new", *ENOUGH).stdout.replace('restriction="green"', 'restriction="\x1fpink"')
    (tmp_path / "nul.xml").write_text(octets, encoding="utf-8")
    (tmp_path / "pink.xml").write_text(octets.replace("\x1f", ""), encoding="utf-8")

    found = ran(tmp_path, "check", "pink.xml", code=65)
    assert found.stdout.startswith("pink.xml:3:3: Element 'Incident', attribute 'restriction': ")
    assert "pink.xml: tlp: say with whom it may be shared" in found.stdout
    assert found.stderr == ""
    assert ran(tmp_path, "check", "nul.xml", code=65).stdout.startswith("nul.xml:3:")


def test_check_in_json_has_the_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hostile = tmp_path / "hostile.xml"
    hostile.write_text("<!DOCTYPE x>\n<IODEF-Document/>", encoding="utf-8")

    found = answer(capsys, "check", str(hostile), code=65)

    (problem,) = found["problems"]
    assert (found["ok"], found["version"], problem["line"], problem["reason"]) == (False, None, 1, "doctype")


def test_a_document_that_is_none_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "broken.xml").write_text("<IODEF-Document>\n<x>", encoding="utf-8")

    for words in (("show",), ("convert",)):
        done = ran(tmp_path, *words, "broken.xml", code=65)
        assert done.stdout == ""
        assert done.stderr.startswith("tocsin: broken.xml:2:4: not well-formed")
    assert "absent.xml" in ran(tmp_path, "show", "absent.xml", code=1).stderr


def test_convert_carries_the_profile_and_says_what_it_cannot(tmp_path: Path) -> None:
    done = ran(tmp_path, "convert", str(FOREIGN / "profile-2003.xml"))

    document, problems = iodef.examine(done.stdout.encode())
    assert (document.version, problems) == ("2.00", ())
    assert document.incident == iodef.read((FOREIGN / "profile-2003.xml").read_bytes()).incident
    assert "tocsin: not carried over: Incident/IncidentData/Expectation/@priority: high\n" in done.stderr


def test_convert_there_and_back_changes_nothing(tmp_path: Path) -> None:
    ran(tmp_path, "new", *ENOUGH, "--zone", "+01:00", "--action", "honeypot", "--out", "2.xml")
    assert ran(tmp_path, "convert", "2.xml", "--to", "1", "--out", "1.xml").stderr == ""
    assert ran(tmp_path, "convert", "1.xml", "--out", "again.xml").stderr == ""

    assert (tmp_path / "again.xml").read_bytes() == (tmp_path / "2.xml").read_bytes()


def test_nothing_of_a_document_reaches_the_terminal_but_ascii(tmp_path: Path) -> None:
    octets = ran(tmp_path, "new", *ENOUGH, "--method", "\u202ereversed \x9b2J").stdout
    document = octets.replace("<Method>", "<Method note='\u202e'>")

    for verb in ("show", "convert", "check"):
        done = tocsin(tmp_path, "iodef", verb, "-", stdin=document)
        assert "\u202e" not in done.stderr
        assert verb == "convert" or done.stdout.isascii()


def test_the_form_in_the_guide_is_one(tmp_path: Path) -> None:
    guide = (Path(__file__).parents[2] / "docs/iodef.md").read_text(encoding="utf-8")
    (tmp_path / "form.yaml").write_text(guide.split("```yaml\n")[1].split("```")[0], encoding="utf-8")

    document = iodef.read(ran(tmp_path, "new", "--form", "form.yaml").stdout.encode())

    assert document.unread == ()
    assert document.incident.event.stopped_at is not None
    assert document.incident.expectation.text == "Tell us about what you see"
