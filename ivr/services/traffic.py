"""What the links to the SMSCs tell, and what they take, within one transaction.

Owns: whose SMS a receipt is about, also where it comes before the answer that says so, and which SMS leave
next. What a fact does to an SMS the domain says. Knows no SMPP, and not what a text is for.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ivr.domain import shortmessage
from ivr.domain.facts import SmsReceipt, SmsSubmitted
from ivr.domain.records import EarlyReceipt, ReceiptState, Sms, SmsPart, SmsState
from ivr.domain.shortmessage import LONGEST_PAUSE_S, SmsFact
from ivr.ports import AtLeast, AtMost, Records

_KEPT_S = 3600.0
"""How long an early receipt waits. Its answer is due within seconds, or never comes."""
_AHEAD = 100
"""SMS looked at beyond those that fit, where there are several links: the next one's may stand behind."""

Key = tuple[str, str]
"""A link, and a message id of its."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What one fact did to one SMS."""

    before: Sms
    fact: SmsFact
    after: Sms


class Traffic:
    """Use once: all that it needs is read at once and written at once, however many SMS it is about."""

    def __init__(self, tx: Records, now: float) -> None:
        self._tx = tx
        self._now = now
        self._sms: dict[int, Sms] = {}
        self._parts: dict[Key, SmsPart] = {}
        self._early: dict[Key, EarlyReceipt] = {}
        self._moved: list[Moved] = []

    def apply(self, told: Sequence[SmsFact]) -> list[Moved]:
        """Put on record what was told, in its order. What is none of ours is passed over."""
        self._load(told)
        before = dict(self._sms), dict(self._parts), dict(self._early)
        left = deque(told)
        while left:
            fact = left.popleft()
            if isinstance(fact, SmsReceipt):
                self._receipt(fact)
            elif fact.sms in self._sms:
                self._move(fact.sms, fact)
                if isinstance(fact, SmsSubmitted):
                    left.extendleft(self._submitted(fact))
        self._save(*before)
        return self._moved

    def claim(self, room: Sequence[tuple[str, int]]) -> list[Sms]:
        """The SMS that leave now, each for the link it names: put on record as handed over."""
        free = dict(room)
        wanted = sum(free.values())
        if not wanted:
            return []
        links = [link for link, _ in room]
        chosen = []
        for sms in due(self._tx, self._now, wanted + (_AHEAD if len(links) > 1 else 0)):
            link = shortmessage.route(sms, links)
            if free[link] > 0:
                free[link] -= 1
                chosen.append(shortmessage.handed(sms, link, self._now))
        self._tx.put(*chosen)
        return chosen

    # -- receipts ----------------------------------------------------------------------------------------

    def _receipt(self, fact: SmsReceipt) -> None:
        part = self._parts.get((fact.link, fact.message_id))
        if part is None or part.state in _ENDS:
            # Told twice; or an SMSC that was started anew gives its old ids to new messages.
            self._keep(fact)
            return
        part = self._parts[fact.link, fact.message_id] = replace(part, state=fact.state)
        sms = self._sms[part.sms]
        if self._is_whole(part) if fact.state == ReceiptState.DELIVERED else part.attempt == sms.tries:
            self._move(sms.id, fact)  # that an earlier try has failed says nothing of this one

    def _is_whole(self, part: SmsPart) -> bool:
        """Whether this was the last part of a try that the telephone was waiting for."""
        if part.parts == 1:
            return True
        siblings = [p for p in self._parts.values() if (p.sms, p.attempt) == (part.sms, part.attempt)]
        return sum(p.state == ReceiptState.DELIVERED for p in siblings) == part.parts

    def _keep(self, fact: SmsReceipt) -> None:
        """Until the answer comes that tells whose it is; where none is due, it is nobody's."""
        with_smscs = self._tx.find(Sms, state=SmsState.QUEUED, handed_at=AtLeast(0))
        if any(sms.link == fact.link for sms in with_smscs):
            self._early[fact.link, fact.message_id] = EarlyReceipt(
                fact.link, fact.message_id, fact.state, self._now
            )

    def _submitted(self, fact: SmsSubmitted) -> list[SmsReceipt]:
        """Its parts are known from now on; the receipts that came before."""
        named = [message_id for message_id in fact.message_ids if message_id]
        attempt = self._sms[fact.sms].tries
        came = []
        for message_id in named:
            key = fact.link, message_id
            self._parts[key] = SmsPart(*key, fact.sms, attempt, len(named))
            if early := self._early.pop(key, None):
                came.append(SmsReceipt(message_id, early.state, fact.link))
        return came

    # -- in and out of the store ---------------------------------------------------------------------------

    def _load(self, told: Sequence[SmsFact]) -> None:
        receipts = [fact for fact in told if isinstance(fact, SmsReceipt)]
        ids = {fact.message_id for fact in receipts}
        concerned = {fact.sms for fact in told if not isinstance(fact, SmsReceipt)}
        for part in self._tx.find(SmsPart, message_id=ids) if ids else ():
            self._parts[part.link, part.message_id] = part
            concerned.add(part.sms)
        answered = {i for fact in told if isinstance(fact, SmsSubmitted) for i in fact.message_ids}
        for early in self._tx.find(EarlyReceipt, message_id=answered) if answered else ():
            self._early[early.link, early.message_id] = early
        longer = {part.sms for part in self._parts.values() if part.parts > 1}
        for part in self._tx.find(SmsPart, sms=longer) if longer else ():
            self._parts[part.link, part.message_id] = part
        self._sms = {sms.id: sms for sms in self._tx.find(Sms, id=concerned)} if concerned else {}

    def _move(self, sms: int, fact: SmsFact) -> None:
        before = self._sms[sms]
        after = self._sms[sms] = shortmessage.decide(before, fact, self._now)
        self._moved.append(Moved(before, fact, after))

    def _save(self, sms: dict[int, Sms], parts: dict[Key, SmsPart], early: dict[Key, EarlyReceipt]) -> None:
        self._tx.put(*(s for s in self._sms.values() if s is not sms[s.id]))
        self._tx.put(*(p for key, p in self._parts.items() if p is not parts.get(key)))
        fresh = [e for key, e in self._early.items() if e is not early.get(key)]
        if fresh:
            self._tx.drop(*self._tx.find(EarlyReceipt, at=AtMost(self._now - _KEPT_S)))
        self._tx.put(*fresh)
        self._tx.drop(*(e for key, e in early.items() if key not in self._early))


_ENDS = frozenset((ReceiptState.DELIVERED, ReceiptState.EXPIRED, ReceiptState.REJECTED))


def due(tx: Records, now: float, most: int) -> list[Sms]:
    """The first SMS that wait for an SMSC and may leave now, in the order of their ranks."""
    queued: dict[str, Any] = {"state": SmsState.QUEUED, "handed_at": None, "rank": AtLeast(0)}
    waiting = tx.first(most, Sms, **queued, due_at=AtMost(now))
    if len(waiting) < most:
        # Written before the clock was set back, see shortmessage.is_due.
        far = now + LONGEST_PAUSE_S
        ahead = tx.first(most, Sms, **queued, due_at=AtLeast(far))
        waiting += [sms for sms in ahead if shortmessage.is_due(sms, now)]
    return waiting[:most]
