"""Reads documents of IODEF version 1 (RFC 5070).

Owns: which of its elements say what the profile asks for.
"""

from ivr.adapters.iodef import common, words
from ivr.adapters.iodef.parse import Node
from ivr.adapters.iodef.reading import Reading
from ivr.domain.incident import Incident, Purpose
from ivr.domain.records import Tlp

VERSION = "1.00"
NAMESPACE = "urn:ietf:params:xml:ns:iodef-1.0"
TLP = "TLP"
"""The meaning of the AdditionalData that holds the exact label."""


def read(reading: Reading) -> Incident:
    """The incident of a document. Raises BadDocument where it lacks what none can do without."""
    root = reading.root
    reading.english(root)
    incident = reading.required(root, "Incident")
    reading.english(incident)
    return Incident(
        id=reading.incident_id(incident),
        reported_at=common.reported_at(reading, incident),
        purpose=reading.word(incident, "purpose", words.PURPOSES) or Purpose.OTHER,
        tlp=_tlp(reading, incident),
        description=reading.text(incident, "Description"),
        assessment=common.assessment(reading, incident),
        method=common.methods(reading, incident),
        contact=common.contact(reading, common.creator(reading, incident), "ContactName"),
        expectation=common.expectation(reading, reading.children(incident, "EventData")),
        event=common.times(reading, reading.child(incident, "EventData"), incident),
    )


def _tlp(reading: Reading, incident: Node) -> Tlp | None:
    """The label that was added counts where it agrees with the restriction: it is the finer of the two."""
    for node in incident.iterchildren(reading.tag("AdditionalData")):
        label = words.TLPS.get((node.text or "").strip().lower())
        agrees = label is not None and words.LABELS_V1[label] == incident.get("restriction")
        if node.get("meaning") == TLP and agrees:
            reading.take(node, "meaning")
            reading.expect(node, "dtype", "string")
            reading.take(incident, "restriction")
            return label
    return common.restriction(reading, incident)
