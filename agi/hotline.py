"""A call to the hotline: UID and PIN, then an alert is raised, or current ones are heard and acknowledged.

Owns: that nothing recorded is lost and nothing is sent but by two keys. A recording becomes a draft as soon
as it is made; the line may drop at any moment after. No digit that a caller typed is ever logged.
"""

import logging
from functools import partial
from pathlib import Path

from agi import listen
from agi.listen import Clerk
from agi.menu import Menu, ask
from ivr.adapters.fastagi import ALL_KEYS, Channel, HungUp, Script
from ivr.domain import spoken
from ivr.domain.facts import (
    Acknowledged,
    AlertReleased,
    AlertWithdrawn,
    CallCameIn,
    CallerLost,
    Illegal,
    TeamIdentified,
)
from ivr.domain.recording import Verdict
from ivr.domain.records import Account, Alert, Via
from ivr.domain.spoken import prompt
from ivr.ports import StoreError
from ivr.services.desk import Current, Desk

log = logging.getLogger(__name__)

_LONGEST_S = 3600
"""A caller may stay for an hour, then Asterisk ends the call."""
_LOGINS = 3
_ROUNDS = 20
_RECORDINGS = 8
_DIGITS = 20
"""More than any UID or PIN has: what is longer is neither."""
_DIGIT_S = 5

_REFUSED = {
    "empty": prompt("recording-empty"),
    "short": prompt("recording-short"),
    "silent": prompt("recording-silent"),
}
_REVIEW = Menu((prompt("review-menu"),), "123*")
_CONFIRM = Menu((prompt("confirm-send-after"),), "1*")
_LISTEN = Menu((prompt("press-1-to-acknowledge-2-again-hash-next"),), "12#")
_LISTEN_AGAIN = Menu((prompt("press-2-again-hash-next"),), "2#")


def hotline(desk: Desk, patience_s: float = listen.PATIENCE_S) -> Script:
    """The script of a call that came in."""

    def script(channel: Channel) -> None:
        with Clerk(channel.call_id, patience_s) as clerk:
            channel.answer()
            channel.hang_up_after(_LONGEST_S)
            clerk.hand(partial(desk.ledger.apply, CallCameIn(channel.call_id, _trunk(channel.name))))
            account = _login(channel, desk, clerk)
            if account is not None:
                clerk.hand(partial(desk.ledger.apply, TeamIdentified(channel.call_id, account.team)))
                _Member(channel, desk, clerk, account).main_menu()
            listen.finish(channel)

    return script


def _trunk(channel_name: str) -> str:
    """The trunk (PJSIP endpoint) of a channel: PJSIP/carrier-00000017 came in by carrier."""
    return channel_name.partition("/")[2].rpartition("-")[0]


def _login(channel: Channel, desk: Desk, clerk: Clerk) -> Account | None:
    """Ask for UID and PIN. An unknown UID and a wrong PIN take the same path, words and time."""
    lead = [prompt("greeting")]
    for _ in range(_LOGINS):
        uid = channel.collect([*lead, prompt("enter-uid")], _DIGITS, _DIGIT_S)
        if not uid:
            lead = [prompt("no-input")]
            continue
        pin = channel.collect([prompt("enter-pin")], _DIGITS, _DIGIT_S)
        account = clerk.wait(channel, partial(desk.identify, uid, pin), prompt("one-moment"))
        if account is not None:
            return account
        log.warning("call %s: login failed", channel.call_id)
        lead = [prompt("login-wrong")]
    channel.play(lead)
    return None


class _Member:
    """A caller who has proved to belong to a team."""

    def __init__(self, channel: Channel, desk: Desk, clerk: Clerk, account: Account) -> None:
        self._channel = channel
        self._desk = desk
        self._clerk = clerk
        self._account = account
        self._kept: Alert | None = None
        """What this caller has recorded last, as soon as it is on record. Only the clerk sets it."""

    def main_menu(self) -> None:
        lead = self._news()
        for _ in range(_ROUNDS):
            match ask(self._channel, Menu((*lead, prompt("main-menu")), "12")):
                case "1":
                    try:
                        self._raise()
                    except HungUp:
                        self._clerk.hand(self._lost)
                        raise
                case "2":
                    self._listen()
                case _:
                    return
            lead = []

    def _news(self) -> list[str]:
        """How many alerts wait for an acknowledgement of the caller's team."""
        waiting = sum(not c.acknowledged for c in self._desk.current(self._account.team))
        if waiting == 0:
            return []
        if waiting == 1:
            return [prompt("there-is"), *spoken.count(1), prompt("alert-not-acknowledged")]
        return [prompt("there-are"), *spoken.count(waiting), prompt("alerts-not-acknowledged")]

    # -- raise -------------------------------------------------------------------------------------------

    def _raise(self) -> None:
        self._kept = None
        draft: Alert | None = None
        for _ in range(_RECORDINGS):
            if not self._desk.may_record():
                log.error("call %s: the disk is full; no recording is taken", self._channel.call_id)
                self._channel.play([prompt("cannot-record")])
                break
            draft, new = self._record(draft)
            if draft is not None and new and not self._again(draft):
                return
        if draft is not None:
            self._channel.play([prompt("draft-kept")])

    def _record(self, draft: Alert | None) -> tuple[Alert | None, bool]:
        """Record; the draft there is now, and whether it is this recording."""
        self._channel.play([prompt("record-now")], ALL_KEYS)  # any key: the tone at once
        path = self._desk.new_recording(self._account)
        recorded = self._channel.record(path, self._desk.settings.audio.longest_s)
        verdict = self._desk.inspect(path)
        if verdict.problem is not None:
            self._desk.forget(path)
            self._channel.play([_REFUSED[verdict.problem]])
            return draft, False
        keep = partial(self._keep, path, verdict, draft.id if draft else None)
        if recorded.how == "hangup":
            self._clerk.hand(keep)
            raise HungUp
        try:
            kept = self._clerk.wait(self._channel, keep, prompt("one-moment"))
        except StoreError:
            log.error("call %s: a recording is not on record; it waits in %s", self._channel.call_id, path)
            self._channel.play([prompt("not-kept")])
            return draft, False
        if recorded.how == "limit":
            self._channel.play([prompt("too-long")])
        return kept, True

    def _keep(self, path: Path, verdict: Verdict, replaces: int | None) -> Alert:
        self._kept = self._desk.keep(path, self._account, verdict, replaces)
        return self._kept

    def _lost(self) -> None:
        """The line dropped: whether it was sent, an SMS tells. After all else that the clerk was handed."""
        if self._kept is not None:
            self._desk.ledger.apply(CallerLost(self._kept.id))

    def _again(self, draft: Alert) -> bool:
        """Review `draft` with the caller; True when it is to be recorded again."""
        early = ""
        for _ in range(_ROUNDS):
            choice = early or ask(self._channel, _REVIEW)
            early = ""
            match choice:
                case "1":
                    if self._confirmed():
                        self._send(draft)
                        return False
                case "2":
                    sound = self._desk.audio(draft).with_suffix("")
                    early = self._channel.play([prompt("your-recording"), str(sound)], _REVIEW.keys)
                case "3":
                    return True
                case "*":
                    self._cancel(draft)
                    return False
                case _:
                    break
        self._channel.play([prompt("draft-kept")])
        return False

    def _confirmed(self) -> bool:
        """Ask once more. Keys count only once the number of teams was spoken: no double press sends."""
        teams = self._desk.teams_to_call(self._account.team)
        self._channel.play([prompt("confirm-send-before"), *spoken.teams(teams)])
        self._channel.flush()
        return ask(self._channel, _CONFIRM) == "1"

    def _send(self, draft: Alert) -> None:
        release = partial(self._desk.ledger.apply, AlertReleased(draft.id))
        try:
            teams = self._clerk.wait(self._channel, release, prompt("not-yet-sent-hold")).teams
        except StoreError:
            log.error("alert %s: not released, it is kept as a draft", draft.id)
            self._channel.play([prompt("not-sent")])
        except Illegal:  # withdrawn by an operator meanwhile
            self._channel.play([prompt("cancelled")])
        else:
            number = spoken.count(draft.id)
            self._channel.play([prompt("alert-word"), *number, prompt("on-its-way"), *spoken.teams(teams)])

    def _cancel(self, draft: Alert) -> None:
        discard = partial(self._desk.ledger.apply, AlertWithdrawn(draft.id))
        try:
            self._clerk.wait(self._channel, discard, prompt("one-moment"))
        except StoreError:
            self._channel.play([prompt("draft-kept")])
        else:
            self._channel.play([prompt("cancelled")])

    # -- listen ------------------------------------------------------------------------------------------

    def _listen(self) -> None:
        current = self._desk.current(self._account.team)
        if not current:
            self._channel.play([prompt("no-current-alerts")])
        for item in current:
            self._one(item)

    def _one(self, item: Current) -> None:
        """One alert, until it is acknowledged or left. Hash goes on to the next at any time."""
        menu = _LISTEN_AGAIN if item.acknowledged else _LISTEN
        lead = [prompt("already-acknowledged")] if item.acknowledged else []
        if self._channel.play([*listen.raised(self._desk, item.alert), *lead], "#"):
            return
        for _ in range(listen.PLAYS):
            played = listen.hear(self._channel, self._desk, item.alert, menu.keys)
            if played.how == "hangup":
                raise HungUp
            if played.how == "missing":
                return
            key = played.key or ask(self._channel, menu)
            if key == "1":
                self._acknowledge(item.alert)
            if key != "2":
                return

    def _acknowledge(self, alert: Alert) -> None:
        fact = Acknowledged(alert.id, self._account.team, Via.HOTLINE, self._account.uid)
        listen.acknowledge(self._channel, self._clerk, self._desk, fact)
