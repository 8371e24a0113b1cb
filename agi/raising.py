"""Raising an alert: record, review, confirm, send.

Owns: that nothing recorded is lost and nothing is sent but by two keys. A recording becomes a draft as soon
as it is made; the line may drop at any moment after.
"""

import logging
from functools import partial
from pathlib import Path

from agi.caller import Caller
from agi.menu import Menu, ask
from ivr.adapters.fastagi import ALL_KEYS, HungUp
from ivr.domain import spoken
from ivr.domain.facts import AlertReleased, AlertWithdrawn, CallerLost, Illegal
from ivr.domain.recording import Verdict
from ivr.domain.records import Alert
from ivr.domain.spoken import prompt
from ivr.ports import StoreError

log = logging.getLogger(__name__)

_ROUNDS = 20
_RECORDINGS = 8

_REFUSED = {
    "empty": prompt("recording-empty"),
    "short": prompt("recording-short"),
    "silent": prompt("recording-silent"),
}
_REVIEW = Menu((prompt("review-menu"),), "123")
_CONFIRM = Menu((prompt("confirm-send-after"),), "1")


class Raising:
    """One visit of a caller to raise an alert."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._kept: Alert | None = None
        """What this caller has recorded last, as soon as it is on record. Only the clerk sets it."""

    def run(self) -> None:
        try:
            self._take()
        except HungUp:
            self._caller.clerk.hand(self._lost)
            raise

    def _take(self) -> None:
        draft: Alert | None = None
        for _ in range(_RECORDINGS):
            if not self._caller.desk.may_record():
                log.error("call %s: the disk is full; no recording is taken", self._caller.channel.call_id)
                self._caller.channel.play([prompt("cannot-record")])
                break
            draft, new = self._record(draft)
            if draft is not None and new and not self._again(draft):
                return
        if draft is not None:
            self._caller.channel.play([prompt("draft-kept")])

    def _record(self, draft: Alert | None) -> tuple[Alert | None, bool]:
        """Record; the draft there is now, and whether it is this recording."""
        self._caller.channel.play([prompt("record-now")], ALL_KEYS)  # any key: the tone at once
        path = self._caller.desk.new_recording(self._caller.account)
        recorded = self._caller.channel.record(path, self._caller.desk.settings.audio.longest_s)
        verdict = self._caller.desk.inspect(path)
        if verdict.problem is not None:
            self._caller.desk.forget(path)
            self._caller.channel.play([_REFUSED[verdict.problem]])
            return draft, False
        keep = partial(self._keep, path, verdict, draft.id if draft else None)
        if recorded.how == "hangup":
            self._caller.clerk.hand(keep)
            raise HungUp
        try:
            kept = self._caller.clerk.wait(self._caller.channel, keep, prompt("one-moment"))
        except StoreError:
            log.error(
                "call %s: a recording is not on record; it waits in %s", self._caller.channel.call_id, path
            )
            self._caller.channel.play([prompt("not-kept")])
            return draft, False
        if recorded.how == "limit":
            self._caller.channel.play([prompt("too-long")])
        return kept, True

    def _keep(self, path: Path, verdict: Verdict, replaces: int | None) -> Alert:
        self._kept = self._caller.desk.keep(path, self._caller.account, verdict, replaces)
        return self._kept

    def _lost(self) -> None:
        """The line dropped: whether it was sent, an SMS tells. After all else that the clerk was handed."""
        if self._kept is not None:
            self._caller.desk.ledger.apply(CallerLost(self._kept.id))

    def _again(self, draft: Alert) -> bool:
        """Review `draft` with the caller; True when it is to be recorded again."""
        early = ""
        for _ in range(_ROUNDS):
            choice = early or ask(self._caller.channel, _REVIEW)
            early = ""
            match choice:
                case "1":
                    if self._confirmed():
                        self._send(draft)
                        return False
                case "2":
                    sound = self._caller.desk.audio(draft).with_suffix("")
                    early = self._caller.channel.play(
                        [prompt("your-recording"), str(sound)], _REVIEW.keys + "*#"
                    )
                case "3":
                    return True
                case "*":
                    self._cancel(draft)
                    return False
                case _:
                    break
        self._caller.channel.play([prompt("draft-kept")])
        return False

    def _confirmed(self) -> bool:
        """Ask once more. Keys count only once the number of teams was spoken: no double press sends."""
        teams = self._caller.desk.teams_to_call(self._caller.account.team)
        self._caller.channel.play([prompt("confirm-send-before"), *spoken.teams(teams)])
        self._caller.channel.flush()
        return ask(self._caller.channel, _CONFIRM) == "1"

    def _send(self, draft: Alert) -> None:
        release = partial(self._caller.desk.ledger.apply, AlertReleased(draft.id))
        try:
            teams = self._caller.clerk.wait(self._caller.channel, release, prompt("not-yet-sent-hold")).teams
        except StoreError:
            log.error("alert %s: not released, it is kept as a draft", draft.id)
            self._caller.channel.play([prompt("not-sent")])
        except Illegal:  # withdrawn by an operator meanwhile
            self._caller.channel.play([prompt("cancelled")])
        else:
            number = spoken.count(draft.id)
            self._caller.channel.play(
                [prompt("alert-word"), *number, prompt("on-its-way"), *spoken.teams(teams)]
            )

    def _cancel(self, draft: Alert) -> None:
        discard = partial(self._caller.desk.ledger.apply, AlertWithdrawn(draft.id))
        try:
            self._caller.clerk.wait(self._caller.channel, discard, prompt("one-moment"))
        except StoreError:
            self._caller.channel.play([prompt("draft-kept")])
        else:
            self._caller.channel.play([prompt("cancelled")])
