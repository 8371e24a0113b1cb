"""Whether a recording is what it was when it was kept.

Owns: that nothing but a file of ours is read, and no link or pipe in its place: what is read may be exported.
"""

import errno
import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Condition = Literal["intact", "copy-changed", "changed", "missing"]


@dataclass(frozen=True, slots=True)
class Kept:
    condition: Condition
    content: bytes | None
    """What is there now, be it changed; None where no file is, or none of ours."""


def look(path: Path, checksum: str) -> Kept:
    """The recording at `path`, which was kept with this SHA-256."""
    try:
        found = content(path)
    except FileNotFoundError:
        return Kept("missing", None)
    same = found is not None and hashlib.sha256(found).hexdigest() == checksum
    return Kept("intact" if same else "changed", found)


def content(path: Path) -> bytes | None:
    """What is in a file; None for what is no file. Raises FileNotFoundError and other OSError."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if error.errno == errno.ELOOP:  # a symbolic link
            return None
        raise
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return None
        with open(handle, "rb", closefd=False) as file:
            return file.read()
    finally:
        os.close(handle)
