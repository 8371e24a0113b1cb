"""The incident alerting profile: what an alert's document says, in whatever format it is written.

Owns: the fields (a subset of IODEF, RFC 7970), the form their values have, and what an alert must say.
Must not know XML, or how an incident is written for people (incident_text).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from ivr.domain.records import Severity, Tlp

PROFILE = "Tocsin IODEF Profile Version 1.0"
"""The tag of this profile, in documents of IODEF version 2."""
PROFILE_2003 = "eCSIRT.net IODEF Profile Version 1.0"
"""The tag of the profile that this one follows; on documents of IODEF version 1 alone."""

LONGEST_LINE = 300
LONGEST_TEXT = 20_000
"""Characters."""
LAST_MOMENT = 253_402_300_799.0
"""9999-12-31T23:59:59Z, seconds since the epoch."""
ZONE = re.compile(r"Z|[+-](0[0-9]|1[0-4]):[0-5][0-9]")
"""An offset from UTC, as RFC 7970 (section 2.8) has it."""
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Purpose(StrEnum):
    """Why the document is sent (RFC 7970, section 3.2)."""

    TRACEBACK = "traceback"
    MITIGATION = "mitigation"
    REPORTING = "reporting"
    WATCH = "watch"
    OTHER = "other"
    WARNING = "warning"
    """Not of RFC 7970 but of the profile of 2003: an early warning."""


class Confidence(StrEnum):
    """How sure the originator is of the assessment (RFC 7970, section 3.12.5)."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Action(StrEnum):
    """What is asked of whoever gets the document (RFC 7970, section 3.15)."""

    NOTHING = "nothing"
    CONTACT_SOURCE_SITE = "contact-source-site"
    CONTACT_TARGET_SITE = "contact-target-site"
    CONTACT_SENDER = "contact-sender"
    INVESTIGATE = "investigate"
    BLOCK_HOST = "block-host"
    BLOCK_NETWORK = "block-network"
    BLOCK_PORT = "block-port"
    RATE_LIMIT_HOST = "rate-limit-host"
    RATE_LIMIT_NETWORK = "rate-limit-network"
    RATE_LIMIT_PORT = "rate-limit-port"
    REDIRECT_TRAFFIC = "redirect-traffic"
    HONEYPOT = "honeypot"
    UPGRADE_SOFTWARE = "upgrade-software"
    REBUILD_ASSET = "rebuild-asset"
    HARDEN_ASSET = "harden-asset"
    REMEDIATE_OTHER = "remediate-other"
    STATUS_TRIAGE = "status-triage"
    STATUS_NEW_INFO = "status-new-info"
    WATCH_AND_REPORT = "watch-and-report"
    DEFINED_COA = "defined-coa"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class IncidentId:
    """One incident, as its CSIRT counts them."""

    name: str
    """Of the CSIRT: its domain, as a rule."""
    id: str


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to ask."""

    name: str = ""
    telephone: str = ""
    fax: str = ""
    mail: str = ""
    zone: str = ""
    """Its offset from UTC, `Z` or `+01:00`; of the clock on its wall, for whoever wants to call."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """How bad it is, and how sure that is."""

    severity: Severity | None = None
    impact: str = ""
    confidence: Confidence | None = None


@dataclass(frozen=True, slots=True)
class Expectation:
    """What whoever gets it is asked to do."""

    action: Action | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """When it happened; seconds since the epoch, UTC."""

    started_at: float | None = None
    stopped_at: float | None = None
    detected_at: float | None = None


@dataclass(frozen=True, slots=True)
class Incident:
    """What an alert's document says."""

    id: IncidentId
    reported_at: float
    """Seconds since the epoch, UTC; documents carry whole seconds."""
    purpose: Purpose = Purpose.OTHER
    tlp: Tlp | None = None
    """None: as the parties have agreed beforehand."""
    description: str = ""
    assessment: Assessment = field(default_factory=Assessment)
    method: str = ""
    contact: Contact = field(default_factory=Contact)
    expectation: Expectation = field(default_factory=Expectation)
    event: Event = field(default_factory=Event)

    @property
    def warning(self) -> bool:
        """Whether it is an early warning."""
        return self.purpose is Purpose.WARNING


@dataclass(frozen=True, slots=True)
class Unread:
    """Something of a document that its reader did not understand."""

    path: str
    """Where it stands: `Incident/EventData/Flow/System/@category`."""
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """A document that was read."""

    version: str
    """Of the format: `2.00` (RFC 7970), `1.00` (RFC 5070), `1.0` (the profile of 2003)."""
    profile: str
    """The tag of its profile; empty when it has none."""
    incident: Incident
    unread: tuple[Unread, ...]


def line(text: str) -> str:
    """`text` as a value of one line has it: blanks run together."""
    return " ".join(text.split())


def paragraphs(text: str) -> str:
    """`text` as a value of several lines has it: no blanks at the ends of lines, one empty line at most."""
    lines = "\n".join(" ".join(each.split()) for each in text.splitlines())
    return re.sub(r"\n{3,}", "\n\n", lines).strip()


def faults(incident: Incident) -> tuple[str, ...]:
    """What keeps `incident` from being sent as an alert: sentences that say what to do. None: it can be
    written in every format, and is read back as it was."""
    return (*_missing(incident), *_malformed(incident))


def _missing(incident: Incident) -> Iterator[str]:
    if incident.tlp is None:
        yield f"tlp: say with whom it may be shared: {', '.join(Tlp)}"
    if not incident.description:
        yield "description: say what happens, and what a reader should do or look for"
    if not incident.contact.name:
        yield "contact: give the name of whom to ask"
    if not (incident.contact.telephone or incident.contact.mail):
        yield "contact: give a telephone number or a mail address"


def _malformed(incident: Incident) -> Iterator[str]:
    for name, text in _lines(incident):
        if text != line(text) or len(text) > LONGEST_LINE or _NOT_XML.search(text):
            yield f"{name}: must be one line of at most {LONGEST_LINE} printable characters"
    for name, text in _texts(incident):
        if text != paragraphs(text) or len(text) > LONGEST_TEXT or _NOT_XML.search(text):
            yield f"{name}: must be text of at most {LONGEST_TEXT} printable characters"
    if not (incident.id.name and incident.id.id):
        yield "csirt, id: say who counts the incident (the CSIRT's domain), and its number there"
    if incident.contact.zone and not ZONE.fullmatch(incident.contact.zone):
        yield "zone: must be an offset from UTC, such as +01:00, or Z"
    for name, at in _moments(incident):
        if not (0 <= at <= LAST_MOMENT and at == int(at)):
            yield f"{name}: must be a whole second from 1970 to 9999"
    started, stopped = incident.event.started_at, incident.event.stopped_at
    if started is not None and stopped is not None and stopped < started:
        yield "stopped: is before it started; exchange the two, or leave one out"


def _lines(incident: Incident) -> Iterator[tuple[str, str]]:
    contact = incident.contact
    yield "csirt", incident.id.name
    yield "id", incident.id.id
    yield "contact", contact.name
    yield "telephone", contact.telephone
    yield "fax", contact.fax
    yield "mail", contact.mail


def _texts(incident: Incident) -> Iterator[tuple[str, str]]:
    yield "description", incident.description
    yield "impact", incident.assessment.impact
    yield "method", incident.method
    yield "expectation", incident.expectation.text


def _moments(incident: Incident) -> Iterator[tuple[str, float]]:
    yield "reported", incident.reported_at
    event = incident.event
    for name, at in (
        ("started", event.started_at),
        ("stopped", event.stopped_at),
        ("detected", event.detected_at),
    ):
        if at is not None:
            yield name, at
