"""What a mail asks for: an alert, an acknowledgement, an escalation.

Owns: the addresses of the list, and the words of a command. See docs/mail.md.
"""

import re
from dataclasses import replace
from datetime import UTC, datetime

from ivr.bridge.intake import content
from ivr.bridge.intake.encoded import shown
from ivr.bridge.intake.loops import automatic
from ivr.bridge.intake.mail import Accepted, Context, Kind, Mail, Said
from ivr.domain.mail import Reason, Refused
from ivr.domain.records import Tlp

ALERTS, DOCUMENTS, ACKNOWLEDGE, BOUNCES = "alerts", "iodef-alerts", "ack", "bounces"
"""Local parts of the list's addresses; `ack+TOKEN` and `bounces+TOKEN` as well."""

_COMMAND = re.compile(r"(ack|acknowledge|escalate)\s+(?:alert\s+)?#?(\d{1,9})\.?", re.IGNORECASE)
_TLP = re.compile(r"\bTLP:\s?(RED|AMBER\+STRICT|AMBER|GREEN|CLEAR)(?![\w+])")


def understood(mail: Mail, context: Context) -> Mail | Refused:
    """Sets `accepted`."""
    assert mail.content is not None
    robot = automatic(mail.content)
    if robot is not None:
        return robot
    found = content.read(mail.content)
    first = found.text.partition("\n")[0].strip()
    command = _COMMAND.fullmatch(first)
    tokens = [local.partition("+")[2] for local in _locals(mail) if local.startswith(f"{ACKNOWLEDGE}+")]
    if command is not None or tokens:
        return _about_an_alert(mail, context, command, tokens)
    if not {ALERTS, DOCUMENTS} & set(_locals(mail)):
        return Refused(Reason.MALFORMED, "it asks for nothing that there is; alerts go to alerts@")
    return _alert(mail, context, found, first)


def _about_an_alert(
    mail: Mail, context: Context, command: re.Match[str] | None, tokens: list[str]
) -> Mail | Refused:
    """An acknowledgement, by its address or by its first line, or an escalation, by its first line alone."""
    assert mail.member is not None
    named = {int(command[2])} if command else set()
    known = {context.alert_of(token, mail.member.team) for token in tokens}
    if None in known:
        return Refused(Reason.NOT_PERMITTED, "the address to acknowledge at is not this team's")
    alerts = named | {alert for alert in known if alert is not None}
    if len(alerts) != 1:
        return Refused(Reason.MALFORMED, "it names several alerts")
    escalates = command is not None and command[1].lower() == "escalate"
    kind = Kind.ESCALATE if escalates else Kind.ACKNOWLEDGE
    return _accepted(mail, kind, alert=alerts.pop())


def _alert(mail: Mail, context: Context, found: content.Content, first: str) -> Mail | Refused:
    assert mail.content is not None
    title = shown(mail.content.one("subject"))
    if found.document is None:
        if DOCUMENTS in _locals(mail):
            return Refused(Reason.MALFORMED, "it holds no IODEF document")
        if not found.text:
            return Refused(Reason.MALFORMED, "it holds no text; write plain text, not HTML alone")
        return _accepted(mail, Kind.RAISE, found, Said(found.text, title, _tlp(f"{title}\n{first}")))
    said = context.read_iodef(found.document)
    if isinstance(said, Refused):
        return said
    said = replace(said, tlp=said.tlp or _tlp(f"{title}\n{first}"))
    if found.text:
        said = replace(said, text=found.text, spoken="")
    return _accepted(mail, Kind.IODEF, found, said)


def _accepted(
    mail: Mail,
    kind: Kind,
    found: content.Content | None = None,
    said: Said = Said(),  # noqa: B008 - it is frozen
    alert: int | None = None,
) -> Mail:
    assert mail.opened is not None
    assert mail.member is not None
    left_out = [f"{kind} is not passed on" for kind in found.left_out] if found else []
    warnings = (*mail.opened.warnings, *left_out)
    document = found.document if found else None
    if mail.late:
        said = _marked(said, mail.opened.signed_at)
    team, signature = mail.member.team, mail.opened.signature_id
    return replace(
        mail,
        accepted=Accepted(kind, team, mail.sender, signature, alert, said, document, mail.late, warnings),
    )


def _marked(said: Said, signed_at: float) -> Said:
    """For whoever gets it: somebody may have held it back, and let it go when it does harm."""
    late = f"This came late: it was signed on {datetime.fromtimestamp(signed_at, UTC):%Y-%m-%d at %H:%M} UTC."
    spoken = f"{late} {said.spoken}" if said.spoken else ""
    return replace(said, text=f"{late}\n\n{said.text}", spoken=spoken)


def _locals(mail: Mail) -> list[str]:
    return [address.rpartition("@")[0] for address in mail.to]


def _tlp(text: str) -> Tlp | None:
    """As FIRST writes it (TLP 2.0), in the subject that was signed or in the first line."""
    found = _TLP.search(text)
    return Tlp(found[1]) if found else None
