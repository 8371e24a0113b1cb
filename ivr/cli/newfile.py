"""A new file for an operator: there as a whole, or not at all.

Owns: that nothing is written over, that nobody else can read it, and that what a full disk has cut off does
not look like a letter.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def new_file(path: Path, content: bytes) -> Iterator[None]:
    """A file with `content`, on the disk for good, that is gone again if the block fails. Raises OSError;
    FileExistsError for a name that is taken, be it by a link that leads nowhere."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        _fill(path, content)
        yield
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _fill(path: Path, content: bytes) -> None:
    """By a rename, so that a power failure leaves it empty or whole."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    sync(path.parent)


def sync(folder: Path) -> None:
    """Make new names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
