"""Mail that was damaged at random, outside and inside: it is taken or refused, and nothing else ever happens.

What is damaged outside must never be taken for something that its team has not said.
"""

import random
from collections.abc import Iterator

import pytest
from corpus import Practice, Program, practice, programs
from hypothesis import given, settings
from hypothesis import strategies as st
from mails import DOMAIN, TEXT, Claims, context, mail, message
from pgp_peer import peers

from ivr.adapters.smime.opening import sender_of
from ivr.bridge.intake import content, judge
from ivr.bridge.intake.encoded import shown
from ivr.bridge.intake.mail import Accepted, Mail
from ivr.bridge.intake.sender import address_in, addresses
from ivr.domain.mail import Refused
from ivr.domain.mime import Unfit, entity, leaves

PROGRAMS = list(programs())
PIECES = [
    b"\r\n", b"\n", b"\r", b"\0", b"\r\n\r\n", b"--", b"=?utf-8?q?=40?=", b"=?utf-8?b?!!?=", b"=?", b"?=",
    b"@", b"<", b">", b",", b";", b":", b'"', b"\\", b"(", b")", b"=", b"*0*=", b"%00''", b"\xff",
    b"\xc0\xaf", b"\xe2\x80\xae", b"Content-Type: ", b"multipart/", b"signed", b"text/plain", b"boundary=",
    b"message/rfc822\r\n\r\n", b"base64", b"Content-Transfer-Encoding: ", b"From: ", b"To: ", b"Subject: ",
    b"x" * 1000, b" " * 100, b"\r\n ", b"hp-legacy-display=1", b"protected-headers=v1", b"charset=",
    b"utf-16", b"name*=", b"unknown-8bit",
]  # fmt: skip
"""What means something to one reader or another."""


def damaged(raw: bytes, chance: random.Random, most: int = 4) -> bytes:
    """Cut, doubled, turned or strewn with pieces."""
    for _ in range(chance.randint(1, most)):
        at = chance.randrange(len(raw) + 1)
        to = min(len(raw), at + chance.choice((0, 1, 2, 10, 100)))
        piece = chance.choice((b"", raw[at:to] * 2, bytes([chance.randrange(256)]), *PIECES))
        raw = raw[:at] + piece + raw[to:]
    return raw


@pytest.fixture(scope="module")
def list_(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Practice]:
    at = max(program.sample.at for program in PROGRAMS)
    with peers(), practice(tmp_path_factory.mktemp("a list"), lambda: at) as known:
        yield known


@pytest.mark.parametrize("seed", range(150))
def test_mail_that_was_damaged_on_the_way(list_: Practice, seed: int) -> None:
    chance = random.Random(seed)
    program: Program = chance.choice(PROGRAMS)
    sent = program.sample.mail
    # Mostly in the header fields and the first parts: the rest is one piece of base64.
    end = chance.choice((600, 2000, len(sent.raw)))
    raw = damaged(sent.raw[:end], chance) + sent.raw[end:]
    _, outcome = judge(Mail(sent.id, sent.envelope, raw), list_.context(Claims()))
    if isinstance(outcome, Accepted):
        assert (outcome.team, outcome.said.text) == (program.sample.by, program.text)
    else:
        assert isinstance(outcome, Refused)


INSIDE = [
    TEXT,
    b"Subject: =?utf-8?q?W=C3=BCrmer?=\r\nFrom: alerts@abc.example\r\nTo: alerts@bell.example\r\n" + TEXT,
    b'Content-Type: multipart/mixed; boundary="m"; protected-headers="v1"\r\nTo: alerts@bell.example\r\n\r\n'
    b'--m\r\nContent-Type: text/rfc822-headers; protected-headers="v1"\r\n\r\nSubject: A\r\n\r\n--m\r\n'
    + TEXT
    + b"--m\r\nContent-Type: application/xml; name*=utf-8''a.xml\r\n\r\n<IODEF-Document/>\r\n--m--\r\n",
    b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    b"VG86IGFsZXJ0c0BiZWxsLmV4YW1wbGU=\r\n",
    b'Content-Type: text/plain; hp="cipher"; hp-legacy-display="1"\r\n\r\nSubject: A\r\n\r\nESCALATE 17\r\n',
    b"Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    b"W=FC\r\n",
]


def test_mail_whose_signed_content_is_anything() -> None:
    """A member's program gone wild, or its key in the wrong hands."""
    chance = random.Random(1)
    for _ in range(3000):
        inside = damaged(chance.choice(INSIDE), chance)
        _, outcome = judge(mail(message(inside)), context())
        assert isinstance(outcome, Accepted | Refused)


def test_mail_whose_header_fields_are_anything() -> None:
    chance = random.Random(2)
    good = message(more=b"Autocrypt: addr=x\r\nReply-To: =?utf-8?q?a?= <a@b.example>\r\n")
    head, end, body = good.partition(b"MIME-Version")
    for _ in range(3000):
        _, outcome = judge(mail(damaged(head, chance) + end + body), context())
        assert isinstance(outcome, Accepted | Refused)
        if isinstance(outcome, Accepted):
            assert (outcome.team, outcome.address) == ("abc", "alerts@abc.example")


WORDS = st.lists(
    st.one_of(
        st.sampled_from([piece.decode("utf-8", "replace") for piece in PIECES]),
        st.sampled_from(
            ["alerts", "abc.example", DOMAIN, "=?utf-8?q?", "=?iso-2022-jp?b?GyRCGyhC?=", "\ud800"]
        ),
        st.text(max_size=4),
    ),
    max_size=12,
).map("".join)


@given(WORDS)
@settings(max_examples=600)
def test_names_and_addresses(value: str) -> None:
    for read in (shown, address_in, lambda value: entity(f"From: {value}".encode("utf-8", "replace"))):
        try:
            read(value)
        except Unfit:
            continue
    assert all("@" in address for address in addresses(value))
    assert " " not in sender_of([value])


@pytest.mark.parametrize(
    ("sender", "address"),
    [
        ("Team@cert.example", "team@cert.example"),
        ('"other@cert.example" <team@cert.example>', "team@cert.example"),
        ("(" * 5000, "(" * 5000),
        ("other@cert.example, team@cert.example", ""),
        ("<other@cert.example>, <team@cert.example>", ""),
        ("<other@cert.example> <team@cert.example>", ""),
        ("", ""),
    ],
)
def test_the_sender_that_a_certificate_must_be_for(sender: str, address: str) -> None:
    assert sender_of([sender]) == address
    assert sender_of([sender, sender]) == sender_of([]) == ""


BEGINNINGS = (
    b"",
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n",
    b"Content-Type: text/plain; ",
)


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=6)), max_size=40).map(b"".join))
@settings(max_examples=600)
def test_entities(raw: bytes) -> None:
    for prefix in (
        b"",
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n",
        b"Content-Type: text/plain; ",
    ):
        try:
            root = entity(prefix + raw)
            for leaf, _ in leaves(root):
                leaf.decoded()
            content.read(root)
        except Unfit:
            continue


def test_the_damage_is_one_that_is_often_taken() -> None:
    """Otherwise these tests would see the first filter alone."""
    chance = random.Random(1)
    taken = sum(
        isinstance(judge(mail(message(damaged(chance.choice(INSIDE), chance))), context())[1], Accepted)
        for _ in range(300)
    )
    assert 30 < taken < 270
