"""Programs of Debian's that tests talk to, fetched beside the private Asterisk where they are not installed.

Owns: the folder that a package and what it needs is unpacked into, once for all processes. Nothing of them is
installed: they are run in place.
"""

import fcntl
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from ivr.adapters.pbx.apt import InstallError, PrivateApt, machine_mirror
from ivr.adapters.pbx.tree import default_root

TROUBLE = (InstallError, OSError, subprocess.CalledProcessError)
"""What keeps a program from being fetched."""


def tree(packages: str, folder: str, wanted: Callable[[str], bool] = lambda name: True) -> Path:
    """The cache's `folder` with the files of `packages` (names, blanks between them) and of those they need,
    where their names are `wanted`. Raises one of TROUBLE."""
    root = default_root().with_name(folder)
    root.parent.mkdir(parents=True, exist_ok=True)
    with root.with_name(f"{root.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if root.is_dir():
            return root
        work = root.with_name(f"{root.name}.part")
        shutil.rmtree(work, ignore_errors=True)
        apt = PrivateApt(work / "apt", machine_mirror())
        apt.prepare()
        apt.update(lambda progress: None)
        names = tuple(packages.split())
        found = apt.resolve(names)
        apt.download(names, found, lambda progress: None)
        for one in found:
            if wanted(one.file.partition("_")[0]):
                subprocess.run(["dpkg-deb", "-x", apt.archives / one.file, work / "tree"], check=True)
        (work / "tree").rename(root)
        shutil.rmtree(work)
        return root


def loaded(tree: Path, program: str, *folders: str) -> list[str]:
    """The command that runs `program`, a path in the tree, by the tree's own libraries."""
    loader = next(tree.glob("usr/lib/*-linux-gnu/ld-linux-*.so.*"))
    libraries = ":".join([str(loader.parent), *(str(tree / folder) for folder in folders)])
    return [str(loader), "--library-path", libraries, str(tree / program)]
