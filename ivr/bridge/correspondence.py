"""What is written to members: alerts, notices of alerts, and answers to their own mail.

Owns: the words, who gets them, and how many answers a team gets. Every mail is encrypted to the member's own
key; a member whose key cannot be used gets a signed notice that tells nothing but that there is an alert.
"""

import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from ivr.bridge import compose
from ivr.bridge.compose import Attachment, Outer
from ivr.bridge.intake.mail import Accepted, Mail, Said
from ivr.bridge.intake.mail import Kind as Asked
from ivr.bridge.members import Member, Members
from ivr.bridge.outgoing import Kind, Outgoing
from ivr.bridge.tokens import Tokens
from ivr.domain.mail import Recipient, Refused, Standard
from ivr.ports import Clock

log = logging.getLogger(__name__)

_MOST_ANSWERS = 6
"""To one team in an hour. Anybody can write a mail with its address."""
_HOUR_S = 3600.0

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

    def alert(self, alert: Alert, members: Members, papers: Callable[[], Sequence[Attachment]]) -> None:
        """To every member but the one that has raised it; whoever has it already gets it no second time. What
        is attached is asked for when it is needed. Raises BridgeAway and Trouble, and what that raises."""
        about = str(alert.number)
        written = self.outgoing.teams(Kind.ALERT, about)
        left = [member for member in members if member.team not in written | {alert.team}]
        if not left:
            return
        text = _text(alert, self.hotline)
        content = compose.content(self._sender, self._list, f"Alert {about}", text, papers())
        seals = {one: self.sealers[one].seal(content) for one in {member.standard for member in left}}
        for member in left:
            sealed = seals[member.standard](member.recipient)
            if isinstance(sealed, Refused):
                self._notice(alert.number, member, sealed)
            else:
                self._queue(Kind.ALERT, about, alert.number, member, sealed)

    def missing(self, alert: int, member: Member, names: Sequence[str], is_escalated: bool) -> None:
        """To its originator, once: who has not acknowledged it, and how to have them called."""
        about = str(alert)
        if member.team in self.outgoing.teams(Kind.REPORT, about):
            return
        how = "They are being telephoned.\n" if is_escalated else _HOW.format(alert=alert)
        listed = "".join(f"  {name}\n" for name in names) or "  nobody\n"
        text = f"These teams have not acknowledged alert {alert}:\n\n{listed}\n{how}"
        self._to_one(Kind.REPORT, about, alert, member, text)

    def spread(self, mail: Mail, member: Member, done: Accepted, alert: int, members: Members) -> None:
        """The alert that a mail of `member` has become, to all others."""
        name = f"alert-{alert}.xml"
        papers = [Attachment("application/iodef+xml", name, done.iodef)] if done.iodef else []
        at = mail.envelope.received_at
        self.alert(Alert(alert, member.team, member.name, at, done.said), members, lambda: papers)

    def accepted(self, mail: Mail, member: Member, done: Accepted, alert: int) -> None:
        """What came of its mail; an acknowledgement is not answered, it is one itself."""
        if done.kind is not Asked.ACKNOWLEDGE:
            words = _ESCALATED if done.kind is Asked.ESCALATE else _RAISED
            late = _LATE if done.late else ""
            warnings = "".join(f"Note: {warning}.\n" for warning in done.warnings)
            self._answer(mail, member, words.format(alert=alert) + late + warnings)

    def refused(self, mail: Mail, member: Member, refused: Refused) -> None:
        self._answer(mail, member, _REFUSED.format(detail=refused.detail, reason=refused.reason, id=mail.id))

    def came_back(self, token: str) -> None:
        found = self.tokens.bounced(token)
        if found is not None:
            self.outgoing.came_back(found)

    def _answer(self, mail: Mail, member: Member, text: str) -> None:
        if self.outgoing.count(Kind.ANSWER, member.team, self.clock() - _HOUR_S) >= _MOST_ANSWERS:
            log.warning("mail %s is not answered: %s was answered often enough", mail.id, member.team)
            return
        answers = mail.entity.all("message-id") if mail.entity else []
        self._to_one(Kind.ANSWER, mail.id, None, member, text, answers[0].strip() if answers else "")

    def _to_one(
        self, kind: Kind, about: str, alert: int | None, member: Member, text: str, answers: str = ""
    ) -> None:
        content = compose.content(self._sender, self._list, "From the alert list", text)
        sealed = self.sealers[member.standard].seal(content)(member.recipient)
        if isinstance(sealed, Refused):
            address = member.addresses[0]
            self.outgoing.add_failed(kind, about, alert, member.team, address, sealed.detail, self.clock())
        else:
            self._queue(kind, about, alert, member, sealed, answers)

    def _notice(self, alert: int, member: Member, why: Refused) -> None:
        """The key of this member cannot be used: operators see it as failed, the member hears that there is
        something to hear."""
        about, now = str(alert), self.clock()
        log.error("alert %s cannot be encrypted to %s: %s", about, member.team, why.detail)
        content = compose.content(
            self._sender,
            self._list,
            compose.OUTER_SUBJECT,
            _NOTICE.format(hotline=self.hotline, why=why.detail),
        )
        entity = self.sealers[member.standard].notice(content)
        if member.team not in self.outgoing.teams(Kind.NOTICE, about):
            self._queue(Kind.NOTICE, about, alert, member, entity)
        address = member.addresses[0]
        self.outgoing.add_failed(Kind.ALERT, about, alert, member.team, address, why.detail, now)

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

    @property
    def _list(self) -> str:
        return f"alerts@{self.domain}"

    @property
    def _sender(self) -> str:
        return f"{self.network} <{self._list}>"


_HOW = """\
Nobody is telephoned by itself. To have those called who have not acknowledged, write a signed and encrypted
mail to the list whose first line is:

ESCALATE {alert}
"""
_RAISED = "Alert {alert} is on the list and on its way to the other teams by mail.\n\n" + _HOW
_ESCALATED = "The teams that have not acknowledged alert {alert} are being telephoned.\n"
_LATE = "\nYour mail was on its way for more than an hour.\n"
_REFUSED = """\
A mail that came with your address, or your signature, was not taken: {detail} ({reason}).

If you have not written it, somebody else has. Its number is {id}.
"""
_NOTICE = """\
There is an alert. It cannot be sent to you: {why}.

Call the hotline to hear it: {hotline}. Then send us your new key.
"""
_ALERT = """\
{tlp}Alert {number}, raised by {name}, {time} UTC

{text}

Acknowledge: reply to this mail, signed and encrypted, or call {hotline}.
"""


def _text(alert: Alert, hotline: str) -> str:
    text = alert.said.text or "It was spoken: listen to the recording, or call the hotline."
    return _ALERT.format(
        tlp=f"TLP:{alert.said.tlp}\n" if alert.said.tlp else "",
        number=alert.number,
        name=alert.name,
        time=f"{datetime.fromtimestamp(alert.released_at, UTC):%Y-%m-%d %H:%M}",
        text=f"{alert.said.title}\n\n{text}" if alert.said.title else text,
        hotline=hotline,
    )
