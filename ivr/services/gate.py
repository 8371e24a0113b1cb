"""The gate: what the mail bridge may ask of the hotline, and nothing else may.

Owns: the verbs. What a mail was signed with is the bridge's to know; that only the originator escalates, and
that a team acknowledges what was sent to it, is not left to the bridge. Knows no socket.
"""

import json
import logging
import traceback
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ivr.domain.facts import Acknowledged, AlertEscalated, Illegal, KeysLookedAt, MailMoved
from ivr.domain.gate import MOST, Code, Object, refused
from ivr.domain.keywatch import DAYS
from ivr.domain.records import Alert, AlertState, Delivery, FailingKey, MailState, Team, Via
from ivr.ports import Records, Store, StoreAway, StoreError
from ivr.services.gate_alerts import Gone, Sounds, audio, current
from ivr.services.gate_fields import BadRequest, Fields
from ivr.services.gate_submit import Intake, TooMuch
from ivr.services.ledger import Ledger

log = logging.getLogger(__name__)

_SHORT = 200
_MOST_KEYS = 2000
_PAGE = MOST // 2
"""Octets of members in one answer."""

Members = Callable[[Records], Iterable[Mapping[str, Any]]]
"""The directory of those who take part by mail, as JSON objects."""


def nobody(tx: Records) -> Iterable[Mapping[str, Any]]:
    return ()


class Gate:
    """Answers requests, from any thread. Raises nothing."""

    def __init__(
        self, store: Store, ledger: Ledger, intake: Intake, sounds: Sounds, members: Members = nobody
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._intake = intake
        self._sounds = sounds
        self._members = members
        self._verbs: Mapping[str, Callable[[Fields], Object]] = {
            "submit": intake.submit,
            "acknowledge": self._acknowledge,
            "escalate": self._escalate,
            "current": self._current,
            "audio": self._audio,
            "mailed": self._mailed,
            "members": self._told_members,
            "keys": self._keys,
        }

    def answer(self, request: Mapping[str, Any]) -> Object:
        """What became of one request, with its `id`."""
        answer = self._answer(request)
        name = request.get("id")
        named = isinstance(name, str | int) and len(str(name)) <= _SHORT
        return {"id": name, **answer} if named else answer

    def _answer(self, request: Mapping[str, Any]) -> Object:
        verb = request.get("verb")
        work = self._verbs.get(verb) if isinstance(verb, str) else None
        if work is None:
            return refused(Code.BAD, f"the verbs are {', '.join(self._verbs)}")
        try:
            return {"ok": True, **work(Fields(request))}
        except BadRequest as error:
            return refused(Code.BAD, str(error))
        except (Illegal, Gone) as error:
            return refused(Code.REFUSED, str(error))
        except (StoreAway, TooMuch) as error:
            return refused(Code.LATER, str(error))
        except StoreError:
            return refused(Code.FAILED, "the hotline cannot keep this")
        except Exception as error:  # noqa: BLE001 - whatever came in, the hotline does not end with it
            place = traceback.extract_tb(error.__traceback__)[-1]  # its words may be those of a mail
            log.error("the gate failed: %s at %s:%s", type(error).__name__, place.filename, place.lineno)
            return refused(Code.FAILED, "the hotline has failed at this; see its log")

    def _acknowledge(self, fields: Fields) -> Object:
        number, team, address = fields.number("alert"), fields.word("team", 30), fields.address("address")
        fields.done()
        alert = self._ledger.apply(Acknowledged(number, team, Via.MAIL, address)).alert
        with self._store.read() as tx:
            delivery = tx.get(Delivery, number, team)
        assert alert is not None and delivery is not None
        return {"alert": number, "state": alert.state.value, "delivery": delivery.state.value}

    def _escalate(self, fields: Fields) -> Object:
        number, team = fields.number("alert"), fields.word("team", 30)
        fields.done()
        try:
            teams = self._ledger.apply(AlertEscalated(number, Via.MAIL, team)).teams
        except Illegal:
            if not self._is_escalated(number, team):
                raise
            return {"alert": number, "again": True}
        return {"alert": number, "again": False, "teams": teams}

    def _is_escalated(self, number: int, team: str) -> bool:
        """Whether what `team` asks for is so already: the same request may come again."""
        with self._store.read() as tx:
            alert = tx.get(Alert, number)
        return (
            alert is not None
            and alert.team == team
            and alert.state is AlertState.RELEASED
            and alert.escalated_at is not None
        )

    def _current(self, fields: Fields) -> Object:
        fields.done()
        with self._store.read() as tx:
            return {"alerts": current(tx, self._ledger.now())}

    def _audio(self, fields: Fields) -> Object:
        number, offset = fields.number("alert"), fields.number("offset")
        fields.done()
        with self._store.read() as tx:
            alert = tx.get(Alert, number)
        return audio(alert, offset, self._sounds)

    def _mailed(self, fields: Fields) -> Object:
        number, team, address = fields.number("alert"), fields.word("team", 30), fields.address("address")
        state, reason = fields.choice("state", MailState), fields.optional_word("reason", _SHORT)
        fields.done()
        if state is None:
            raise BadRequest("state is missing")
        self._ledger.apply(MailMoved(number, team, address, state, reason))
        return {}

    def _told_members(self, fields: Fields) -> Object:
        """As many as have room in a line, from the one `after` on: each comes with its key."""
        after = fields.optional_word("after", 30) or ""
        fields.done()
        with self._store.read() as tx:
            suspended = {team.id for team in tx.find(Team, suspended=True)}
            left = [dict(m) for m in self._members(tx) if m["team"] not in suspended and m["team"] > after]
        told: list[Object] = []
        octets = 0
        for member in sorted(left, key=lambda m: str(m["team"])):
            octets += len(json.dumps(member))
            if told and octets > _PAGE:
                break
            told.append(member)
        return {"members": told, "more": len(told) < len(left)}

    def _keys(self, fields: Fields) -> Object:
        """All that fail, each time."""
        told = fields.objects("failing", _MOST_KEYS)
        fields.done()
        self._ledger.apply(KeysLookedAt(tuple(map(_failing, told))))
        return {}


def _failing(fields: Fields) -> FailingKey:
    what, why = fields.word("what", _SHORT), fields.word("why", _SHORT)
    team, days = fields.optional_word("team", 30), fields.number("days")
    fields.done()
    if days not in DAYS:
        raise BadRequest(f"days must be one of {', '.join(map(str, DAYS))}")
    return FailingKey(what, team, days, why)
