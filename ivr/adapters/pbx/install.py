"""`tocsin pbx install`: from Debian packages to a tree of Asterisk, flite and sox that runs in place.

Owns the order of the work and its safety: nothing that looks like a tree exists before it is whole and has
run. How packages are fetched is apt.py's business, how programs of the tree are run is tree.py's.
"""

import fcntl
import json
import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ivr.adapters.pbx.apt import SUITE, InstallError, Package, PrivateApt, Progress, Report, machine_mirror
from ivr.adapters.pbx.tree import STAMP, PbxMissing, Tree, asterisk_version

__all__ = ["InstallError", "Installed", "Progress", "Report", "install", "locked", "settle", "unpack"]

PACKAGES = ("asterisk", "asterisk-core-sounds-en-wav", "flite", "sox")
_RECIPE = {"suite": SUITE, "packages": list(PACKAGES)}  # a tree of another recipe is replaced


@dataclass(frozen=True)
class Installed:
    """A tree that is whole; `fresh` is False when it was there already."""

    tree: Tree
    versions: dict[str, str]
    fresh: bool


def install(root: Path, mirror: str | None, progress: Report) -> Installed:
    """Install the private Asterisk into `root`, unless it is there.

    `mirror` is the address of a Debian archive; None takes the one that the machine's own apt uses. Needs
    about 650 MB while it works and 450 MB after. Safe to call twice at once: the second waits. After an
    interruption the next call goes on with what was downloaded. Raises InstallError.
    """
    root = root.absolute()
    try:
        if installed := _present(root):
            return installed
        root.parent.mkdir(parents=True, exist_ok=True)
        with locked(root, progress):
            if installed := _present(root):
                return installed
            if root.exists() and not (root / STAMP).exists() and any(root.iterdir()):
                raise InstallError(
                    f"{root} holds something else: move it away, or set TOCSIN_CACHE to another folder"
                )
            return _install(root, mirror, progress)
    except PbxMissing as error:
        raise InstallError(f"Debian {SUITE} has no {error.what}: set pbx.mirror to another mirror") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InstallError(f"cannot install into {root}: {error}") from error


def _install(root: Path, mirror: str | None, progress: Report) -> Installed:
    work = root.with_name(f"{root.name}.part")
    unpacked = work / "tree"
    for leftover in (unpacked, work / "old"):
        shutil.rmtree(leftover, ignore_errors=True)
    work.mkdir(mode=0o700, exist_ok=True)
    apt = PrivateApt(work / "apt", mirror or machine_mirror())
    apt.prepare()
    apt.update(progress)
    packages = apt.resolve(PACKAGES)
    apt.download(PACKAGES, packages, progress)
    unpack(apt.archives, packages, unpacked, progress)
    settle(unpacked)
    versions = _versions(packages) | {"asterisk": _try_out(Tree(unpacked), work)}
    stamp = json.dumps({**_RECIPE, "versions": versions}, indent=2)
    (unpacked / STAMP).write_text(stamp + "\n", encoding="utf-8")
    os.sync()  # a power cut after the rename must not leave a stamped tree of empty files
    if root.exists():
        root.rename(work / "old")
    unpacked.rename(root)
    shutil.rmtree(work, ignore_errors=True)
    return Installed(Tree(root), versions, fresh=True)


def _present(root: Path) -> Installed | None:
    try:
        stamp = json.loads((root / STAMP).read_text(encoding="utf-8"))
        if {key: stamp[key] for key in _RECIPE} != _RECIPE:
            return None
        return Installed(Tree(root), Tree(root).versions, fresh=False)
    except (OSError, ValueError, LookupError, TypeError, PbxMissing):
        return None


@contextmanager
def locked(root: Path, progress: Report) -> Iterator[None]:
    """One installation into `root` at a time; a second one waits."""
    with root.with_name(f"{root.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress(Progress("index", 0, 100, "another installation is at work; waiting for it"))
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def unpack(archives: Path, packages: list[Package], into: Path, progress: Report) -> None:
    """Unpack `packages` into the new folder `into`. Raises InstallError."""
    into.mkdir()
    for done, package in enumerate(packages):
        progress(Progress("unpack", done, len(packages)))
        child = subprocess.run(
            ["dpkg-deb", "-x", str(archives / package.file), str(into)],
            env=os.environ | {"LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
        )
        if child.returncode:
            (
                archives / package.file
            ).unlink()  # apt would take a spoiled file of the right size for downloaded
            said = child.stderr.strip().splitlines()
            why = said[0] if said else "dpkg-deb does not say why"
            raise InstallError(f"cannot unpack {package.file} ({why}): free 1 GB of disk space and try again")
    progress(Progress("unpack", len(packages), len(packages)))


def settle(tree: Path) -> None:
    """Make the tree independent of where it lies, and harmless.

    Absolute links would lead out into the machine's own file system. Set-user-id programs have no business in
    a cache folder. The link from the language to its sounds is one that only a package's script would make.
    """
    for folder, folders, files in os.walk(tree):
        for path in (Path(folder, name) for name in (*folders, *files)):
            if path.is_symlink():
                target = path.readlink()
                if target.is_absolute():
                    path.unlink()
                    path.symlink_to(os.path.relpath(tree / target.relative_to("/"), path.parent))
            elif (mode := path.stat().st_mode) & (stat.S_ISUID | stat.S_ISGID):
                path.chmod(stat.S_IMODE(mode) & ~(stat.S_ISUID | stat.S_ISGID))
    english = tree / "usr/share/asterisk/sounds/en"
    if not english.exists():
        english.symlink_to(Tree(tree).sounds.name)


def _try_out(tree: Tree, work: Path) -> str:
    """Run what the service will need of the tree; return Asterisk's version."""
    with tempfile.TemporaryDirectory(dir=work) as folder:
        spoken, telephone = f"{folder}/spoken.wav", f"{folder}/telephone.wav"
        _run(tree, "flite", "-voice", "rms", "-t", "ready", "-o", spoken)
        _run(tree, "sox", spoken, "-r", "8000", "-c", "1", "-b", "16", telephone)
        if Path(telephone).stat().st_size < 2000:  # an eighth of a second
            raise PbxMissing("a voice that says anything")
    if not (tree.modules / "res_pjsip.so").is_file():
        raise PbxMissing("Asterisk's module res_pjsip")
    return asterisk_version(tree.argv("asterisk"))


def _run(tree: Tree, program: str, *args: str) -> None:
    child = subprocess.run(
        tree.argv(program, *args),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=60,
    )
    if child.returncode:
        said = child.stderr.strip().splitlines()
        raise PbxMissing(f"{program} that runs ({said[-1] if said else 'it does not say why'})")


def _versions(packages: list[Package]) -> dict[str, str]:
    """Versions of the packages asked for, from file names (`flite_2.2-8_amd64.deb`, a colon as %3a)."""
    names = (package.file.split("_") for package in packages)
    return {name[0]: name[1].replace("%3a", ":") for name in names if name[0] in PACKAGES}
