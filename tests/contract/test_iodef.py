"""Documents of IODEF: what we write is valid and read back, and of what others write nothing is lost."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from incidents import ALERT as PLAIN
from incidents import NOON

from ivr.adapters import iodef
from ivr.adapters.iodef import BadDocument, Version
from ivr.domain.incident import (
    PROFILE,
    PROFILE_2003,
    Action,
    Assessment,
    Confidence,
    Contact,
    Document,
    Event,
    Expectation,
    Incident,
    IncidentId,
    Purpose,
    Unread,
    faults,
    line,
    paragraphs,
)
from ivr.domain.records import Severity, Tlp

FOREIGN = Path(__file__).parent / "iodef"
ALERT = replace(PLAIN, description="Routers & <modems> are taken over.\n\nClose port 7547.")


def foreign(name: str) -> bytes:
    return (FOREIGN / f"{name}.xml").read_bytes()


FOREIGN_NAMES = ("version-2", "version-1", "profile-2003")


# --- what we write ---------------------------------------------------------------------------------------

SIGNS = st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff")
LINES = st.text(SIGNS, max_size=40).map(line)
TEXTS = st.text(SIGNS | st.just("\n"), max_size=80).map(paragraphs)
MOMENTS = st.integers(0, 253_402_300_799).map(float)
INCIDENTS = st.builds(
    Incident,
    id=st.builds(IncidentId, LINES.filter(bool), LINES.filter(bool)),
    reported_at=MOMENTS,
    purpose=st.sampled_from(Purpose),
    tlp=st.sampled_from(Tlp),
    description=TEXTS.filter(bool),
    assessment=st.builds(
        Assessment, st.none() | st.sampled_from(Severity), TEXTS, st.none() | st.sampled_from(Confidence)
    ),
    method=TEXTS,
    contact=st.builds(
        Contact,
        LINES.filter(bool),
        LINES,
        LINES,
        LINES.filter(bool),
        st.sampled_from(("", "Z", "+01:00", "-09:30", "+14:00")),
    ),
    expectation=st.builds(Expectation, st.none() | st.sampled_from(Action), TEXTS),
    event=st.builds(
        lambda begun, took, seen: Event(
            begun, None if begun is None else min(begun + took, 253_402_300_799.0), seen
        ),
        st.none() | MOMENTS,
        st.integers(0, 10**6),
        st.none() | MOMENTS,
    ),
)


@given(INCIDENTS)
@settings(max_examples=150, deadline=None)
def test_what_is_written_is_read_back_and_valid(incident: Incident) -> None:
    assert faults(incident) == ()
    octets = iodef.write(incident)

    document, problems = iodef.examine(octets)

    assert document == Document("2.00", PROFILE, incident, ())
    assert problems == ()


@given(INCIDENTS)
@settings(max_examples=100, deadline=None)
def test_version_1_carries_the_same(incident: Incident) -> None:
    assert iodef.read(iodef.write(incident, Version.V1)) == Document("1.00", PROFILE_2003, incident, ())


def test_what_nobody_has_said_is_not_said_either() -> None:
    bare = Incident(IncidentId("a", "b"), NOON)

    document, problems = iodef.examine(iodef.write(bare))

    assert problems == ()
    assert document.incident == bare
    assert iodef.read(iodef.write(bare, Version.V1)).incident == bare


def test_labels_and_the_warning_are_written_in_the_standards_own_way() -> None:
    amber = iodef.write(replace(ALERT, tlp=Tlp.AMBER, purpose=Purpose.WATCH))
    strict = iodef.write(ALERT)

    assert b'<Incident purpose="watch" restriction="amber">' in amber
    assert (
        b'<Incident purpose="ext-value" ext-purpose="warning"'
        b' restriction="ext-value" ext-restriction="AMBER+STRICT">'
    ) in strict


@pytest.mark.parametrize(
    ("tlp", "word"),
    [
        (Tlp.CLEAR, "public"),
        (Tlp.GREEN, "need-to-know"),
        (Tlp.AMBER, "need-to-know"),
        (Tlp.AMBER_STRICT, "need-to-know"),
        (Tlp.RED, "private"),
    ],
)
def test_version_1_is_never_laxer_than_its_label(tlp: Tlp, word: str) -> None:
    octets = iodef.write(replace(ALERT, tlp=tlp), Version.V1)

    assert f'restriction="{word}"'.encode() in octets
    assert iodef.read(octets).incident.tlp is tlp


KNOWN_TO_VERSION_1 = (
    *("nothing", "contact-source-site", "contact-target-site", "contact-sender", "investigate", "block-host"),
    *("block-network", "block-port", "rate-limit-host", "rate-limit-network", "rate-limit-port"),
    *("remediate-other", "status-triage", "status-new-info", "other"),
)
"""RFC 5070, section 3.12: what its schema lets an action be."""


@pytest.mark.parametrize("action", Action)
def test_version_1_has_its_own_actions_and_the_others_as_extensions(action: Action) -> None:
    octets = iodef.write(replace(ALERT, expectation=Expectation(action)), Version.V1)

    known = action.value in KNOWN_TO_VERSION_1
    said = f'action="{action}"' if known else f'action="ext-value" ext-action="{action}"'
    assert f"<Expectation {said}/>".encode() in octets


@pytest.mark.parametrize("purpose", Purpose)
def test_version_1_has_its_own_purposes_and_the_others_as_extensions(purpose: Purpose) -> None:
    octets = iodef.write(replace(ALERT, purpose=purpose), Version.V1)

    known = purpose.value in ("traceback", "mitigation", "reporting", "other")
    said = f'purpose="{purpose}"' if known else f'purpose="ext-value" ext-purpose="{purpose}"'
    assert f"<Incident {said} ".encode() in octets


def test_the_tag_of_2003_is_on_documents_of_version_1_alone() -> None:
    assert PROFILE_2003.encode() not in iodef.write(ALERT)
    assert PROFILE.encode() not in iodef.write(ALERT, Version.V1)


def test_a_label_that_contradicts_the_restriction_is_shown_and_does_not_count() -> None:
    octets = iodef.write(replace(ALERT, tlp=Tlp.RED), Version.V1)
    forged = octets.replace(b">RED<", b">CLEAR<")
    assert forged != octets

    document = iodef.read(forged)

    assert document.incident.tlp is Tlp.RED
    assert any(each.text == "CLEAR" for each in document.unread)


# --- what others write -----------------------------------------------------------------------------------


def test_a_document_of_version_2() -> None:
    document, problems = iodef.examine(foreign("version-2"))

    assert problems == ()
    assert (document.version, document.profile) == ("2.00", "")
    assert document.incident == Incident(
        id=IncidentId("csirt.example.net", "4711"),
        reported_at=NOON,
        purpose=Purpose.WATCH,
        tlp=Tlp.GREEN,
        description="Routers are taken over\nthrough their remote management.\n\nRouter werden übernommen.",
        assessment=Assessment(Severity.HIGH, "Remote code as root", Confidence.MEDIUM),
        method="One crafted request to port 7547",
        contact=Contact(
            "CSIRT of example.net", "+49 40 808077 555", "+49 40 808077 556", "csirt@example.net", "+01:00"
        ),
        expectation=Expectation(Action.BLOCK_PORT, "Close port 7547 at the edge"),
        event=Event(1_795_300_200.0, None, 1_795_352_400.0),
    )
    assert Unread("Incident/EventData[1]/Flow/System/Node/Address", "192.0.2.0/28") in document.unread
    assert Unread("Incident/Method/sci:Weakness/@SpecID", "cwe") in document.unread


def test_a_document_of_version_1() -> None:
    document = iodef.read(foreign("version-1"))

    assert (document.version, document.profile) == ("1.00", "")
    assert document.incident == Incident(
        id=IncidentId("csirt.example.net", "4712"),
        reported_at=NOON,
        purpose=Purpose.MITIGATION,
        tlp=Tlp.RED,
        description="A large bot-net",
        assessment=Assessment(Severity.MEDIUM, "Links are full", None),
        method="Floods of DNS answers",
        contact=Contact("Robin Roe", "+49 40 808077 555", "+49 40 808077 556", "robin@example.net"),
        expectation=Expectation(Action.INVESTIGATE),
        event=Event(1_795_082_400.0, None, 1_795_168_800.0),
    )
    assert Unread("Incident/Contact/Timezone", "CET") in document.unread


def test_a_document_of_2003() -> None:
    document = iodef.read(foreign("profile-2003"))

    assert (document.version, document.profile) == ("1.0", PROFILE_2003)
    assert document.incident.warning
    assert document.incident == Incident(
        id=IncidentId("csirt.example.net", "#1234"),
        reported_at=1_043_481_600.0,
        purpose=Purpose.WARNING,
        tlp=Tlp.AMBER,
        description="A worm spreads over port 1434",
        assessment=Assessment(Severity.HIGH, "Networks are full", Confidence.HIGH),
        method="One packet of 376 octets",
        contact=Contact(
            "CSIRT of example.net", "+49 40 808077 555", "+49 40 808077 556", "csirt@example.net", "+01:00"
        ),
        expectation=Expectation(Action.CONTACT_SENDER, "Tell us your sources"),
        event=Event(1_043_472_540.0, 1_043_496_000.0, 1_043_472_600.0),
    )


def test_in_documents_of_2003_the_stricter_word_counts() -> None:
    octets = foreign("profile-2003")

    stricter = octets.replace(
        b'<IncidentData restriction="default">', b'<IncidentData restriction="private">'
    )
    laxer = octets.replace(b'<IncidentData restriction="default">', b'<IncidentData restriction="public">')
    silent = laxer.replace(b' restriction="public"', b"").replace(b' restriction="need-to-know"', b"")
    assert iodef.read(stricter).incident.tlp is Tlp.RED
    assert iodef.read(laxer).incident.tlp is Tlp.AMBER
    assert iodef.read(silent).incident.tlp is None


UNDERSTOOD = {
    "version-2": {
        "2.00",
        "en",
        "watch",
        "green",
        "high",
        "medium",
        "organization",
        "creator",
        "fax",
        "block-port",
    }
    | {"2026-11-22T15:03:00+01:00", "2026-11-22T13:00:00Z", "2026-11-21T22:30:00.250Z"},
    "version-1": {"1.00", "en", "mitigation", "medium", "investigate"}
    | {"2026-11-22T14:03:00+00:00", "2026-11-20T10:00:00Z", "2026-11-19T10:00:00Z"},
    "profile-2003": {
        "1.0",
        "warning",
        "need-to-know",
        "default",
        "high",
        "creator",
        "organization",
        "contact-me",
        "string",
        "profile",
    }
    | {"2003-01-25T06:30:00+0100", "2003-01-25T05:29:00Z", "2003-01-25-T08:00:00Z", "2003-01-25T12:00:00Z"},
}
"""What an incident says in other words: enumerations, times, and what goes without saying."""


@pytest.mark.parametrize("name", FOREIGN_NAMES)
def test_every_text_and_attribute_is_understood_or_shown(name: str) -> None:
    document = iodef.read(foreign(name))
    incident = repr(document.incident).replace("\\n", " ") + document.profile
    shown = {each.text for each in document.unread}

    for text in said(ElementTree.fromstring(foreign(name))):  # noqa: S314  our own file
        assert text in shown or text in incident or text in UNDERSTOOD[name], text


def said(root: ElementTree.Element) -> Iterator[str]:
    """All that a document says, as another parser finds it."""
    for element in root.iter():
        yield from (line(v) for key, v in element.items() if not key.endswith("schemaLocation"))
        yield from (line(text) for text in (element.text, element.tail) if text and text.strip())


MARK = "Zaphod"


def marked(octets: bytes) -> Iterator[bytes]:
    """The document with something added at each place that it has, one at a time; and with each of its values
    replaced by something else."""
    text = re.sub(r"^<\?xml.*?\?>", "", octets.decode("latin-1"))
    for tag in re.finditer(r"<(?![!?/])[^>]*?(/?)>", text):
        if tag[1]:
            continue
        yield f"{text[: tag.end()]}<Added>{MARK}</Added>{text[tag.end() :]}".encode("latin-1")
        yield f"{text[: tag.end()]}<!--{MARK}-->{text[tag.end() :]}".encode("latin-1")
        yield f"{text[: tag.end()]}{MARK}{text[tag.end() :]}".encode("latin-1")
        yield f"{text[: tag.end() - 1]} added='{MARK}'{text[tag.end() - 1 :]}".encode("latin-1")
    for end in re.finditer(r"</[^>]*>(?=\s*<)", text):
        yield f"{text[: end.end()]}{MARK}{text[end.end() :]}".encode("latin-1")
    for value in re.finditer(r"(?<==\")[^\"]*(?=\")|(?<=>)[^<>]*\S[^<>]*(?=<)", text):
        yield f"{text[: value.start()]}{MARK}{text[value.end() :]}".encode("latin-1")


@pytest.mark.parametrize("name", FOREIGN_NAMES)
def test_whatever_is_put_anywhere_is_understood_shown_or_refused(name: str) -> None:
    plain = foreign(name).replace(b"\xc3\xbc", b"ue")  # in one octet a sign, whatever the encoding
    shown = 0
    for octets in marked(plain):
        if re.search(rb'(xmlns[:\w]*|schemaLocation)="' + MARK.encode(), octets):  # they say nothing
            continue
        try:
            document = iodef.read(octets)
        except BadDocument:
            continue
        assert MARK in repr(document), octets.decode("latin-1")
        shown += 1
    assert shown > 150


def test_the_wrong_words_of_the_standard_are_found_with_line_and_column() -> None:
    octets = foreign("version-2").replace(b'rating="medium"', b'rating="middling"')

    _, (problem, *_) = iodef.examine(octets)

    assert "middling" in problem.text
    row = octets.decode().splitlines()[problem.place.line - 1]
    assert row[problem.place.column - 1 :].startswith("<Confidence")


@pytest.mark.parametrize(
    ("word", "tlp"),
    [
        (b'restriction="white"', Tlp.CLEAR),
        (b'restriction="public"', Tlp.CLEAR),
        (b'restriction="partner"', Tlp.GREEN),
        (b'restriction="need-to-know"', Tlp.AMBER),
        (b'restriction="private"', Tlp.RED),
        (b"", Tlp.RED),
        (b'restriction="default"', None),
        (b'restriction="ext-value" ext-restriction="tlp:amber+strict"', Tlp.AMBER_STRICT),
        (b'restriction="ext-value" ext-restriction="TLP:CLEAR"', Tlp.CLEAR),
    ],
)
def test_restrictions_of_version_2(word: bytes, tlp: Tlp | None) -> None:
    octets = foreign("version-2").replace(b'restriction="green"', word)

    assert iodef.read(octets).incident.tlp is tlp


def test_a_restriction_that_nobody_knows_is_shown() -> None:
    octets = foreign("version-2").replace(b'restriction="green"', b'restriction="purple"')

    document = iodef.read(octets)

    assert document.incident.tlp is None
    assert Unread("Incident/@restriction", "purple") in document.unread
