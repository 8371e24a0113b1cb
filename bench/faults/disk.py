"""A full disk for one stage: a small file system of its own, where this process may mount one.

Owns: mounting, filling and emptying it. Where it may not be mounted, no file of the
service may grow instead.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from resource import RLIMIT_FSIZE, prlimit

SIZE_MB = 64
"""Room for prompts, database, its reserve and the logs of a case."""


@contextmanager
def small(folder: Path) -> Iterator[bool]:
    """Put a file system of SIZE_MB under `folder`, which then is empty; False where that is not permitted."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m,mode=700", "tocsin-faults", str(folder)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        yield False
        return
    try:
        yield True
    finally:
        # Lazily: what was just stopped may hold a file for a moment longer.
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """Fill the file system of `folder` to the last block, for as long as this lasts."""
    ballast = folder / "ballast"
    try:
        with ballast.open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(4096))
        yield
    finally:
        ballast.unlink()


@contextmanager
def no_writes(pid: int) -> Iterator[None]:
    """No file of this process may grow, by any user: what a full disk is to it, though with another error."""
    limit = prlimit(pid, RLIMIT_FSIZE)
    prlimit(pid, RLIMIT_FSIZE, (0, limit[1]))
    try:
        yield
    finally:
        prlimit(pid, RLIMIT_FSIZE, limit)
