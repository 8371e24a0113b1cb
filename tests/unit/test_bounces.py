"""What says that a mail of ours has come back, and what is sent to the same address and does not."""

import pytest
from mails import mail

from ivr.bridge.bounces import has_come_back

TO = "bounces+1-aaaaaaaaaaaaaaaa@bell.example"


def report(action: str) -> bytes:
    return (
        b"Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        b"--b\r\n\r\nThis is the mail system.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        b"Reporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; duty@xyz.example\r\n"
        b"Action: " + action.encode() + b"\r\nStatus: 5.1.1\r\n"
        b"--b\r\nContent-Type: message/rfc822\r\n\r\nAction: failed\r\n\r\nours\r\n--b--\r\n"
    )


QMAIL = (
    b"From: MAILER-DAEMON@mx.example\r\nSubject: failure notice\r\n\r\nHi. This is the qmail-send program\r\n"
)
ABSENT = b"From: duty@xyz.example\r\nAuto-Submitted: auto-replied\r\n\r\nI am not in the office.\r\n"
READ = (
    b'Content-Type: multipart/report; report-type=disposition-notification; boundary="b"\r\n\r\n--b\r\n'
    b"Content-Type: message/disposition-notification\r\n\r\nDisposition: x; displayed\r\n--b--\r\n"
)


@pytest.mark.parametrize(
    ("raw", "came_back"),
    [
        (report("failed"), True),
        (report("Failed (no such user)"), True),
        (report("delayed"), False),
        (report("delivered"), False),
        (QMAIL, True),
        (b"no mail at all", True),
        (ABSENT, False),
        (ABSENT.replace(b"Auto-Submitted: auto-replied", b"Precedence: bulk"), False),
        (READ, False),
    ],
)
def test_what_has_come_back(raw: bytes, came_back: bool) -> None:
    assert has_come_back(mail(raw, "", TO)) is came_back


def test_nothing_that_has_a_sender_is_a_bounce() -> None:
    assert not has_come_back(mail(report("failed"), "duty@xyz.example", TO))
