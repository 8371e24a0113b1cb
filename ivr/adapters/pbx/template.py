"""Fills a template of Asterisk's configuration with values.

Owns: what a value must look like to stand in a .conf file. Must not know what the files say.
"""

from collections.abc import Mapping
from importlib import resources
from string import Template


class Unfit(Exception):
    """A value of the configuration cannot stand in a file of Asterisk's. The message names it."""


class _Conf(Template):
    """`@@{name}`: Asterisk has `${name}` for itself."""

    delimiter = "@@"


def filled(template: str, values: Mapping[str, object], **lines: str) -> str:
    """The template with each of `values` as one value in its place, and with `lines` as they are."""
    text = resources.files("dialplan").joinpath(template).read_text(encoding="utf-8")
    return _Conf(text).substitute({name: fitting(name, value) for name, value in values.items()}, **lines)


def fitting(name: str, value: object) -> str:
    """`value` as text that stays one value in a .conf file. Raises Unfit."""
    text = str(value)
    if not text.isprintable():
        raise Unfit(f"{name}: {text!r} has a character that cannot stand in a file of Asterisk's")
    return text.replace(";", "\\;")
