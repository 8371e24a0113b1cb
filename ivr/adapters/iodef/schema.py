"""Whether a document is what the schema of RFC 7970 allows.

Owns: the schema files beside it; they are self-contained, and nothing is fetched. They hold for version 2:
of the versions before it there is no schema here.
"""

import re
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

from lxml import etree

from ivr.adapters.iodef.parse import Node, Place, Tree

_FILE = Path(__file__).parent / "schema" / "iodef-2.0.xsd"
_STEP = re.compile(r"([^\[\]]+)\[(\d+)\]")
_MOST = 100
"""Problems: who has that many has one, in the program that wrote it."""
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not as the standard wants it."""

    place: Place
    text: str


def problems(tree: Tree) -> tuple[Problem, ...]:
    """What the schema has to say against a document of version 2: the first hundred of it."""
    schema = _schema()
    schema.validate(tree.root)
    return tuple(
        Problem(_place(tree, entry), _text(entry.message)) for entry in islice(schema.error_log, _MOST)
    )


@cache
def _schema() -> etree.XMLSchema:
    return etree.XMLSchema(file=str(_FILE))


def _place(tree: Tree, entry: etree._LogEntry) -> Place:
    """libxml2 knows lines alone, but names the element: `/*/*[2]/sci:Weakness`."""
    node = tree.root
    for step in str(entry.path or "").split("/")[2:]:
        found = _STEP.fullmatch(step)
        name, nth = found.groups() if found else (step, None)
        fitting = (child for child in node.iterchildren(etree.Element) if name in ("*", _qualified(child)))
        below = next(islice(fitting, int(nth or 1) - 1, None), None)
        if below is None:
            return Place(entry.line, 1)
        node = below
    return tree.places[node]


def _qualified(node: Node) -> str:
    name: str = etree.QName(node).localname
    return f"{node.prefix}:{name}" if node.prefix else name


def _text(message: str) -> str:
    """libxml2's words without namespaces, cut where a value of the document makes them long."""
    text = " ".join(re.sub(r"\{(?:urn|http):[^}]*\}", "", message).split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
