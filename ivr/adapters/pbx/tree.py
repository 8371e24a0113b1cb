"""Where Asterisk, flite and sox are, and how a program among them is run.

Two homes serve alike: the private tree that `tocsin pbx install` unpacks, and an Asterisk installed on the
machine. Nothing here knows how the tree came to be, nor what Asterisk is configured to do.
"""

import json
import os
import re
import shutil
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ivr.ports import Programs

STAMP = "tocsin-pbx.json"  # written last into a tree: without it a tree is not one
MIN_ASTERISK = 20
_ADMIN_PATHS = ("/usr/local/sbin", "/usr/sbin", "/sbin")  # an ordinary user's PATH may leave them out


class PbxMissing(Exception):
    """`what` of the exchange is not there or does not run; the message is one line that says what to do."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}: run `tocsin pbx install`")
        self.what = what


@dataclass(frozen=True)
class Tree:
    """The private tree: a Debian file system in a folder, run in place through its own loader."""

    root: Path

    def argv(self, program: str, *args: str) -> list[str]:
        for folder in ("usr/sbin", "usr/bin"):
            path = self.root / folder / program
            if path.is_file():
                loader = self._loader
                # libpulse, which sox is linked to, keeps a part of itself in a folder of its own.
                libraries = f"{loader.parent}:{loader.parent / 'pulseaudio'}"
                return [str(loader), "--library-path", libraries, str(path), *args]
        raise PbxMissing(f"{program} is not in {self.root}")

    @property
    def modules(self) -> Path:
        return self._loader.parent / "asterisk" / "modules"

    @property
    def data(self) -> Path:
        return self.root / "usr/share/asterisk"

    @property
    def sounds(self) -> Path:
        return _sounds(self.data)

    @property
    def version(self) -> str:
        return self.versions["asterisk"]

    @property
    def versions(self) -> dict[str, str]:
        """Versions of asterisk, flite and sox as the stamp names them."""
        try:
            stamp = json.loads((self.root / STAMP).read_text(encoding="utf-8"))
            return {str(name): str(version) for name, version in stamp["versions"].items()}
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise PbxMissing(f"no private Asterisk in {self.root}") from error

    @property
    def _loader(self) -> Path:
        # The multiarch triplet and the ABI in the name differ between amd64 and arm64.
        for path in sorted(self.root.glob("usr/lib/*-linux-gnu/ld-linux-*.so.*")):
            return path
        raise PbxMissing(f"no dynamic loader in {self.root}")


@dataclass(frozen=True)
class System:
    """Asterisk, flite and sox as installed on the machine, found on PATH."""

    asterisk: Path
    modules: Path
    data: Path
    version: str

    def argv(self, program: str, *args: str) -> list[str]:
        return [_which(program), *args]

    @property
    def sounds(self) -> Path:
        return _sounds(self.data)

    @classmethod
    def find(cls) -> "System":
        """Find an installed Asterisk 20 or later, modules and data; raise PbxMissing if there is none."""
        asterisk = Path(_which("asterisk"))
        for program in ("flite", "sox"):
            _which(program)
        prefix = asterisk.resolve().parent.parent
        version = asterisk_version([str(asterisk)])
        if int(version.split(".")[0]) < MIN_ASTERISK:
            raise PbxMissing(f"{asterisk} is version {version}, older than {MIN_ASTERISK}")
        modules = _holding(
            "app_dial.so", (*prefix.glob("lib/*/asterisk/modules"), *prefix.glob("lib*/asterisk/modules"))
        )
        data = _holding("sounds", (prefix / "share/asterisk", Path("/var/lib/asterisk")))
        return cls(asterisk, modules, data, version)


def default_root() -> Path:
    """Where the private tree belongs: `pbx` in $TOCSIN_CACHE, else in the user's cache folder for tocsin."""
    if own := os.environ.get("TOCSIN_CACHE"):
        return Path(own).absolute() / "pbx"
    # XDG Base Directory Specification: a relative path is invalid and to be ignored.
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "")
    return (cache if cache.is_absolute() else Path.home() / ".cache") / "tocsin" / "pbx"


def find_programs(root: Path | None = None) -> Programs:
    """Return the private tree in `root` (default: `default_root()`) if it is complete, else what PATH offers.

    Raises PbxMissing when neither is there.
    """
    tree = Tree(root or default_root())
    with suppress(PermissionError):  # whoever has become another user may have kept the home of the first
        if (tree.root / STAMP).is_file():
            return tree
    return System.find()


def asterisk_version(argv: list[str]) -> str:
    """Ask the Asterisk that `argv` runs for its version; raise PbxMissing when it does not say."""
    try:
        done = subprocess.run([*argv, "-V"], capture_output=True, text=True, errors="replace", timeout=30)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PbxMissing(f"asterisk does not run ({error})") from error
    found = re.search(r"Asterisk (?:\D+/)?(\d+(?:\.\d+)*)", done.stdout)
    if done.returncode or not found:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise PbxMissing(f"asterisk does not run ({said[-1] if said else 'no output'})")
    return found.group(1)


def _which(program: str) -> str:
    path = shutil.which(program, path=os.pathsep.join((os.environ.get("PATH", os.defpath), *_ADMIN_PATHS)))
    if path is None:
        raise PbxMissing(f"{program} is not installed")
    return path


def _holding(name: str, folders: tuple[Path, ...]) -> Path:
    for folder in folders:
        if (folder / name).exists():
            return folder
    raise PbxMissing(f"the installed Asterisk has no {name} where one belongs")


def _sounds(data: Path) -> Path:
    for folder in (data / "sounds/en", *sorted(data.glob("sounds/en_*"))):
        if any(folder.glob("beep.*")):
            return folder.resolve()
    raise PbxMissing(f"no English core sounds in {data / 'sounds'}")
