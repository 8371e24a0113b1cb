"""`tocsin pstn isdn install`: from Debian packages to a guest that boots.

Owns the order of the work, and what of the packages is kept: qemu, a kernel with the modules that the guest
needs, and /usr of the guest. DAHDI's modules have to fit the kernel, and Debian ships their source alone: the
guest itself builds them, once, with a compiler that is there for that; so nothing is asked of the machine but
apt and dpkg.
"""

import hashlib
import json
import os
import shutil
from importlib import resources
from pathlib import Path

from ivr.adapters.pbx.apt import SUITE, InstallError, PrivateApt, Progress, Report, machine_mirror
from ivr.adapters.pbx.install import locked, settle, unpack
from ivr.adapters.pbx.tree import default_root
from ivr.pstn.isdn import initramfs
from ivr.pstn.isdn.guest import Guest, GuestFailed, Machine

_KEPT = (
    "asterisk", "asterisk-dahdi", "asterisk-core-sounds-en-wav", "busybox-static", "socat", "qemu-system-x86",
)  # fmt: skip
_FOR_BUILDING = ("linux-image-amd64", "linux-headers-amd64", "dahdi-dkms", "make")
_PACKAGES = (*_KEPT, *_FOR_BUILDING)
STAMP = "tocsin-isdn.json"
_MODULES = ("9p", "9pnet_virtio", "virtio_net")
_LOOP = {"dahdi": " auto_assign_spans=1", "dahdi_dynamic": "", "dahdi_dynamic_loc": ""}
"""DAHDI's modules in the order in which they are loaded, with what is said to them: channels are given to
spans as they appear."""
_ONLY_FOR_BUILDING = (
    "src", "include", "lib/modules", "lib/linux-kbuild-*", "lib/gcc", "libexec/gcc", "share/doc", "share/man",
    "share/locale", "lib/x86_64-linux-gnu/perl*", "share/perl*", "lib/x86_64-linux-gnu/*.a",
)  # fmt: skip
_BUILD_S = 900.0


class IsdnMissing(Exception):
    """There is no guest; the message says how to get it."""


def find(root: Path | None = None) -> Machine:
    """The guest in `root` (default: `isdn` beside the private Asterisk). Raises IsdnMissing."""
    root = root or default_root().with_name("isdn")
    if not _is_whole(root):
        raise IsdnMissing("no ISDN to practise on: run `make isdn`")
    return Machine(root)


def install(mirror: str | None, progress: Report, root: Path | None = None) -> Machine:
    """Make the guest in `root`, unless it is there.

    `mirror` is the address of a Debian archive; None takes the one that the machine's own apt uses. Needs
    1.5 GB while it works, half a GB after, and some minutes. Safe to call twice at once: the second waits.
    Raises InstallError.
    """
    root = (root or default_root().with_name("isdn")).absolute()
    try:
        root.parent.mkdir(parents=True, exist_ok=True)
        with locked(root, progress):
            if not _is_whole(root):
                _install(root, mirror, progress)
            return Machine(root)
    except GuestFailed as error:
        raise InstallError(f"cannot build DAHDI: {error}") from error
    except (OSError, LookupError) as error:
        raise InstallError(f"cannot install into {root}: {error}") from error


def _install(root: Path, mirror: str | None, progress: Report) -> None:
    work = root.with_name(f"{root.name}.part")
    tree = work / "tree"
    shutil.rmtree(tree, ignore_errors=True)
    work.mkdir(mode=0o700, exist_ok=True)
    apt = PrivateApt(work / "apt", mirror or machine_mirror())
    apt.prepare()
    if apt.architecture != "amd64":
        raise InstallError(f"the ISDN guest runs on amd64 alone, not on {apt.architecture}")
    apt.update(progress)
    packages = apt.resolve(_PACKAGES)
    apt.download(_PACKAGES, packages, progress)
    unpack(apt.archives, packages, tree, progress)
    settle(tree)
    _build(tree, work, progress)
    for pattern in _ONLY_FOR_BUILDING:
        for path in (tree / "usr").glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    (tree / STAMP).write_text(json.dumps(recipe(), indent=2) + "\n", encoding="utf-8")
    os.sync()  # a power cut after the rename must not leave a stamped guest of empty files
    shutil.rmtree(root, ignore_errors=True)
    tree.rename(root)
    shutil.rmtree(work, ignore_errors=True)


def _build(tree: Path, work: Path, progress: Report) -> None:
    """Take kernel and modules from the packages, and have the guest build the rest."""
    progress(Progress("build", 0, 100))
    kernel = next((tree / "usr/lib/modules").iterdir())
    shutil.copy(kernel / "vmlinuz", tree / "kernel")
    modules = tree / "modules"
    modules.mkdir()
    found = initramfs.modules(kernel, _MODULES)
    for name, module in found.items():
        (modules / f"{name}.ko").write_bytes(module)
    order = "".join(f"{name}.ko\n" for name in found)
    (modules / "order").write_text(order, encoding="ascii")
    out = work / "built"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    script = resources.files("ivr.pstn.isdn").joinpath("guest/build-dahdi.sh").read_text(encoding="utf-8")
    with Guest(Machine(tree, memory_mb=1024), work / "console", shares={out: "/built"}) as guest:
        guest.run(script, _BUILD_S)
    for name in _LOOP:
        shutil.copy(out / f"{name}.ko", modules)
    order += "".join(f"{name}.ko{said}\n" for name, said in _LOOP.items())
    (modules / "order").write_text(order, encoding="ascii")
    progress(Progress("build", 100, 100))


def recipe() -> dict[str, object]:
    """A guest of another recipe is replaced."""
    script = resources.files("ivr.pstn.isdn").joinpath("guest/build-dahdi.sh").read_bytes()
    return {"suite": SUITE, "packages": list(_PACKAGES), "build": hashlib.sha256(script).hexdigest()}


def _is_whole(root: Path) -> bool:
    try:
        return bool(json.loads((root / STAMP).read_text(encoding="utf-8")) == recipe())
    except (OSError, ValueError):
        return False
