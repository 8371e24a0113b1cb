"""Texts that leave in writing, to teams and operators. Owns: SMS wording. Never the content of an alert."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from string import Formatter

from ivr.domain.records import Alert, Delivery, DeliveryState, Source, TrunkState

_MOST_NAMES = 100
"""In one text: a long SMS has at most 255 parts (3GPP TS 23.040, 9.2.3.24.1), and nobody reads that many."""

ALERT_SMS = "ALERT {number}{confirmed} from {originator}, {time}. Call {hotline} to listen."
_FIELDS = ("number", "originator", "time", "hotline", "confirmed")
_NEEDED = ("number", "hotline")
_LONGEST_TEMPLATE = 300


def template(text: str) -> str:
    """A network's own words for the SMS that there is an alert, or ValueError with a sentence."""
    if not all(c.isprintable() or c == "\n" for c in text) or len(text) > _LONGEST_TEMPLATE:
        raise ValueError(f"must be at most {_LONGEST_TEMPLATE} printable characters")
    try:
        parts = list(Formatter().parse(text))
    except ValueError as error:
        raise ValueError(f"{error}; a brace that is no field is written twice") from None
    named = [name for _, name, _, _ in parts if name is not None]
    for _, name, form, conversion in parts:
        if name is not None and (name not in _FIELDS or form or conversion):
            raise ValueError(
                f"{{{name}}} is no field; the fields are {_braced(_FIELDS)}, and nothing in them"
            )
    if missing := [name for name in _NEEDED if name not in named]:
        raise ValueError(f"must contain {_braced(missing)}: who gets it is to call in and find the alert")
    return text


def _braced(names: Iterable[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in names)


def originator(alert: Alert) -> str:
    """Who stands behind an alert, in writing."""
    return f"operators for {alert.team_name}" if alert.source is Source.OPERATOR else alert.team_name


def alert_sms(alert: Alert, hotline: str, words: str = ALERT_SMS) -> str:
    """The SMS that an alert was released: its number, who raised it, when, and where to listen."""
    return words.format(
        number=alert.id,
        originator=originator(alert),
        time=_minute(alert.released_at),
        hotline=hotline,
        confirmed={True: " (confirmed)", False: " (unconfirmed)", None: ""}[alert.confirmed],
    )


def reminder(alert: Alert, hotline: str, words: str = ALERT_SMS) -> str:
    """To a team that has not acknowledged for a while."""
    return f"REMINDER: {alert_sms(alert, hotline, words)}"


def withdrawal(alert: Alert) -> str:
    """To those who had it: the alert does not hold any more."""
    released, withdrawn = _minute(alert.released_at), _minute(alert.closed_at)
    return f"Alert {alert.id} from {originator(alert)}, of {released}, was WITHDRAWN at {withdrawn}."


def taken(alert: int, by: str | None) -> str:
    """To a phone that stopped ringing. `by`: the number that answered; None: they called the hotline."""
    who = f"{by} has answered" if by else "somebody of your team is on the hotline"
    return f"Alert {alert}: your phone stopped ringing because {who}."


def not_told(alert: int, teams: Iterable[str]) -> str:
    """To operators: who had a withdrawn alert and gets no SMS. `teams`: their names."""
    return f"Withdrawn alert {alert}: no mobile to tell: {_names(teams)}. Please call them."


def keys_fail(days: int, whose: Iterable[str]) -> str:
    """To operators: keys for mail that fail within so many days; 0: they have failed."""
    when = f"fail within {_count(days, 'day')}" if days else "cannot be used any more"
    return f"Keys for mail that {when}: {_names(whose)}. Have them renewed."


def never_called(alert: int, numbers: Iterable[str]) -> str:
    """To operators: numbers of the directory (masked, with their teams) that must not be called."""
    return f"Alert {alert}: never called, see `tocsin doctor`: {_names(numbers)}."


def ceiling(alert: int | None, most: int) -> str:
    """To operators: a ceiling (see domain.ceiling) keeps somebody from being called."""
    if alert is None:
        what, key, till = "in one hour", "per_hour", " until the hour has room"
    else:
        what, key, till = f"for alert {alert}", "per_alert", ""
    return (
        f"{most} calls {what}: that is the ceiling, and calls wait{till}. To let more through: calls.{key} "
        "in the configuration, then restart the service."
    )


def not_sent(alert: Alert, hotline: str) -> str:
    """To those whose caller's line dropped before the alert was sent."""
    return (
        f"The line dropped: alert {alert.id} of {_minute(alert.recorded_at)} was NOT sent. "
        f"Call {hotline} and record it again, or ask the operators to release it."
    )


def was_sent(alert: Alert, teams: int) -> str:
    """To those whose caller's line dropped when the alert had been sent."""
    return f"The line dropped: alert {alert.id} WAS sent, to {_count(teams, 'team')}."


def progress(alert: int, deliveries: Sequence[Delivery]) -> str:
    """How an alert goes that is open."""
    acknowledged = sum(d.state is DeliveryState.ACKNOWLEDGED for d in deliveries)
    lost = [d.team_name for d in deliveries if d.state is DeliveryState.EXHAUSTED]
    waiting = [
        d.team_name
        for d in deliveries
        if d.state not in (DeliveryState.ACKNOWLEDGED, DeliveryState.EXHAUSTED)
    ]
    told = f"Alert {alert}: {acknowledged} of {len(deliveries)} acknowledged"
    told += f"; not reached: {_names(lost)}" if lost else ""
    return f"{told}; still open: {_names(waiting)}." if waiting else f"{told}."


def unanswered_mail(alert: Alert, deliveries: Sequence[Delivery]) -> str:
    """An alert by mail that not everybody has acknowledged in time, and what its originator can do."""
    return f"{progress(alert.id, deliveries)} By mail alone: to have them called, hotline, key 5."


def closing(alert: int, total: int, missing: Sequence[str]) -> str:
    """How an alert has ended. `missing`: names of the teams that have not acknowledged, of `total`."""
    if not total:
        return f"Alert {alert}: there was nobody to call."
    if not missing:
        return f"Alert {alert}: all {total} acknowledged."
    return f"Alert {alert}: {total - len(missing)} of {total} acknowledged; missing {_names(missing)}."


def missing(alert: int, missed: Sequence[Delivery], still_open: int) -> str:
    """Teams that were given up, or cannot be called now, while `still_open` others may yet acknowledge."""
    called = [d for d in missed if d.state is DeliveryState.EXHAUSTED and d.attempts]
    by_reason: dict[str, list[str]] = {}
    for d in missed:
        if d not in called:
            by_reason.setdefault(d.reason or "not called", []).append(d.team_name)
    told = [f"{reason}: {_names(teams)}" for reason, teams in sorted(by_reason.items())]
    if len(called) == 1:
        told.insert(0, f"{called[0].team_name} was not reached ({_count(called[0].attempts, 'call')})")
    elif called:
        teams = _names(f"{d.team_name} ({_count(d.attempts, 'call')})" for d in called)
        told.insert(0, f"{teams} were not reached")
    return f"Alert {alert}: {'. '.join(told)}. Still open: {_count(still_open, 'team')}."


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _names(names: Iterable[str]) -> str:
    ordered = sorted(names)
    shown = ", ".join(ordered[:_MOST_NAMES])
    more = len(ordered) - _MOST_NAMES
    return f"{shown} and {more} more" if more > 0 else shown


def _minute(at: float | None) -> str:
    assert at is not None
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"


def guessed_at(uid: str | None, team: str | None) -> str:
    """To operators: a failure budget is spent, of one account or (None) of the whole network."""
    if uid is None:
        return "PINs are being guessed: every log-in now goes by call back, until failures are rarer."
    return f"The PIN of UID {uid} ({team}) is being guessed. Until that ends it logs in by call back."


def pin_known(uid: str, team: str) -> str:
    """To operators: the owner of an account was called back, and had not asked for it."""
    return f"Somebody else knows the PIN of UID {uid} ({team}). Issue another: tocsin team pin {uid}"


def words_run_out(team: str, left: int) -> str:
    """To operators: the verification words of a team are used up, or soon will be."""
    return f"{team} has {left or 'no'} verification words left. Send others: tocsin team enrol {team} --words"


def your_words_run_out(left: int) -> str:
    """To a team: so many of its verification words are left. Names no number: an SMS can be forged."""
    how_few = "No verification word of your team is left"
    if left:
        how_few = f"Only {_count(left, 'verification word')} of your team {'is' if left == 1 else 'are'} left"
    return (
        f"{how_few}. The operators send you a new letter; ask them for it. If a call of ours speaks no word, "
        "hang up and call the hotline."
    )


def trunk_moved(trunk: TrunkState, left: Sequence[str], last: bool) -> str:
    """To operators: a trunk has gone down or come back. `left`: those that are up; `last`: no more now."""
    told = f"Trunk {trunk.name} is {'up again' if trunk.is_up else 'DOWN'}: {trunk.why}."
    if not left:
        told += (
            " NO TRUNK IS LEFT: calls go on trying, one at a time. Call your carrier; look at tocsin lines."
        )
    elif not trunk.is_up:
        told += f" Calls go over {_names(left)}."
    return f"{told} It comes and goes: no more SMS about it for an hour." if last else told
