"""What leaves in writing: who, when, where to listen; never the content."""

from dataclasses import replace

import pytest
from book import NOON

from ivr.domain import gsm
from ivr.domain.gsm import Alphabet
from ivr.domain.records import Alert, AlertState, Delivery, DeliveryState, Source
from ivr.domain.wording import (
    alert_sms,
    closing,
    missing,
    not_told,
    originator,
    progress,
    reminder,
    template,
    withdrawal,
)

ALERT = Alert(
    17,
    AlertState.RELEASED,
    "abc-cert",
    "ABC-CERT",
    "40712",
    Source.HOTLINE,
    "17.wav",
    NOON - 60,
    93.4,
    "0" * 64,
    released_at=NOON,
)
HOTLINE = "+4940808077555"


def test_the_sms_names_the_alert_who_raised_it_when_and_where_to_listen() -> None:
    assert (
        alert_sms(ALERT, HOTLINE)
        == "ALERT 17 from ABC-CERT, 2026-11-22 14:03 UTC. Call +4940808077555 to listen."
    )


def test_an_alert_that_operators_raised_is_announced_as_such() -> None:
    raised = replace(ALERT, source=Source.OPERATOR)

    assert originator(raised) == "operators for ABC-CERT"
    assert "from operators for ABC-CERT," in alert_sms(raised, HOTLINE)


def test_the_sms_with_the_longest_ascii_name_is_one_message() -> None:
    longest = replace(ALERT, id=99_999, team_name="N" * 60, source=Source.OPERATOR)
    segments = gsm.split(alert_sms(longest, HOTLINE), 0)

    assert segments.alphabet is Alphabet.GSM7
    assert len(segments.parts) == 1


def test_the_time_is_utc_wherever_the_machine_stands() -> None:
    at_new_year = replace(ALERT, released_at=1_798_761_599.0)

    assert "2026-12-31 23:59 UTC" in alert_sms(at_new_year, HOTLINE)


def given_up(name: str, attempts: int, reason: str = "not reached") -> Delivery:
    return Delivery(
        17, name.lower(), name, DeliveryState.EXHAUSTED, number=None, attempts=attempts, reason=reason
    )


def test_a_withdrawal_says_which_alert_of_whom_and_from_when_to_when_it_held() -> None:
    withdrawn = replace(ALERT, state=AlertState.WITHDRAWN, closed_at=NOON + 3600)

    assert withdrawal(withdrawn) == (
        "Alert 17 from ABC-CERT, of 2026-11-22 14:03 UTC, was WITHDRAWN at 2026-11-22 15:03 UTC."
    )
    longest = replace(withdrawn, id=99_999, team_name="N" * 60, source=Source.OPERATOR)
    assert len(gsm.split(withdrawal(longest), 0).parts) == 1


def test_the_end_is_told_in_numbers_and_with_the_names_of_the_missing() -> None:
    assert closing(17, 24, ["XYZ-CERT", "QRS-CERT"]) == (
        "Alert 17: 22 of 24 acknowledged; missing QRS-CERT, XYZ-CERT."
    )
    assert closing(17, 24, []) == "Alert 17: all 24 acknowledged."
    assert closing(17, 0, []) == "Alert 17: there was nobody to call."


def test_teams_that_were_given_up_are_named_with_their_calls() -> None:
    one, other = given_up("XYZ-CERT", 6), given_up("QRS-CERT", 1)

    assert missing(17, [one], 3) == "Alert 17: XYZ-CERT was not reached (6 calls). Still open: 3 teams."
    assert missing(17, [one, other], 1) == (
        "Alert 17: QRS-CERT (1 call), XYZ-CERT (6 calls) were not reached. Still open: 1 team."
    )


def test_teams_that_were_not_called_are_named_with_the_reason_why() -> None:
    waits = replace(given_up("QRS-CERT", 2, "closed"), state=DeliveryState.WAITING)
    teams = [
        given_up("XYZ-CERT", 6),
        waits,
        given_up("ABC-CERT", 0, "closed"),
        given_up("NNN-CERT", 0, "none"),
    ]

    assert missing(17, teams, 9) == (
        "Alert 17: XYZ-CERT was not reached (6 calls). closed: ABC-CERT, QRS-CERT. none: NNN-CERT. "
        "Still open: 9 teams."
    )


def test_who_cannot_be_told_of_a_withdrawal_is_to_be_called() -> None:
    assert not_told(17, ["XYZ-CERT", "ABC-CERT"]) == (
        "Withdrawn alert 17: no mobile to tell: ABC-CERT, XYZ-CERT. Please call them."
    )


def test_whatever_the_number_of_teams_a_notice_can_be_sent() -> None:
    names = [
        f"{n:05}{chr(0x0416) * 55}" for n in range(10_000)
    ]  # the longest names, in letters that take most

    for text in (
        closing(17, 10_000, names),
        missing(17, [given_up(name, 24) for name in names], 0),
        not_told(17, names),
    ):
        assert len(gsm.split(text, 0).parts) <= gsm.MOST_PARTS
        assert "and 9900 more" in text


@pytest.mark.parametrize(
    ("confirmed", "word"), [(True, " (confirmed)"), (False, " (unconfirmed)"), (None, "")]
)
def test_whether_an_alert_is_confirmed_is_said_where_it_is_known(confirmed: bool | None, word: str) -> None:
    text = alert_sms(replace(ALERT, confirmed=confirmed), HOTLINE)

    assert text.startswith(f"ALERT 17{word} from ABC-CERT, ")


def test_a_network_has_words_of_its_own() -> None:
    words = template("{{{number}}} {originator}\n{time}{confirmed} {hotline}")

    assert alert_sms(ALERT, HOTLINE, words) == f"{{17}} ABC-CERT\n2026-11-22 14:03 UTC {HOTLINE}"
    assert reminder(ALERT, HOTLINE, words).startswith("REMINDER: {17} ABC-CERT")


def test_a_name_with_braces_is_a_name() -> None:
    assert "from {hotline}{0.x}, " in alert_sms(replace(ALERT, team_name="{hotline}{0.x}"), HOTLINE)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("{number} {hotline} {content}", "{content} is no field"),
        ("{number} {hotline} {originator.id}", "{originator.id} is no field"),
        ("{number:>99999999} {hotline}", "{number} is no field; .* and nothing in them"),
        ("{number!r} {hotline}", "{number} is no field"),
        ("{} {number} {hotline}", "{} is no field"),
        ("{number} {hotline", "a brace that is no field is written twice"),
        ("{number} {hotline} }", "a brace that is no field is written twice"),
        ("{{number}} {hotline}", r"must contain {number}"),
        ("Call us", r"must contain {number}, {hotline}"),
        ("{number} {hotline}" + "x" * 300, "at most 300 printable"),
        ("{number} {hotline}\x00", "at most 300 printable"),
    ],
)
def test_words_that_cannot_be_are_refused_with_the_reason(words: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        template(words)


def test_how_an_alert_goes_is_told_in_numbers_and_names() -> None:
    open_ = Delivery(17, "def", "DEF-CERT")
    done = replace(open_, state=DeliveryState.ACKNOWLEDGED)

    assert progress(17, [done, open_, given_up("XYZ-CERT", 3)]) == (
        "Alert 17: 1 of 3 acknowledged; not reached: XYZ-CERT; still open: DEF-CERT."
    )
    assert progress(17, [done, open_]) == "Alert 17: 1 of 2 acknowledged; still open: DEF-CERT."
