"""Puts together what the bridge works with: keys, gate, mail server.

Owns: which adapter does what in the bridge; nothing else here constructs one. The list's own keys, and those
pinned for the members, are in its folder: `openpgp` and `smime`.
"""

import logging
import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from ivr.adapters import iodef, pgp
from ivr.adapters.pgp import opening, sealing
from ivr.adapters.pgp.ring import KeyRing
from ivr.adapters.smime import Smime, SmimeError
from ivr.bridge.correspondence import Seal
from ivr.bridge.gate import Current
from ivr.bridge.hotline import Hotline
from ivr.bridge.intake.mail import Said, Trouble
from ivr.bridge.members import Member, Members
from ivr.bridge.process import Tools
from ivr.bridge.sending import BySmtp, Transport, by_sendmail
from ivr.config import BadConfig, Settings
from ivr.config.bridge import Bridge
from ivr.domain import keywatch
from ivr.domain.incident import Assessment, Contact, Incident, IncidentId, faults, line
from ivr.domain.incident_text import as_speech, as_text
from ivr.domain.mail import Opened, Reason, Recipient, Refused, Standard
from ivr.domain.records import FailingKey
from ivr.ports import Clock

log = logging.getLogger(__name__)

_SHORT = 200
"""Characters of a text in one line that the gate takes."""


@dataclass
class OpenPgp:
    """OpenPGP, both ways."""

    ring: KeyRing
    clock: Clock
    pinned: set[str] = field(default_factory=set)

    def __call__(self, raw: bytes, /) -> Opened | Refused:
        with _trouble():
            return opening.opened(self.ring, raw, self.pinned)

    def seal(self, content: bytes, /) -> Seal:
        def sealed(to: Recipient) -> bytes | Refused:
            try:
                with _trouble():
                    return sealing.sealed(self.ring, content, to, self.clock())
            except pgp.UnfitKey as error:
                return Refused(Reason.WEAK_KEY, str(error))

        return sealed

    def notice(self, content: bytes, /) -> bytes:
        with _trouble():
            return sealing.signed(self.ring, content)

    def pin(self, members: list[Member]) -> list[str]:
        """Take these, and no others from now on; what is wrong with those that cannot be used."""
        self.pinned = {member.fingerprint for member in members}
        with _trouble():
            return self.ring.pin({member.fingerprint: member.key for member in members}, self.clock())


@dataclass
class SMime:
    """S/MIME, both ways."""

    keys: Smime
    clock: Clock

    def __call__(self, raw: bytes, /) -> Opened | Refused:
        with _trouble():
            return self.keys.open(raw, self.clock())

    def seal(self, content: bytes, /) -> Seal:
        with _trouble():
            signed = self.keys.sign(content)

        def sealed(to: Recipient) -> bytes | Refused:
            with _trouble():
                done = signed.sealed(to, self.clock())
            return done if isinstance(done, Refused) else done.entity

        return sealed

    def notice(self, content: bytes, /) -> bytes:
        with _trouble():
            return self.keys.notice(content)

    def pin(self, members: list[Member]) -> list[str]:
        with _trouble():
            return self.keys.pin({member.fingerprint: (member.key, member.addresses) for member in members})


@contextmanager
def _trouble() -> Iterator[None]:
    """What our tools and keys complain of, in the bridge's words; what one member's key lacks is none."""
    try:
        yield
    except pgp.UnfitKey:
        raise
    except (pgp.PgpError, SmimeError) as error:
        raise Trouble(str(error)) from error


@dataclass(frozen=True)
class Keys:
    """The list's own, and the members'."""

    openpgp: OpenPgp
    smime: SMime

    def pin(self, members: Members) -> None:
        """One that cannot be used is that member's alone: its mail is refused with what is wrong."""
        for standard, both_ways in ((Standard.OPENPGP, self.openpgp), (Standard.SMIME, self.smime)):
            for why in both_ways.pin([member for member in members if member.standard is standard]):
                log.error("%s", why)

    def failing(self, members: Iterable[Member], now: float) -> list[FailingKey]:
        """Keys that cannot be used, or soon will not be: those of the members, which are pinned, and our own;
        and revocation lists."""
        ring = self.openpgp.ring
        theirs = [(member.standard, member.fingerprint, member.team) for member in members]
        with _trouble():
            why: dict[Standard, Callable[[str, float], str | None]] = {
                Standard.OPENPGP: lambda key, ahead_s: _cause(ring.failing(key, now, ahead_s)),
            }
            looked_at = [(Standard.OPENPGP, ring.own, None), *theirs]
            broken: list[FailingKey] = []
            try:
                trust, (own, _) = self.smime.keys.watched(), self.smime.keys.certificate()
            except SmimeError as error:  # of the list's own: the other standard is looked at all the same
                broken.append(FailingKey("S/MIME", None, 0, _cause(str(error)) or ""))
            else:
                why[Standard.SMIME] = lambda key, ahead_s: _cause(trust.failing(key, now + ahead_s))
                looked_at.append((Standard.SMIME, own, None))
                lists = filter(None, map(_cause, trust.lists_failing(now)))
                broken += [FailingKey(one, None, 0, one) for one in lists]
            found = [
                keywatch.failing(key, team, partial(why[standard], key))
                for standard, key, team in looked_at
                if standard in why
            ]
        return [key for key in found if key is not None] + broken


def _cause(why: str | None) -> str | None:
    """Without what an operator is to do: that is said in other words to each; as much as the gate takes."""
    return why and "".join(c for c in why.partition(";")[0] if c.isprintable())[:_SHORT]


@contextmanager
def keys(bridge: Bridge, network: str, clock: Clock = time.time) -> Iterator[Keys]:
    """Made at the first time. Raises Trouble."""
    with _trouble(), KeyRing(bridge.state / "openpgp", network, f"alerts@{bridge.domain}") as ring:
        ring.sound()
        smime = Smime(bridge.state / "smime")
        smime.make(network, f"alerts@{bridge.domain}", clock())
        yield Keys(OpenPgp(ring, clock), SMime(smime, clock))


def tools(settings: Settings, bridge: Bridge, known: Keys) -> Tools:
    """Raises BadConfig."""
    socket = settings.gate.socket
    assert socket is not None
    return Tools(
        gate=lambda: Hotline(socket),
        openers={Standard.OPENPGP: known.openpgp, Standard.SMIME: known.smime},
        sealers={Standard.OPENPGP: known.openpgp, Standard.SMIME: known.smime},
        pin=known.pin,
        read_iodef=read_iodef,
        write_iodef=_writer(bridge, settings.network.hotline),
        transport=_transport(settings, bridge),
        failing=known.failing,
    )


def read_iodef(document: bytes, /) -> Said | Refused:
    try:
        found = iodef.read(document)
    except iodef.BadDocument as error:
        return Refused(Reason.MALFORMED, f"its IODEF document cannot be read: {error}")
    incident = found.incident
    text, severity = as_text(incident, found.unread), incident.assessment.severity
    return Said(text, "", incident.tlp, severity, as_speech(incident))


def _writer(bridge: Bridge, hotline: str) -> Callable[[Current], bytes | None]:
    def write(current: Current) -> bytes | None:
        spoken = f"Alert {current.alert} was spoken. The recording is attached."
        unlabelled = f"\n\nIt has no TLP label. In this network that means TLP:{bridge.default_tlp}."
        incident = Incident(
            IncidentId(bridge.domain, f"alert-{current.alert}"),
            float(int(current.released_at)),
            tlp=current.tlp or bridge.default_tlp,
            description=spoken if current.tlp else spoken + unlabelled,
            assessment=Assessment(current.severity),
            contact=Contact(line(current.name), current.callback or hotline),
        )
        return None if faults(incident) else iodef.write(incident)

    return write


def _transport(settings: Settings, bridge: Bridge) -> Transport:
    if bridge.smtp is None:
        return by_sendmail
    password = None
    if bridge.smtp.user is not None:
        file = bridge.state / "smtp-password"
        try:
            password = file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise BadConfig(f"{file}: the password of {bridge.smtp.user} cannot be read") from error
    return BySmtp(bridge.smtp, bridge.domain, password, trusted(settings.path.parent, bridge.smtp.ca))


def trusted(folder: Path, ca: Path | None) -> ssl.SSLContext:
    """Of whom a mail server may have its certificate. Raises BadConfig."""
    try:
        return ssl.create_default_context(cafile=folder / ca if ca else None)
    except OSError as error:
        raise BadConfig(f"bridge.smtp.ca: {ca}: holds no certificate authority that can be read") from error
