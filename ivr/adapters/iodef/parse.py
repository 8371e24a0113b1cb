"""From octets to a tree of XML that can be trusted to be one, or a refusal that says where and why.

Owns: every limit on what comes in. expat goes first, as a gate that builds nothing: it stops at the first
sign of a document type, so no entity of a document is ever declared, let alone expanded, and it knows line
and column of every tag. lxml builds the tree of what has passed. Nothing is repaired. Must not know IODEF.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias
from xml.parsers import expat

from lxml import etree

Node: TypeAlias = etree._Element

LARGEST = 1_000_000
"""Octets."""
DEEPEST = 40
"""Elements within each other; IODEF's own go to about 15, and EventData in EventData as deep as it likes."""
_MOST_ELEMENTS = 20_000
_MOST_ATTRIBUTES = 40
"""Of one element, declarations of namespaces included."""
_ENCODINGS = ("utf-8", "utf-16", "us-ascii", "iso-8859-1")
"""The first two are IODEF's (RFC 7970, section 4.1); the others are in documents from before it."""


class Trouble(StrEnum):
    """Why a document was refused."""

    TOO_LARGE = "too-large"
    TOO_DEEP = "too-deep"
    TOO_COMPLEX = "too-complex"
    ENCODING = "encoding"
    CHARACTER = "character"
    """One that XML does not have, such as NUL."""
    DOCTYPE = "doctype"
    BROKEN = "broken"
    """Not well-formed."""
    NOT_IODEF = "not-iodef"
    """Another kind of document, or a version that no reader here knows."""
    INCOMPLETE = "incomplete"
    """Without something that no alert can do without."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a document; both from 1."""

    line: int
    column: int


class BadDocument(Exception):
    """A document that is not read. `text` says what to do, and holds nothing of the document's content."""

    def __init__(self, trouble: Trouble, text: str, place: Place | None = None) -> None:
        self.trouble = trouble
        self.text = text
        self.place = place or Place(1, 1)
        super().__init__(f"{self.place.line}:{self.place.column}: {text}")


@dataclass(frozen=True, slots=True)
class Tree:
    """A document's elements, and where each begins."""

    root: Node
    places: Mapping[Node, Place]


def parse(octets: bytes) -> Tree:
    """The tree of a document. Raises BadDocument."""
    if len(octets) > LARGEST:
        raise BadDocument(
            Trouble.TOO_LARGE, f"larger than {LARGEST} octets; send less, or in several documents"
        )
    places = _Gate().pass_(octets)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=False
    )
    try:
        root = etree.fromstring(octets, parser)
    except etree.XMLSyntaxError as error:  # what expat leaves to others: prefixes that nobody has declared
        line, column = error.position
        raise BadDocument(Trouble.BROKEN, _broken("XML namespaces"), Place(line, max(column, 1))) from error
    return Tree(root, dict(zip(root.iter(etree.Element), places, strict=True)))


def _broken(what: str) -> str:
    return f"not well-formed ({what}); have it written again by the program that made it"


class _Gate:
    """Reads a document once, only to refuse it."""

    def __init__(self) -> None:
        self._places: list[Place] = []
        self._depth = 0
        self._reader = reader = expat.ParserCreate()
        reader.XmlDeclHandler = self._declared
        reader.StartDoctypeDeclHandler = self._doctype
        reader.StartElementHandler = self._start
        reader.EndElementHandler = self._end

    def pass_(self, octets: bytes) -> list[Place]:
        """Where each element begins, in the order of the document. Raises BadDocument."""
        try:
            self._reader.Parse(octets, True)
        except expat.ExpatError as error:
            trouble = self._trouble(error.code, octets)
            text = _TEXTS.get(trouble) or _broken(expat.ErrorString(error.code))
            raise BadDocument(trouble, text, Place(error.lineno, error.offset + 1)) from error
        return self._places

    def _trouble(self, code: int, octets: bytes) -> Trouble:
        at = octets[self._reader.ErrorByteIndex :][:1]
        if code in _ABOUT_ENCODING or (code == _INVALID_TOKEN and at >= b"\x80"):
            return Trouble.ENCODING
        if code == _BAD_REFERENCE or (code == _INVALID_TOKEN and at < b"\x20"):
            return Trouble.CHARACTER
        return Trouble.BROKEN

    def _here(self) -> Place:
        return Place(self._reader.CurrentLineNumber, self._reader.CurrentColumnNumber + 1)

    def _declared(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.lower() not in _ENCODINGS:
            raise BadDocument(Trouble.ENCODING, _TEXTS[Trouble.ENCODING], self._here())

    def _doctype(self, *_: object) -> None:
        text = "it has a document type; take <!DOCTYPE ...> out, it is never needed"
        raise BadDocument(Trouble.DOCTYPE, text, self._here())

    def _start(self, _name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._places.append(self._here())
        if self._depth > DEEPEST:
            raise BadDocument(
                Trouble.TOO_DEEP, f"more than {DEEPEST} elements within each other", self._here()
            )
        if len(self._places) > _MOST_ELEMENTS or len(attributes) > _MOST_ATTRIBUTES:
            text = f"more than {_MOST_ELEMENTS} elements, or {_MOST_ATTRIBUTES} attributes of one"
            raise BadDocument(Trouble.TOO_COMPLEX, text, self._here())

    def _end(self, _name: str) -> None:
        self._depth -= 1


_CODES = expat.errors.codes
_ABOUT_ENCODING = (
    _CODES[expat.errors.XML_ERROR_UNKNOWN_ENCODING],
    _CODES[expat.errors.XML_ERROR_INCORRECT_ENCODING],
    _CODES[expat.errors.XML_ERROR_PARTIAL_CHAR],
)
_INVALID_TOKEN = _CODES[expat.errors.XML_ERROR_INVALID_TOKEN]
_BAD_REFERENCE = _CODES[expat.errors.XML_ERROR_BAD_CHAR_REF]

_TEXTS = {
    Trouble.ENCODING: "not in the encoding that it names; write it in UTF-8, and say so",
    Trouble.CHARACTER: "a character that XML does not have; take it out",
}
