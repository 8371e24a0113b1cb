"""The life of an alert: one table of transitions.

Owns: which facts move an alert, and where to. Must not know of calls or of the store.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from ivr.domain.effects import (
    Effect,
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
from ivr.domain.number import masked
from ivr.domain.records import OPEN, Alert, AlertState, Delivery, DeliveryState, Outcome, Source


@dataclass(frozen=True, slots=True)
class Settled:
    """The deliveries of an alert as they stand now."""

    deliveries: Collection[Delivery]


AlertFact = (
    AlertReleased
    | AlertWithdrawn
    | AlertEscalated
    | AlertExpired
    | AlertClosed
    | ReportDue
    | CallerLost
    | AlertErased
    | Settled
)
Result = tuple[Alert, tuple[Effect, ...]]


def report_is_due(alert: Alert, after_s: float, by_mail_s: float, now: float) -> bool:
    """Whether an alert has been open for `after_s` seconds (by mail alone: for `by_mail_s`), and nobody was
    told yet how it goes. Calls count from the moment that they were asked for."""
    if alert.state is not AlertState.RELEASED or alert.reported_at is not None:
        return False
    begun = alert.released_at if alert.escalated_at is None else alert.escalated_at
    return begun is not None and now >= begun + (by_mail_s if alert.by_mail_alone else after_s)


def decide(alert: Alert, fact: AlertFact, now: float) -> Result:
    """The alert after `fact`, and what follows from it. Raises Illegal for a pair the table does not have."""
    if alert.erased_at is not None and isinstance(fact, AlertWithdrawn):
        raise Illegal(f"alert {alert.id} is erased: nobody who had it is known any more")
    handler = TABLE.get((alert.state, type(fact)))
    if handler is None:
        raise Illegal(f"alert {alert.id} is {alert.state}: {_REFUSED[type(fact)]}")
    return handler(alert, fact, now)


def _release(alert: Alert, fact: AlertFact, now: float) -> Result:
    assert isinstance(fact, AlertReleased)
    released = replace(
        alert,
        state=AlertState.RELEASED,
        released_at=now,
        confirmed=alert.confirmed if fact.confirmed is None else fact.confirmed,
        tlp=fact.tlp or alert.tlp,
        severity=fact.severity or alert.severity,
        callback=fact.callback or alert.callback,
    )
    return released, (OpenDeliveries(), Note("alert released", f"by {alert.source}"))


def _discard(alert: Alert, fact: AlertFact, now: float) -> Result:
    return replace(alert, state=AlertState.WITHDRAWN, closed_at=now), (Note("draft discarded"),)


def _withdraw(alert: Alert, fact: AlertFact, now: float) -> Result:
    assert isinstance(fact, AlertWithdrawn)
    if fact.only_draft:
        raise Illegal(f"alert {alert.id} is {alert.state}: it is no draft any more")
    withdrawn = replace(alert, state=AlertState.WITHDRAWN, closed_at=now)
    return withdrawn, (TellDeliveries(fact), TellWithdrawal(), Note("alert withdrawn"))


def _escalate(alert: Alert, fact: AlertFact, now: float) -> Result:
    """How it goes is told anew: by telephone there is another time for that."""
    assert isinstance(fact, AlertEscalated)
    if alert.source is not Source.MAIL:
        raise Illegal(f"alert {alert.id} did not come by mail: the teams are called about it")
    if fact.team not in (None, alert.team):
        raise Illegal(f"alert {alert.id} is of another team: only its originator may escalate it")
    if alert.escalated_at is not None:
        raise Illegal(f"alert {alert.id} is escalated: the teams are called about it")
    escalated = replace(alert, escalated_at=now, reported_at=None)
    return escalated, (TellDeliveries(fact), Note("alert escalated", f"via {fact.via}"))


def _expire(alert: Alert, fact: AlertFact, now: float) -> Result:
    assert isinstance(fact, AlertExpired)
    return alert, (TellDeliveries(fact), Note("deadline passed"))


def _close(alert: Alert, fact: AlertFact, now: float) -> Result:
    """Its state follows when its deliveries have come to rest."""
    assert isinstance(fact, AlertClosed)
    return alert, (Note("closed by an operator"), TellDeliveries(fact))


def _report(alert: Alert, fact: AlertFact, now: float) -> Result:
    """Once in its life."""
    if alert.reported_at is not None:
        return alert, ()
    reported = replace(alert, reported_at=now)
    if alert.by_mail_alone:  # the bridge reminds by mail
        return reported, (TellProgress(), Note("not acknowledged by all, by mail"))
    return reported, (TellProgress(), RemindTeams(), Note("still open, reminded"))


def _tell_caller(alert: Alert, fact: AlertFact, now: float) -> Result:
    return alert, (TellCaller(), Note("line of the caller dropped", alert.state))


def _settle(alert: Alert, fact: AlertFact, now: float) -> Result:
    """Close once nobody is left to call. In a closed alert, a late acknowledgement may still complete it."""
    assert isinstance(fact, Settled)
    if any(d.state in OPEN for d in fact.deliveries):
        return alert, ()
    missing = [d for d in fact.deliveries if d.state is not DeliveryState.ACKNOWLEDGED]
    reached = fact.deliveries and not missing  # nobody to call is nobody reached
    outcome = Outcome.ALL_ACKNOWLEDGED if reached else Outcome.INCOMPLETE
    if alert.state is AlertState.CLOSED and alert.outcome is outcome:
        return alert, ()
    closed_at = now if alert.closed_at is None else alert.closed_at
    closed = replace(alert, state=AlertState.CLOSED, outcome=outcome, closed_at=closed_at, told=outcome)
    news = (TellOutcome(),) if alert.told is not outcome else ()
    names = ", ".join(sorted(d.team_name for d in missing)) or "there was nobody to call"
    return closed, (Note("alert closed", "all acknowledged" if reached else f"missing: {names}"), *news)


def _stay(alert: Alert, fact: AlertFact, now: float) -> Result:
    return alert, ()


def _reopen(alert: Alert, fact: AlertFact, now: float) -> Result:
    """In a closed alert an operator's retry puts a delivery back to work, and so the alert."""
    assert isinstance(fact, Settled)
    if any(d.state in OPEN for d in fact.deliveries):
        if alert.erased_at is not None:
            raise Illegal(f"alert {alert.id} is erased: there is nothing left to hear")
        reopened = replace(alert, state=AlertState.RELEASED, outcome=None, closed_at=None)
        return reopened, (Note("alert reopened"),)
    return _settle(alert, fact, now)


def _erase(alert: Alert, fact: AlertFact, now: float) -> Result:
    """Once in its life. A draft that nobody has sent in all that time is thrown away with it."""
    if alert.erased_at is not None:
        return alert, ()
    callback = None if alert.callback is None else masked(alert.callback)
    kept = replace(alert, erased_at=now, callback=callback)
    if alert.state is AlertState.DRAFT:
        kept = replace(kept, state=AlertState.WITHDRAWN, closed_at=now)
    return kept, (EraseTraces(), Note("alert erased", "recording, texts and numbers"))


Handler = Callable[[Alert, AlertFact, float], Result]

TABLE: dict[tuple[AlertState, type], Handler] = {
    (AlertState.DRAFT, AlertReleased): _release,
    (AlertState.DRAFT, AlertWithdrawn): _discard,
    (AlertState.DRAFT, CallerLost): _tell_caller,
    (AlertState.DRAFT, AlertErased): _erase,
    (AlertState.RELEASED, AlertReleased): _stay,  # "send" said twice
    (AlertState.RELEASED, AlertWithdrawn): _withdraw,
    (AlertState.RELEASED, AlertEscalated): _escalate,
    (AlertState.RELEASED, AlertExpired): _expire,
    (AlertState.RELEASED, AlertClosed): _close,
    (AlertState.RELEASED, ReportDue): _report,
    (AlertState.RELEASED, CallerLost): _tell_caller,
    (AlertState.RELEASED, Settled): _settle,
    (AlertState.CLOSED, AlertWithdrawn): _withdraw,  # those who had it are to know
    (AlertState.CLOSED, AlertExpired): _stay,  # the deadline woke up after the close
    (AlertState.CLOSED, AlertClosed): _stay,  # the last team was quicker
    (AlertState.CLOSED, ReportDue): _stay,  # it closed meanwhile, and that is told
    (AlertState.CLOSED, CallerLost): _tell_caller,
    (AlertState.CLOSED, AlertErased): _erase,
    (AlertState.CLOSED, Settled): _reopen,
    (AlertState.WITHDRAWN, AlertWithdrawn): _stay,
    (AlertState.WITHDRAWN, AlertExpired): _stay,
    (AlertState.WITHDRAWN, ReportDue): _stay,
    (AlertState.WITHDRAWN, CallerLost): _stay,  # they cancelled it themselves
    (AlertState.WITHDRAWN, AlertErased): _erase,
    (AlertState.WITHDRAWN, Settled): _stay,  # an acknowledgement crossed the withdrawal
}

_REFUSED = {
    AlertReleased: "it cannot be released",
    AlertWithdrawn: "it cannot be withdrawn",
    AlertEscalated: "it cannot be escalated",
    AlertExpired: "it has no deadline",
    AlertClosed: "it calls nobody, so there is nothing to close",
    AlertErased: "it cannot be erased before it ends",
    ReportDue: "it has nothing to tell of yet",
    Settled: "it has no deliveries",
}
