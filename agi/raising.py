"""Raising an alert: the recording, and the draft that becomes of it at once.

Owns: that nothing recorded is lost, whatever happens to the line; and that a draft is offered again. What is
done with a draft is the business of review, how it is sent that of sending.
"""

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path

from agi.caller import Caller, Gone
from agi.menu import Menu
from agi.review import Review
from agi.sending import follow
from ivr.adapters.fastagi import ALL_KEYS, HungUp, Recorded
from ivr.domain import spoken
from ivr.domain.facts import CallerLost, Illegal
from ivr.domain.recording import Verdict
from ivr.domain.records import Alert, Source
from ivr.domain.spoken import prompt
from ivr.ports import StoreError

log = logging.getLogger(__name__)

_RECORDINGS = 8
_TO_GO_S = 15.0
"""A soft tone is heard when so much of the longest recording is left."""
_OFFERED_S = 86_400.0
"""For how long after it was recorded a draft is offered: later it is no news, and the operators have it."""

_REFUSED = {
    "empty": prompt("recording-empty"),
    "short": prompt("recording-short"),
    "silent": prompt("recording-silent"),
}
_REMARKS = {
    "tone": prompt("recording-tone"),
    "clipped": prompt("recording-clipped"),
    "quiet": prompt("recording-quiet"),
}


def offer(caller: Caller) -> None:
    """Before anything else: what the caller's team has recorded of late and not sent.

    Raises Gone, OperatorWanted, StoreAway.
    """
    since = caller.desk.ledger.now() - _OFFERED_S
    drafts = caller.look_up(partial(caller.desk.drafts, caller.account.team, Source.HOTLINE))
    for draft in [d for d in drafts if d.recorded_at > since][:1]:
        caller.channel.flush()  # a 1 that was pressed for the main menu is no answer to this
        zone = caller.look_up(partial(caller.desk.clock, caller.account.team))
        recorded = spoken.moment(draft.recorded_at, zone)
        if caller.ask(Menu((prompt("you-have-a-draft"), *recorded, prompt("draft-menu")), "1")) == "1":
            Raising(caller).review(draft)


class Raising:
    """One visit of a caller to raise an alert."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._kept: Alert | None = None
        """What this caller has recorded last, as soon as it is on record. Only the clerk sets it."""
        self._questions = [prompt("five-questions")]
        """Said once in a visit."""
        self._early = ""
        """A key that cut short what was said of the recording: the review's."""
        self._is_written = True
        """Asterisk can write recordings, as far as we know."""

    def run(self) -> None:
        """Raises Gone."""
        self._visit(lambda: self._take(None))

    def review(self, draft: Alert) -> None:
        """Go on with what was recorded in an earlier call. Raises Gone."""
        self._kept = draft
        self._visit(lambda: self._take(draft))

    def _visit(self, take: Callable[[], Alert | None]) -> None:
        try:
            sent = take()
        except (HungUp, Gone):  # who has laid the phone aside may think that it is sent
            self._caller.clerk.hand(self._lost)
            raise
        if sent is not None:  # whoever hangs up from here on has heard that it was sent
            follow(self._caller, sent)

    def _take(self, draft: Alert | None) -> Alert | None:
        """Record and review until the caller is content; the alert that was sent, or None."""
        fresh = draft is not None
        for _ in range(_RECORDINGS):
            if not fresh:
                if not (self._is_written and self._caller.desk.may_record()):
                    call = self._caller.channel.call_id
                    log.error("call %s: the disk is full or cannot be written; no recording is taken", call)
                    self._caller.channel.play([prompt("cannot-record")], ALL_KEYS)
                    break
                if self._reminded():
                    recorded = self._record(draft)
                    if recorded is None:
                        continue
                    draft = recorded
            if draft is None:
                return None
            went = Review(self._caller, draft, self._early).run()
            self._early = ""
            if went != "again":
                return draft if went == "sent" else None
            fresh = False
        if draft is not None:
            self._caller.channel.play([prompt("draft-kept")], ALL_KEYS)
        return None

    def _reminded(self) -> bool:
        """Say what belongs into an alert; any key leads to the tone at once, but star back."""
        questions, self._questions = self._questions, []
        return self._caller.channel.play([*questions, prompt("record-now")], ALL_KEYS) != "*"

    def _record(self, draft: Alert | None) -> Alert | None:
        """The draft that a new recording has become; None when it was refused or could not be kept."""
        channel, desk = self._caller.channel, self._caller.desk
        path = desk.new_recording(self._caller.account)
        try:
            recorded = channel.record(path, desk.settings.audio.longest_s, _TO_GO_S)
        except HungUp:  # Asterisk itself is gone: what it has written is all there will be
            recorded = Recorded("hangup")
        take_in = partial(self._take_in, path, draft.id if draft else None)
        if recorded.how == "hangup":
            self._caller.clerk.hand(take_in)
            raise HungUp
        try:
            verdict, kept = self._caller.clerk.wait(channel, take_in, prompt("one-moment"))
        except StoreError:
            log.error("call %s: a recording is not on record; it waits in %s", channel.call_id, path)
            channel.play([prompt("not-kept")])
            return None
        if verdict.problem is not None:
            if recorded.how == "failed":
                self._is_written = False
            else:
                channel.play([_REFUSED[verdict.problem]], ALL_KEYS)
            return None
        said = [prompt("too-long")] if recorded.how == "limit" else []
        said += [_REMARKS[verdict.remark]] if verdict.remark else []
        said += [] if desk.may_record() else [prompt("recording-cut")]  # Asterisk says nothing
        self._early = channel.play(said, ALL_KEYS)
        return kept

    def _take_in(self, path: Path, replaces: int | None) -> tuple[Verdict, Alert | None]:
        """Look at a recording, and keep it as a draft unless there is nothing in it."""
        desk = self._caller.desk
        verdict = desk.inspect(path)
        if verdict.problem is not None:
            desk.forget(path)
            return verdict, None
        keep = partial(desk.keep, path, self._caller.account, verdict)
        try:
            self._kept = keep(replaces)
        except Illegal:  # somebody else has sent the draft meanwhile, or thrown it away
            self._kept = keep(None)
        return verdict, self._kept

    def _lost(self) -> None:
        """Nobody is there: an SMS tells whether it was sent. After all else that the clerk was handed."""
        if self._kept is not None:
            self._caller.desk.ledger.apply(CallerLost(self._kept.id))
