"""Reads documents of the profile of 2003, which is of a draft of IODEF (draft-ietf-inch-iodef-01).

Owns: which of their elements say what the profile of today asks for. They have no namespace, and most of what
is known of an incident stands in its IncidentData.
"""

from ivr.adapters.iodef import common, words
from ivr.adapters.iodef.parse import Node
from ivr.adapters.iodef.reading import Reading
from ivr.domain.incident import Expectation, Incident, Purpose
from ivr.domain.records import Tlp

VERSION = "1.0"


def read(reading: Reading) -> Incident:
    """The incident of a document. Raises BadDocument where it lacks what none can do without."""
    incident = reading.required(reading.root, "Incident")
    data = reading.required(incident, "IncidentData")
    return Incident(
        id=reading.incident_id(incident),
        reported_at=common.reported_at(reading, data),
        purpose=reading.word(incident, "purpose", words.PURPOSES) or Purpose.OTHER,
        tlp=_tlp(reading, incident, data),
        description=reading.text(data, "Description"),
        assessment=common.assessment(reading, data),
        method=common.methods(reading, data),
        contact=common.contact(reading, common.creator(reading, data), "name"),
        expectation=_expectation(reading, reading.child(data, "Expectation")),
        event=common.times(reading, reading.child(data, "EventData"), data),
    )


def _tlp(reading: Reading, incident: Node, data: Node) -> Tlp | None:
    """The stricter of what the two elements say that may say it; the draft has no default."""
    for node in (incident, data):
        reading.expect(node, "restriction", "default")
    said = [reading.word(node, "restriction", words.RESTRICTIONS) for node in (incident, data)]
    return min(filter(None, said), key=list(Tlp).index, default=None)


def _expectation(reading: Reading, node: Node | None) -> Expectation:
    return Expectation(reading.word(node, "category", words.ACTIONS_2003), reading.text(node, "Description"))
