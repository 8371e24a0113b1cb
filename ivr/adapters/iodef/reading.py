"""Taking a document apart so that nothing gets lost.

Owns: the list of what a reader has understood. A reader takes what it knows, by name; whatever of
elements, attributes, text and comments was never taken is what is shown as not understood. A value that
does not have the form it must have is not taken either. Must not know which version of IODEF names what.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from lxml import etree

from ivr.adapters.iodef.parse import BadDocument, Node, Place, Tree, Trouble
from ivr.domain.incident import LAST_MOMENT, PROFILE, PROFILE_2003, ZONE, IncidentId, Unread, line, paragraphs

E = TypeVar("E", bound=StrEnum)

_XML = "http://www.w3.org/XML/1998/namespace"
_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
_NAME = ""
_TEXT = "text()"
_TAIL = "following::text()"
"""What is taken of an element beside its attributes, none of which has such a name."""

_OF_A_TAG = (("name", "profile"), ("meaning", "profile"), ("dtype", "string"), ("type", "string"))

_LONGEST_NAME = 60
_LONGEST_PATH = 200
"""Characters, as they are shown."""
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)-?(T\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d):?(\d\d)?")
"""RFC 3339, its fraction left out; and, from before it, `+0100` and `2003-10-01-T12:00:00Z`."""


class Reading:
    """One document, and what has been taken of it."""

    def __init__(self, tree: Tree) -> None:
        self.root = tree.root
        self._places = tree.places
        self._space = etree.QName(tree.root).namespace
        self._taken: set[tuple[Node, str]] = {(tree.root, _NAME)}

    def tag(self, name: str) -> str:
        """An element's name in the namespace of this document."""
        return f"{{{self._space}}}{name}" if self._space else name

    def required(self, parent: Node, name: str) -> Node:
        """The child of this name. Raises BadDocument when there is none."""
        found = self.child(parent, name)
        if found is None:
            raise self.incomplete(parent, f"without {name}, which every document has; add it")
        return found

    def incomplete(self, node: Node, text: str) -> BadDocument:
        """What is raised for a document that lacks something in `node`."""
        return BadDocument(Trouble.INCOMPLETE, text, self._places.get(node, Place(1, 1)))

    def child(self, parent: Node | None, name: str, **having: str) -> Node | None:
        """The first child of this name, with these attributes."""
        return first(self.children(parent, name, **having))

    def children(self, parent: Node | None, name: str, **having: str) -> Iterator[Node]:
        """Each child of this name, with these attributes, which are taken with it."""
        for node in () if parent is None else parent.iterchildren(self.tag(name)):
            if all(node.get(key) == value for key, value in having.items()):
                self._taken.update((node, key) for key in (_NAME, *having))
                yield node

    def attribute(self, node: Node | None, name: str) -> str:
        """The value of an attribute, on one line; empty when there is none."""
        if node is None or name not in node.attrib:
            return ""
        self._taken.add((node, name))
        return line(node.attrib[name])

    def take(self, node: Node, *attributes: str) -> None:
        """Take an element, its text and these attributes."""
        self._taken.update((node, key) for key in (_NAME, _TEXT, *attributes))

    def expect(self, node: Node, name: str, *values: str) -> None:
        """Take an attribute that says no more than what goes without saying."""
        if node.get(name) in values:
            self._taken.add((node, name))

    def english(self, node: Node) -> None:
        """Take the language of an element, where it is the one that goes without saying."""
        for name in (f"{{{_XML}}}lang", "lang"):
            self.expect(node, name, "en", "en-GB", "en-US")

    def word(self, node: Node | None, name: str, words: Mapping[str, E]) -> E | None:
        """What an attribute says, where `words` has it, whether among the standard's words or as an extension
        of them (RFC 7970, section 5.1.1); capitals do not matter."""
        if node is None:
            return None
        value, extension = node.get(name, "").strip(), node.get(f"ext-{name}", "").strip()
        found = words.get((extension if value == "ext-value" else value).lower())
        if found is not None:
            self._taken.update(
                {(node, name), (node, f"ext-{name}")} if value == "ext-value" else {(node, name)}
            )
        return found

    def text(self, parent: Node | None, name: str) -> str:
        """The text of all children of this name, one below the other."""
        return paragraphs("\n\n".join(self.content(node) for node in self.children(parent, name)))

    def one(self, parent: Node | None, name: str) -> str:
        """The text of the first child of this name, on one line."""
        return line(self.content(self.child(parent, name)))

    def content(self, node: Node | None) -> str:
        """The text of an element, without that of elements in it; comments do not cut it in two."""
        if node is None:
            return ""
        self._taken.add((node, _TEXT))
        self._taken.update((note, _TAIL) for note in _comments(node))
        self.english(node)
        return _content(node)

    def moment(self, parent: Node | None, name: str) -> float | None:
        """The time in the first child of this name, seconds since the epoch; None without one, or when it
        does not say its zone: then nobody knows when it was."""
        at = self.peek(parent, name)
        if at is not None:
            self.content(self.child(parent, name))
        return at

    def peek(self, parent: Node | None, name: str) -> float | None:
        """As `moment`, and nothing is taken."""
        node = None if parent is None else parent.find(self.tag(name))
        return None if node is None else _moment(_content(node).strip())

    def zone(self, parent: Node | None, name: str) -> str:
        """An offset from UTC, `Z` or `+01:00`; empty for one in any other form, which is not taken."""
        node = None if parent is None else parent.find(self.tag(name))
        if node is None or not ZONE.fullmatch(line(_content(node))):
            return ""
        return self.one(parent, name)

    def incident_id(self, parent: Node) -> IncidentId:
        """The number of an incident, and whose it is. Raises BadDocument without one."""
        node = self.required(parent, "IncidentID")
        name, number = self.attribute(node, "name"), line(self.content(node))
        if not (name and number):
            raise self.incomplete(node, "IncidentID must hold an id, and the CSIRT's name in `name`")
        return IncidentId(name, number)

    def profile(self) -> str:
        """The tag of the document's profile, wherever it stands among what was added; empty without one."""
        for node in self.root.iter(self.tag("AdditionalData")):
            tag = line(node.text or "")
            if tag in (PROFILE, PROFILE_2003):
                for name, value in _OF_A_TAG:
                    self.expect(node, name, value)
                self.take(node)
                return tag
        return ""

    def unread(self) -> tuple[Unread, ...]:
        """What was not taken, in the order of the document."""
        around = (*self.root.itersiblings(preceding=True), *self.root.itersiblings())
        comments = (Unread("comment()", line(each.text or "")) for each in around)
        return (*comments, *self._rest(self.root, ""))

    def _rest(self, node: Node, path: str) -> Iterator[Unread]:
        for name, value in node.attrib.items():
            if (node, name) not in self._taken and not name.startswith(_XSI):
                yield Unread(f"{path}@{self._shown(name, node)}", line(value))
        text = line(node.text or "")
        empty = not (len(node) or node.attrib or text)
        if (text and (node, _TEXT) not in self._taken) or (empty and (node, _NAME) not in self._taken):
            yield Unread(path.removesuffix("/") or self._shown(node.tag, node), text)
        yield from self._below(node, path)

    def _below(self, node: Node, path: str) -> Iterator[Unread]:
        several = Counter(child.tag for child in node)
        seen: Counter[object] = Counter()
        for child in node:
            seen[child.tag] += 1
            if isinstance(child.tag, str):
                nth = f"[{seen[child.tag]}]" if several[child.tag] > 1 else ""
                step = f"{self._shown(child.tag, child)}{nth}/"
                # Cut in front, or a document could have few octets and paths of many.
                yield from self._rest(child, path + step if len(path) < _LONGEST_PATH else f".../{step}")
            else:
                yield Unread(f"{path}comment()", line(child.text or ""))
            if (tail := line(child.tail or "")) and (child, _TAIL) not in self._taken:
                yield Unread(path.removesuffix("/") or self._shown(node.tag, node), tail)

    def _shown(self, tag: str, node: Node) -> str:
        """A name as people know it; before one of another namespace its prefix, or a question mark."""
        name = etree.QName(tag)
        if name.namespace in (None, self._space):
            return str(name.localname)[:_LONGEST_NAME]
        spaces = {space: prefix for prefix, space in node.nsmap.items()} | {_XML: "xml"}
        return f"{spaces.get(name.namespace) or '?'}:{name.localname}"[:_LONGEST_NAME]


def first(nodes: Iterator[Node]) -> Node | None:
    """The first of them; the others are not taken."""
    return next(nodes, None)


def _comments(node: Node) -> list[Node]:
    return [child for child in node if not isinstance(child.tag, str)]


def _content(node: Node) -> str:
    return "".join((node.text or "", *(comment.tail or "" for comment in _comments(node))))


def _moment(text: str) -> float | None:
    found = _MOMENT.fullmatch(text)
    if found is None:
        return None
    day, clock, zone, minutes = found.groups()
    try:
        at = datetime.fromisoformat(
            f"{day}{clock}{'+00' if zone == 'Z' else zone}:{minutes or '00'}"
        ).timestamp()
    except ValueError:  # a 30th of February
        return None
    return at if 0 <= at <= LAST_MOMENT else None
