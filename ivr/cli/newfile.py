"""A new file for an operator: there as a whole, or not at all.

Owns: that nothing is written over, that nobody else can read it, and that what a full disk has cut off does
not look like a letter.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
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


def new_folder(into: Path, files: Mapping[str, bytes]) -> None:
    """A folder with these files, by name: all of them or none. Made beside it, and renamed once they are on
    the disk. Raises OSError; FileExistsError for a name that is taken."""
    if into.exists() or into.is_symlink():
        raise FileExistsError(17, "is there already; name a new folder", str(into))
    into.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=into.parent, prefix=f".{into.name}-"))
    try:
        for name, content in files.items():
            (draft / name).parent.mkdir(exist_ok=True)
            with new_file(draft / name, content):
                pass
        draft.rename(into)
        sync(into.parent)
    except BaseException:
        shutil.rmtree(draft)
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
