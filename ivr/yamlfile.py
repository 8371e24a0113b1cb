"""Reads YAML into frozen dataclasses and says where it is wrong.

Owns: the walk from a YAML node to a dataclass, and the error with file, line and key. Knows nothing of
what the files mean: configuration, team directory, phones and prompts are all read through here, so that
every file an operator writes gets the same strictness (no unknown key, no key twice, no wrong type).
"""

import difflib
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

import yaml

T = TypeVar("T")

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml where the installed wheel has it: ten times faster on a large directory."""

SIZE_LIMIT = 4_000_000
"""Bytes. A directory of 10,000 teams has about 2 MB; anything beyond this limit is a mistake or an attack."""

_DEEPEST = 20
"""Levels. libyaml takes quadratic time on deep nesting, and its composer overruns the C stack."""


class BadFile(Exception):
    """A file an operator wrote is wrong. The message names file, line and key and what to do."""


def read(path: Path, shape: type[T]) -> T:
    """Read the YAML file at `path` into the dataclass `shape`.

    A field's type says what is accepted: str, int, float, bool, Path, tuple[X, ...], Mapping[str, X],
    Literal, a StrEnum, a dataclass, or a union of these; of several dataclasses the one that has most of
    the given keys. `metadata={"check": f}` runs f(value), which
    returns the accepted value or raises ValueError with a sentence.

    Raises BadFile for a file that is absent, unreadable or wrong in any way.
    """
    try:
        if path.stat().st_size > SIZE_LIMIT:
            raise BadFile(f"{path}: larger than {SIZE_LIMIT} bytes; is this the right file?")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise BadFile(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadFile(f"{path}: is not UTF-8 text (byte {error.start})") from error
    return parse(text, shape, str(path))


def parse(text: str, shape: type[T], name: str) -> T:
    """As `read`, from a text; `name` stands for the file in error messages."""
    node = _compose(text, name)
    if node is None:
        raise BadFile(f"{name}: the file is empty")
    return typing.cast(T, _Reader(name).value(node, shape, "the file"))


def _compose(text: str, name: str) -> yaml.Node | None:
    try:
        depth = 0
        for event in yaml.parse(text, Loader=_Loader):
            line = event.start_mark.line + 1 if event.start_mark else 0
            # An alias can blow a small file up to billions of nodes, and no file of ours needs one.
            if isinstance(event, yaml.AliasEvent):
                raise BadFile(f"{name}:{line}: *{event.anchor}: aliases are not allowed")
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > _DEEPEST:
                raise BadFile(f"{name}:{line}: is nested too deeply")
        node: yaml.Node | None = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        place = f":{error.problem_mark.line + 1}" if error.problem_mark else ""
        raise BadFile(f"{name}{place}: not valid YAML: {error.problem}") from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, text.find(chr(error.character))) + 1  # its position may count octets
        raise BadFile(f"{name}:{line}: not valid YAML: {error.reason}") from error
    return node


class _Reader:
    def __init__(self, name: str) -> None:
        self._name = name

    def _bad(self, node: yaml.Node, key: str, message: str) -> BadFile:
        return BadFile(f"{self._name}:{node.start_mark.line + 1}: {key}: {message}")

    def value(self, node: yaml.Node, shape: Any, key: str) -> Any:
        if is_dataclass(shape) and isinstance(shape, type):
            return self._object(node, shape, key)
        origin = get_origin(shape)
        if origin in (typing.Union, types.UnionType):
            return self._union(node, get_args(shape), key)
        if origin is typing.Literal:
            return self._choice(node, get_args(shape), key)
        if isinstance(shape, type) and issubclass(shape, StrEnum):
            return shape(self._choice(node, tuple(shape), key))
        if origin is tuple:
            return self._list(node, get_args(shape)[0], key)
        if origin is Mapping:
            return {k: self.value(v, get_args(shape)[1], f"{key}.{k}") for k, _, v in self._pairs(node, key)}
        return self._scalar(node, shape, key)

    def _object(self, node: yaml.Node, shape: type, key: str) -> Any:
        hints = typing.get_type_hints(shape)
        known = {_key_of(f): f for f in fields(shape)}
        given: dict[str, Any] = {}
        for name, key_node, child in self._pairs(node, key):
            if name not in known:
                raise self._bad(key_node, name, f"unknown key{_hint(name, known)}")
            field = known[name]
            given[field.name] = self._checked(field, self.value(child, hints[field.name], name), child)
        for name, field in known.items():
            if field.name not in given and field.default is MISSING and field.default_factory is MISSING:
                raise self._bad(node, name, f"is missing in {key}")
        try:
            return shape(**given)
        except ValueError as error:
            raise self._bad(node, key, str(error)) from error

    def _checked(self, field: "Field[Any]", value: Any, node: yaml.Node) -> Any:
        check = field.metadata.get("check")
        if check is None or value is None:
            return value
        try:
            return check(value)
        except ValueError as error:
            raise self._bad(node, _key_of(field), str(error)) from error

    def _pairs(self, node: yaml.Node, key: str) -> list[tuple[str, yaml.Node, yaml.Node]]:
        if not isinstance(node, yaml.MappingNode):
            raise self._bad(node, key, "must be a mapping (lines of `key: value`)")
        seen: dict[str, None] = {}
        pairs: list[tuple[str, yaml.Node, yaml.Node]] = []
        for key_node, child in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise self._bad(key_node, key, "a key must be a single word")
            name = str(key_node.value)
            if name in seen:
                raise self._bad(key_node, name, "is given twice; keep one")
            seen[name] = None
            pairs.append((name, key_node, child))
        return pairs

    def _list(self, node: yaml.Node, shape: Any, key: str) -> tuple[Any, ...]:
        if not isinstance(node, yaml.SequenceNode):
            raise self._bad(node, key, "must be a list (lines that begin with `- `)")
        return tuple(self.value(child, shape, f"{key}[{n}]") for n, child in enumerate(node.value, 1))

    def _union(self, node: yaml.Node, shapes: tuple[Any, ...], key: str) -> Any:
        if type(None) in shapes and node.tag == "tag:yaml.org,2002:null":
            return None
        candidates = [s for s in shapes if s is not type(None)]
        fitting = [s for s in candidates if _node_kind(s) is type(node)] or candidates
        if len(fitting) > 1 and isinstance(node, yaml.MappingNode):
            given = {name for name, _, _ in self._pairs(node, key)}
            fitting.sort(key=lambda shape: -len(given & {_key_of(field) for field in fields(shape)}))
        return self.value(node, fitting[0], key)

    def _choice(self, node: yaml.Node, choices: tuple[Any, ...], key: str) -> Any:
        value = node.value if isinstance(node, yaml.ScalarNode) else None
        if value not in choices:
            raise self._bad(node, key, f"must be one of {', '.join(map(str, choices))}")
        return value

    def _scalar(self, node: yaml.Node, shape: Any, key: str) -> Any:
        if not isinstance(node, yaml.ScalarNode):
            raise self._bad(node, key, "must be a single value")
        kind = node.tag.rpartition(":")[2]
        if shape is str and kind in ("str", "int"):
            return node.value  # as it is written: +49... and 0815 keep their signs
        if shape is Path and kind == "str":
            return Path(node.value)
        if shape is bool and kind == "bool":
            return node.value.lower() in ("true", "yes", "on")
        try:
            if shape is int and kind == "int":
                return int(node.value)
            if shape is float and kind in ("int", "float"):
                return float(node.value)
        except ValueError:
            pass  # 0x10, 1_000 or 1:30 are integers to YAML 1.1, and surprises to people: refused below
        raise self._bad(node, key, f"must be {_WANTED[shape]}")


_WANTED = {
    str: 'text; put it in "quotation marks" if it looks like a number or a date',
    Path: "a path",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
}


def _key_of(field: "Field[Any]") -> str:
    return str(field.metadata.get("key", field.name))


def _node_kind(shape: Any) -> type[yaml.Node]:
    if is_dataclass(shape) or get_origin(shape) is Mapping:
        return yaml.MappingNode
    if get_origin(shape) is tuple:
        return yaml.SequenceNode
    return yaml.ScalarNode


def _hint(name: str, known: Mapping[str, object]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]}?" if close else f"; known keys: {', '.join(known)}"


def text(document: Mapping[str, Any]) -> str:
    """A document as `read` takes it."""
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)
