"""Reads documents of IODEF version 2 (RFC 7970).

Owns: which of its elements say what the profile asks for.
"""

from itertools import chain

from ivr.adapters.iodef import common, words
from ivr.adapters.iodef.parse import Node
from ivr.adapters.iodef.reading import Reading, first
from ivr.domain.incident import Assessment, Contact, Incident, Purpose

VERSION = "2.00"
NAMESPACE = "urn:ietf:params:xml:ns:iodef-2.0"


def read(reading: Reading) -> Incident:
    """The incident of a document. Raises BadDocument where it lacks what none can do without."""
    root = reading.root
    reading.english(root)
    incident = reading.required(root, "Incident")
    reading.english(incident)
    return Incident(
        id=reading.incident_id(incident),
        reported_at=_reported_at(reading, incident),
        purpose=reading.word(incident, "purpose", words.PURPOSES) or Purpose.OTHER,
        tlp=common.restriction(reading, incident),
        description=reading.text(incident, "Description"),
        assessment=_assessment(reading, reading.child(incident, "Assessment")),
        method=common.methods(reading, incident),
        contact=_contact(reading, common.creator(reading, incident)),
        expectation=common.expectation(reading, reading.children(incident, "EventData")),
        event=common.times(reading, reading.child(incident, "EventData"), incident),
    )


def _reported_at(reading: Reading, incident: Node) -> float:
    reported, generated = (reading.peek(incident, name) for name in ("ReportTime", "GenerationTime"))
    if reported == generated:
        reading.moment(incident, "GenerationTime")
    at = reading.moment(incident, "ReportTime" if reported is not None else "GenerationTime")
    if at is None:
        raise reading.incomplete(incident, common.NO_TIME)
    return at


def _assessment(reading: Reading, node: Node | None) -> Assessment:
    impact = first(chain(reading.children(node, "SystemImpact"), reading.children(node, "BusinessImpact")))
    if impact is not None:
        reading.expect(impact, "type", "unknown")
    return Assessment(
        severity=reading.word(impact, "severity", words.SEVERITIES),
        impact=reading.text(impact, "Description"),
        confidence=reading.word(reading.child(node, "Confidence"), "rating", words.CONFIDENCES),
    )


def _contact(reading: Reading, node: Node | None) -> Contact:
    fax = reading.child(node, "Telephone", type="fax")
    voices = (each for each in reading.children(node, "Telephone") if each is not fax)
    return Contact(
        name=reading.one(node, "ContactName"),
        telephone=reading.one(first(voices), "TelephoneNumber"),
        fax=reading.one(fax, "TelephoneNumber"),
        mail=reading.one(reading.child(node, "Email"), "EmailTo"),
        zone=reading.zone(node, "Timezone"),
    )
