"""Whether a document is what the schema of RFC 7970 allows.

Owns: the schema files beside it; they are self-contained, and nothing is fetched. They hold for version 2:
of the versions before it there is no schema here.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lxml import etree

from ivr.adapters.iodef.parse import Place, Tree

_FILE = Path(__file__).parent / "schema" / "iodef-2.0.xsd"
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not as the standard wants it."""

    place: Place
    text: str


def problems(tree: Tree) -> tuple[Problem, ...]:
    """What the schema has to say against a document of version 2."""
    schema = _schema()
    schema.validate(tree.root)
    return tuple(Problem(_place(tree, entry), _text(entry.message)) for entry in schema.error_log)


@cache
def _schema() -> etree.XMLSchema:
    return etree.XMLSchema(file=str(_FILE))


def _place(tree: Tree, entry: etree._LogEntry) -> Place:
    found = tree.root.getroottree().xpath(entry.path) if entry.path else []
    return tree.places.get(found[0], Place(entry.line, 1)) if found else Place(entry.line, 1)


def _text(message: str) -> str:
    """libxml2's words without namespaces, cut where a value of the document makes them long."""
    text = " ".join(re.sub(r"\{(?:urn|http):[^}]*\}", "", message).split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
