"""What is done with mail that came in: judged, handed to the hotline, recorded, answered where that helps.

Owns: one mail from the spool to its end, whatever dies in between. What is done is done once: a signature is
claimed for one mail, the hotline takes a request once, and a mail leaves the spool last.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ivr.bridge.bounces import has_come_back
from ivr.bridge.gate import Gate, GateAway, GateRefused
from ivr.bridge.incoming import Incoming
from ivr.bridge.intake import judge
from ivr.bridge.intake.mail import Accepted, Context, Kind, Mail, Trouble
from ivr.bridge.intake.orders import BOUNCES
from ivr.bridge.members import Member, Members
from ivr.bridge.spool import Spool
from ivr.bridge.store import BridgeAway
from ivr.domain.mail import Reason, Refused
from ivr.ports import Clock

log = logging.getLogger(__name__)

_MOST_TRIES = 3
"""A mail whose judging has killed the process so many times is put aside."""
_PATIENCE_S = 3600.0
"""For so long a mail is tried again where a tool or key of ours does not work; then operators look."""
_NEVER_ANSWERED = (Reason.LOOP, Reason.AUTOMATIC)


class Letters(Protocol):
    """What is written because of a mail. Every method raises BridgeAway and Trouble; said twice, it is
    written once."""

    def accepted(self, mail: Mail, member: Member, done: Accepted, alert: int) -> None: ...

    def spread(self, mail: Mail, member: Member, done: Accepted, alert: int, members: Members) -> None:
        """The alert that a mail has become goes to all members."""
        ...

    def refused(self, mail: Mail, member: Member, refused: Refused) -> None: ...

    def came_back(self, token: str) -> None:
        """A mail of ours, by the token of the address that it came back to."""
        ...


@dataclass(frozen=True, slots=True)
class Worker:
    """`context()` is what the filters look at, with the members there are now. Raises GateAway, Trouble."""

    spool: Spool
    incoming: Incoming
    gate: Gate
    context: Callable[[], Context]
    letters: Letters
    clock: Clock

    def run(self) -> bool:
        """Deal with all that waits; whether nothing is left. What is left is to be tried again later."""
        try:
            waiting = self.spool.waiting()
            if not waiting:
                return True
            context = self.context()
            done = [self._one(key, context) for key in waiting]
            return all(done)
        except (GateAway, BridgeAway, Trouble, OSError) as error:
            log.warning("mail waits: %s", error)
            return False

    def _one(self, key: str, context: Context) -> bool:
        """Whether it is dealt with."""
        envelope, raw = self.spool.read(key)
        mail = Mail(key, envelope, raw)
        if self.incoming.begin(mail) >= _MOST_TRIES:
            self._aside(key, "judging it has ended the bridge again and again")
            return True
        try:
            self._judge(mail, context)
        except Trouble as error:
            log.error("mail %s waits: %s", key, error)
            if self.clock() - envelope.received_at < _PATIENCE_S:
                self.incoming.put_back(key)
                return False
            self._aside(key, f"something of ours is not in order: {error}")
        except GateAway as error:
            # Perhaps it is this mail alone that the hotline has a mistake with: the others are tried too.
            log.warning("mail %s waits: %s", key, error)
            self.incoming.put_back(key)
            return False
        except (BridgeAway, OSError):
            self.incoming.put_back(key)
            raise
        except Exception as error:  # noqa: BLE001 - one mail must not hold up those behind it, and stays on record
            # Neither the error's text nor its trace is told: they may hold what the mail says.
            log.error("mail %s has met an error in the bridge: %s", key, type(error).__name__)
            self._aside(key, f"it has met an error in the bridge: {type(error).__name__}")
        else:
            self.spool.done(key)
        return True

    def _judge(self, mail: Mail, context: Context) -> None:
        mail, outcome = judge(mail, context)
        if isinstance(outcome, Accepted):
            self._carry_out(mail, outcome, context.members)
        else:
            self._refuse(mail, outcome, context.members)

    def _aside(self, key: str, detail: str) -> None:
        self.incoming.broken(key, detail, self.clock())
        self.spool.done(key)

    def _carry_out(self, mail: Mail, done: Accepted, members: Members) -> None:
        assert mail.member is not None
        try:
            alert = self._ask(done)
        except GateRefused as no:
            self._refuse(mail, Refused(Reason.NOT_PERMITTED, str(no)), None)
            return
        self.letters.accepted(mail, mail.member, done, alert)  # first: with its number a team can escalate
        if done.kind in (Kind.RAISE, Kind.IODEF):
            self.letters.spread(mail, mail.member, done, alert, members)
        self.incoming.accepted(mail, done, alert, self.clock())
        log.info("mail %s of %s: %s, alert %s", mail.id, done.team, done.kind, alert)

    def _ask(self, done: Accepted) -> int:
        if done.kind in (Kind.RAISE, Kind.IODEF):
            return self.gate.submit(done.signature_id, done.team, done.said, done.iodef)
        assert done.alert is not None
        if done.kind is Kind.ESCALATE:
            self.gate.escalate(done.alert, done.team)
        else:
            self.gate.acknowledge(done.alert, done.team, done.address)
        return done.alert

    def _refuse(self, mail: Mail, refused: Refused, members: Members | None) -> None:
        """On record; a team that we know is told, at its own address and encrypted to its own key. Whoever
        else has sent it hears nothing: a mail proves no sender, and an answer would go to whom it names."""
        named = members.who_writes(mail.sender) if members else None
        member = mail.member or named
        self.incoming.refused(mail, refused, member.team if member else None, self.clock())
        if member is not None and refused.reason not in _NEVER_ANSWERED:
            self.letters.refused(mail, member, refused)
        for recipient in mail.envelope.recipients:
            name, _, token = recipient.rpartition("@")[0].partition("+")
            if name == BOUNCES and token and has_come_back(mail):
                self.letters.came_back(token)
        log.info("mail %s refused: %s", mail.id, refused.reason)
