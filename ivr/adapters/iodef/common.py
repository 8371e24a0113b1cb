"""What several versions of IODEF write in the same way. Owns: those elements, and which version has them."""

from collections.abc import Iterator
from itertools import chain

from ivr.adapters.iodef import words
from ivr.adapters.iodef.parse import Node
from ivr.adapters.iodef.reading import Reading, first
from ivr.domain.incident import Assessment, Contact, Event, Expectation
from ivr.domain.records import Tlp

NO_TIME = "without a ReportTime that says its zone, as in 2026-11-22T14:03:00Z"


def creator(reading: Reading, parent: Node) -> Node | None:
    """Whom to ask, of every version: whoever made the document, or else the first that it names."""
    made = reading.children(parent, "Contact", role="creator")
    found = first(chain(made, reading.children(parent, "Contact")))
    if found is not None:
        reading.expect(found, "type", "organization")
    return found


def methods(reading: Reading, parent: Node) -> str:
    """What all its methods say in plain words, of every version."""
    texts = (reading.text(method, "Description") for method in reading.children(parent, "Method"))
    return "\n\n".join(filter(None, texts))


def times(reading: Reading, event: Node | None, parent: Node) -> Event:
    """When it happened, as its event says, or else the incident itself; of every version."""

    def moment(name: str) -> float | None:
        at = reading.moment(event, name)
        return reading.moment(parent, name) if at is None else at

    return Event(moment("StartTime"), moment("EndTime"), moment("DetectTime"))


def restriction(reading: Reading, incident: Node) -> Tlp | None:
    """With whom it may be shared, of versions 1 and 2; without a word of it private (RFC 7970, 3.2)."""
    if "restriction" not in incident.attrib:
        return Tlp.RED
    reading.expect(incident, "restriction", "default")
    return reading.word(incident, "restriction", words.RESTRICTIONS)


def expectation(reading: Reading, events: Iterator[Node]) -> Expectation:
    """What the first event asks of the reader, of versions 1 and 2."""
    node = reading.child(first(events), "Expectation")
    return Expectation(reading.word(node, "action", words.ACTIONS), reading.text(node, "Description"))


def reported_at(reading: Reading, parent: Node) -> float:
    """When it was reported, of version 1 and before. Raises BadDocument."""
    at = reading.moment(parent, "ReportTime")
    if at is None:
        raise reading.incomplete(parent, NO_TIME)
    return at


def assessment(reading: Reading, parent: Node) -> Assessment:
    """How bad it is, of version 1 and before."""
    node = reading.child(parent, "Assessment")
    impact = reading.child(node, "Impact")
    if impact is not None:
        reading.expect(impact, "type", "unknown")
    return Assessment(
        severity=reading.word(impact, "severity", words.SEVERITIES),
        impact=reading.text(node, "Impact"),
        confidence=reading.word(reading.child(node, "Confidence"), "rating", words.CONFIDENCES),
    )


def contact(reading: Reading, node: Node | None, name: str) -> Contact:
    """Whom to ask, of version 1 and before, which call the element of its name differently."""
    return Contact(
        name=reading.one(node, name),
        telephone=reading.one(node, "Telephone"),
        fax=reading.one(node, "Fax"),
        mail=reading.one(node, "Email"),
        zone=reading.zone(node, "Timezone"),
    )
