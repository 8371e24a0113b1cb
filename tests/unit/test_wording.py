"""What leaves in writing: who, when, where to listen; never the content."""

from dataclasses import replace

from book import NOON

from ivr.domain import gsm
from ivr.domain.gsm import Alphabet
from ivr.domain.records import Alert, AlertState, Source
from ivr.domain.wording import alert_sms, originator

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
