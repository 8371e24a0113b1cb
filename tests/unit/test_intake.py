"""The filters of incoming mail: each attack beside a mail that differs in it alone, and is accepted."""

import base64
import io
import zipfile
from dataclasses import replace

import pytest
from mails import ABC, DOMAIN, IODEF, NOW, TEXT, UNKNOWN, XYZ, Claims, context, mail, message, sealed

from ivr.bridge.intake import FILTERS, judge
from ivr.bridge.intake.mail import Accepted, Kind
from ivr.domain.mail import Opened, Reason, Refused, Standard
from ivr.domain.records import Tlp


def reason(raw: bytes, **more: str) -> Reason | None:
    """Why it is refused; None where it is accepted."""
    _, outcome = judge(mail(raw, **more), context())
    return outcome.reason if isinstance(outcome, Refused) else None


def accepted(raw: bytes, **more: str) -> Accepted:
    _, outcome = judge(mail(raw, **more), context())
    assert isinstance(outcome, Accepted), outcome
    return outcome


def with_field(field: bytes) -> bytes:
    return message(more=field + b"\r\n")


def nested(deep: int, inner: bytes = TEXT) -> bytes:
    for n in range(deep):
        mark = f"b{n}".encode()
        inner = b'Content-Type: multipart/mixed; boundary="' + mark + b'"\r\n\r\n--' + mark + b"\r\n" + inner
        inner += b"\r\n--" + mark + b"--\r\n"
    return inner


def mixed(*parts: bytes, kind: bytes = b"mixed") -> bytes:
    body = b"".join(b"--m\r\n" + part + b"\r\n" for part in parts)
    return b"Content-Type: multipart/" + kind + b'; boundary="m"\r\n\r\n' + body + b"--m--\r\n"


def text(words: str, more: bytes = b"") -> bytes:
    return more + b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + words.encode() + b"\r\n"


def test_a_right_mail_raises_an_alert() -> None:
    done = accepted(message(text("TLP:AMBER+STRICT\nA worm.", b"Subject: =?utf-8?q?W=C3=BCrmer?=\r\n")))
    assert (done.kind, done.team, done.address) == (Kind.RAISE, "abc", "alerts@abc.example")
    assert (done.said.title, done.said.tlp) == ("Würmer", Tlp.AMBER_STRICT)
    assert done.said.text == "TLP:AMBER+STRICT\nA worm." and not done.late and done.warnings == ()


HEADERS = [
    (b"X-Mailer: mutt", b"X Mailer: mutt", Reason.MALFORMED),
    (b"X-Mailer: mutt", b"X-Mailer : mutt", Reason.MALFORMED),
    (b"X-Mailer: mutt", b"From nobody Sun Nov 22", Reason.MALFORMED),
    (b"X-Mailer: a\r\n b", b"X-Mailer: a\n b", Reason.MALFORMED),
    (b"X-Mailer: a\r\n b", b"X-Mailer: a\r b", Reason.MALFORMED),
    (b"X-Mailer: a b", b"X-Mailer: a\0b", Reason.MALFORMED),
    (b"X-Long: " + b"x" * 990, b"X-Long: " + b"x" * 991, Reason.MALFORMED),
    (b"X: " + b"\r\n".join([b" x" * 400] * 70), b"X: " + b"\r\n".join([b" x" * 400] * 90), Reason.TOO_LARGE),
    (b"\r\n".join([b"X: y"] * 150), b"\r\n".join([b"X: y"] * 200), Reason.TOO_COMPLEX),
    (b"X-Subject: 2", b"Subject: 2", Reason.MALFORMED),
    (b"X-From: a@b.example", b"From: a@b.example", Reason.MALFORMED),
    (b"X-Content-Type: text/plain", b"Content-Type: text/plain", Reason.MALFORMED),
    (b"Reply-To: a@b.example", b"Reply-To: a@b.example\r\nReply-To: c@d.example", Reason.MALFORMED),
    (b"Auto-Submitted: no", b"Auto-Submitted: auto-replied", Reason.AUTOMATIC),
    (b"Auto-Submitted: no; x=y", b"Auto-Submitted: Auto-Generated; x=y", Reason.AUTOMATIC),
    (b"Precedence: first-class", b"Precedence: Bulk", Reason.AUTOMATIC),
    (b"X-Listed: no", b"List-Id: <l.example>", Reason.AUTOMATIC),
    (b"X-Autoreplied: no", b"X-Autoreply: yes", Reason.AUTOMATIC),
    (b"\r\n".join([b"Received: x"] * 29), b"\r\n".join([b"Received: x"] * 30), Reason.LOOP),
]  # fmt: skip


@pytest.mark.parametrize(("benign", "attack", "why"), HEADERS)
def test_header_fields(benign: bytes, attack: bytes, why: Reason) -> None:
    assert reason(with_field(benign)) is None
    assert reason(with_field(attack)) is why


FROMS = [
    ("alerts@abc.example", None),
    ("<Alerts@ABC.example>", None),
    ('"Duty, ABC" <duty@abc.example>', None),
    ('"alerts@abc.example" <alerts@abc.example>', None),
    ("=?utf-8?b?QUJDIOKAkyBDRVJU?= <alerts@abc.example>", None),
    ("ABC-CERT (on call) <alerts@abc.example>", Reason.MALFORMED),
    ("alerts@abc.example, cert@xyz.example", Reason.MALFORMED),
    ("Us: alerts@abc.example;", Reason.MALFORMED),
    ("<alerts@abc.example> <cert@xyz.example>", Reason.MALFORMED),
    ("cert@xyz.example <alerts@abc.example>", Reason.MALFORMED),
    ("<@xyz.example:alerts@abc.example>", Reason.MALFORMED),
    ("=?utf-8?q?alerts=40abc.example?=", Reason.MALFORMED),
    ("alerts@abc.example\u0430", Reason.MALFORMED),
    ('"cert@xyz.example" <alerts@abc.example>', Reason.NOT_THE_SENDER),
    ("=?utf-8?q?cert=40xyz.example?= <alerts@abc.example>", Reason.NOT_THE_SENDER),
    ("=?utf-8?b?Y2VydO+8oHh5ei5leGFtcGxl?= <alerts@abc.example>", Reason.NOT_THE_SENDER),
    ("=?utf-8?q?ABC=0D=0ASubject:_x?= <alerts@abc.example>", Reason.MALFORMED),
    ("=?utf-8?q?ABC=E2=80=AETREC?= <alerts@abc.example>", Reason.MALFORMED),
    ("=?utf-8?b?/w?= <alerts@abc.example>", Reason.MALFORMED),
    ("=?x-none?q?ABC?= <alerts@abc.example>", Reason.MALFORMED),
    ("cert@xyz.example", Reason.NOT_THE_SENDER),
    ("someone@else.example", Reason.NOT_THE_SENDER),
    ("", Reason.MALFORMED),
]


@pytest.mark.parametrize(("sender", "why"), FROMS)
def test_from(sender: str, why: Reason | None) -> None:
    assert reason(message(sender=sender)) is why


def test_who_signs_is_who_writes() -> None:
    assert reason(message(signer=XYZ, sender="cert@xyz.example")) is None
    assert reason(message(signer=XYZ)) is Reason.NOT_THE_SENDER
    assert reason(message(signer=UNKNOWN)) is Reason.UNKNOWN_SIGNER
    inner = b"From: alerts@abc.example\r\n"
    assert reason(message(inner + TEXT)) is None
    assert reason(message(b"From: duty@abc.example\r\n" + TEXT)) is Reason.NOT_THE_SENDER
    # The sender of the envelope, Sender and Reply-To are for nobody.
    more = b"Sender: cert@xyz.example\r\nReply-To: cert@xyz.example\r\n"
    assert accepted(message(more=more), envelope_from="cert@xyz.example").team == "abc"


def test_a_key_counts_in_its_own_standard_alone() -> None:
    def in_smime(raw: bytes, /) -> Opened | Refused:
        return Opened(Standard.SMIME, TEXT, ABC, NOW, "1")

    around = replace(context(), openers={Standard.OPENPGP: in_smime})
    _, outcome = judge(mail(message()), around)
    assert isinstance(outcome, Refused) and outcome.reason is Reason.UNKNOWN_SIGNER


@pytest.mark.parametrize(
    ("outer", "signed", "why"),
    [
        (f"alerts@{DOMAIN}", None, None),
        (f"Alerts <ALERTS@{DOMAIN}>", None, None),
        (f"alerts@{DOMAIN}", f"alerts@{DOMAIN}", None),
        (f"alerts@{DOMAIN}", f"x@y.example, alerts@{DOMAIN}", None),
        ("undisclosed-recipients:;", None, Reason.NOT_TO_US),
        ("alerts@other.example", None, Reason.NOT_TO_US),
        (f"alerts@{DOMAIN}.example", None, Reason.NOT_TO_US),
        # Taken from another list, and encrypted to us by somebody who got it there.
        (f"alerts@{DOMAIN}", "alerts@other.example", Reason.NOT_TO_US),
    ],
)
def test_mail_that_was_for_another_list(outer: str, signed: str | None, why: Reason | None) -> None:
    inner = f"To: {signed}\r\n".encode() if signed else b""
    assert reason(message(inner + TEXT, to=outer)) is why


def test_a_signed_mail_is_not_turned_into_an_acknowledgement_by_its_envelope() -> None:
    ack = f"ack+t17abc@{DOMAIN}"
    inner = f"To: alerts@{DOMAIN}\r\n".encode()
    assert accepted(message(inner + TEXT, to=ack), to=ack).kind is Kind.RAISE
    assert accepted(message(f"To: {ack}\r\n".encode() + TEXT, to=ack), to=ack).kind is Kind.ACKNOWLEDGE


@pytest.mark.parametrize(
    ("at", "why", "late"),
    [
        (NOW, None, False),
        (NOW - 3599, None, False),
        (NOW - 3601, None, True),
        (NOW - 7 * 86_400 + 1, None, True),
        (NOW - 7 * 86_400 - 1, Reason.TOO_OLD, True),
        (NOW + 3599, None, False),
        (NOW + 3601, Reason.FROM_THE_FUTURE, False),
    ],
)
def test_a_signature_is_good_for_seven_days(at: float, why: Reason | None, late: bool) -> None:
    assert reason(message(at=at)) is why
    if why is None:
        assert accepted(message(at=at)).late is late


def test_a_signature_is_accepted_once_in_whatever_wrapping() -> None:
    claims = Claims()
    around = context(claims)
    first, again = mail(message()), mail(message(more=b"X-Other: wrapping\r\n"), key="m2")
    assert isinstance(judge(first, around)[1], Accepted)
    assert isinstance(judge(first, around)[1], Accepted)  # judged anew after a crash
    outcome = judge(again, around)[1]
    assert isinstance(outcome, Refused) and outcome.reason is Reason.REPLAYED
    assert isinstance(judge(mail(message(at=NOW - 61), key="m3"), around)[1], Accepted)


def test_what_is_refused_has_claimed_nothing() -> None:
    claims = Claims()
    judge(mail(message(sender="cert@xyz.example")), context(claims))
    judge(mail(message(text(""))), context(claims))
    assert claims.taken == {}


def test_bounces_and_reports() -> None:
    assert reason(message(), envelope_from="") is Reason.AUTOMATIC
    assert reason(message(text("x", b"Auto-Submitted: auto-replied\r\n"))) is Reason.AUTOMATIC
    assert reason(message(text("x", b"Auto-Submitted: no\r\n"))) is None
    report = mixed(TEXT, kind=b"report; report-type=delivery-status")
    assert reason(message(report)) is Reason.AUTOMATIC
    assert reason(b"From: alerts@abc.example\r\n" + report) is Reason.AUTOMATIC
    ours = message().replace(b"<1@abc.example>", f"<17@{DOMAIN}>".encode())
    assert reason(ours) is Reason.LOOP


def test_an_automatic_reply_to_the_address_acknowledges_nothing() -> None:
    ack = f"ack+t17abc@{DOMAIN}"
    assert accepted(message(text("I am away"), to=ack), to=ack).kind is Kind.ACKNOWLEDGE
    assert reason(message(text("I am away"), to=ack, more=b"Auto-Submitted: auto-replied\r\n"), to=ack) is (
        Reason.AUTOMATIC
    )


def test_structure_is_bounded_outside_and_inside() -> None:
    assert reason(message(nested(6))) is None
    assert reason(message(nested(7))) is Reason.TOO_COMPLEX
    assert reason(message(mixed(*[TEXT] * 50))) is None
    assert reason(message(mixed(*[TEXT] * 51))) is Reason.TOO_COMPLEX
    wide = mixed(*[mixed(*[TEXT] * 20).replace(b'"m"', b'"n"').replace(b"--m", b"--n")] * 3)
    assert reason(message(wide)) is Reason.TOO_COMPLEX
    outer = b"From: alerts@abc.example\r\nTo: alerts@bell.example\r\n"
    assert reason(outer + nested(7, sealed(TEXT))) is Reason.TOO_COMPLEX
    assert reason(outer + nested(200)) is Reason.TOO_COMPLEX
    armour = b"Content-Type: text/plain\r\n\r\n-----BEGIN PGP MESSAGE-----"
    assert reason(outer + mixed(armour, nested(7))) is Reason.TOO_COMPLEX  # not only up to what is encrypted
    assert reason(message(text("x" * 19_999))) is None
    assert reason(message(text("x" * 20_001))) is Reason.TOO_LARGE
    assert reason(message() + b"x" * 200_000) is Reason.TOO_LARGE
    large = message(text("x" * 1000) + b" " * 200_000)
    assert judge(mail(large), context(most_octets=300_000))[1].__class__ is Accepted


def test_what_grows_too_much_when_it_is_opened() -> None:
    def bomb(raw: bytes, /) -> Opened | Refused:
        return Opened(Standard.OPENPGP, TEXT + b" " * 1_000_000, ABC, NOW, "1")

    _, outcome = judge(mail(message()), replace(context(), openers={Standard.OPENPGP: bomb}))
    assert isinstance(outcome, Refused) and outcome.reason is Reason.TOO_LARGE


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (sealed(TEXT), None),
        (TEXT, Reason.NOT_ENCRYPTED),
        (b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n--x\r\n\r\nno end', Reason.MALFORMED),
        (b"Content-Type: multipart/mixed\r\n\r\n--x--", Reason.MALFORMED),
        (b"Content-Type: multipart/mixed/x; boundary=m\r\n\r\n--m\r\n\r\n\r\n--m--\r\n", Reason.MALFORMED),
        (b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!", Reason.MALFORMED),
        (b"Content-Type: text/plain\r\nContent-Transfer-Encoding: uuencode\r\n\r\nx", Reason.MALFORMED),
        (
            b"Content-Type: text/plain; x=" + b'";' * 400 + b"\r\n " + b'";' * 400 + b"\r\n\r\nx",
            Reason.TOO_COMPLEX,
        ),
    ],
)
def test_what_cannot_be_read(body: bytes, why: Reason | None) -> None:
    outer = b"From: alerts@abc.example\r\nTo: alerts@bell.example\r\n"
    assert reason(outer + body) is why


INSIDE = b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n"
UNREADABLE = [
    (b"Content-Type: application/x; name=a", b"Content-Type: application/x; name*0*=a; name*=b"),
    (b"Content-Type: application/x; boundary=a", b"Content-Type: application/x; boundary*0*=a; boundary*=b"),
    (b"Content-Type: application/x; name*=''x", b"Content-Type: application/x; name*=\0''x"),
    (b"Content-Type: application/x; name*0*=''x", b"Content-Type: application/x; name*0*=%00''x"),
    (
        b"Content-Disposition: attachment; filename*0*=a",
        b"Content-Disposition: attachment; filename*0*=a; filename*=b",
    ),
]
"""The parameters of the right ones make Python's `email` raise one error or another."""


@pytest.mark.parametrize(("benign", "attack"), UNREADABLE)
def test_parameters_that_cannot_be_read(benign: bytes, attack: bytes) -> None:
    """Of the mail itself, of a part beside what is encrypted, and of a part of what was signed."""
    outer = b"From: alerts@abc.example\r\nTo: alerts@bell.example\r\n"
    assert reason(outer + benign + b"\r\n\r\nx") is Reason.NOT_ENCRYPTED
    assert reason(outer + attack + b"\r\n\r\nx") is Reason.MALFORMED
    for part, why in ((benign, None), (attack, Reason.MALFORMED)):
        beside = part + b"\r\n\r\nx"
        assert reason(outer + mixed(sealed(TEXT), beside)) is why
        assert reason(message(mixed(TEXT, beside))) is why


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (text("A worm"), None),
        (b"A worm" and b"\r\nA worm", None),
        (b"Content-Type: text/plain; charset=iso-8859-1\r\n\r\nW\xfcrmer", None),
        (b"Content-Type: text/plain; charset=utf-8\r\n\r\nW\xfcrmer", Reason.MALFORMED),
        (b"Content-Type: text/plain; charset=utf-7\r\n\r\nA worm", Reason.MALFORMED),
        (b"Content-Type: text/plain; charset=utf-8\r\n\r\nA \x1b[31mworm", Reason.MALFORMED),
        (text("A \u202emrow"), Reason.MALFORMED),
        (text(" "), Reason.MALFORMED),
        (b"Content-Type: text/html\r\n\r\n<p>A worm", Reason.MALFORMED),
        (mixed(TEXT, b"Content-Type: text/html\r\n\r\n<p>", kind=b"alternative"), None),
        (b"Content-Type: message/rfc822\r\n\r\nTo: alerts@bell.example\r\n" + TEXT, None),
        (b"Content-Type: message/rfc822\r\n\r\nTo: alerts@other.example\r\n" + TEXT, Reason.NOT_TO_US),
        (INSIDE + base64.b64encode(b"To: alerts@bell.example\r\n" + TEXT), None),
        (INSIDE + base64.b64encode(b"To: alerts@bell.example\n" + TEXT), Reason.MALFORMED),
        (b"Subject: a\r\nSubject: b\r\n" + TEXT, Reason.MALFORMED),
        (b"Subject: =?utf-8?q?a=0D=0Ab?=\r\n" + TEXT, Reason.MALFORMED),
    ],
)
def test_what_was_signed(content: bytes, why: Reason | None) -> None:
    assert reason(message(content)) is why


@pytest.mark.parametrize(
    ("charset", "octets", "words"),
    [
        ("iso-8859-2", b"robak \xbe", "robak ž"),
        ("Windows-1250", b"\x8cwiat", "Świat"),
        ("iso-8859-16", b"\xaa", "Ș"),
        ("koi8-r", b"\xde\xc5\xd2\xd7\xd8", "червь"),
    ],
)
def test_charsets_that_outlook_chooses_by_the_text(charset: str, octets: bytes, words: str) -> None:
    head = f"Content-Type: text/plain; charset={charset}\r\n\r\n".encode()
    assert accepted(message(head + octets)).said.text == words


@pytest.mark.parametrize(
    "charset", ["utf-7", "utf-16", "iso-2022-jp", "iso-8859-12", "hz", "rot13", "utf-8x"]
)
def test_charsets_that_can_hide_something(charset: str) -> None:
    head = f"Content-Type: text/plain; charset={charset}\r\n\r\n".encode()
    assert reason(message(head + b"A worm")) is Reason.MALFORMED


def test_whoever_reads_or_hears_an_alert_that_came_late_is_told_so() -> None:
    """Somebody may have held it back, and let it go when it does harm."""
    late = "This came late: it was signed on 2026-11-22 at 12:00 UTC."
    said = accepted(message(at=NOW - 7200)).said
    assert said.text == f"{late}\n\nA new worm is about." and said.spoken == ""
    document = b"Content-Type: application/xml\r\n\r\n" + IODEF
    said = accepted(message(document, at=NOW - 7200)).said
    assert (said.text, said.spoken) == (f"{late}\n\nfrom the document", f"{late} as it is heard")


def test_documents() -> None:
    document = b"Content-Type: application/xml\r\n\r\n" + IODEF
    to = f"iodef-alerts@{DOMAIN}"
    done = accepted(message(mixed(TEXT, document), to=to), to=to)
    assert (done.kind, done.iodef, done.said.text) == (Kind.IODEF, IODEF, "A new worm is about.")
    assert done.said.spoken == ""  # what was written for people is what they hear
    alone = accepted(message(document, to=to), to=to).said
    assert (alone.text, alone.spoken) == ("from the document", "as it is heard")
    assert accepted(message(mixed(TEXT, document))).kind is Kind.IODEF
    assert reason(message(TEXT, to=to), to=to) is Reason.MALFORMED
    assert reason(message(mixed(document, document), to=to), to=to) is Reason.MALFORMED
    assert reason(message(document.replace(b"IODEF", b"other"), to=to), to=to) is Reason.MALFORMED


def test_what_is_not_understood_is_told() -> None:
    beside = b"Content-Type: image/png\r\nContent-Disposition: attachment; filename=a.png\r\n\r\nx"
    assert accepted(message(mixed(TEXT, beside))).warnings == ("image/png is not passed on",)


def test_archives() -> None:
    """The corpus has those that grow; here is what must be let be, and what would take long to look at."""

    def archive(data: bytes, name: bytes = b"a.zip") -> bytes:
        head = b"Content-Type: application/octet-stream; name=" + name
        return message(
            mixed(TEXT, head + b"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.b64encode(data))
        )

    def packed(files: int) -> bytes:
        whole = io.BytesIO()
        with zipfile.ZipFile(whole, "w") as made:
            for n in range(files):
                made.writestr(zipfile.ZipInfo(f"{n}.txt"), b"x")
        return whole.getvalue()

    good = packed(1000)
    assert accepted(archive(good)).warnings == ("application/octet-stream is not passed on",)
    assert reason(archive(packed(1001))) is Reason.TOO_COMPLEX
    assert reason(archive(packed(1001), b"a.bin")) is None
    few = packed(5)
    damaged = (few[:-9], few[9:], b"PK", b"", few.replace(b"PK\1\2", b"PK\1\3", 3), few + bytes(70_000))
    for broken in damaged:
        assert reason(archive(broken)) is None


@pytest.mark.parametrize(
    ("words", "to", "kind", "alert"),
    [
        ("ESCALATE 17", "alerts", Kind.ESCALATE, 17),
        ("escalate alert #17.\n\n> quoted", "alerts", Kind.ESCALATE, 17),
        ("ACK 4", "alerts", Kind.ACKNOWLEDGE, 4),
        ("Thank you", "ack+t17abc", Kind.ACKNOWLEDGE, 17),
        ("", "ack+t17abc", Kind.ACKNOWLEDGE, 17),
        ("ESCALATE 17", "ack+t17abc", Kind.ESCALATE, 17),
        ("Should we escalate 17?", "alerts", Kind.RAISE, None),
        ("A worm\nESCALATE 17", "alerts", Kind.RAISE, None),
    ],
)
def test_commands(words: str, to: str, kind: Kind, alert: int | None) -> None:
    done = accepted(message(text(words), to=f"{to}@{DOMAIN}"), to=f"{to}@{DOMAIN}")
    assert (done.kind, done.alert) == (kind, alert)


@pytest.mark.parametrize(
    ("words", "to", "why"),
    [
        ("Thank you", "ack+other", Reason.NOT_PERMITTED),
        ("ESCALATE 18", "ack+t17abc", Reason.MALFORMED),
        ("Thank you", "ack", Reason.MALFORMED),
        ("Thank you", "nobody", Reason.MALFORMED),
    ],
)
def test_commands_that_are_none(words: str, to: str, why: Reason) -> None:
    assert reason(message(text(words), to=f"{to}@{DOMAIN}"), to=f"{to}@{DOMAIN}") is why


def test_a_token_is_its_teams_alone() -> None:
    to = f"ack+t17abc@{DOMAIN}"
    raw = message(signer=XYZ, sender="cert@xyz.example", to=to)
    assert reason(raw, to=to) is Reason.NOT_PERMITTED


def test_the_order_of_the_filters() -> None:
    names = [one.__name__ for one in FILTERS]
    assert names == [
        "small", "plain", "simple", "by_a_person", "one_sender", "opened", "of_its_team", "for_us", "in_time",
        "understood", "once",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "raw",
    [
        message(sender="a" * 60_000),
        message(sender="a " * 400 + "("),
        message(sender='"' + "\\a" * 400),
        message(to=("x" * 900 + ",\r\n ") * 60),
        b"\r\n".join([b"X: " + b"a@" * 450] * 80) + b"\r\n" + message(),
        message(mixed(*[b"Content-Type: text/plain; x=" + b'";' * 400 + b"\r\n\r\n"] * 45)),
        b"--" * 100_000,
        b"",
        b"\r\n",
        bytes(range(256)) * 400,
        message().replace(b"--=b=", b"--=b=" * 2000),
    ],
    ids=range(11),
)
def test_whatever_comes_is_judged_soon(raw: bytes) -> None:
    """A pattern that tries everything in every way would not come to an end here."""
    assert isinstance(judge(mail(raw), context(most_octets=10_000_000))[1], Refused)
