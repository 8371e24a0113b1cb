"""The fields of a request at the gate, each read once and checked.

Owns: that nothing of a request is believed before it is known to be what it must be. No error repeats
anything that was in it.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeVar

from ivr.domain import enrol
from ivr.domain.number import subscriber

E = TypeVar("E", bound=StrEnum)

_SPACE = "\t\r\n"


class BadRequest(Exception):
    """A request that will never be understood; the message is one line."""


class Fields:
    """Of one request. `done` ends the reading: what nobody has asked for has no place in it."""

    def __init__(self, request: Mapping[str, Any]) -> None:
        self._left = {name: value for name, value in request.items() if name not in ("id", "verb")}

    def done(self) -> None:
        if self._left:
            raise BadRequest(f"it has {len(self._left)} fields more than this verb has")

    def word(self, name: str, most: int) -> str:
        """A text in one line."""
        text = self.optional_word(name, most)
        if text is None:
            raise BadRequest(f"{name} is missing")
        return text

    def optional_word(self, name: str, most: int) -> str | None:
        text = self._text(name, most)
        if text is not None and not text.isprintable():
            raise BadRequest(f"{name} must be printable, in one line")
        return text

    def text(self, name: str, most: int) -> str:
        """A text in any number of lines, without what would do something to a terminal."""
        text = self.optional_text(name, most)
        if text is None:
            raise BadRequest(f"{name} is missing")
        return text

    def optional_text(self, name: str, most: int) -> str | None:
        text = self._text(name, most)
        return None if text is None else "".join(c for c in text if c.isprintable() or c in _SPACE)

    def document(self, name: str, most: int) -> str | None:
        """As it is; of the control characters only those that XML 1.0 has (2.2)."""
        text = self._text(name, most)
        if text is not None and any(c < " " and c not in _SPACE for c in text):
            raise BadRequest(f"{name} has control characters")
        return text

    def number(self, name: str) -> int:
        """A number of something, from 0 to 2^31 - 1."""
        value = self._left.pop(name, None)
        if type(value) is not int or not 0 <= value < 1 << 31:
            raise BadRequest(f"{name} must be a number from 0 to {(1 << 31) - 1}")
        return value

    def flag(self, name: str) -> bool | None:
        value = self._left.pop(name, None)
        if value is not None and type(value) is not bool:
            raise BadRequest(f"{name} must be true or false")
        return value

    def objects(self, name: str, most: int) -> "list[Fields]":
        """A list of objects, each with fields of its own."""
        value = self._left.pop(name, None)
        if not isinstance(value, list) or len(value) > most or not all(isinstance(v, dict) for v in value):
            raise BadRequest(f"{name} must be a list of at most {most} objects")
        return [Fields(each) for each in value]

    def choice(self, name: str, kind: type[E]) -> E | None:
        value = self._left.pop(name, None)
        if value is None:
            return None
        try:
            return kind(value)
        except (ValueError, TypeError):
            raise BadRequest(f"{name} must be one of {', '.join(kind)}") from None

    def address(self, name: str) -> str:
        """A mail address."""
        try:
            return enrol.address(self.word(name, 254))
        except ValueError:
            raise BadRequest(f"{name} is no mail address") from None

    def subscriber(self, name: str) -> str | None:
        """A telephone number."""
        text = self.optional_word(name, 40)
        try:
            return None if text is None else subscriber(text)
        except ValueError:
            raise BadRequest(f"{name} is no telephone number in E.164 form that may be called") from None

    def _text(self, name: str, most: int) -> str | None:
        value = self._left.pop(name, None)
        if value is None:
            return None
        if not isinstance(value, str) or not value.strip() or len(value) > most:
            raise BadRequest(f"{name} must be a text of 1 to {most} characters")
        try:
            value.encode()
        except UnicodeEncodeError:
            raise BadRequest(f"{name} is no Unicode text") from None
        return value
