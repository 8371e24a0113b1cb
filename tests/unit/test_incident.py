"""The incident alerting profile: what an alert must say, and how it is put in words."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from incidents import ALERT, NOON

from ivr.domain.incident import (
    LONGEST_LINE,
    LONGEST_TEXT,
    Action,
    Assessment,
    Event,
    Expectation,
    Incident,
    IncidentId,
    Unread,
    faults,
    line,
    paragraphs,
)
from ivr.domain.incident_text import LONGEST_SPOKEN, as_speech, as_text, ascii_only

# --- what an alert must say ------------------------------------------------------------------------------


def test_an_alert_that_says_all_has_no_faults() -> None:
    assert faults(ALERT) == ()


@pytest.mark.parametrize(
    ("change", "about"),
    [
        ({"tlp": None}, "tlp"),
        ({"description": ""}, "description"),
        ({"description": " indented"}, "description"),
        ({"description": "a" * (LONGEST_TEXT + 1)}, "description"),
        ({"description": "bell \x07"}, "description"),
        ({"description": "half a sign \ud800"}, "description"),
        ({"assessment": Assessment(None, "x\x00")}, "impact"),
        ({"method": "x\ufffe"}, "method"),
        ({"expectation": Expectation(None, "a\n\n\nb")}, "expectation"),
        ({"id": IncidentId("", "1")}, "csirt, id"),
        ({"id": IncidentId("a", "")}, "csirt, id"),
        ({"id": IncidentId("a\nb", "1")}, "csirt"),
        ({"id": IncidentId("a", "1" * (LONGEST_LINE + 1))}, "id"),
        ({"contact": replace(ALERT.contact, name="")}, "contact"),
        ({"contact": replace(ALERT.contact, telephone="", mail="")}, "contact"),
        ({"contact": replace(ALERT.contact, telephone="1\n2")}, "telephone"),
        ({"contact": replace(ALERT.contact, fax="1\r")}, "fax"),
        ({"contact": replace(ALERT.contact, mail="a@b\nBcc: c@d")}, "mail"),
        ({"contact": replace(ALERT.contact, zone="CET")}, "zone"),
        ({"contact": replace(ALERT.contact, zone="+15:00")}, "zone"),
        ({"reported_at": -1.0}, "reported"),
        ({"reported_at": NOON + 0.5}, "reported"),
        ({"reported_at": float("nan")}, "reported"),
        ({"reported_at": float("inf")}, "reported"),
        ({"event": Event(started_at=253_402_300_800.0)}, "started"),
        ({"event": Event(started_at=NOON, stopped_at=NOON - 1)}, "stopped"),
        ({"event": Event(detected_at=-1.0)}, "detected"),
    ],
)
def test_each_fault_names_its_field_and_nothing_else(change: dict[str, object], about: str) -> None:
    (found,) = faults(replace(ALERT, **change))  # type: ignore[arg-type]

    assert found.startswith(f"{about}: ")


@pytest.mark.parametrize("contact", [{"mail": ""}, {"telephone": ""}, {"fax": "", "zone": ""}])
def test_one_way_to_ask_is_enough(contact: dict[str, str]) -> None:
    assert faults(replace(ALERT, contact=replace(ALERT.contact, **contact))) == ()


@given(st.text())
def test_a_tidied_text_stays_as_it_is(text: str) -> None:
    assert line(line(text)) == line(text)
    assert paragraphs(paragraphs(text)) == paragraphs(text)


# --- as text ---------------------------------------------------------------------------------------------


def test_an_alert_as_text() -> None:
    assert as_text(ALERT, [Unread("Incident/@status", "new")]) == (
        """\
TLP:AMBER+STRICT

Incident:     csirt.example.net 2026-17
Purpose:      warning (nothing may have happened yet)
Reported:     2026-11-22 14:03:00 UTC
Severity:     high
Confidence:   low
Detected:     2026-11-22 13:03:00 UTC
Started:      2026-11-22 12:03:00 UTC
Stopped:      2026-11-22 14:02:00 UTC
From:         Grosse-CERT
Telephone:    +49 40 808077 555
Fax:          +49 40 808077 556
Mail:         csirt@example.net
Time zone:    UTC+01:00

Description:
  Routers are taken over.

  Close port 7547.

Impact:
  Remote code

Method:
  One request

What is asked of you:
  (harden asset)
  Close it today

Not understood, as it stands in the document:
  Incident/@status: new

TLP:AMBER+STRICT
"""
    )


def test_what_is_not_known_is_left_out() -> None:
    text = as_text(Incident(IncidentId("a", "b"), NOON))

    assert text.splitlines() == [
        *("TLP: as agreed", "", "Incident:     a b", "Purpose:      other"),
        *("Reported:     2026-11-22 14:03:00 UTC", "Severity:     not assessed", "", "TLP: as agreed"),
    ]


def test_no_line_of_a_text_passes_for_ours() -> None:
    forged = "Fine.\nTLP:CLEAR\nSeverity: low\x85From: ABC-CERT\u2028Mail: a@b"
    text = as_text(replace(ALERT, description=forged, method=forged), [Unread("a\nTLP:CLEAR", forged)])

    lines = text.splitlines()
    assert [each for each in lines if each.startswith("TLP:")] == ["TLP:AMBER+STRICT"] * 2
    assert [each for each in lines if each.startswith(("Severity:", "From:", "Mail:"))] == [
        *("Severity:     high", "From:         Grosse-CERT", "Mail:         csirt@example.net")
    ]


@given(st.text())
def test_text_is_ascii_and_nothing_hides(text: str) -> None:
    assert all(sign == "\n" or " " <= sign <= "~" for sign in ascii_only(text))


def test_what_has_no_letters_in_ascii_is_kept_as_its_code() -> None:
    assert ascii_only("Zürich – “Łódź” ß…") == 'Zurich - "Lodz" ss...'
    assert ascii_only("\u202egpj.exe \u200b\u043e") == "\\u202egpj.exe \\u200b\\u043e"
    assert ascii_only("\x1b[2J") == "\\x1b[2J"


def test_lines_are_broken_and_long_words_are_not() -> None:
    word = "https://example.net/" + "a" * 100
    text = as_text(replace(ALERT, description=f"{'word ' * 40}{word}"))

    assert f"  {word}" in text.splitlines()
    assert all(len(each) <= 76 for each in text.splitlines() if word not in each)


# --- as speech -------------------------------------------------------------------------------------------


def spoken(description: str) -> str:
    return as_speech(Incident(IncidentId("a", "b"), NOON, description=description))


def test_an_alert_as_speech() -> None:
    assert as_speech(ALERT) == (
        "This is a warning. Routers are taken over. Close port 7547. Impact: Remote code. "
        "You are asked: Close it today."
    )
    asked = replace(ALERT, expectation=Expectation(Action.BLOCK_PORT))
    assert as_speech(asked).endswith("You are asked: block port.")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("See https://example.net/a?b=1, now", "See a web address, now."),
        ("See (www.example.net).", "See a web address."),
        ("hxxps://bad[.]example/x", "a web address."),
        ("Ask csirt@example.net!", "Ask a mail address!"),
        ("Ask csirt[at]example.net", "Ask a mail address."),
        ("from 2001:db8::1/64, at 10:30:00", "from an IP address, at 10:30:00."),
        ("192.0.2.7 runs 1.2.3", "192 dot 0 dot 2 dot 7 runs 1 dot 2 dot 3."),
        ("6ce6f415d8475545be5ba114f208b0ff is it", "a long value is it."),
        ("<b>Attack</b> & more", "b Attack /b more."),
        ("Größe привет \u202ex", "Grosse x."),
        ("\u043f\u0440", ""),
        ("!!!", ""),
    ],
)
def test_what_cannot_be_spoken_is_named_or_left_out(written: str, said: str) -> None:
    assert spoken(written) == said


def test_speech_ends_with_a_sentence_and_says_that_there_is_more() -> None:
    said = spoken("One short sentence here. " * 100)

    assert said.endswith("here. The rest is in the mail.")
    assert LONGEST_SPOKEN - 60 < len(said) <= LONGEST_SPOKEN
    assert spoken("word " * 1000).endswith("word. The rest is in the mail.")


@given(st.text(max_size=3000))
def test_speech_is_short_and_plain_whatever_is_written(text: str) -> None:
    said = as_speech(replace(ALERT, description=text))

    assert len(said) <= LONGEST_SPOKEN
    assert re.fullmatch(r"[A-Za-z0-9 .,;:?!'()%/+-]*", said)
