"""Documents of IODEF: RFC 7970 (version 2) and RFC 5070 (version 1) in and out, the profile of 2003 in.

Owns: which reader a document is for. What a reader does not understand is in `Document.unread`: shown, not
dropped.
"""

from enum import StrEnum

from lxml import etree

from ivr.adapters.iodef import read_2003, read_v1, read_v2, write_v1, write_v2
from ivr.adapters.iodef.parse import LARGEST, BadDocument, Place, Tree, Trouble, parse
from ivr.adapters.iodef.reading import Reading
from ivr.adapters.iodef.schema import Problem, problems
from ivr.domain.incident import Document, Incident

__all__ = [
    "LARGEST",
    "BadDocument",
    "Document",
    "Place",
    "Problem",
    "Trouble",
    "Version",
    "examine",
    "in_unicode",
    "read",
    "write",
]


class Version(StrEnum):
    """What can be written."""

    V2 = "2"
    V1 = "1"


def read(octets: bytes) -> Document:
    """A document of any version that there is a reader for. Raises BadDocument."""
    return _read(parse(octets))


def examine(octets: bytes) -> tuple[Document, tuple[Problem, ...]]:
    """The same, and what the schema has to say against it, where there is one. Raises BadDocument."""
    tree = parse(octets)
    document = _read(tree)
    return document, problems(tree) if document.version == read_v2.VERSION else ()


def in_unicode(octets: bytes) -> str:
    """A document for whoever keeps it in UTF-8. One that is in UTF-8 stays as it is; another one is written
    anew, for it names an encoding that it is not in any more. Raises BadDocument."""
    try:
        text = octets.decode()
    except UnicodeDecodeError:
        text = "\0"
    if "\0" not in text:  # UTF-16 can pass for UTF-8 with them
        return text
    written: str = etree.tostring(parse(octets).root.getroottree(), encoding="unicode")
    return written


def write(incident: Incident, version: Version = Version.V2) -> bytes:
    """The document of an incident that has no faults (domain.incident.faults)."""
    return write_v2.write(incident) if version is Version.V2 else write_v1.write(incident)


def _read(tree: Tree) -> Document:
    name = etree.QName(tree.root)
    said = tree.root.get("version", "").strip()
    for reader, namespace, versions in _READERS:
        if name.localname == "IODEF-Document" and name.namespace == namespace and said in versions:
            reading = Reading(tree)
            reading.expect(tree.root, "version", said)
            incident, profile = reader.read(reading), reading.profile()
            return Document(reader.VERSION, profile, incident, reading.unread())
    known = "; ".join(f"{versions[0]}, namespace {space or 'none'}" for _, space, versions in _READERS)
    raise BadDocument(
        Trouble.NOT_IODEF,
        f"not an IODEF-Document of a version that is read here: {known}",
        tree.places[tree.root],
    )


_READERS = (
    (read_v2, read_v2.NAMESPACE, ("2.00", "2.0", "")),
    (read_v1, read_v1.NAMESPACE, ("1.00", "1.0", "")),
    (read_2003, None, ("1.0", "1.00", "")),
)
"""With the versions that documents in the wild say for each: the standard's, and as its own text has it
elsewhere."""
