"""One alert as files for somebody else: what is on record, its journal, its recording, and checksums of all.

Owns: which files there are and what is in them. Where they are written to is for the caller.
"""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ivr.domain.records import Entry
from ivr.ports import Records
from ivr.services.report import Document, alert_document, alert_file, rfc3339

SUMS = "SHA256SUMS"
"""In the form that `sha256sum -c` reads."""


def export(tx: Records, alert: int, recording: bytes | None, papers: Iterable[Path] = ()) -> dict[str, bytes]:
    """The files by name. `recording`: what is in its file, None where there is none any more; `papers`: what
    it was read from. Raises NotThere."""
    files = {
        "alert.json": _json(alert_document(tx, alert), indent=2),
        "journal.jsonl": b"".join(_json(_line(entry)) for entry in _journal(tx, alert)),
    }
    if recording is not None:
        files[Path(alert_file(tx, alert).alert.audio).name] = recording
    files |= {file.name: file.read_bytes() for file in papers}
    files[SUMS] = "".join(
        f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in files.items()
    ).encode("ascii")
    return files


def _journal(tx: Records, alert: int) -> Iterable[Entry]:
    """The lines about the alert, and those about its calls that name no alert."""
    calls = list(alert_file(tx, alert).calls)
    of_calls = tx.find(Entry, call=calls, alert=None) if calls else []
    return sorted([*tx.find(Entry, alert=alert), *of_calls], key=lambda entry: entry.id)


def _line(entry: Entry) -> Document:
    return {
        "id": entry.id,
        "at": rfc3339(entry.at),
        "what": entry.what,
        "alert": entry.alert,
        "team": entry.team,
        "call": entry.call,
        "detail": entry.detail,
    }


def _json(value: Any, indent: int | None = None) -> bytes:
    return (json.dumps(value, indent=indent, ensure_ascii=False) + "\n").encode()
