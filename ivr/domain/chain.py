"""The chain over the journal: whoever changes, removes or adds a line later breaks it from there on.

Owns: what is hashed, and in which form. Knows no store.

Each line is hashed together with the value of the line before it (SHA-256, FIPS 180-4). Whoever can write to
the database could make all of it anew: a value that was noted elsewhere earlier is what proves most.
"""

import hashlib
import json

from ivr.domain.records import Entry

BEGIN = "0" * 64
"""The value before the first line."""


def link(before: str, entry: Entry) -> str:
    """The value after `entry`, where it was `before` ahead of it; 64 hexadecimal digits."""
    line = (entry.id, entry.at, entry.what, entry.alert, entry.team, entry.call, entry.detail)
    text = f"{before} {json.dumps(line, ensure_ascii=True, separators=(',', ':'))}"
    return hashlib.sha256(text.encode("ascii")).hexdigest()
