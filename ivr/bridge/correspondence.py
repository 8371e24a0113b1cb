"""What is written to members: alerts, notices of alerts, and answers to their own mail.

Owns: who gets what, and how many refusals a team hears of. Every mail is encrypted to the member's own
key; a member whose key cannot be used gets a signed notice that tells nothing but that there is an alert.
"""

import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.headerregistry import Address
from typing import Protocol

from ivr.bridge import compose, words
from ivr.bridge.compose import Attachment, Outer
from ivr.bridge.intake.mail import Accepted, Mail, Said, Trouble
from ivr.bridge.intake.mail import Kind as Asked
from ivr.bridge.members import Member, Members
from ivr.bridge.outgoing import Kind, Outgoing, State
from ivr.bridge.tokens import Tokens
from ivr.domain.mail import Recipient, Refused, Standard
from ivr.domain.records import FailingKey, Tlp
from ivr.ports import Clock

log = logging.getLogger(__name__)

_MOST_REFUSALS = 6
"""To one team in an hour. Anybody can write a mail with its address, and none of that may keep a team from
hearing what became of its own."""
_HOUR_S = 3600.0
_AT_ONCE = 2
"""Mails that are sealed at the same time."""

Seal = Callable[[Recipient], bytes | Refused]
"""The signed content, encrypted to one member: a MIME entity; or why that member's key cannot be used."""


class Sealer(Protocol):
    """One standard, out."""

    def seal(self, content: bytes, /) -> Seal:
        """Sign it, once for all. Raises Trouble, as `Seal` does."""
        ...

    def notice(self, content: bytes, /) -> bytes:
        """Signed and no more, readable for everybody. Raises Trouble."""
        ...


@dataclass(frozen=True, slots=True)
class Alert:
    """What goes to all members."""

    number: int
    team: str
    """Its originator, and how that is written."""
    name: str
    released_at: float
    said: Said


@dataclass(frozen=True, slots=True)
class Correspondence:
    outgoing: Outgoing
    sealers: Mapping[Standard, Sealer]
    tokens: Tokens
    network: str
    domain: str
    hotline: str
    clock: Clock
    unlabelled: Tlp = Tlp.AMBER
    """What an alert is to which its originator has given no label."""
    wake: Callable[[], None] = lambda: None
    """Called when there is mail to send."""

    def alert(self, alert: Alert, members: Members, papers: Callable[[], Sequence[Attachment]]) -> None:
        """To every member but the one that has raised it; whoever has it already gets it no second time. What
        is attached is asked for when it is needed. Raises BridgeAway and Trouble, and what that raises."""
        about = str(alert.number)
        written = self.outgoing.teams(Kind.ALERT, about)
        left = [member for member in members if member.team not in written | {alert.team}]
        if not left:
            return
        text = words.alert(
            alert.number, alert.name, alert.released_at, alert.said, self.hotline, self.unlabelled
        )
        content = compose.content(self._sender, self._list, f"Alert {about}", text, papers())
        troubles: list[Trouble] = []
        for standard, sealer in self.sealers.items():
            troubles += self._seal(alert.number, [m for m in left if m.standard is standard], sealer, content)
        if troubles:
            raise troubles[0]

    def _seal(
        self, alert: int, members: Sequence[Member], sealer: Sealer, content: bytes
    ) -> Sequence[Trouble]:
        """To these, who are of one standard; what keeps some of them waiting, and nobody else."""
        if not members:
            return ()
        try:
            seal = sealer.seal(content)
        except Trouble as error:
            return (error,)

        def sealed_to(member: Member) -> bytes | Refused | Trouble:
            try:
                return seal(member.recipient)
            except Trouble as error:
                return error

        troubles = []
        with ThreadPoolExecutor(_AT_ONCE) as pool:  # each of them waits for a program
            for member, sealed in zip(members, pool.map(sealed_to, members), strict=True):
                if isinstance(sealed, Trouble):
                    troubles.append(sealed)
                elif isinstance(sealed, Refused):
                    self._notice(alert, member, sealed)
                else:
                    self._queue(Kind.ALERT, str(alert), alert, member, sealed)
        return troubles

    def missing(self, alert: int, member: Member, names: Sequence[str], is_escalated: bool) -> None:
        """To its originator, once: who has not acknowledged it, and how to have them called."""
        about = str(alert)
        if member.team in self.outgoing.teams(Kind.REPORT, about):
            return
        self._to_one(Kind.REPORT, about, alert, member, words.missing(alert, names, is_escalated))

    def withdrawn(self, alert: int, name: str, released_at: float, members: Callable[[], Members]) -> None:
        """What waits of it is not sent any more, and who had it, or a notice of it, hears that it does not
        hold. `name`: of its originator. `members` are asked for when they are needed."""
        about = str(alert)
        self.outgoing.recall(about)
        kinds = (Kind.ALERT, Kind.NOTICE)
        had = set().union(*(self.outgoing.teams(kind, about, State.SENT) for kind in kinds))
        untold = had - self.outgoing.teams(Kind.WITHDRAWAL, about)
        text = words.withdrawn(alert, name, released_at, self.hotline)
        in_clear = words.withdrawn_in_clear(alert, self.hotline)
        for member in members() if untold else ():
            if member.team in untold:
                self._to_one(Kind.WITHDRAWAL, about, alert, member, text, in_clear=in_clear)

    def key(self, failing: FailingKey, member: Member) -> None:
        """To the team whose key it is; of each step once."""
        about = f"{failing.days} days: {failing.why}"
        if member.team not in self.outgoing.teams(Kind.KEY, about):
            text = words.key(failing, self.hotline)
            self._to_one(Kind.KEY, about, None, member, text, in_clear=text)

    def spread(self, mail: Mail, member: Member, done: Accepted, alert: int, members: Members) -> None:
        """The alert that a mail of `member` has become, to all others."""
        name = f"alert-{alert}.xml"
        papers = [Attachment("application/iodef+xml", name, done.iodef)] if done.iodef else []
        at = mail.envelope.received_at
        self.alert(Alert(alert, member.team, member.name, at, done.said), members, lambda: papers)

    def accepted(self, mail: Mail, member: Member, done: Accepted, alert: int) -> None:
        """What came of its mail; an acknowledgement is not answered, it is one itself."""
        if done.kind is not Asked.ACKNOWLEDGE:
            is_escalated = done.kind is Asked.ESCALATE
            text = words.accepted(alert, is_escalated, done.late, done.warnings)
            self._answer(Kind.ANSWER, mail, member, text)

    def refused(self, mail: Mail, member: Member, refused: Refused) -> None:
        if self.outgoing.count(Kind.REFUSAL, member.team, self.clock() - _HOUR_S) >= _MOST_REFUSALS:
            log.warning("mail %s is not answered: %s was answered often enough", mail.id, member.team)
            return
        self._answer(Kind.REFUSAL, mail, member, words.refused(refused, mail.id))

    def came_back(self, token: str) -> None:
        found = self.tokens.bounced(token)
        if found is not None:
            self.outgoing.came_back(found)

    def _answer(self, kind: Kind, mail: Mail, member: Member, text: str) -> None:
        answers = mail.entity.all("message-id") if mail.entity else []
        self._to_one(kind, mail.id, None, member, text, answers[0].strip() if answers else "")

    def _to_one(
        self,
        kind: Kind,
        about: str,
        alert: int | None,
        member: Member,
        text: str,
        answers: str = "",
        in_clear: str | None = None,
    ) -> None:
        """`in_clear`: what a member gets to whom nothing can be encrypted, signed; None for nothing."""
        content = compose.content(self._sender, self._list, "From the alert list", text)
        sealed = self.sealers[member.standard].seal(content)(member.recipient)
        if not isinstance(sealed, Refused):
            self._queue(kind, about, alert, member, sealed, answers)
        elif in_clear is not None:
            self._queue(kind, about, alert, member, self._signed(member, in_clear))
        else:
            address = member.addresses[0]
            self.outgoing.add_failed(kind, about, alert, member.team, address, sealed.detail, self.clock())

    def _notice(self, alert: int, member: Member, why: Refused) -> None:
        """The key of this member cannot be used: operators see it as failed, the member hears that there is
        something to hear."""
        about, now = str(alert), self.clock()
        log.error("alert %s cannot be encrypted to %s: %s", about, member.team, why.detail)
        if member.team not in self.outgoing.teams(Kind.NOTICE, about):
            text = words.notice(why.detail.partition(";")[0], self.hotline)
            self._queue(Kind.NOTICE, about, alert, member, self._signed(member, text))
        address = member.addresses[0]
        self.outgoing.add_failed(Kind.ALERT, about, alert, member.team, address, why.detail, now)

    def _signed(self, member: Member, text: str) -> bytes:
        """A text that everybody can read, and that nothing of an alert may be in."""
        content = compose.content(self._sender, self._list, compose.OUTER_SUBJECT, text)
        return self.sealers[member.standard].notice(content)

    def _queue(
        self, kind: Kind, about: str, alert: int | None, member: Member, entity: bytes, answers: str = ""
    ) -> None:
        now, to = self.clock(), member.addresses[0]
        outer = Outer(
            self._sender,
            to,
            f"<{secrets.token_hex(12)}@{self.domain}>",
            now,
            answers,
            f"<alert-{alert}@{self.domain}>" if alert is not None else "",
            f"ack+{self.tokens.acknowledging(alert, member.team)}@{self.domain}"
            if kind is Kind.ALERT and alert
            else "",
        )
        self.outgoing.add(kind, about, alert, member.team, to, compose.message(outer, entity), now)
        self.wake()

    @property
    def _list(self) -> str:
        return f"alerts@{self.domain}"

    @property
    def _sender(self) -> str:
        return str(Address(self.network, addr_spec=self._list))
