"""Reading BER (X.690, 8), as far as CMS needs it: what a message says of itself before openssl is let at it.

A reader of our own, since a policy needs to see what openssl's verdict leaves out: how many have signed,
what is signed, which algorithms. asn1crypto could read it too, and has had no release since March 2022.
Mail programs write CMS with lengths that are not known beforehand (8.1.3.6) and octet strings in pieces
(8.7.3), so DER is not enough.

Owns: lengths, nesting, and their bounds. Must not know what the elements mean. Raises Refusal (MALFORMED,
TOO_COMPLEX) alone, whatever it is given. Nothing is copied before it is asked for.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from ivr.adapters.smime.refusal import Refusal, malformed
from ivr.domain.mail import Reason

_MOST_ELEMENTS = 100_000
"""In one element, however deep: 100 MB of content in the smallest pieces (1000 octets) in use."""
_DEEPEST = 16
"""Elements of unknown length, each in the next; what mail programs write is about seven deep."""

INTEGER, OCTETS, OID, SEQUENCE, SET = 0x02, 0x04, 0x06, 0x30, 0x31


def context(number: int, constructed: bool = True) -> int:
    """The identifier of a context-specific tag (8.1.2)."""
    return 0x80 | (0x20 if constructed else 0) | number


@dataclass(frozen=True, slots=True)
class Element:
    """One element: its identifier octet, and what it holds."""

    tag: int
    whole: memoryview
    value: memoryview

    def __iter__(self) -> Iterator["Element"]:
        """What a constructed element holds, in its order."""
        if not self.tag & 0x20:
            raise malformed("an ASN.1 element that holds others was expected, and it holds none")
        at = 0
        for _ in range(_MOST_ELEMENTS):
            if at == len(self.value):
                return
            inner = _element(self.value, at)
            yield inner
            at += len(inner.whole)
        raise _too_complex()

    def octets(self) -> bytes:
        """An octet string, in one piece or in several (8.7)."""
        if not self.tag & 0x20:
            return bytes(self.value)
        pieces = list(self)
        if any(piece.tag != OCTETS for piece in pieces):
            raise malformed("an ASN.1 octet string has a piece that is none")
        return b"".join(piece.value for piece in pieces)

    def oid(self) -> str:
        """An object identifier (8.19), dotted."""
        arcs, arc = [], 0
        for octet in self.value:
            arc = arc << 7 | octet & 0x7F
            if not octet & 0x80:
                arcs.append(arc)
                arc = 0
        if self.tag != OID or not arcs or self.value[-1] & 0x80 or len(self.value) > 64:
            raise malformed("an ASN.1 object identifier cannot be read")
        first = min(arcs[0] // 40, 2)
        return ".".join(str(a) for a in (first, arcs[0] - 40 * first, *arcs[1:]))

    def integer(self) -> int:
        if self.tag != INTEGER or not 0 < len(self.value) <= 64:
            raise malformed("an ASN.1 number cannot be read")
        return int.from_bytes(self.value, signed=True)


class Fields:
    """The elements of a constructed one, taken in their order."""

    def __init__(self, element: Element, tag: int = SEQUENCE) -> None:
        if element.tag != tag:
            raise malformed("an ASN.1 element is not of the kind that CMS has in its place")
        self._left = iter(element)
        self._next = next(self._left, None)

    def take(self, *tags: int) -> Element:
        """The next one, which must be one of `tags`."""
        found = self.maybe(*tags)
        if found is None:
            raise malformed("an ASN.1 element is missing that CMS has in its place")
        return found

    def maybe(self, *tags: int) -> Element | None:
        """The next one if it is one of `tags`."""
        found = self._next
        if found is None or found.tag not in tags:
            return None
        self._next = next(self._left, None)
        return found

    def end(self) -> None:
        if self._next is not None:
            raise malformed("an ASN.1 element holds more than CMS has in its place")


def read(data: bytes) -> Element:
    """The one element that `data` is."""
    view = memoryview(data)
    element = _element(view, 0)
    if len(element.whole) != len(view):
        raise malformed("something follows the CMS structure")
    return element


def _element(data: memoryview, at: int) -> Element:
    tag, start, length = _head(data, at)
    if length is not None:
        return Element(tag, data[at : start + length], data[start : start + length])
    end = _end_of_contents(data, start)
    return Element(tag, data[at : end + 2], data[start:end])


def _head(data: memoryview, at: int) -> tuple[int, int, int | None]:
    """Identifier octet, where the contents start, and their length; None where it is not known beforehand."""
    if at + 2 > len(data) or data[at] & 0x1F == 0x1F:  # numbers of tags over 30 do not occur in CMS
        raise malformed("the CMS structure is cut off or broken")
    tag, first, start = data[at], data[at + 1], at + 2
    if first == 0x80:
        if not tag & 0x20:
            raise malformed("an ASN.1 element has no length")
        return tag, start, None
    length = first
    if first & 0x80:
        start += first & 0x7F
        length = int.from_bytes(data[at + 2 : start])
    if start + length > len(data):
        raise malformed("the CMS structure is cut off or broken")
    return tag, start, length


def _end_of_contents(data: memoryview, start: int) -> int:
    """Where the contents end that start here; two zero octets follow (8.1.5)."""
    at, depth = start, 1
    for _ in range(_MOST_ELEMENTS):
        tag, inner, length = _head(data, at)
        if tag == 0:
            if length != 0:
                raise malformed("the CMS structure is cut off or broken")
            depth -= 1
            if depth == 0:
                return at
        elif length is None:
            depth += 1
            if depth > _DEEPEST:
                raise _too_complex()
        at = inner + (length or 0)
    raise _too_complex()


def _too_complex() -> Refusal:
    return Refusal(Reason.TOO_COMPLEX, "the CMS structure has too many elements, or too deep ones")
