"""The life of an alert: its table, what is illegal, and how it closes."""

from dataclasses import replace
from itertools import product
from typing import get_args

import pytest
from book import NOON

from ivr.domain import alert as alerts
from ivr.domain.alert import AlertFact, Settled, decide, report_is_due
from ivr.domain.effects import (
    EraseTraces,
    Note,
    OpenDeliveries,
    RemindTeams,
    TellCaller,
    TellDeliveries,
    TellOutcome,
    TellProgress,
    TellWithdrawal,
)
from ivr.domain.facts import (
    AlertClosed,
    AlertErased,
    AlertEscalated,
    AlertExpired,
    AlertReleased,
    AlertWithdrawn,
    CallerLost,
    Illegal,
    ReportDue,
)
from ivr.domain.records import Alert, AlertState, Delivery, DeliveryState, Outcome, Severity, Source, Tlp, Via

DRAFT, RELEASED = AlertState.DRAFT, AlertState.RELEASED
CLOSED, WITHDRAWN = AlertState.CLOSED, AlertState.WITHDRAWN

LATER = NOON + 60
ESCALATED = AlertEscalated(17, Via.OPERATOR)


def alert(state: AlertState, outcome: Outcome | None = None) -> Alert:
    return Alert(
        17,
        state,
        "abc-cert",
        "ABC-CERT",
        "40712",
        Source.HOTLINE,
        "17.wav",
        NOON,
        9.3,
        "0" * 64,
        outcome=outcome,
        closed_at=NOON if state in (CLOSED, WITHDRAWN) else None,
    )


def test_a_release_says_of_the_content_what_is_known_then_and_the_rest_stays() -> None:
    draft = replace(alert(DRAFT), confirmed=True, tlp=Tlp.GREEN, callback="+494066969301")
    kept, _ = decide(draft, AlertReleased(17), LATER)
    assert (kept.confirmed, kept.tlp, kept.severity, kept.callback) == (
        True, Tlp.GREEN, Severity.MEDIUM, "+494066969301",
    )  # fmt: skip
    said = AlertReleased(17, False, Tlp.RED, Severity.HIGH, "+494066969302")
    changed, _ = decide(draft, said, LATER)
    assert (changed.confirmed, changed.tlp, changed.severity, changed.callback) == (
        False, Tlp.RED, Severity.HIGH, "+494066969302",
    )  # fmt: skip


@pytest.mark.parametrize("state", [RELEASED, CLOSED])
def test_who_throws_a_draft_away_withdraws_no_alert(state: AlertState) -> None:
    with pytest.raises(Illegal, match="it is no draft any more"):
        decide(alert(state), AlertWithdrawn(17, only_draft=True), LATER)
    assert decide(alert(DRAFT), AlertWithdrawn(17, only_draft=True), LATER)[0].state is WITHDRAWN


def settled(*states: str) -> Settled:
    """The deliveries of the alert, one a state."""
    return Settled([Delivery(17, f"team-{n}", f"TEAM-{n}", DeliveryState(s)) for n, s in enumerate(states)])


MOVES: list[tuple[AlertState, AlertFact, AlertState]] = [
    (DRAFT, AlertReleased(17), RELEASED),
    (DRAFT, AlertWithdrawn(17), WITHDRAWN),
    (DRAFT, CallerLost(17), DRAFT),
    (DRAFT, AlertErased(17), WITHDRAWN),
    (RELEASED, AlertReleased(17), RELEASED),
    (RELEASED, ReportDue(17), RELEASED),
    (RELEASED, CallerLost(17), RELEASED),
    (RELEASED, AlertWithdrawn(17), WITHDRAWN),
    (RELEASED, ESCALATED, RELEASED),
    (RELEASED, AlertExpired(17), RELEASED),
    (RELEASED, AlertClosed(17), RELEASED),
    (RELEASED, settled("waiting", "acknowledged"), RELEASED),
    (RELEASED, settled("calling", "exhausted"), RELEASED),
    (RELEASED, settled("responding", "acknowledged"), RELEASED),
    (RELEASED, settled("acknowledged", "exhausted"), CLOSED),
    (RELEASED, settled("acknowledged", "acknowledged"), CLOSED),
    (CLOSED, AlertWithdrawn(17), WITHDRAWN),
    (CLOSED, AlertExpired(17), CLOSED),
    (CLOSED, AlertClosed(17), CLOSED),
    (CLOSED, ReportDue(17), CLOSED),
    (CLOSED, CallerLost(17), CLOSED),
    (CLOSED, AlertErased(17), CLOSED),
    (CLOSED, settled("acknowledged"), CLOSED),
    (CLOSED, settled("waiting", "acknowledged"), RELEASED),
    (WITHDRAWN, AlertWithdrawn(17), WITHDRAWN),
    (WITHDRAWN, AlertExpired(17), WITHDRAWN),
    (WITHDRAWN, ReportDue(17), WITHDRAWN),
    (WITHDRAWN, CallerLost(17), WITHDRAWN),
    (WITHDRAWN, AlertErased(17), WITHDRAWN),
    (WITHDRAWN, settled("withdrawn", "acknowledged"), WITHDRAWN),
]

ILLEGAL: list[tuple[AlertState, AlertFact]] = [
    (DRAFT, ESCALATED),
    (CLOSED, ESCALATED),
    (WITHDRAWN, ESCALATED),
    (DRAFT, AlertExpired(17)),
    (DRAFT, AlertClosed(17)),
    (WITHDRAWN, AlertClosed(17)),
    (DRAFT, ReportDue(17)),
    (DRAFT, settled()),
    (RELEASED, AlertErased(17)),
    (CLOSED, AlertReleased(17)),
    (WITHDRAWN, AlertReleased(17)),
]


@pytest.mark.parametrize(("state", "fact", "expected"), MOVES)
def test_moves(state: AlertState, fact: AlertFact, expected: AlertState) -> None:
    after, _ = decide(replace(alert(state), source=Source.MAIL), fact, LATER)

    assert after.state is expected


@pytest.mark.parametrize(("state", "fact"), ILLEGAL)
def test_refuses(state: AlertState, fact: AlertFact) -> None:
    with pytest.raises(Illegal, match=f"alert 17 is {state}: it "):
        decide(alert(state), fact, LATER)


def test_every_pair_of_state_and_fact_is_named_above() -> None:
    illegal = {(state, type(fact)) for state, fact in ILLEGAL}

    assert set(product(AlertState, get_args(AlertFact))) - set(alerts.TABLE) == illegal
    assert {(state, type(fact)) for state, fact, _ in MOVES} == set(alerts.TABLE)


@pytest.mark.parametrize("state", [DRAFT, CLOSED, WITHDRAWN])
def test_an_alert_is_erased_once_and_keeps_what_came_of_it(state: AlertState) -> None:
    before = replace(alert(state, Outcome.INCOMPLETE if state is CLOSED else None), callback="+4940808077555")
    after, effects = decide(before, AlertErased(17), LATER)

    assert (after.erased_at, after.outcome, after.sha256) == (LATER, before.outcome, before.sha256)
    assert EraseTraces() in effects
    assert after.callback == "+4940…555"
    assert decide(after, AlertErased(17), LATER + 60) == (after, ())


@pytest.mark.parametrize("fact", [AlertWithdrawn(17), settled("waiting", "acknowledged")])
def test_an_erased_alert_cannot_go_out_again_nor_be_called_back(fact: AlertFact) -> None:
    erased, _ = decide(alert(CLOSED, Outcome.INCOMPLETE), AlertErased(17), LATER)

    with pytest.raises(Illegal, match="alert 17 is erased"):
        decide(erased, fact, LATER)


def test_a_release_opens_the_deliveries() -> None:
    after, effects = decide(alert(DRAFT), AlertReleased(17), LATER)

    assert after.released_at == LATER
    assert OpenDeliveries() in effects


def test_a_second_release_opens_nothing() -> None:
    released, _ = decide(alert(DRAFT), AlertReleased(17), NOON)

    assert decide(released, AlertReleased(17), LATER) == (released, ())


@pytest.mark.parametrize("fact", [AlertWithdrawn(17), AlertExpired(17), AlertClosed(17)])
def test_the_deliveries_hear_of_a_withdrawal_and_of_the_deadline(fact: AlertFact) -> None:
    _, effects = decide(alert(RELEASED), fact, LATER)

    assert TellDeliveries(fact) in effects  # type: ignore[arg-type]


def test_a_discarded_draft_has_no_deliveries_to_tell() -> None:
    after, effects = decide(alert(DRAFT), AlertWithdrawn(17), LATER)

    assert after.closed_at == LATER
    assert effects == (Note("draft discarded"),)


def test_closes_with_the_names_of_those_who_were_not_reached() -> None:
    after, effects = decide(alert(RELEASED), settled("exhausted", "acknowledged", "exhausted"), LATER)

    assert (after.outcome, after.closed_at) == (Outcome.INCOMPLETE, LATER)
    assert effects == (Note("alert closed", "missing: TEAM-0, TEAM-2"), TellOutcome())


def test_closes_as_acknowledged_only_when_everybody_has() -> None:
    after, effects = decide(alert(RELEASED), settled("acknowledged", "acknowledged"), LATER)

    assert (after.outcome, after.closed_at) == (Outcome.ALL_ACKNOWLEDGED, LATER)
    assert effects == (Note("alert closed", "all acknowledged"), TellOutcome())


def test_an_alert_that_went_to_nobody_was_not_acknowledged_by_all() -> None:
    after, effects = decide(alert(RELEASED), settled(), LATER)

    assert after.outcome is Outcome.INCOMPLETE
    assert effects == (Note("alert closed", "missing: there was nobody to call"), TellOutcome())


def test_a_late_acknowledgement_completes_a_closed_alert_and_leaves_when_it_closed() -> None:
    after, effects = decide(alert(CLOSED, Outcome.INCOMPLETE), settled("acknowledged"), LATER)

    assert (after.state, after.outcome, after.closed_at) == (CLOSED, Outcome.ALL_ACKNOWLEDGED, NOON)
    assert effects == (Note("alert closed", "all acknowledged"), TellOutcome())


def test_nothing_new_in_a_closed_alert_is_not_told_again() -> None:
    closed = alert(CLOSED, Outcome.INCOMPLETE)

    assert decide(closed, settled("exhausted", "acknowledged"), LATER) == (closed, ())


def test_an_alert_that_closes_again_is_told_again_only_if_it_ends_otherwise() -> None:
    closed, _ = decide(alert(RELEASED), settled("exhausted", "acknowledged"), NOON)
    reopened, _ = decide(closed, settled("waiting", "acknowledged"), NOON)

    assert TellOutcome() not in decide(reopened, settled("exhausted", "acknowledged"), LATER)[1]
    assert TellOutcome() in decide(reopened, settled("acknowledged", "acknowledged"), LATER)[1]


@pytest.mark.parametrize(("state", "told"), [(RELEASED, True), (CLOSED, True), (DRAFT, False)])
def test_a_withdrawal_is_told_to_those_who_may_have_had_it(state: AlertState, told: bool) -> None:
    _, effects = decide(alert(state), AlertWithdrawn(17), LATER)

    assert (TellWithdrawal() in effects) is told


def test_a_retry_reopens_a_closed_alert() -> None:
    after, effects = decide(alert(CLOSED, Outcome.INCOMPLETE), settled("waiting", "acknowledged"), LATER)

    assert (after.state, after.outcome, after.closed_at) == (RELEASED, None, None)
    assert effects == (Note("alert reopened"),)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (settled("acknowledged", "exhausted"), AlertExpired(17)),
        (settled("acknowledged", "exhausted"), AlertWithdrawn(17)),
        (AlertExpired(17), AlertWithdrawn(17)),
    ],
)
def test_facts_that_cross_end_in_the_same_state(one: AlertFact, other: AlertFact) -> None:
    def state_after(*facts: AlertFact) -> AlertState:
        now = alert(RELEASED)
        for fact in facts:
            now, _ = decide(now, fact, LATER)
        return now.state

    assert state_after(one, other) == state_after(other, one)


def test_deciding_changes_nothing_but_what_it_returns() -> None:
    before = alert(RELEASED)
    copy = replace(before)
    decide(before, AlertWithdrawn(17), LATER)

    assert before == copy


def test_how_it_goes_is_told_once_in_the_life_of_an_alert() -> None:
    told, effects = decide(alert(RELEASED), ReportDue(17), LATER)

    assert told.reported_at == LATER
    assert {TellProgress(), RemindTeams()} < set(effects)
    assert decide(told, ReportDue(17), LATER + 900) == (told, ())


def test_how_it_goes_is_due_some_time_after_the_release_and_not_before_nor_twice() -> None:
    released = replace(alert(RELEASED), released_at=NOON)

    assert not report_is_due(released, 900, 60, NOON + 899)
    assert report_is_due(released, 900, 60, NOON + 900)
    assert not report_is_due(replace(released, reported_at=NOON + 900), 900, 60, NOON + 9000)
    for state in (DRAFT, CLOSED, WITHDRAWN):
        assert not report_is_due(replace(released, state=state), 900, 60, NOON + 900)


def test_a_caller_whose_line_dropped_is_told_unless_they_had_cancelled_it() -> None:
    for state in (DRAFT, RELEASED, CLOSED):
        assert TellCaller() in decide(alert(state), CallerLost(17), LATER)[1]
    assert decide(alert(WITHDRAWN), CallerLost(17), LATER)[1] == ()
