"""What people and scripts may ask for in lists: alerts, deliveries, calls, SMS and teams.

Owns: the shape of these lists (docs/cli.md) and how they are gathered, with one query a kind of record and
never one a row. Nothing here changes anything.
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from ivr.domain.policy import Policy
from ivr.domain.records import (
    Account,
    Alert,
    AlertState,
    Call,
    CallState,
    Delivery,
    DeliveryState,
    Enrolment,
    Errand,
    ErrandKind,
    FailingKey,
    Leg,
    ListenPin,
    MailAddress,
    MailKey,
    Number,
    Sms,
    SmsState,
    Team,
    VerificationWord,
)
from ivr.ports import Records
from ivr.services.report import Document, NotThere, alert_head, delivery_state, many, rfc3339, sms_line


def alerts(tx: Records, state: str | None = None) -> list[Document]:
    """Every alert (or those in `state`), oldest first, with how many teams have acknowledged."""
    wanted = tx.find(Alert, **({"state": state} if state else {}))
    teams: Counter[int] = Counter()
    acknowledged: Counter[int] = Counter()
    for delivery in many(tx, Delivery, "alert", [alert.id for alert in wanted]):
        teams[delivery.alert] += 1
        acknowledged[delivery.alert] += delivery.state is DeliveryState.ACKNOWLEDGED
    return [
        {**alert_head(alert), "teams": teams[alert.id], "acknowledged": acknowledged[alert.id]}
        for alert in wanted
    ]


def deliveries(
    tx: Records, alert: int | None = None, team: str | None = None, state: str | None = None
) -> list[Document]:
    """The deliveries of one alert, or of all that are released; of one team or in one state where asked."""
    if alert is None:
        alert_ids = [a.id for a in tx.find(Alert, state=AlertState.RELEASED)]
    elif tx.get(Alert, alert):
        alert_ids = [alert]
    else:
        raise NotThere(f"there is no alert {alert}; `tocsin alert list` shows those there are")
    return [
        {"alert": d.alert, **delivery_state(d), "next_number": d.number, "due_at": rfc3339(_due_at(d))}
        for d in many(tx, Delivery, "alert", alert_ids)
        if team in (None, d.team) and state in (None, d.state.value)
    ]


def _due_at(delivery: Delivery) -> float | None:
    waits = delivery.state in (DeliveryState.WAITING, DeliveryState.RESPONDING)
    return delivery.due_at if waits else None


def calls(
    tx: Records, alert: int | None = None, team: str | None = None, live: bool = False
) -> list[Document]:
    """Calls in the order they began: all, or those for one alert, with one team, or up at this moment."""
    where: dict[str, Any] = {"team": team} if team else {}
    if live:
        where["state"] = (CallState.PLACED, CallState.ANSWERED)
    if alert is None:
        found = tx.find(Call, **where)
        legs = many(tx, Leg, "call", [call.id for call in found])
    else:
        legs = tx.find(Leg, alert=alert)
        found = many(tx, Call, "id", [leg.call for leg in legs], **where)
    carried: dict[str, list[Leg]] = {}
    for leg in legs:
        carried.setdefault(leg.call, []).append(leg)
    return [_call(call, carried.get(call.id, ())) for call in sorted(found, key=lambda c: c.started_at)]


def _call(call: Call, legs: Iterable[Leg]) -> Document:
    return {
        "id": call.id,
        "direction": call.direction.value,
        "state": call.state.value,
        "team": call.team,
        "number": call.number,
        "trunk": call.trunk,
        "started_at": rfc3339(call.started_at),
        "answered_at": rfc3339(call.answered_at),
        "ended_at": rfc3339(call.ended_at),
        "cause": call.cause,
        "cancelled": call.cancelled,
        "alerts": [
            {
                "id": leg.alert,
                "n": leg.n,
                "heard_s": leg.heard_s,
                "disposition": leg.disposition.value if leg.disposition else None,
            }
            for leg in legs
        ],
    }


def sms(tx: Records, alert: int | None = None, state: str | None = None) -> list[Document]:
    """Every SMS, or those of one alert or in one state."""
    where: dict[str, Any] = {k: v for k, v in (("alert", alert), ("state", state)) if v is not None}
    return [sms_line(s) for s in tx.find(Sms, **where)]


def one_sms(tx: Records, sms_id: int) -> Document:
    """One SMS with its text. Raises NotThere."""
    found = tx.get(Sms, sms_id)
    if found is None:
        raise NotThere(f"there is no SMS {sms_id}; `tocsin sms list` shows those there are")
    return {**sms_line(found), "text": found.text}


def sms_queue(tx: Records) -> Document:
    """How many SMS are in which state, since when the oldest one waits, and why the last one was put off."""
    messages = tx.find(Sms)
    count = Counter(s.state for s in messages)
    waiting = [s for s in messages if s.state is SmsState.QUEUED]
    put_off = [s for s in waiting if s.reason]
    return {
        **{state.value: count[state] for state in SmsState},
        "oldest_queued_at": rfc3339(min((s.queued_at for s in waiting), default=None)),
        "reason": max(put_off, key=lambda s: s.due_at).reason if put_off else None,
    }


def teams(tx: Records, only: str | None = None) -> list[Document]:
    """The directory, or one team of it. Never a PIN or a secret of codes: whether there is one. Raises
    NotThere."""
    found = tx.find(Team, **({"id": only} if only else {}))
    if only and not found:
        raise NotThere(f"there is no team {only}; `tocsin team list` shows those there are")
    of_team = {"team": only} if only else {}
    numbers: dict[str, list[Document]] = {team.id: [] for team in found}
    tests = {(e.team, e.number): e for e in tx.find(Errand, kind=ErrandKind.TEST, **of_team)}
    for number in tx.find(Number, **of_team):
        numbers[number.team].append(_number(number, tests.get((number.team, number.number))))
    accounts: dict[str, list[Document]] = {team.id: [] for team in found}
    for account in tx.find(Account, **of_team):
        accounts[account.team].append(_account(account))
    listen_pins = {issued.team for issued in tx.find(ListenPin, **of_team)}
    enrolled = {of.team: of for of in tx.find(Enrolment, **of_team)}
    words: dict[str, list[bool]] = {}
    for word in tx.find(VerificationWord, **of_team):
        words.setdefault(word.team, []).append(word.call is None)
    mails = _mails(tx, of_team)
    return [
        {
            "id": team.id,
            "name": team.name,
            "spoken": team.spoken,
            "calls_itself": team.calls_itself,
            "trusts_phones": team.trusts_phones,
            "machine_message": team.machine_message,
            "suspended": team.suspended,
            "mail_sms": team.mail_sms,
            "listen": team.listen.value,
            "listen_pin": team.id in listen_pins,
            "enrolment": enrolled[team.id].state.value if team.id in enrolled else None,
            "words_left": sum(words[team.id]) if team.id in words else None,
            "zone": team.zone,
            "local_time": team.local_time,
            "office_hours": team.office_hours,
            "policy": _differences(team),
            "numbers": numbers[team.id],
            "accounts": accounts[team.id],
            "mail": mails.get(team.id),
        }
        for team in found
    ]


def _mails(tx: Records, of_team: Document) -> dict[str, Document]:
    """How the teams take part by mail, of those that do."""
    addresses: dict[str, list[str]] = {}
    for address in tx.find(MailAddress, **of_team):
        addresses.setdefault(address.team, []).append(address.address)
    failing = {key.what: {"days": key.days, "why": key.why} for key in tx.find(FailingKey)}
    return {
        key.team: {
            "standard": key.standard.value,
            "fingerprint": key.fingerprint,
            "failing": failing.get(key.fingerprint),
            "gcm": key.gcm,
            "addresses": addresses[key.team],
        }
        for key in tx.find(MailKey, **of_team)
    }


def _differences(team: Team) -> Document:
    """What the team's policy says, by the keys of the team file."""
    keys = {field.name: field.metadata.get("key", field.name) for field in fields(Policy)}
    return {keys[name]: value for name, value in json.loads(team.policy or "{}").items()}


def _account(account: Account) -> Document:
    return {
        "uid": account.uid,
        "pin": account.pin_hash is not None,
        "totp": account.totp is not None,
        "callback": account.callback,
    }


def _number(number: Number, test: Errand | None) -> Document:
    return {
        "number": number.number,
        "sms": number.sms,
        "kind": number.kind.value,
        "hours": number.hours.value,
        "unallocated_at": rfc3339(number.unallocated_at),
        "tested_at": rfc3339(test.due_at) if test else None,
        "test": (test.reason or test.state.value) if test else None,
    }
