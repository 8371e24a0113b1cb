"""Writes documents of IODEF version 1 (RFC 5070), for software that knows no other.

Owns: where in it the profile's fields stand. It has no TLP: the restriction is the nearest that is not
laxer, and the label is added beside it.
"""

from ivr.adapters.iodef import words
from ivr.adapters.iodef.build import Builder, extended, octets
from ivr.adapters.iodef.parse import Node
from ivr.adapters.iodef.read_v1 import NAMESPACE, TLP, VERSION
from ivr.domain.incident import (
    PROFILE_2003,
    Action,
    Assessment,
    Contact,
    Event,
    Expectation,
    Incident,
    Purpose,
)

_NEW_PURPOSES = (Purpose.WATCH, Purpose.WARNING)
_NEW_ACTIONS = (
    Action.REDIRECT_TRAFFIC,
    Action.HONEYPOT,
    Action.UPGRADE_SOFTWARE,
    Action.REBUILD_ASSET,
    Action.HARDEN_ASSET,
    Action.WATCH_AND_REPORT,
    Action.DEFINED_COA,
)
"""Those that RFC 5070 does not know."""

_new = Builder(NAMESPACE)


def write(incident: Incident) -> bytes:
    """The document of an incident that has no faults (domain.incident.faults)."""
    root = _new.root("IODEF-Document", version=VERSION, lang="en")
    node = _new.add(
        root,
        "Incident",
        **extended("purpose", incident.purpose, incident.purpose not in _NEW_PURPOSES),
        restriction=words.LABELS_V1[incident.tlp],
    )
    _new.add(node, "IncidentID", incident.id.id, name=incident.id.name)
    _new.moment(node, "ReportTime", incident.reported_at)
    _new.text(node, "Description", incident.description)
    _assessment(node, incident.assessment)
    if incident.method:
        _new.text(_new.add(node, "Method"), "Description", incident.method)
    _contact(node, incident.contact)
    _event(node, incident.event, incident.expectation)
    _new.add(node, "AdditionalData", PROFILE_2003, dtype="string", meaning="profile")
    if incident.tlp:
        _new.add(node, "AdditionalData", incident.tlp, dtype="string", meaning=TLP)
    return octets(root)


def _assessment(incident: Node, assessment: Assessment) -> None:
    """Which each document of version 1 has."""
    node = _new.add(incident, "Assessment")
    _new.add(node, "Impact", assessment.impact, severity=assessment.severity or "", type="unknown")
    if assessment.confidence:
        _new.add(node, "Confidence", rating=assessment.confidence)


def _contact(incident: Node, contact: Contact) -> None:
    node = _new.add(incident, "Contact", role="creator", type="organization")
    _new.text(node, "ContactName", contact.name)
    _new.text(node, "Email", contact.mail)
    _new.text(node, "Telephone", contact.telephone)
    _new.text(node, "Fax", contact.fax)
    _new.text(node, "Timezone", contact.zone)


def _event(incident: Node, event: Event, expectation: Expectation) -> None:
    if event == Event() and expectation == Expectation():
        return
    node = _new.add(incident, "EventData")
    _new.moment(node, "DetectTime", event.detected_at)
    _new.moment(node, "StartTime", event.started_at)
    _new.moment(node, "EndTime", event.stopped_at)
    if expectation != Expectation():
        action = extended("action", expectation.action or "", expectation.action not in _NEW_ACTIONS)
        _new.text(_new.add(node, "Expectation", **action), "Description", expectation.text)
