"""Archives (zip) in what a team has signed. They are opened by nobody here, and passed on to nobody.

Owns: which of them are refused all the same, by what they say of themselves: whoever keeps the mail might
open one. Nothing is unpacked.
"""

import io
import struct
import zipfile

from ivr.domain.mail import Reason
from ivr.domain.mime import Entity, Unfit

_KINDS = ("application/zip", "application/x-zip-compressed", "application/x-zip")
_ENTRY = b"PK\x01\x02"
"""Of each file, in the directory at the end."""
_MOST_FILES = 1000
_LARGEST = 100_000_000
"""Octets, of all files in it."""
_WITHIN = (".zip", ".7z", ".rar", ".gz", ".bz2", ".xz", ".zst")


def refuse_bombs(part: Entity) -> None:
    """Raises Unfit for an archive that grows too much or holds others. A broken one is let be."""
    if part.kind not in _KINDS and not part.file_name.lower().endswith(".zip"):
        return
    data = part.decoded()
    if data.count(_ENTRY) > _MOST_FILES:
        raise Unfit(Reason.TOO_COMPLEX, f"an archive in it holds more than {_MOST_FILES} files")
    try:
        files = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, struct.error):
        return
    if sum(file.file_size for file in files) > _LARGEST:
        raise Unfit(Reason.TOO_COMPLEX, f"an archive in it is larger than {_LARGEST} octets when unpacked")
    if any(file.filename.lower().endswith(_WITHIN) for file in files):
        raise Unfit(Reason.TOO_COMPLEX, "an archive in it holds other archives")
