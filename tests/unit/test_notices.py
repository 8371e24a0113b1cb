"""What is worth a notice, and who had an alert."""

from dataclasses import replace

import pytest
from book import NOON

from ivr.domain.effects import TeamMissing, TellOutcome, TellProgress
from ivr.domain.notices import had_it, misses, notice, to_remind
from ivr.domain.records import (
    Alert,
    AlertState,
    Delivery,
    DeliveryState,
    Leg,
    Sms,
    SmsKind,
    SmsState,
    Source,
)

ALERT = Alert(17, AlertState.RELEASED, "abc", "ABC", None, Source.HOTLINE, "17.wav", NOON, 9.0, "00")
OPEN = Delivery(17, "xyz", "XYZ")
LOST = Delivery(17, "qrs", "QRS", DeliveryState.EXHAUSTED, attempts=3, reason="not reached")
MISSING = TeamMissing(LOST)
LEG = Leg("c1", 17, "xyz", 1)
SMS = Sms(1, 17, "xyz", "+4917100004", "ALERT 17")


def test_a_team_that_is_given_up_is_told_while_the_alert_is_open() -> None:
    text = "Alert 17: QRS was not reached (3 calls). Still open: 1 team."

    assert notice(ALERT, [MISSING], [OPEN, LOST]) == text


def test_the_end_tells_of_the_team_that_was_given_up_last() -> None:
    closed = replace(ALERT, state=AlertState.CLOSED)

    assert notice(closed, [MISSING, TellOutcome()], [LOST]) == "Alert 17: 0 of 1 acknowledged; missing QRS."


@pytest.mark.parametrize("state", [AlertState.CLOSED, AlertState.WITHDRAWN])
def test_in_an_alert_that_has_ended_a_team_that_is_given_up_is_no_news(state: AlertState) -> None:
    assert notice(replace(ALERT, state=state), [MISSING], [LOST]) is None


def test_without_news_there_is_no_notice() -> None:
    assert notice(ALERT, [], [OPEN, LOST]) is None


@pytest.mark.parametrize(
    "sms",
    [
        replace(SMS, state=SmsState.SUBMITTED, submitted_at=NOON),
        replace(SMS, state=SmsState.DELIVERED, submitted_at=NOON),
        replace(SMS, tries=1),
    ],
)
def test_who_may_have_got_the_sms_had_it(sms: Sms) -> None:
    assert had_it(OPEN, [sms], [], picked_up=False)


@pytest.mark.parametrize("sms", [SMS, replace(SMS, kind=SmsKind.NOTICE, submitted_at=NOON)])
def test_who_got_another_sms_or_none_had_not(sms: Sms) -> None:
    assert not had_it(OPEN, [sms], [LEG], picked_up=False)


def test_who_picked_up_heard_it_or_spoke_of_it_had_it() -> None:
    assert had_it(OPEN, [], [LEG], picked_up=True)
    assert had_it(OPEN, [], [replace(LEG, heard_s=0.5)], picked_up=False)
    assert had_it(replace(OPEN, acknowledged_at=NOON), [], [], picked_up=False)
    assert had_it(replace(OPEN, held_until=NOON), [], [], picked_up=False)


def test_how_it_goes_names_the_team_that_was_given_up_in_the_same_breath() -> None:
    text = "Alert 17: 0 of 2 acknowledged; not reached: QRS; still open: XYZ."

    assert notice(ALERT, [MISSING, TellProgress()], [OPEN, LOST]) == text
    assert notice(replace(ALERT, state=AlertState.CLOSED), [TellProgress()], [LOST]) is None


def test_who_has_not_acknowledged_is_reminded_unless_an_sms_still_waits() -> None:
    submitted = replace(SMS, state=SmsState.SUBMITTED)
    notice_waits = replace(SMS, kind=SmsKind.NOTICE)

    for state in (DeliveryState.WAITING, DeliveryState.CALLING, DeliveryState.RESPONDING, LOST.state):
        assert to_remind(replace(OPEN, state=state), [submitted, notice_waits])
    assert not to_remind(OPEN, [submitted, SMS])
    for state in (DeliveryState.ACKNOWLEDGED, DeliveryState.WITHDRAWN):
        assert not to_remind(replace(OPEN, state=state), [])


def test_an_sms_misses_once_and_only_if_it_tells_of_an_alert() -> None:
    failed = replace(SMS, state=SmsState.FAILED)

    assert misses(SMS, failed)
    assert not misses(failed, failed)
    assert not misses(SMS, replace(SMS, state=SmsState.DELIVERED))
    assert not misses(replace(SMS, kind=SmsKind.ANSWER), replace(failed, kind=SmsKind.ANSWER))
