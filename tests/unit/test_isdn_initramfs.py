"""The guest's first file system, as the kernel will read it; and which kernel modules go into it."""

import gzip
import lzma
from pathlib import Path

import pytest

from ivr.pstn.isdn import initramfs


def read(path: Path) -> dict[str, tuple[int, bytes]]:
    """Name, mode and content of each entry, by the format's own description."""
    archive = gzip.decompress(path.read_bytes())
    entries, at = {}, 0
    while True:
        assert archive[at : at + 6] == b"070701"
        fields = [int(archive[n : n + 8], 16) for n in range(at + 6, at + 110, 8)]
        mode, size, name_size = fields[1], fields[6], fields[11]
        name = archive[at + 110 : at + 109 + name_size].decode()
        content = at + 110 + name_size + -(110 + name_size) % 4
        if name == "TRAILER!!!":
            return entries
        entries[name] = (mode, archive[content : content + size])
        at = content + size + -size % 4


def test_the_archive(tmp_path: Path) -> None:
    path = tmp_path / "initramfs"
    initramfs.write(path, ("bin", "dev"), {"lib": "usr/lib"}, {"init": b"#!/bin/sh\n", "odd": b"12345"})
    assert read(path) == {
        "bin": (0o040755, b""),
        "dev": (0o040755, b""),
        "lib": (0o120777, b"usr/lib"),
        "init": (0o100755, b"#!/bin/sh\n"),
        "odd": (0o100755, b"12345"),
        "dev/console": (0o020600, b""),
    }


def module(folder: Path, name: str, depends: str) -> bytes:
    content = b"\x7fELF...\0license=GPL\0depends=" + depends.encode() + b"\0name=..\0"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.ko.xz").write_bytes(lzma.compress(content))
    return content


def test_modules_come_after_what_they_need(tmp_path: Path) -> None:
    net = module(tmp_path / "kernel/net", "9pnet", "")
    module(tmp_path / "kernel/net", "9pnet_virtio", "9pnet,virtio,virtio-ring")
    module(tmp_path / "kernel/fs", "9p", "9pnet,netfs")
    module(tmp_path / "kernel/fs", "netfs", "")
    (tmp_path / "modules.builtin").write_text("kernel/virtio/virtio.ko\nkernel/virtio/virtio_ring.ko\n")
    found = initramfs.modules(tmp_path, ("9p", "9pnet_virtio"))
    assert list(found) == ["9pnet", "netfs", "9p", "9pnet_virtio"]
    assert found["9pnet"] == net


def test_a_module_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "modules.builtin").write_text("")
    with pytest.raises(LookupError, match="has no module 9p"):
        initramfs.modules(tmp_path, ("9p",))
