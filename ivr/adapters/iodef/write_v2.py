"""Writes documents of IODEF version 2 (RFC 7970), valid by its schema.

Owns: where in it the profile's fields stand.
"""

from ivr.adapters.iodef import words
from ivr.adapters.iodef.build import Builder, extended, octets
from ivr.adapters.iodef.parse import Node
from ivr.adapters.iodef.read_v2 import NAMESPACE, VERSION
from ivr.domain.incident import PROFILE, Assessment, Contact, Event, Expectation, Incident, Purpose

_XML = "{http://www.w3.org/XML/1998/namespace}"
_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
_SCHEMA = "http://www.iana.org/assignments/xml-registry/schema/iodef-2.0.xsd"

_new = Builder(NAMESPACE)


def write(incident: Incident) -> bytes:
    """The document of an incident that has no faults (domain.incident.faults)."""
    root = _new.root("IODEF-Document", version=VERSION)
    root.set(f"{_XML}lang", "en")
    root.set(f"{_XSI}schemaLocation", f"{NAMESPACE} {_SCHEMA}")
    label = words.LABELS_V2.get(incident.tlp) or str(incident.tlp)
    node = _new.add(
        root,
        "Incident",
        **extended("purpose", incident.purpose, incident.purpose is not Purpose.WARNING),
        **extended("restriction", label, incident.tlp in words.LABELS_V2),
    )
    _new.add(node, "IncidentID", incident.id.id, name=incident.id.name)
    _new.moment(node, "ReportTime", incident.reported_at)
    _new.moment(node, "GenerationTime", incident.reported_at)
    _new.text(node, "Description", incident.description)
    _assessment(node, incident.assessment)
    if incident.method:
        _new.text(_new.add(node, "Method"), "Description", incident.method)
    _contact(node, incident.contact)
    _event(node, incident.event, incident.expectation)
    _new.add(node, "AdditionalData", PROFILE, name="profile", dtype="string")
    return octets(root)


def _assessment(incident: Node, assessment: Assessment) -> None:
    if assessment == Assessment():
        return
    node = _new.add(incident, "Assessment")
    impact = _new.add(node, "SystemImpact", severity=assessment.severity or "", type="unknown")
    _new.text(impact, "Description", assessment.impact)
    if assessment.confidence:
        _new.add(node, "Confidence", rating=assessment.confidence)


def _contact(incident: Node, contact: Contact) -> None:
    node = _new.add(incident, "Contact", role="creator", type="organization")
    _new.text(node, "ContactName", contact.name)
    if contact.mail:
        _new.text(_new.add(node, "Email"), "EmailTo", contact.mail)
    if contact.telephone:
        _new.text(_new.add(node, "Telephone"), "TelephoneNumber", contact.telephone)
    if contact.fax:
        _new.text(_new.add(node, "Telephone", type="fax"), "TelephoneNumber", contact.fax)
    _new.text(node, "Timezone", contact.zone)


def _event(incident: Node, event: Event, expectation: Expectation) -> None:
    if event == Event() and expectation == Expectation():
        return
    node = _new.add(incident, "EventData")
    _new.moment(node, "DetectTime", event.detected_at)
    _new.moment(node, "StartTime", event.started_at)
    _new.moment(node, "EndTime", event.stopped_at)
    if expectation != Expectation():
        asked = _new.add(node, "Expectation", action=expectation.action or "")
        _new.text(asked, "Description", expectation.text)
