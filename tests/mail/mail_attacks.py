"""Attacks that are the same in OpenPGP and S/MIME: on who writes, when, to whom, and on what reads the text.

Each is made in both standards, beside a twin that differs from it in the attack alone and is good.
"""

import base64
import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from corpus import LIST, TEAMS
from mail_writers import TEXT, Writer, writers
from pairs import Pair, words
from practice_keys import House

from ivr.domain.mail import Reason

HTML = b"Content-Type: text/html\r\n\r\n<p>A zebra is loose.\r\n"
OTHER_LIST = "alerts@gong.example"


def made(house: House) -> Iterator[tuple[str, Pair]]:
    for writer in writers(house):
        at = writer.now + timedelta(minutes=5)
        for name, group, reason, bad, good in _cases(writer):
            yield name, Pair(group, words(name), reason, writer.standard, writer.by, bad, good, at)
        yield from _in_time(writer, at)


Case = tuple[str, str, Reason, bytes, bytes]


def _cases(w: Writer) -> Iterator[Case]:
    yield from _senders(w)
    yield from _contents(w)
    yield from _structures(w)
    yield from _archives(w)
    yield (
        "signed_by_another_team_than_it_is_from", "wrong-team", Reason.NOT_THE_SENDER,
        w.around(w.sealed_by_other(TEXT)), w.mail(),
    )  # fmt: skip
    for to, name in ((OTHER_LIST, "to_another_list"), ("undisclosed-recipients:;", "to_nobody")):
        yield name, "another-list", Reason.NOT_TO_US, w.mail(to=to), w.mail()


def _senders(w: Writer) -> Iterator[Case]:
    """From in all the ways that have misled mail programs about who has signed (Müller et al., 2019)."""
    entity, me, other = w.sealed(TEXT), w.address.encode(), TEAMS[w.other][1].encode()
    wide = me.decode().replace("@", "\uff20").encode().hex("=").upper()
    good = b"Duty <%b>" % me
    bad = {
        "from_another_team": (Reason.NOT_THE_SENDER, b"Duty <%b>" % other),
        "another_address_for_a_name": (Reason.NOT_THE_SENDER, b'"%b" <%b>' % (other, me)),
        "another_address_for_a_name_without_quotes": (Reason.MALFORMED, b"%b <%b>" % (other, me)),
        "another_address_and_blanks_for_a_name": (
            Reason.NOT_THE_SENDER,
            b'"%b                                  ." <%b>' % (other, me),
        ),
        "another_address_encoded_as_a_name": (
            Reason.NOT_THE_SENDER,
            b"=?utf-8?q?%b?= <%b>" % (other.replace(b"@", b"=40"), me),
        ),
        "another_address_with_an_at_that_is_none": (
            Reason.NOT_THE_SENDER,
            b"=?utf-8?q?x=%b?= <%b>" % (wide.encode(), me),
        ),
        "a_name_that_turns_the_direction": (Reason.MALFORMED, b"=?utf-8?q?ABC=E2=80=AETREC?= <%b>" % me),
        "two_addresses": (Reason.MALFORMED, b"Duty <%b>, Duty <%b>" % (other, me)),
        "two_addresses_of_which_the_second_is_another_s": (
            Reason.MALFORMED,
            b"Duty <%b>, Duty <%b>" % (me, other),
        ),
        "a_group_of_addresses": (Reason.MALFORMED, b"Duty: %b, %b;" % (me, other)),
        "a_route": (Reason.MALFORMED, b"Duty <@%b:%b>" % (other.partition(b"@")[2], me)),
        "a_comment_with_an_address": (Reason.MALFORMED, b"%b (%b)" % (me, other)),
        "two_from": (Reason.MALFORMED, b"%b\r\nFrom: %b" % (me, other)),
        "two_from_of_which_the_first_is_another_s": (Reason.MALFORMED, b"%b\r\nFrom: %b" % (other, me)),
        "nothing_in_from": (Reason.MALFORMED, b" "),
        "a_name_alone": (Reason.MALFORMED, b"Duty"),
        "a_nul_in_the_address": (Reason.MALFORMED, b"Duty <%b\0.gong.example>" % me),
        "an_encoded_address": (Reason.MALFORMED, b"=?utf-8?q?%b?=" % me.replace(b"@", b"=40")),
        "a_field_injected_by_an_encoded_name": (
            Reason.MALFORMED,
            b"=?utf-8?q?Duty=0D=0ABcc:_%b?= <%b>" % (other, me),
        ),
        "a_field_behind_a_bare_cr": (Reason.MALFORMED, b"Duty <%b>\rBcc: %b" % (me, other)),
        "a_field_behind_a_bare_lf": (Reason.MALFORMED, b"Duty <%b>\nBcc: %b" % (me, other)),
    }
    for name, (reason, sender) in bad.items():
        group = "header-injection" if name.startswith(("a_field", "a_nul")) else "display-tricks"
        yield name, group, reason, w.around(entity, sender), w.around(entity, good)
    for name, field in (("two_subjects", b"Subject: Alert"), ("two_to", b"To: " + LIST.encode())):
        twice, once = (w.around(entity, more=more + field + b"\r\n") for more in (b"", b"X-"))
        yield name, "header-injection", Reason.MALFORMED, twice, once
    team = b"Sender: %b\r\nReply-To: %b\r\n"
    yield (
        "from_another_team_and_sent_by_the_signer", "wrong-team", Reason.NOT_THE_SENDER,
        w.around(entity, other, more=team % (me, me)), w.around(entity, me, more=team % (other, other)),
    )  # fmt: skip


def _contents(w: Writer) -> Iterator[Case]:
    """What stands in it, and was signed by the team itself: another list's mail, or a program gone wild."""
    me = w.address.encode()

    def case(name: str, group: str, reason: Reason, bad: bytes, good: bytes) -> Case:
        return name, group, reason, w.mail(bad), w.mail(good)

    def protected(to: str, sender: bytes = me, subject: bytes = b"A zebra") -> bytes:
        fields = b"From: %b\r\nTo: %b\r\nSubject: %b\r\n" % (sender, to.encode(), subject)
        return fields + TEXT.replace(b"utf-8", b'utf-8; protected-headers="v1"')

    def whole(to: str) -> bytes:
        return b"Content-Type: message/rfc822\r\n\r\n" + protected(to)

    def text(words: bytes) -> bytes:
        return TEXT.replace(b"A zebra", words)

    good = protected(LIST)
    yield case("another_to_was_signed", "another-list", Reason.NOT_TO_US, protected(OTHER_LIST), good)
    yield case(
        "a_whole_message_to_another_list", "another-list", Reason.NOT_TO_US, whole(OTHER_LIST), whole(LIST)
    )
    other = TEAMS[w.other][1].encode()
    yield case("another_from_was_signed", "wrong-team", Reason.NOT_THE_SENDER, protected(LIST, other), good)
    for name, group, subject in (
        ("a_field_injected_by_the_subject", "header-injection", b"=?utf-8?q?A=0D=0ABcc:_x=40gong.example?="),
        ("a_subject_that_turns_the_direction", "display-tricks", b"=?utf-8?q?A=E2=80=AEarbez?="),
        ("a_subject_with_a_nul", "header-injection", b"=?utf-8?q?A=00zebra?="),
    ):
        yield case(name, group, Reason.MALFORMED, protected(LIST, subject=subject), good)
    yield case("a_text_for_a_terminal", "display-tricks", Reason.MALFORMED, text(b"A \x1b[8mzebra"), TEXT)
    yield case("a_text_that_turns", "display-tricks", Reason.MALFORMED, text(b"A \xe2\x80\xaearbez"), TEXT)
    yield case("html_alone", "display-tricks", Reason.MALFORMED, HTML, _multipart(b"alternative", TEXT, HTML))
    yield case(
        "a_charset_that_hides_characters", "display-tricks", Reason.MALFORMED,
        TEXT.replace(b"utf-8", b"utf-7"), TEXT,
    )  # fmt: skip
    root = b"<IODEF-Document"
    for name, declared in _XML.items():
        bad = DOCUMENT.replace(root, declared + root)
        yield case(name, "xml", Reason.MALFORMED, bad.replace(b"A zebra", b"&e;"), DOCUMENT)
    yield case(
        "xml_in_an_encoding_that_hides_tags", "xml", Reason.MALFORMED,
        DOCUMENT.replace(b'"UTF-8"', b'"UTF-7"'), DOCUMENT,
    )  # fmt: skip


def _zip(**files: bytes) -> bytes:
    """Beside the text; `log_txt` is the file log.txt."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_BZIP2) as archive:
        for name, octets in files.items():
            archive.writestr(zipfile.ZipInfo(name.replace("_", ".")), octets, zipfile.ZIP_BZIP2)
    head = b'Content-Type: application/zip; name="log.zip"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    coded = base64.encodebytes(packed.getvalue()).replace(b"\n", b"\r\n")
    return _multipart(b"mixed", TEXT, head + coded)


def _archives(w: Writer) -> Iterator[Case]:
    """Nobody opens them here; whoever keeps the mail might."""
    good = w.mail(_zip(log_txt=b"zebra"))
    large = _zip(log_txt=bytes(101 * 10**6))
    nested = _zip(a_zip=b"zebra", b_zip=b"zebra")
    for name, bad in (("a_zip_bomb", large), ("zip_within_zip", nested)):
        yield name, "bomb", Reason.TOO_COMPLEX, w.mail(bad), good


_XML = {
    "a_document_type": b'<!DOCTYPE x [<!ENTITY e "v">]>',
    "a_file_as_an_entity": b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
    "an_address_as_an_entity": b'<!DOCTYPE x [<!ENTITY e SYSTEM "http://gong.example/">]>',
    "a_document_type_from_outside": b'<!DOCTYPE x SYSTEM "http://gong.example/x.dtd">',
    "entities_that_grow": b'<!DOCTYPE x [<!ENTITY a "zebra"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'
    b'<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY e "&c;&c;&c;&c;&c;&c;&c;&c;">]>',
    "a_parameter_entity": b'<!DOCTYPE x [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]>',
}
DOCUMENT = b"""\
Content-Type: application/xml\r\n\r\n<?xml version="1.0" encoding="UTF-8"?>
<IODEF-Document version="2.00" xml:lang="en" xmlns="urn:ietf:params:xml:ns:iodef-2.0">
<Incident purpose="reporting" restriction="red"><IncidentID name="xyz.example">1</IncidentID>
<GenerationTime>2025-03-03T12:00:00Z</GenerationTime><Description>A zebra</Description>
<Contact type="organization" role="creator"/></Incident></IODEF-Document>
"""


def _multipart(kind: bytes, *parts: bytes, mark: bytes = b"m") -> bytes:
    body = b"".join(b"--%b\r\n%b\r\n" % (mark, part) for part in parts)
    return b'Content-Type: multipart/%b; boundary="%b"\r\n\r\n%b--%b--\r\n' % (kind, mark, body, mark)


def _nested(deep: int) -> bytes:
    inner = TEXT
    for level in range(deep):
        inner = _multipart(b"mixed", inner, mark=b"level%d" % level)
    return inner


def _structures(w: Writer) -> Iterator[Case]:
    """More, deeper and longer than any mail program makes."""
    group = "huge-and-nested"
    entity = w.sealed(TEXT)
    for name, reason, bad, good in (
        ("header_lines_without_end", Reason.MALFORMED, b"X-Long: " + b"x" * 991, b"X-Long: " + b"x" * 990),
        ("many_header_fields", Reason.TOO_COMPLEX, b"\r\n".join([b"X: y"] * 200), b"X: y"),
        ("long_header_fields", Reason.TOO_LARGE, b"X:" + b"\r\n y".join([b"x" * 900] * 74), b"X: y"),
    ):
        yield name, group, reason, w.around(entity, more=bad + b"\r\n"), w.around(entity, more=good + b"\r\n")
    nested, many = _nested(7), _multipart(b"mixed", *[TEXT] * 51)
    yield "nested_deeply", group, Reason.TOO_COMPLEX, w.mail(nested), w.mail(_nested(6))
    yield "many_parts", group, Reason.TOO_COMPLEX, w.mail(many), w.mail(_multipart(b"mixed", *[TEXT] * 50))
    long = TEXT + b"zebra " * 3500
    yield "a_text_without_end", group, Reason.TOO_LARGE, w.mail(long), w.mail(TEXT + b"zebra " * 3000)
    quick = TEXT.replace(b"; charset", b";\r\n x=y; charset")
    slow = quick.replace(b"x=y", b"\r\n ".join([b'";' * 200] * 3))
    yield "parameters_that_take_long", group, Reason.TOO_COMPLEX, w.mail(slow), w.mail(quick)
    for name, deep in (
        ("deep_around_what_is_encrypted", nested.replace(TEXT, entity)),
        ("deep_beside_what_is_encrypted", _multipart(b"mixed", entity, nested)),
    ):
        yield name, group, Reason.TOO_COMPLEX, w.around(deep), w.around(entity)


def _in_time(w: Writer, at: datetime) -> Iterator[tuple[str, Pair]]:
    """A good mail at a wrong time."""

    def pair(name: str, reason: Reason, bad: bytes, good: bytes) -> tuple[str, Pair]:
        return name, Pair("replay", words(name), reason, w.standard, w.by, bad, good, at)

    def signed(ago: timedelta) -> bytes:
        return w.around(w.sealed_at(TEXT, w.now - ago))

    good, wrapped = (w.around(entity) for entity in w.sealed_twice(TEXT))
    name, sent_again = pair("sent_again", Reason.REPLAYED, good, good)
    yield name, replace(sent_again, is_replay=True)
    name, in_a_wrapping = pair("sent_again_in_another_wrapping", Reason.REPLAYED, wrapped, good)
    yield name, replace(in_a_wrapping, is_replay=True)
    name, late = pair("sent_again_after_a_week", Reason.TOO_OLD, good, good)
    yield name, replace(late, attack_at=at + timedelta(days=7))
    yield pair("signed_a_week_ago", Reason.TOO_OLD, signed(timedelta(days=7)), signed(timedelta(days=6)))
    ahead = signed(timedelta(hours=-2)), signed(timedelta(hours=-1))
    yield pair("signed_by_a_clock_that_is_ahead", Reason.FROM_THE_FUTURE, *ahead)
