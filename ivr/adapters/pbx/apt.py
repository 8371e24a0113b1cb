"""A private apt: packages of one Debian suite, their signatures checked, downloaded into a folder of our own.

Owns the talk with apt-get and its messages. The machine's package lists, hooks, preferences and dpkg database
are neither read nor written; its way to the network (proxy, certificates) and its mirror are taken from it.
What becomes of the packages is unknown here.
"""

import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Literal

from ivr.adapters.pbx.sources import ADDRESS, debian_mirror, read_sources

SUITE = "forky"  # Debian 14, the release that carries Asterisk 22 (LTS); Debian 12 and 13 carry none

_KEYRINGS = tuple(Path("/usr/share/keyrings") / f"debian-archive-keyring.{end}" for end in ("gpg", "pgp"))
_EXPIRED = "is expired (invalid since"
# What apt says in the C locale, and what an operator is told. The first that matches counts.
_TROUBLE = {
    r"NOSPLIT|NODATA|Clearsigned file": "something else answers for {mirror}: check network and proxy",
    r"NO_PUBKEY|EXPKEYSIG|couldn't be verified|not signed|Missing key": (
        "the signature of {mirror} does not verify: update the package debian-archive-keyring"
    ),
    r"is not valid yet": "the index of {mirror} is from the future: set this machine's clock",
    r"No space left|enough free space": "the disk is full: free 1 GB and try again",
    r"Hash Sum mismatch|unexpected size": "{mirror} is changing at the moment: try again in an hour",
    r"does not have a Release file|404 ": f"{{mirror}} has no suite {SUITE}: set pbx.mirror to another",
    r"Failed to fetch|Unable to fetch": (
        "cannot reach {mirror}: check the network, or set pbx.mirror to a Debian mirror within reach"
    ),
}


# Read by way of APT_CONFIG, which apt opens before its own files: so the machine's, with their hooks, are
# never opened. The user _apt could not write here, hence root, which means nothing to anybody else. Without
# the error mode apt-get update succeeds without a network.
_CONFIGURATION = Template("""\
Dir::State "$home";
Dir::State::lists "$home/lists";
Dir::State::status "$home/status";
Dir::Cache "$home";
Dir::Cache::archives "$home/archives";
Dir::Etc::main "$home/none";
Dir::Etc::parts "$home/empty";
Dir::Etc::sourcelist "$home/none";
Dir::Etc::sourceparts "$home/sources";
Dir::Etc::preferences "$home/none";
Dir::Etc::preferencesparts "$home/empty";
Dir::Etc::trusted "$home/none";
Dir::Etc::trustedparts "$home/empty";
APT::Architectures "$architecture";
APT::Sandbox::User "root";
APT::Install-Recommends "false";
APT::Update::Error-Mode "any";
Acquire::Languages "none";
""")


class InstallError(Exception):
    """The private Asterisk cannot be installed; the message is one line that says what to do."""


@dataclass(frozen=True)
class Progress:
    """How far an installation is: `index` and `build` count per cent, `download` bytes, `unpack` packages.

    `total` is 0 when there is nothing to do. A `notice` is a sentence for the operator, mostly empty.
    """

    phase: Literal["index", "download", "unpack", "build"]
    done: int
    total: int
    notice: str = ""


Report = Callable[[Progress], None]


@dataclass(frozen=True)
class Package:
    """A package to download: the name of its file and its size in bytes."""

    file: str
    size: int


def machine_mirror() -> str:
    """Return the Debian mirror that the machine's own apt uses; raise InstallError when it has none."""
    shell = _ask("apt-config", "shell", "LIST", "Dir::Etc::sourcelist/f", "PARTS", "Dir::Etc::sourceparts/d")
    where = dict(re.findall(r"^(\w+)='(.*)'$", shell, re.MULTILINE))
    if mirror := debian_mirror(read_sources(Path(where["LIST"]), Path(where["PARTS"]))):
        return mirror
    raise InstallError(
        "apt has no Debian mirror here: name one by --mirror http://HOST/debian, or set pbx.mirror"
    )


def parse_status(line: str) -> float | None:
    """Return the per cent done in a line of APT::Status-Fd (`dlstatus:FILES:PERCENT:TEXT`), else None."""
    found = re.match(r"dlstatus:\d+:(\d+(?:\.\d+)?):", line)
    return min(float(found[1]), 100.0) if found else None


def parse_uris(text: str) -> list[Package]:
    """Read what apt-get --print-uris prints: `'ADDRESS' FILE SIZE HASH`, one package a line."""
    return [Package(file, int(size)) for file, size in re.findall(r"^'\S+' (\S+) (\d+) ", text, re.MULTILINE)]


def explain(said: str, mirror: str) -> str:
    """Turn what apt-get said when it failed into one line that says what to do and holds no password."""
    errors = [line.strip() for line in said.splitlines() if re.match("E: |Err:|  ", line)]
    told = next((text for sign, text in _TROUBLE.items() if re.search(sign, "\n".join(errors))), None)
    if told is None:
        lines = [line.removeprefix("E: ") for line in errors if line.startswith("E: ")]
        told = f"apt-get failed: {lines[0] if lines else 'it does not say why'}"
    return _without_password(told.replace("{mirror}", mirror))


@dataclass(frozen=True)
class PrivateApt:
    """apt-get for one mirror, with every folder of its own below `home`."""

    home: Path
    mirror: str

    @property
    def archives(self) -> Path:
        """Where downloaded packages are."""
        return self.home / "archives"

    @property
    def architecture(self) -> str:
        """What the machine is, in Debian's words: amd64, arm64."""
        return _ask("dpkg", "--print-architecture").strip()

    def prepare(self) -> None:
        """Write the configuration; raise InstallError for a mirror or a folder that cannot be used."""
        if not ADDRESS.fullmatch(self.mirror):
            raise InstallError("pbx.mirror is not the address of a mirror: write it like http://HOST/debian")
        if not re.fullmatch(r'[^":;\\\x00-\x1f]+', str(self.home)):
            raise InstallError(f"apt cannot work in {str(self.home)!r}: set TOCSIN_CACHE to a plainer path")
        keyring = next(filter(Path.is_file, _KEYRINGS), None)
        if keyring is None:
            raise InstallError(
                "Debian's archive keys are missing: install the package debian-archive-keyring"
            )
        for folder in ("lists/partial", "archives/partial", "sources", "empty"):
            (self.home / folder).mkdir(parents=True, exist_ok=True)
        for name in ("status", "none"):  # an empty dpkg database: every dependency is to be downloaded
            (self.home / name).touch()
        (self.home / "sources" / "debian.sources").write_text(
            f"Types: deb\nURIs: {self.mirror}\nSuites: {SUITE}\nComponents: main\nSigned-By: {keyring}\n",
            encoding="utf-8",
        )
        # The way to the network is the machine's: proxy, its credentials, certificates, time-outs.
        dump = _ask("apt-config", "dump", "--format", '%F "%v";%n')
        transport = "\n".join(re.findall(r"^Acquire::(?:https?|ftp|tor|Retries)\b.*", dump, re.MULTILINE))
        own = _CONFIGURATION.substitute(home=self.home, architecture=self.architecture)
        (self.home / "apt.conf").write_text(f"{own}{transport}\n", encoding="utf-8")

    def update(self, report: Report) -> None:
        """Fetch the suite's index and check its signature."""

        def percent(done: float) -> None:
            report(Progress("index", int(done), 100))

        failed = self._run(percent, "update")
        if failed and _EXPIRED in failed:
            # A snapshot, or a mirror that lags, is as well signed as a fresh one: take it, but say so.
            report(
                Progress(
                    "index", 0, 100, "the mirror's index is past its date; taken, as its signature holds"
                )
            )
            failed = self._run(percent, "-o", "Acquire::Check-Valid-Until=false", "update")
        if failed:
            raise InstallError(explain(failed, self.mirror))
        report(Progress("index", 100, 100))

    def resolve(self, names: tuple[str, ...]) -> list[Package]:
        """Return the packages `names` and all they depend on."""
        # With the real archives folder apt leaves out what an earlier, interrupted run has downloaded.
        folder = f"Dir::Cache::archives={self.home / 'empty'}"
        return parse_uris(
            _ask("apt-get", "-o", folder, "-y", "-d", "--print-uris", "install", *names, env=self._env)
        )

    def download(self, names: tuple[str, ...], packages: list[Package], report: Report) -> None:
        """Download `packages`, the answer of `resolve(names)`, into `archives`; apt checks each hash."""
        total = sum(package.size for package in packages if not (self.archives / package.file).is_file())

        def percent(done: float) -> None:
            report(Progress("download", int(total * done / 100), total))

        if failed := self._run(percent, "-y", "-d", "install", *names):
            raise InstallError(explain(failed, self.mirror))
        report(Progress("download", total, total))

    @property
    def _env(self) -> dict[str, str]:
        return os.environ | {"LC_ALL": "C", "LANGUAGE": "", "APT_CONFIG": str(self.home / "apt.conf")}

    def _run(self, percent: Callable[[float], None], *args: str) -> str | None:
        """Run apt-get; return None when it did its work, else what it said."""
        reader, writer = os.pipe()
        argv = ["apt-get", "-q", "-o", f"APT::Status-Fd={writer}", *args]
        with (self.home / "log").open("w+", encoding="utf-8", errors="replace") as log:
            # When this process is interrupted the pipe closes first: apt-get ends at its next word to it.
            with (
                subprocess.Popen(
                    argv, env=self._env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=(writer,)
                ) as child,
                os.fdopen(reader) as status,
            ):
                os.close(writer)
                furthest = 0.0  # apt's estimate falls back when it learns of another file
                for line in status:
                    done = parse_status(line)
                    if done is not None and done > furthest:
                        furthest = done
                        percent(furthest)
            log.seek(0)
            return log.read() if child.returncode else None


def _without_password(text: str) -> str:
    return re.sub(r"//[^/@\s]+@", "//", text)


def _ask(*argv: str, env: dict[str, str] | None = None) -> str:
    """Run a short command and return what it prints; raise InstallError when it is absent or fails."""
    env = env or os.environ | {"LC_ALL": "C"}
    try:
        done = subprocess.run(
            argv, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace"
        )
    except FileNotFoundError as error:
        raise InstallError(
            f"{argv[0]} is missing: use Debian or Ubuntu, or install Asterisk 20 or later, flite and sox"
        ) from error
    if done.returncode:
        lines = _without_password(done.stderr).strip().splitlines()
        raise InstallError(f"{argv[0]} failed: {lines[0] if lines else 'it does not say why'}")
    return done.stdout
