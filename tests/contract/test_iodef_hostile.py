"""Hostile documents: each attack beside a benign twin that differs in the attack alone and is read."""

import socket
from pathlib import Path

import pytest

from ivr.adapters import iodef
from ivr.adapters.iodef import LARGEST, BadDocument, Trouble
from ivr.adapters.iodef.parse import DEEPEST
from ivr.domain.incident import Unread

SECRET = "Only for members"
BENIGN = f"""\
<?xml version="1.0" encoding="UTF-8"?>
<IODEF-Document version="2.00" xml:lang="en" xmlns="urn:ietf:params:xml:ns:iodef-2.0">
  <Incident purpose="reporting" restriction="red">
    <IncidentID name="csirt.example.net">1</IncidentID>
    <GenerationTime>2026-11-22T14:03:00Z</GenerationTime>
    <Description>{SECRET}</Description>
    <Contact type="organization" role="creator"/>
  </Incident>
</IODEF-Document>
""".encode()
ROOT = b"<IODEF-Document"
TEXT = SECRET.encode()


def test_the_benign_twin_of_them_all_is_read() -> None:
    document, problems = iodef.examine(BENIGN)

    assert document.incident.description == SECRET
    assert document.unread == ()
    assert problems == ()


def refused(octets: bytes) -> BadDocument:
    with pytest.raises(BadDocument) as caught:
        iodef.read(octets)
    assert SECRET not in str(caught.value)
    return caught.value


ATTACKS = {
    "a document type": (Trouble.DOCTYPE, ROOT, b"<!DOCTYPE IODEF-Document>\n" + ROOT),
    "one from outside": (Trouble.DOCTYPE, ROOT, b'<!DOCTYPE x SYSTEM "http://192.0.2.1/x.dtd">' + ROOT),
    "one behind a comment": (Trouble.DOCTYPE, ROOT, b"<!-- good --><?a b?><!DOCTYPE x []>" + ROOT),
    "an entity": (Trouble.DOCTYPE, ROOT, b'<!DOCTYPE x [<!ENTITY e "v">]>' + ROOT),
    "a file as an entity": (
        Trouble.DOCTYPE,
        ROOT,
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + ROOT,
    ),
    "entities that grow": (
        Trouble.DOCTYPE,
        ROOT,
        b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY % p "%q;">]>' + ROOT,
    ),
    "a reference to nothing": (Trouble.BROKEN, TEXT, TEXT + b"&e;"),
    "NUL": (Trouble.CHARACTER, TEXT, TEXT + b"\x00"),
    "NUL by its number": (Trouble.CHARACTER, TEXT, TEXT + b"&#0;"),
    "an escape character": (Trouble.CHARACTER, TEXT, TEXT + b"\x1b[2J"),
    "another encoding than it says": (Trouble.ENCODING, TEXT, TEXT + b"\xe4"),
    "overlong UTF-8": (Trouble.ENCODING, TEXT, TEXT + b"\xc0\xbc"),
    "an encoding that hides tags": (Trouble.ENCODING, b'"UTF-8"', b'"UTF-7"'),
    "an encoding that nobody has": (Trouble.ENCODING, b'"UTF-8"', b'"x-mine"'),
    "UTF-16 that is none": (Trouble.ENCODING, b'"UTF-8"', b'"UTF-16"'),
    "no end": (Trouble.BROKEN, b"</IODEF-Document>", b""),
    "the wrong end": (Trouble.BROKEN, b"</Description>", b"</description>"),
    "something behind the end": (Trouble.BROKEN, b"</IODEF-Document>", b"</IODEF-Document><x/>"),
    "an attribute twice": (Trouble.BROKEN, b'purpose="reporting"', b'purpose="reporting" purpose="watch"'),
    "a prefix of nobody": (Trouble.BROKEN, b"<Contact ", b"<p:x/><Contact "),
    "another namespace": (Trouble.NOT_IODEF, b"iodef-2.0", b"iodef-3.0"),
    "no namespace": (Trouble.NOT_IODEF, b' xmlns="urn:ietf:params:xml:ns:iodef-2.0"', b""),
    "another version": (Trouble.NOT_IODEF, b'version="2.00"', b'version="9.00"'),
    "another root": (Trouble.NOT_IODEF, b"IODEF-Document", b"IDMEF-Message"),
    "no incident": (Trouble.INCOMPLETE, b"Incident ", b"incident "),
    "no id": (Trouble.INCOMPLETE, b">1</IncidentID>", b"> </IncidentID>"),
    "nobody's id": (Trouble.INCOMPLETE, b' name="csirt.example.net"', b""),
    "a time of no zone": (Trouble.INCOMPLETE, b"14:03:00Z", b"14:03:00"),
    "a time after all others": (Trouble.INCOMPLETE, b"2026-11-22T14:03:00Z", b"9999-12-31T23:59:59-14:00"),
    "a time before all others": (Trouble.INCOMPLETE, b"2026-11-22T14:03:00Z", b"0001-01-01T00:00:00+14:00"),
    "a day that never was": (Trouble.INCOMPLETE, b"2026-11-22T", b"2026-02-30T"),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_each_is_refused_for_its_own_reason(name: str) -> None:
    trouble, benign, hostile = ATTACKS[name]
    octets = BENIGN.replace(benign, hostile)
    if trouble is Trouble.INCOMPLETE and name == "no incident":
        octets = octets.replace(b"</Incident>", b"</incident>")
    assert octets != BENIGN

    assert refused(octets).trouble is trouble


@pytest.mark.parametrize(
    ("encoding", "sign"),
    [("utf-8", "\u4e2d"), ("utf-16", "\u4e2d"), ("iso-8859-1", "\xe4"), ("us-ascii", "a")],
)
def test_encodings_that_say_what_they_are(encoding: str, sign: str) -> None:
    octets = BENIGN.decode().replace("UTF-8", encoding).replace(SECRET, sign).encode(encoding)

    assert iodef.read(octets).incident.description == sign


def padded(size: int) -> bytes:
    return BENIGN.replace(TEXT, b"a" * (size - len(BENIGN) + len(TEXT)))


def test_the_largest_is_read_and_one_octet_more_is_not() -> None:
    assert len(padded(LARGEST)) == LARGEST
    assert iodef.read(padded(LARGEST)).incident.description.startswith("aaa")

    assert refused(padded(LARGEST + 1)).trouble is Trouble.TOO_LARGE


def nested(levels: int) -> bytes:
    return BENIGN.replace(
        b"  </Incident>", b"<EventData>" * levels + b"</EventData>" * levels + b"</Incident>"
    )


def test_depth_has_its_end() -> None:
    below_the_incident = DEEPEST - 2
    (deepest,) = iodef.read(nested(below_the_incident)).unread
    assert deepest.path.endswith("/EventData/EventData")

    assert refused(nested(below_the_incident + 1)).trouble is Trouble.TOO_DEEP
    assert refused(nested(40_000)).trouble is Trouble.TOO_DEEP


def wide(elements: int, attributes: int = 0) -> bytes:
    given = b"".join(b' a%d="1"' % n for n in range(attributes))
    return BENIGN.replace(b"  </Incident>", b"<x%s/>" % given * elements + b"</Incident>")


def test_width_has_its_end() -> None:
    assert len(iodef.read(wide(19_994)).unread) == 19_994
    assert len(iodef.read(wide(1, 40)).unread) == 40

    assert refused(wide(19_995)).trouble is Trouble.TOO_COMPLEX
    assert refused(wide(1, 41)).trouble is Trouble.TOO_COMPLEX


def test_names_and_paths_cannot_make_much_of_little() -> None:
    name = b"n" * 5_000
    inside = b"<%s>" % name * 30 + b'<y a="1"/>' * 5_000 + b'<%s a="1" b="2"/>' % name + b"</%s>" % name * 30
    octets = BENIGN.replace(b"  </Incident>", inside + b"</Incident>")

    unread = iodef.read(octets).unread

    assert len(unread) == 5_002
    assert max(len(each.path) for each in unread) < 400


def test_what_would_fetch_is_shown_and_fetches_nothing(tmp_path: Path) -> None:
    (tmp_path / "bait").write_text("caught", encoding="utf-8")
    bait = (tmp_path / "bait").as_uri()
    octets = BENIGN.replace(
        b"<Contact ",
        f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{bait}"/><Contact '.encode(),
    ).replace(ROOT, f'<?xml-stylesheet href="{bait}"?>'.encode() + ROOT)

    document, problems = iodef.examine(octets)

    assert "caught" not in repr(document)
    assert Unread("Incident/xi:include/@href", bait) in document.unread
    assert Unread("comment()", f'href="{bait}"') in document.unread
    assert [problem.place.line for problem in problems] == [7]


def test_no_place_that_a_document_names_is_asked_for_a_schema() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        place = f"http://127.0.0.1:{server.getsockname()[1]}/a.xsd"
        hint = f' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:a {place}"'
        octets = BENIGN.replace(b"<Contact ", b'<a:b xmlns:a="urn:a"/><Contact ').replace(
            ROOT, ROOT + hint.encode()
        )

        assert iodef.examine(octets)[1]

        with pytest.raises(BlockingIOError):
            server.accept()


def test_a_zone_with_a_comment_in_it_is_still_looked_at() -> None:
    zone = b"<Timezone>+01:00<!-- -->x</Timezone></Contact>"
    document = iodef.read(BENIGN.replace(b'role="creator"/>', b'role="creator">' + zone))

    assert document.incident.contact.zone == ""
    assert "+01:00" in [each.text for each in document.unread]


def test_a_comment_does_not_cut_a_text_in_two() -> None:
    document = iodef.read(BENIGN.replace(TEXT, b"Do not <!-- ever -->forward"))

    assert document.incident.description == "Do not forward"
    assert [each.text for each in document.unread] == ["ever"]


def test_a_second_incident_is_shown_whole() -> None:
    second = b'<Incident purpose="watch"><IncidentID name="other">2</IncidentID></Incident></IODEF-Document>'
    document = iodef.read(BENIGN.replace(b"</IODEF-Document>", second))

    assert document.incident.id.id == "1"
    assert [each.text for each in document.unread] == ["watch", "other", "2"]


def test_an_error_says_where() -> None:
    error = refused(BENIGN.replace(b"14:03:00Z", b"14:03:00"))

    assert (error.place.line, error.place.column) == (3, 3)
    assert str(error).startswith("3:3: ")


def test_problems_are_found_at_their_places_whatever_they_are_called() -> None:
    octets = BENIGN.replace(
        b"    <Contact ",
        b'<a:b xmlns:a="urn:a"/>\n  <a:b xmlns:a="urn:a"/>\n <!-- x --><Contact/><Contact ',
    )

    _, problems = iodef.examine(octets)

    assert [(problem.place.line, problem.place.column) for problem in problems] == [(7, 1)]


def test_comments_do_not_move_a_problem() -> None:
    octets = BENIGN.replace(b"    <Contact ", b'<!-- x --><Contact type="y" role="creator"/>\n    <Contact ')

    _, (problem,) = iodef.examine(octets)

    assert (problem.place.line, problem.place.column) == (7, 11)


def test_thousands_of_problems_are_a_hundred() -> None:
    _, problems = iodef.examine(
        BENIGN.replace(b"<Contact ", b'<Contact role="x" type="y"/>' * 5_000 + b"<Contact ")
    )

    assert len(problems) == 100
