"""The form of `tocsin iodef new`: what a person fills in, as options or in a YAML file.

Owns: its fields and their words, one list for both. What they have to say is decided in domain.incident.
"""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, get_args, get_type_hints

from ivr.domain.incident import (
    Action,
    Assessment,
    Confidence,
    Contact,
    Event,
    Expectation,
    Incident,
    IncidentId,
    Purpose,
    line,
    paragraphs,
)
from ivr.domain.records import Severity, Tlp


class _NoTime(ArgumentTypeError, ValueError):
    """Said to whoever gave it as an option, or in the file."""


def moment(text: str) -> str:
    """A time as people write it, or ValueError with a sentence."""
    try:
        if datetime.fromisoformat(text).tzinfo is not None:
            return text
    except ValueError:
        pass  # said below, in our words
    raise _NoTime("must be a time with its zone, as in 2026-11-22T14:03:00Z")


_TIME = {"check": moment}


@dataclass(frozen=True, slots=True)
class Form:
    """Everything may be left out here."""

    csirt: str | None = None
    id: str | None = None
    purpose: Purpose | None = None
    tlp: Tlp | None = None
    description: str | None = None
    severity: Severity | None = None
    impact: str | None = None
    confidence: Confidence | None = None
    method: str | None = None
    contact: str | None = None
    telephone: str | None = None
    fax: str | None = None
    mail: str | None = None
    zone: str | None = None
    action: Action | None = None
    expectation: str | None = None
    reported: str | None = field(default=None, metadata=_TIME)
    detected: str | None = field(default=None, metadata=_TIME)
    started: str | None = field(default=None, metadata=_TIME)
    stopped: str | None = field(default=None, metadata=_TIME)


_TIMES = {each.name for each in fields(Form) if each.metadata}

_HELP = {
    "csirt": "who counts the incident: the CSIRT's domain",
    "id": "its number there; else made of the time",
    "purpose": "why it is sent; else it is a warning",
    "tlp": "with whom it may be shared",
    "description": "what happens, and what to look for",
    "severity": "of the impact",
    "impact": "what it does",
    "confidence": "how sure that is",
    "method": "how it is done",
    "contact": "the name of whom to ask",
    "telephone": "of the contact",
    "fax": "of the contact",
    "mail": "of the contact",
    "zone": "of the contact: its offset from UTC, such as +01:00",
    "action": "what is asked of the readers, in a word of RFC 7970",
    "expectation": "what is asked of them",
    "reported": "when it was reported; else now",
    "detected": "when it was noticed",
    "started": "when it began",
    "stopped": "when it ended",
}


def options(parser: ArgumentParser) -> None:
    """An option for each field, and one for the file that may have them all."""
    parser.add_argument("--form", metavar="FILE", type=Path, help="a YAML file with these as keys")
    for name, kind in _kinds():
        choices = [str(one) for one in kind] if kind else None
        parser.add_argument(
            f"--{name}",
            metavar=name.upper(),
            choices=choices,
            type=moment if name in _TIMES else str,
            help=_HELP[name] + (f": {', '.join(choices)}" if choices else ""),
        )


def filled(args: Namespace) -> Form:
    """The form, where an option says more than the file. Raises BadFile."""
    from ivr.yamlfile import read

    form = read(args.form, Form) if args.form else Form()
    given: dict[str, Any] = {
        name: (kind or str)(getattr(args, name)) for name, kind in _kinds() if getattr(args, name) is not None
    }
    return replace(form, **given)


def _kinds() -> Iterator[tuple[str, type[StrEnum] | None]]:
    """Each field, and whose words it takes if not any text."""
    for name, hint in get_type_hints(Form).items():
        kind = get_args(hint)[0]
        yield name, None if kind is str else kind


def incident(form: Form, now: float) -> Incident:
    """What the form says; `now` in seconds since the epoch."""
    return Incident(
        id=IncidentId(line(form.csirt or ""), line(form.id or _number(now))),
        reported_at=_at(form.reported) or float(int(now)),
        purpose=form.purpose or Purpose.WARNING,
        tlp=form.tlp,
        description=paragraphs(form.description or ""),
        assessment=Assessment(form.severity, paragraphs(form.impact or ""), form.confidence),
        method=paragraphs(form.method or ""),
        contact=Contact(*(line(text or "") for text in _contact(form))),
        expectation=Expectation(form.action, paragraphs(form.expectation or "")),
        event=Event(_at(form.started), _at(form.stopped), _at(form.detected)),
    )


def _number(now: float) -> str:
    return f"{datetime.fromtimestamp(now, UTC):%Y%m%d-%H%M%S}"


def _contact(form: Form) -> tuple[str | None, ...]:
    return form.contact, form.telephone, form.fax, form.mail, form.zone


def _at(text: str | None) -> float | None:
    return float(int(datetime.fromisoformat(text).timestamp())) if text else None
