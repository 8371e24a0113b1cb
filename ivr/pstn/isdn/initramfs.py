"""The first file system of the guest: its kernel modules, a shell, and the script that the kernel runs first.

Owns: the cpio archive (newc: Documentation/driver-api/early-userspace/buffer-format.rst of Linux) and which
modules need which. Knows nothing of what the guest is for.
"""

import gzip
import lzma
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_DIRECTORY, _FILE, _LINK, _DEVICE = 0o040755, 0o100755, 0o120777, 0o020600


@dataclass(frozen=True)
class _Entry:
    name: str
    mode: int
    content: bytes = b""
    device: tuple[int, int] = (0, 0)


def write(path: Path, folders: Iterable[str], links: Mapping[str, str], files: Mapping[str, bytes]) -> None:
    """Write the archive, compressed: empty `folders`, symbolic `links`, and `files`, which may all be run.

    Names are without a slash in front; a folder stands before what is in it. The console is there as well:
    without it the first program has no output.
    """
    entries = [
        *(_Entry(folder, _DIRECTORY) for folder in folders),
        *(_Entry(name, _LINK, target.encode()) for name, target in links.items()),
        *(_Entry(name, _FILE, content) for name, content in files.items()),
        _Entry("dev/console", _DEVICE, device=(5, 1)),
        _Entry("TRAILER!!!", 0),
    ]
    archive = b"".join(_packed(number, entry) for number, entry in enumerate(entries, 1))
    path.write_bytes(gzip.compress(archive, 1, mtime=0))


def _packed(number: int, entry: _Entry) -> bytes:
    name = entry.name.encode() + b"\0"
    major, minor = entry.device
    fields = (number, entry.mode, 0, 0, 1, 0, len(entry.content), 0, 0, major, minor, len(name), 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + name
    return _padded(head) + _padded(entry.content)


def _padded(part: bytes) -> bytes:
    return part + b"\0" * (-len(part) % 4)


def modules(folder: Path, wanted: Iterable[str]) -> dict[str, bytes]:
    """The kernel modules `wanted` and those that they need, by name, in the order in which they are loaded.

    `folder` is that of one kernel. What is built into the kernel is in nobody's way. Raises LookupError.
    """
    there = {_plain(path.name): path for path in folder.rglob("*.ko*")}
    built_in = {_plain(Path(line).name) for line in (folder / "modules.builtin").read_text().split()}
    found: dict[str, bytes] = {}

    def load(name: str) -> None:
        if name in found or name in built_in:
            return
        if name not in there:
            raise LookupError(f"{folder} has no module {name}")
        module = _unpacked(there[name])
        for needed in _depends(module):
            load(needed)
        found[name] = module

    for name in wanted:
        load(name)
    return found


def _plain(file: str) -> str:
    """The name as the kernel knows it: the file's may have hyphens."""
    return file.partition(".")[0].replace("-", "_")


def _unpacked(path: Path) -> bytes:
    return lzma.decompress(path.read_bytes()) if path.suffix == ".xz" else path.read_bytes()


def _depends(module: bytes) -> Iterator[str]:
    """What the module's section .modinfo says that it needs."""
    said = re.search(rb"\0depends=([\w,-]*)\0", module)
    return (_plain(name) for name in said[1].decode().split(",") if name) if said else iter(())
