"""A draft and its originator: send it, hear it, record it again, name a number for questions, throw it away.

Owns: that a draft stays one whatever the caller does not say. It is sent by `sending`.
"""

from functools import partial

from agi.caller import Caller, Gone
from agi.menu import KEY_S, Menu, OperatorWanted
from agi.sending import Went, send
from ivr.adapters.fastagi import ALL_KEYS
from ivr.domain import spoken
from ivr.domain.facts import AlertWithdrawn, Illegal
from ivr.domain.number import subscriber
from ivr.domain.records import Alert
from ivr.domain.spoken import prompt
from ivr.ports import StoreError

_ROUNDS = 20
_NUMBERS = 5
_DIGITS = 20
"""More than any telephone number has: what is longer is none."""
_DIGIT_S = 5

_REVIEW = Menu((prompt("review-menu"),), "12349", help=(prompt("help-review"),))


class Review:
    """One look at a draft. `early`: a key that was pressed before the menu."""

    def __init__(self, caller: Caller, draft: Alert, early: str = "") -> None:
        self._caller = caller
        self._draft = draft
        self._early = early
        self._number = draft.callback

    def run(self) -> Went:
        """How it went; `again` is to be recorded again. Raises Gone and OperatorWanted."""
        try:
            went = self._review()
        except (Gone, OperatorWanted):
            self._caller.channel.play([prompt("draft-kept")], ALL_KEYS)
            raise
        except StoreError:  # what was to be looked up could not be
            self._caller.channel.play([prompt("not-sent")])
            return "done"
        if went == "kept":
            self._caller.channel.play([prompt("draft-kept")], ALL_KEYS)
        return went

    def _review(self) -> Went:
        for _ in range(_ROUNDS):
            match self._choice():
                case "1":
                    went = send(self._caller, self._draft, self._for_questions())
                    if went != "back":
                        return went
                case "2":
                    sound = self._caller.desk.audio(self._draft).with_suffix("")
                    self._early = self._caller.channel.play([prompt("your-recording"), str(sound)], ALL_KEYS)
                case "3":
                    return "again"
                case "4":
                    self._ask_number()
                case "9":
                    return self._throw_away()
                case _:
                    break
        return "kept"

    def _choice(self) -> str:
        """A key of the menu. One that cut short something else counts, but star and hash only stopped it."""
        early, self._early = self._early, ""
        if early == "0":
            early = self._caller.helped(_REVIEW)
        return early if early and early in _REVIEW.keys else self._caller.ask(_REVIEW)

    def _for_questions(self) -> str | None:
        """The number that the caller has named, else the first one of the team."""
        if self._number is None:
            first = partial(self._caller.desk.number_for_questions, self._caller.account.team)
            self._number = self._caller.look_up(first)
        return self._number

    def _ask_number(self) -> None:
        """Say the number for questions until the caller is content with it, or has nothing to say."""
        channel = self._caller.channel
        for _ in range(_NUMBERS):
            named = self._for_questions()
            number = spoken.spelled(named) if named else [prompt("no-number")]
            key = channel.play(
                [prompt("questions-to"), *number, prompt("number-menu")], ALL_KEYS
            ) or channel.wait(KEY_S)
            if key in ("", "*", "#"):
                return
            digits = key + channel.collect((), _DIGITS, _DIGIT_S)
            try:
                self._number = subscriber("+" + digits.removeprefix("00"))
            except ValueError:
                channel.play([prompt("number-wrong")], ALL_KEYS)

    def _throw_away(self) -> Went:
        discard = partial(self._caller.desk.ledger.apply, AlertWithdrawn(self._draft.id, only_draft=True))
        try:
            self._caller.clerk.wait(self._caller.channel, discard, prompt("one-moment"))
        except StoreError:
            return "kept"
        except Illegal:  # a colleague, or an operator, has sent it
            self._caller.channel.play([prompt("sent-meanwhile")], ALL_KEYS)
            return "done"
        self._caller.channel.play([prompt("cancelled")], ALL_KEYS)
        return "done"
