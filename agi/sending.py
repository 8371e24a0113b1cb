"""Sending an alert: what its originator says of it, the last question, and how it goes then.

Owns: that nothing is sent but by a key that was pressed after it was said to how many teams, and that "is on
its way" is spoken only once that is on record.
"""

import logging
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Literal

from agi.caller import Caller
from agi.menu import Menu
from ivr.adapters.fastagi import ALL_KEYS
from ivr.config.network import Raising
from ivr.domain import spoken
from ivr.domain.facts import AlertReleased, Illegal
from ivr.domain.progress import Progress
from ivr.domain.records import Alert, AlertState, Severity, Tlp
from ivr.domain.spoken import prompt
from ivr.ports import StoreError

log = logging.getLogger(__name__)

Went = Literal["sent", "back", "again", "kept", "done"]
"""What became of a draft: sent; back to its review; to be recorded again; kept as it is; and `done` where it
was said already what became of it."""

_TLP = dict(zip("12345", Tlp, strict=True))
_SEVERITY = {"1": Severity.HIGH, "2": Severity.MEDIUM, "3": Severity.LOW}
_ASK_TLP = Menu((prompt("ask-tlp"),), "".join(_TLP))
_ASK_SEVERITY = Menu((prompt("ask-severity"),), "".join(_SEVERITY))
_ASK_CONFIRMED = Menu((prompt("ask-confirmed"),), "12", help=(prompt("help-confirmed"),))
_AWAY: dict[str, Went] = {"*": "back", "#": "kept"}

_TOLD = 40
"""How often a caller who stays is told how it goes: ten minutes, for the line is wanted."""


def send(caller: Caller, draft: Alert, callback: str | None) -> Went:
    """Ask what is to be known, and then whether; send. `callback`: the number for questions. Raises Gone."""
    if not caller.desk.audio(draft).exists():
        log.error("alert %s: its recording is gone, and it is not sent", draft.id)
        caller.channel.play([prompt("recording-lost")], ALL_KEYS)
        return "again"
    key: dict[str, str] = {}
    for about, menu in _questions(caller.desk.settings.raising):
        key[about] = caller.ask(menu)
        if key[about] in _AWAY:
            return _AWAY[key[about]]
    sure = _sure(caller)
    if sure in _AWAY:
        return _AWAY[sure]
    tlp, severity = _TLP.get(key.get("tlp", "")), _SEVERITY.get(key.get("severity", ""))
    return _release(caller, AlertReleased(draft.id, sure == "1", tlp, severity, callback))


def _questions(wanted: Raising) -> Iterator[tuple[str, Menu]]:
    if wanted.ask_tlp:
        yield "tlp", _ASK_TLP
    if wanted.ask_severity:
        yield "severity", _ASK_SEVERITY


def _sure(caller: Caller) -> str:
    """The key that sends, or not: it counts once the number of teams was spoken, so no double press sends."""
    teams = caller.look_up(partial(caller.desk.teams_to_call, caller.account.team))
    caller.channel.play([prompt("confirm-send-before"), *spoken.teams(teams)])
    caller.channel.flush()
    return caller.ask(_ASK_CONFIRMED)


def _release(caller: Caller, fact: AlertReleased) -> Went:
    release = partial(caller.desk.ledger.apply, fact)
    try:
        teams = caller.clerk.wait(caller.channel, release, prompt("not-yet-sent-hold")).teams
    except StoreError:
        log.error("alert %s: not released, it is kept as a draft", fact.alert)
        caller.channel.play([prompt("not-sent")])
        return "done"
    except Illegal:  # withdrawn meanwhile; or sent by somebody else, and all have acknowledged
        sent = _progress(fact.alert, caller.look_up(partial(caller.desk.sent, caller.account.team)))
        caller.channel.play([prompt("sent-meanwhile") if sent else prompt("cancelled")])
        return "done"
    number = spoken.count(fact.alert)
    caller.channel.play([prompt("alert-word"), *number, prompt("on-its-way"), *spoken.teams(teams)])
    return "sent"


def follow(caller: Caller, alert: Alert) -> None:
    """Tell a caller who stays how it goes, every 15 s, until a key or the end."""
    said = [prompt("stay-for-progress")]
    for _ in range(_TOLD):
        if caller.channel.play(said, ALL_KEYS) or caller.channel.wait(8) or caller.channel.wait(7):
            return
        try:
            goes = _progress(alert.id, caller.desk.sent(caller.account.team))
        except StoreError:  # a caller who has sent an alert loses no line over that
            said = []
            continue
        if goes is None:  # an operator has withdrawn it
            said = [prompt("alert-word"), *spoken.count(alert.id), prompt("is-withdrawn")]
        else:
            said = spoken.acknowledged(goes.acknowledged, goes.teams)
        if goes is None or goes.alert.state is not AlertState.RELEASED:
            caller.channel.play(said, ALL_KEYS)
            return


def _progress(alert: int, sent: Iterable[Progress]) -> Progress | None:
    """How an alert goes; None where it is not among those that were `sent`, such as one that is withdrawn."""
    return next((item for item in sent if item.alert.id == alert), None)
