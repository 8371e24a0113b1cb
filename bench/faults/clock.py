"""A wall clock for the service alone, that can be stepped while it runs.

Owns: libfaketime, how it is had and what it reads. CLOCK_MONOTONIC and every other process keep their time.
"""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

_OFFSET_FILE = "FAKETIME_TIMESTAMP_FILE"


def faketime(cache: Path) -> Path | None:
    """libfaketime, fetched once by apt into `cache` as an ordinary user; None where it cannot be had."""
    found = next(cache.glob("usr/lib/*/faketime/libfaketimeMT.so.1"), None)
    if found is None and shutil.which("apt-get") and shutil.which("dpkg-deb"):
        cache.mkdir(parents=True, exist_ok=True)
        # In a namespace of our own we are root and may become nobody else.
        fetch = ["apt-get", "-o", "APT::Sandbox::User=root", "download", "libfaketime"]
        subprocess.run(fetch, cwd=cache, capture_output=True, check=False)
        for package in cache.glob("libfaketime_*.deb"):
            subprocess.run(["dpkg-deb", "-x", package.name, "."], cwd=cache, check=False)
        found = next(cache.glob("usr/lib/*/faketime/libfaketimeMT.so.1"), None)
    return found


def settable(library: Path, home: Path) -> Mapping[str, str]:
    """The environment of a process whose wall clock `step` can set; it begins with the true time."""
    home.mkdir(parents=True, exist_ok=True)
    environment = {
        "LD_PRELOAD": str(library),
        _OFFSET_FILE: str(home / "clock"),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_DONT_RESET": "1",
    }
    step(environment, 0)
    return environment


def step(environment: Mapping[str, str], by_s: float) -> None:
    """Set the clock of the processes in this environment so many seconds ahead of the true time."""
    Path(environment[_OFFSET_FILE]).write_text(f"{by_s:+.0f}\n", encoding="ascii")
