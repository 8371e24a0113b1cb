"""An alert that came by mail: nobody is called before its originator wants it."""

from dataclasses import replace

import pytest
from book import NOON

from ivr.domain import alert as alerts
from ivr.domain import delivery as deliveries
from ivr.domain import wording
from ivr.domain.delivery import History
from ivr.domain.effects import Note, RemindTeams, TellDeliveries, TellProgress, TellTeam
from ivr.domain.facts import AlertEscalated, AlertExpired, AlertReleased, Illegal, ReportDue
from ivr.domain.lines import TrunkView
from ivr.domain.mail import masked
from ivr.domain.nextcall import Phone
from ivr.domain.policy import Policy, SmsTime
from ivr.domain.records import (
    Alert,
    AlertState,
    Call,
    CallState,
    Delivery,
    DeliveryState,
    Direction,
    Severity,
    Source,
    Via,
)
from ivr.domain.schedule import View, plan

OFFICE = "+4940100004"
DAY_S = 86_400.0
BY_ORIGINATOR = AlertEscalated(17, Via.HOTLINE, "abc-cert")
TRUNK = TrunkView("sip-a", 4)
NO_CALLS = History((Phone(OFFICE),), (), {}, expired=False)


def by_mail() -> Alert:
    draft = Alert(
        17, AlertState.DRAFT, "abc-cert", "ABC-CERT", None, Source.MAIL, "17.wav", NOON, 9.3, "0" * 64
    )
    return alerts.decide(draft, AlertReleased(17), NOON)[0]


def mailed(by_sms: bool = False, policy: Policy = Policy()) -> deliveries.Result:  # noqa: B008
    return deliveries.mailed(17, "xyz-cert", "XYZ-CERT", NOON + DAY_S, Severity.HIGH, by_sms, policy)


def view(*open_ones: Delivery, calls: tuple[Call, ...] = ()) -> View:
    return View([TRUNK], open_ones, calls, deadline_s=3600)


class TestBeforeTheEscalation:
    def test_nobody_is_called_however_long_it_takes(self) -> None:
        fresh, _ = mailed()

        assert plan(view(fresh), NOON + DAY_S - 1).start == ()
        assert plan(view(fresh), NOON).again_at == NOON + DAY_S

    def test_it_goes_along_with_no_other_alert_s_call_and_keeps_no_phone_ringing(self) -> None:
        fresh, _ = mailed()
        waits = Delivery(18, "xyz-cert", "XYZ-CERT", due_at=NOON, number=OFFICE, since=NOON)
        (start,) = plan(view(fresh, waits), NOON).start
        rings = Call("c", Direction.OUT, CallState.PLACED, "xyz-cert", OFFICE, "sip-a", NOON)

        assert start.alerts == (18,)
        assert plan(view(fresh, calls=(rings,)), NOON + 1).cancel == ("c",)

    def test_it_expires_at_its_own_time_and_is_then_not_acknowledged_by_mail(self) -> None:
        fresh, _ = mailed()
        assert plan(view(fresh), NOON + DAY_S).expire == (17,)

        too_late = replace(NO_CALLS, expired=True)
        spent, _ = deliveries.decide(fresh, AlertExpired(17), too_late, Policy(), NOON + DAY_S)
        assert (spent.state, spent.reason) == (DeliveryState.EXHAUSTED, "not acknowledged by mail")

    @pytest.mark.parametrize(
        ("by_sms", "when", "told"),
        [
            (False, SmsTime.AT_RELEASE, ()),
            (True, SmsTime.AT_RELEASE, (TellTeam(),)),
            (True, SmsTime.AFTER_FIRST_CALL, (TellTeam(),)),
            (True, SmsTime.NEVER, ()),
        ],
    )
    def test_only_teams_that_want_it_have_an_sms(
        self, by_sms: bool, when: SmsTime, told: tuple[TellTeam, ...]
    ) -> None:
        assert mailed(by_sms, Policy(sms=when))[1] == told

    def test_its_originator_is_told_once_who_is_missing_and_the_phones_stay_silent(self) -> None:
        alert = by_mail()
        assert not alerts.report_is_due(alert, 900, 3600, NOON + 3599)
        assert alerts.report_is_due(alert, 900, 3600, NOON + 3600)

        told, effects = alerts.decide(alert, ReportDue(17), NOON + 3600)
        assert TellProgress() in effects
        assert RemindTeams() not in effects
        assert not any(isinstance(effect, TellDeliveries) for effect in effects)
        assert not alerts.report_is_due(told, 900, 3600, NOON + DAY_S)

    def test_that_report_names_the_missing_and_the_way_to_escalate(self) -> None:
        heard = Delivery(17, "def-cert", "DEF-CERT", DeliveryState.ACKNOWLEDGED)

        assert wording.unanswered_mail(by_mail(), [heard, mailed()[0]]) == (
            "Alert 17: 1 of 2 acknowledged; still open: XYZ-CERT. "
            "By mail alone: to have them called, hotline, key 5."
        )


class TestTheEscalation:
    def test_makes_the_calls_due_now_with_the_deadline_counted_from_now(self) -> None:
        fresh, _ = mailed()
        policy = Policy(deadline_s=7200)
        begun, effects = deliveries.decide(fresh, BY_ORIGINATOR, NO_CALLS, policy, NOON + 4000)

        assert (begun.state, begun.number, begun.due_at) == (DeliveryState.WAITING, OFFICE, NOON + 4000)
        assert (begun.since, begun.deadline_at) == (NOON + 4000, NOON + 11_200)
        assert TellTeam() in effects
        assert [s.alerts for s in plan(view(begun), NOON + 4000).start] == [(17,)]

    def test_goes_on_record_with_who_asked(self) -> None:
        alert, effects = alerts.decide(by_mail(), BY_ORIGINATOR, NOON + 60)

        assert alert.escalated_at == NOON + 60
        assert not alert.by_mail_alone
        assert effects == (TellDeliveries(BY_ORIGINATOR), Note("alert escalated", "via hotline"))

    def test_has_it_told_anew_how_it_goes_as_of_an_alert_by_telephone(self) -> None:
        told, _ = alerts.decide(by_mail(), ReportDue(17), NOON + 3600)
        escalated, _ = alerts.decide(told, BY_ORIGINATOR, NOON + 4000)

        assert not alerts.report_is_due(escalated, 900, 3600, NOON + 4899)
        assert alerts.report_is_due(escalated, 900, 3600, NOON + 4900)
        assert RemindTeams() in alerts.decide(escalated, ReportDue(17), NOON + 4900)[1]

    def test_is_the_originator_s_or_the_operators_to_ask_for(self) -> None:
        alerts.decide(by_mail(), AlertEscalated(17, Via.OPERATOR), NOON)
        with pytest.raises(Illegal, match="of another team"):
            alerts.decide(by_mail(), AlertEscalated(17, Via.MAIL, "xyz-cert"), NOON)

    def test_happens_once(self) -> None:
        escalated, _ = alerts.decide(by_mail(), BY_ORIGINATOR, NOON)
        with pytest.raises(Illegal, match="alert 17 is escalated: the teams are called"):
            alerts.decide(escalated, BY_ORIGINATOR, NOON)

    @pytest.mark.parametrize("source", [Source.HOTLINE, Source.OPERATOR, Source.WEB])
    def test_is_for_alerts_by_mail_alone(self, source: Source) -> None:
        with pytest.raises(Illegal, match="did not come by mail"):
            alerts.decide(replace(by_mail(), source=source), BY_ORIGINATOR, NOON)


def test_an_address_is_shown_without_its_owner() -> None:
    assert masked("duty@cert.example") == "d…@cert.example"
    assert masked("nonsense") == "…"
