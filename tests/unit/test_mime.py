"""Entities cut out of raw bytes: what is taken, and what is not plainly one thing."""

from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ivr.domain.mail import Reason
from ivr.domain.mime import Entity, Unfit, entity, leaves

HEAD = b"Content-Type: multipart/signed; boundary=b\r\n"
BROKEN = [
    b"Content-Type: application/x; name*0*=a; name*=b",
    b"Content-Type: multipart/mixed; boundary*0*=a; boundary*=b",
    b"Content-Type: application/x; name*=\0''x",
    b"Content-Type: application/x; name*0*=%00''x",
    b"Content-Disposition: attachment; filename*0*=a; filename*=b",
    b"Content-Disposition: attachment; filename*0*=%00''x",
]
"""Python's `email` raises TypeError or ValueError for each."""


def why(of: Callable[[], object]) -> Reason:
    with pytest.raises(Unfit) as caught:
        of()
    return caught.value.refused.reason


def read(raw: bytes) -> None:
    """All that there is to ask. Whatever comes, it is taken or Unfit, and nothing else happens."""
    asks: list[Callable[[Entity], object]] = [
        lambda e: (e.kind, e.encoding, e.file_name, e.parameter("protocol"), e.parameter("boundary")),
        lambda e: e.decoded(),
        lambda e: e.parts(),
        lambda e: e.parts(alone=True),
        lambda e: list(leaves(e)),
    ]
    for ask in asks:
        try:
            ask(entity(raw))
        except Unfit as unfit:
            assert unfit.refused.detail


PIECES = st.sampled_from(
    b"Content-Type:|Content-Disposition:|Content-Transfer-Encoding:|multipart/mixed|a/b|base64|boundary|name|"
    b"quoted-printable|filename|protocol|*|0|1|=|'|''|\"|\\|%|%00|%ff|\0|\xff|b|utf-8|idna|hex|; |"
    b"\r\n|\n|\r| |\t|(|--b|--b--|=?utf-8?b?/w==?=".split(b"|")
)


@given(st.lists(PIECES | st.binary(max_size=3), max_size=40).map(b"".join), st.binary())
@example(BROKEN[0], b"")
def test_any_bytes(one: bytes, two: bytes) -> None:
    for raw in (one, two, HEAD + b"\r\n" + two + b"--b\r\n" + one + b"\r\n--b--" + two, HEAD + one):
        read(raw)


@given(
    st.sampled_from(["Content-Type: multipart/mixed", "Content-Disposition: attachment"]),
    st.lists(
        st.tuples(
            st.sampled_from(["name", "filename", "boundary", ""]),
            st.sampled_from(["", "*", "*0", "*0*", "*1", "*1*", "*x", "**"]),
            st.text("ab'%0\0\";\\é", max_size=8),
        ),
        max_size=5,
    ),
)
def test_any_parameters(field: str, parameters: list[tuple[str, str, str]]) -> None:
    """RFC 2231: pieces, charsets, and all that may be wrong with them."""
    value = "".join(f"; {name}{form}={said}" for name, form, said in parameters)
    read(f"{field}{value}\r\n\r\n--a\r\n\r\nx\r\n--a--\r\n".encode())


@pytest.mark.parametrize("field", BROKEN)
def test_a_field_that_cannot_be_read_is_refused_at_once(field: bytes) -> None:
    assert why(lambda: entity(field + b"\r\n\r\nx")) is Reason.MALFORMED


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"A: b\r\nContent-Type: text/plain\r\nContent-Type: text/html\r\n\r\nx", Reason.MALFORMED),
        (b"Content-Disposition: inline\nContent-Disposition: attachment\n\nx", Reason.MALFORMED),
        (b"Content-Transfer-Encoding: 7bit\nContent-Transfer-Encoding: base64\n\nx", Reason.MALFORMED),
        (b"A: b\rContent-Type: text/html\r\n\r\nx", Reason.MALFORMED),
        (b"A: b\r\nhello\r\n\r\nx", Reason.MALFORMED),
        (b"A: b\0\r\n\r\nx", Reason.MALFORMED),
        (b"Content-Type: text\r\n\r\nx", Reason.MALFORMED),
        (b"A: " + b"b" * 996 + b"\r\n\r\nx", Reason.MALFORMED),
        (b"A: b\r\n" * 201 + b"\r\nx", Reason.TOO_COMPLEX),
        (b"Content-Type: a/b; c=" + b"d" * 970 + b"\r\n" + b" d" * 30 + b"\r\n\r\nx", Reason.TOO_COMPLEX),
        (b"A: " + b"b" * 70_000 + b"\r\n\r\nx", Reason.TOO_LARGE),
    ],
)
def test_header_fields_that_two_readers_would_read_in_two_ways(raw: bytes, reason: Reason) -> None:
    assert why(lambda: entity(raw)) is reason


def test_fields_and_body() -> None:
    whole = entity(b"A: b\r\n\tc\r\nCONTENT-type: Text/HTML; x*=utf-8''%C3%BC; Name=a.P7M\r\n\r\nx\r\n\r\ny")
    assert whole.fields[0] == ("a", " b\tc")
    assert (whole.kind, whole.parameter("x"), whole.file_name) == ("text/html", "ü", "a.P7M")
    assert whole.body == b"x\r\n\r\ny" and whole.ended
    assert entity(b"A: b\n\nx\n\ny") == Entity((("a", " b"),), b"x\n\ny", True)
    assert entity(b"\r\n\r\nx") == Entity((), b"\r\nx", True)
    assert entity(b"A: b") == Entity((("a", " b"),), b"", False) == entity(b"A: b\r\n")
    assert entity(b"") == Entity((), b"", False)


def test_the_first_of_two_parameters_counts() -> None:
    whole = entity(b"Content-Type: a/b; name=c; name=d\r\n\r\n")
    assert whole.parameter("name") == "c"


def parts(body: bytes, alone: bool = True) -> list[bytes]:
    return entity(HEAD + b"\r\n" + body).parts(alone=alone)


def test_parts_are_slices() -> None:
    assert parts(b"--b\r\na\r\n\r\n--b \t\r\n\r\nb\r\n--b--") == [b"a\r\n", b"\r\nb"]
    assert parts(b"--b\na\n--bb\n--b x\n--b\nb\n--b--\n") == [b"a\n--bb\n--b x", b"b"]
    assert parts(b"--b\r\n--b\r\n\r\n--b--") == [b"", b""]


def test_what_stands_beside_the_parts() -> None:
    greeting = b"This is an OpenPGP/MIME signed message (RFC 4880 and 3156)\r\n\r\n"
    assert parts(greeting + b"--b\r\na\r\n--b--\r\n\r\n") == [b"a"]
    for body in (
        b"Call me\r\n--b\r\na\r\n--b--",
        b"This is an " + b"x" * 200 + b"\r\n--b\r\na\r\n--b--",
        b"--b\r\na\r\n--b--\r\nCall me",
    ):
        assert parts(body, alone=False) == [b"a"]
        assert why(lambda body=body: parts(body)) is Reason.NOT_WHOLLY_SIGNED


@pytest.mark.parametrize("body", [b"", b"--b\r\nx", b"--b--\r\n--b\r\nx\r\n--b--", b" --b\r\nx\r\n --b--"])
def test_parts_that_do_not_end_or_begin(body: bytes) -> None:
    assert why(lambda: parts(body)) is Reason.MALFORMED


def test_a_boundary_is_not_encoded() -> None:
    for name in (b"boundary*", b"boundary*0*"):
        raw = b"Content-Type: multipart/mixed; " + name + b"=us-ascii''b\r\n\r\n--b\r\n\r\n--b--"
        assert why(lambda raw=raw: entity(raw)) is Reason.MALFORMED
    assert entity(
        b"Content-Type: multipart/mixed; boundary*0=b; boundary*1=c\n\n--bc\na\n--bc--"
    ).parts() == [b"a"]


def test_parts_have_a_number() -> None:
    assert len(parts(b"--b\r\n" * 50 + b"--b--")) == 50
    assert why(lambda: parts(b"--b\r\n" * 51 + b"--b--")) is Reason.TOO_COMPLEX
