"""What single values of the configuration must be like: checks that return the value, or raise ValueError.

Owns: the checks that several parts of the configuration share, and fields that carry one.
"""

import re
from collections.abc import Callable
from dataclasses import field
from typing import Any

from ivr.domain.number import subscriber


def within(low: int, high: int) -> Callable[[int], int]:
    def check(value: int) -> int:
        if not low <= value <= high:
            raise ValueError(f"must be between {low} and {high}, not {value}")
        return value

    return check


def subscribers(numbers: tuple[str, ...]) -> tuple[str, ...]:
    checked = tuple(subscriber(number) for number in numbers)
    if len(set(checked)) < len(checked):
        raise ValueError("names a number twice")
    return checked


def name(text: str) -> str:
    if not text.strip() or not text.isprintable() or len(text) > 60:
        raise ValueError("must be 1 to 60 printable characters")
    return text


def slug(text: str) -> str:
    if not text or not all(c.isascii() and (c.isalnum() or c in "-_") for c in text) or len(text) > 30:
        raise ValueError("must be 1 to 30 letters, digits, - or _")
    return text


def account(text: str) -> str:
    """A name that a carrier or an SMSC has given us, often a telephone number. It may stand in a SIP address
    as it is (RFC 3261, 25.1)."""
    if not re.fullmatch(r"[a-zA-Z0-9._+-]{1,64}", text):
        raise ValueError("must be 1 to 64 letters, digits, -, _, . or +")
    return text


def language(text: str) -> str:
    if not re.fullmatch("[a-z]{2,3}", text):
        raise ValueError("must be the code of a language, such as en (ISO 639)")
    return text


def host(text: str) -> str:
    labels = text.removesuffix(".").split(".")
    if len(text) > 253 or not all(
        1 <= len(label) <= 63 and re.fullmatch(r"[a-zA-Z0-9:\[\]-]+", label) for label in labels
    ):
        raise ValueError("must be a host name or an IP address")
    return text


def url(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9]+(\+[a-z0-9_]+)?://\S*", text):  # not repeated: it may hold a password
        raise ValueError("must be an SQLAlchemy URL, such as postgresql+psycopg:///tocsin")
    return text


def port(default: int) -> Any:
    return field(default=default, metadata={"check": within(1, 65535)})


def checked(check: Callable[[Any], Any], **kw: Any) -> Any:
    return field(metadata={"check": check}, **kw)
