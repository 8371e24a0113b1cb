"""Building blocks of both writers.

Owns: how a tree of elements is made from texts, and how a time is written.
"""

from datetime import UTC, datetime

from lxml import etree

from ivr.adapters.iodef.parse import Node


class Builder:
    """Elements in one namespace."""

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace

    def root(self, name: str, /, **attributes: str) -> Node:
        return etree.Element(self._named(name), attributes, nsmap={None: self._namespace})

    def add(self, parent: Node, name: str, text: str = "", /, **attributes: str) -> Node:
        """A new last child of `parent`. Attributes without a value are left out; `ext_action` is `ext-
        action`."""
        node = etree.SubElement(parent, self._named(name))
        node.text = text or None
        for key, value in attributes.items():
            if value:
                node.set(key.replace("_", "-"), value)
        return node

    def text(self, parent: Node, name: str, text: str) -> None:
        """A child with this text; none without."""
        if text:
            self.add(parent, name, text)

    def moment(self, parent: Node, name: str, at: float | None) -> None:
        """A child with this time (seconds since the epoch), RFC 3339 in UTC; none without."""
        if at is not None:
            written = datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
            self.add(parent, name, written.replace("+00:00", "Z"))

    def _named(self, name: str) -> str:
        return f"{{{self._namespace}}}{name}"


def extended(name: str, value: str, known: bool) -> dict[str, str]:
    """An attribute; as an extension where the standard does not know the value (RFC 7970, section 5.1.1)."""
    return {name: value} if known or not value else {name: "ext-value", f"ext_{name}": value}


def octets(root: Node) -> bytes:
    """The document, in UTF-8, indented."""
    etree.indent(root)
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return written
