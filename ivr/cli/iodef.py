"""`tocsin iodef`: documents of incidents, written, shown, checked and converted. Needs no configuration."""

import argparse
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ivr.cli import iodef_form
from ivr.cli.common import Args, Verbs, group, verb
from ivr.cli.output import Exit, document, say

if TYPE_CHECKING:
    from ivr.adapters.iodef import Document, Place, Problem
    from ivr.domain.incident import Incident

_STDIN = "-"


def add(verbs: Verbs) -> None:
    """Declare the group."""
    iodef = group(verbs, "iodef", "incidents as documents of IODEF (RFC 7970)")

    new = verb(iodef, "new", _new, "write the document of an alert")
    iodef_form.options(new)
    _where_to(new)

    _file(
        verb(iodef, "show", _show, "a document in plain words, and what of it was not understood", reads=True)
    )
    _file(verb(iodef, "check", _check, "what is wrong with a document, and where", reads=True))

    convert = verb(iodef, "convert", _convert, "a document in another version; what is lost is said")
    _file(convert)
    _where_to(convert)


def _file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="the document; - is standard input")


def _where_to(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--to", choices=("1", "2"), default="2", help="version of IODEF: 2, or 1 (RFC 5070)")
    parser.add_argument("--out", metavar="FILE", type=Path, help="a new file; else it is printed")


def _new(args: Args) -> int:
    from ivr.adapters.iodef import Version, write
    from ivr.domain.incident import faults
    from ivr.yamlfile import BadFile

    incident = iodef_form.incident(iodef_form.filled(args), time.time())
    if found := faults(incident):
        raise BadFile(f"cannot be sent yet: {'; '.join(found)}")
    _put(args, write(incident, Version(args.to)))
    return Exit.DONE


def _show(args: Args) -> int:
    from ivr.domain.incident_text import as_text

    read, problems = _read(args.file)
    if args.json:
        unread = [{"path": each.path, "text": each.text} for each in read.unread]
        head = {"version": read.version, "profile": read.profile or None}
        document(head | {"incident": _plain(read.incident), "unread": unread})
        return Exit.DONE
    print(as_text(read.incident, read.unread), end="")
    if problems:
        say(f"it is not quite as RFC 7970 wants it; run `tocsin iodef check {args.file}`")
    return Exit.DONE


def _check(args: Args) -> int:
    from ivr.adapters.iodef import BadDocument, examine
    from ivr.domain.incident import faults
    from ivr.domain.incident_text import ascii_only

    version = profile = None
    found: list[dict[str, Any]] = []
    try:
        read, problems = examine(_octets(args.file))
    except BadDocument as error:
        found.append(_at(error.place, error.text) | {"reason": error.trouble.value})
    else:
        version, profile = read.version, read.profile or None
        found += [_at(each.place, each.text) | {"reason": "schema"} for each in problems]
        found += [_at(None, each) | {"reason": "profile"} for each in faults(read.incident)]
    if args.json:
        document({"ok": not found, "version": version, "profile": profile, "problems": found})
    else:
        for each in found:
            print(":".join(str(part) for part in (args.file, each["line"], each["column"]) if part), end=": ")
            print(ascii_only(each["text"]))
        if not found:
            print(f"{args.file}: good: IODEF {version}, {profile or 'no profile that is known here'}")
    return Exit.BAD_DATA if found else Exit.DONE


def _at(place: "Place | None", text: str) -> dict[str, Any]:
    return {"line": place and place.line, "column": place and place.column, "text": text}


def _convert(args: Args) -> int:
    from ivr.adapters.iodef import Version, write
    from ivr.domain.incident_text import ascii_only

    read, _ = _read(args.file)
    _put(args, write(read.incident, Version(args.to)))
    for each in read.unread:
        say(f"not carried over: {ascii_only(each.path)}: {ascii_only(each.text)}")
    return Exit.DONE


def _read(file: str) -> "tuple[Document, tuple[Problem, ...]]":
    """A document. Raises BadFile."""
    from ivr.adapters.iodef import BadDocument, examine
    from ivr.yamlfile import BadFile

    try:
        return examine(_octets(file))
    except BadDocument as error:
        raise BadFile(f"{file}:{error}") from error


def _octets(file: str) -> bytes:
    """What stands in a file, and never much more of it than a document may have."""
    from ivr.adapters.iodef import LARGEST

    if file == _STDIN:
        return sys.stdin.buffer.read(LARGEST + 1)
    with Path(file).open("rb") as stream:
        return stream.read(LARGEST + 1)


def _put(args: Args, octets: bytes) -> None:
    """To stdout; or into a new file that we alone can read, for an alert is nobody else's business."""
    if args.out is None:
        sys.stdout.buffer.write(octets)
        return
    with os.fdopen(os.open(args.out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(octets)


def _plain(incident: "Incident") -> dict[str, Any]:
    """For scripts: the fields of the profile, with times as RFC 3339."""
    from ivr.services.report import rfc3339

    event, contact, assessment = incident.event, incident.contact, incident.assessment
    return {
        "csirt": incident.id.name,
        "id": incident.id.id,
        "purpose": incident.purpose,
        "warning": incident.warning,
        "tlp": incident.tlp,
        "description": incident.description,
        "severity": assessment.severity,
        "impact": assessment.impact or None,
        "confidence": assessment.confidence,
        "method": incident.method or None,
        "contact": contact.name or None,
        "telephone": contact.telephone or None,
        "fax": contact.fax or None,
        "mail": contact.mail or None,
        "zone": contact.zone or None,
        "action": incident.expectation.action,
        "expectation": incident.expectation.text or None,
        "reported_at": rfc3339(incident.reported_at),
        "detected_at": rfc3339(event.detected_at),
        "started_at": rfc3339(event.started_at),
        "stopped_at": rfc3339(event.stopped_at),
    }
