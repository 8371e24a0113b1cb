"""The folders of smsd, the daemon of SMS Server Tools 3: how a text goes in, and where it is.

Owns: names and locks of the files. Must not know what stands in them, who waits for what, threads or time.

smsd moves a file by copying it, first to `checked` and then to `sent` or `failed`, under its own name; while
NAME.LOCK stands beside the copy, it is not whole. What comes in is written in place, without a lock.
"""

import os
import re
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ivr.adapters.modem import spoolfile
from ivr.adapters.modem.spoolfile import Failed, Report, Sent, Text

_WAY = ("outgoing", "checked", "sent", "failed")
"""The folders of what we send, in the order in which a file goes through them."""
_FOLDERS = (*_WAY, "incoming", "report")
_ITS_OWN = (".LOCK", "-concatenated")
"""How files of smsd's own end: locks, and the parts of texts that wait for the others."""


class Spool:
    """Methods raise OSError where the file system does."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def problem(self) -> str | None:
        """What keeps us from using it, in one line for an operator."""
        for name in _FOLDERS:
            folder = self.root / name
            if not folder.is_dir():
                return f"{folder} is not there; create it, and name it in smsd.conf"
            if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
                return f"{folder} cannot be written to; let this user into its group, and chmod 2770 {folder}"
            if folder.stat().st_mode & stat.S_ISVTX:
                return f"{folder} has the sticky bit, so what was read cannot be removed; chmod 2770 {folder}"
        return None

    def waits_since(self) -> float | None:
        """When the oldest text was handed over that smsd has not begun with (seconds since the epoch)."""
        found = [self.root / "outgoing" / _name(reference) for reference in self.found_in("outgoing")]
        times = []
        for path in found:
            with suppress(FileNotFoundError):  # it has begun
                times.append(path.stat().st_mtime)
        return min(times, default=None)

    # -- what we send --------------------------------------------------------------------------------------

    def put(self, reference: str, to: str, text: str) -> None:
        """Hand a text over, at once and whole. Raises ValueError for what cannot be sent."""
        octets = spoolfile.outgoing(to, text)
        # smsd passes over what begins with a dot, and its older versions over what ends so.
        unready = self.root / "outgoing" / f".{_name(reference)}.LOCK"
        handle = os.open(unready, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o660)
        with os.fdopen(handle, "wb") as file:
            os.fchmod(handle, 0o660)  # smsd adds to the headers; the umask is not to keep its group out
            file.write(octets)
            file.flush()
            os.fsync(handle)
        unready.rename(self.root / "outgoing" / _name(reference))

    def found(self) -> set[str]:
        """The references of all files of ours."""
        return {reference for folder in _WAY for reference in self.found_in(folder)}

    def found_in(self, folder: str) -> set[str]:
        names = (path.name for path in (self.root / folder).iterdir())
        matches = (re.fullmatch(r"tocsin-(\d{1,9})", name) for name in names)
        return {match[1] for match in matches if match}

    def where(self, reference: str) -> str | None:
        """The folder it is in; the first one, while it is being copied to the next."""
        return next((f for f in _WAY if os.path.lexists(self.root / f / _name(reference))), None)

    def outcome(self, reference: str) -> Sent | Failed | None:
        """What became of it; None while that is not known, or not whole. Raises Unreadable."""
        folder = self.where(reference)
        path = self.root / (folder or "") / _name(reference)
        if folder not in ("sent", "failed") or _is_locked(path):
            return None
        return spoolfile.sent(path) if folder == "sent" else spoolfile.failed(path)

    def remove(self, reference: str) -> None:
        """Forget what became of it."""
        for folder in ("sent", "failed"):
            (self.root / folder / _name(reference)).unlink(missing_ok=True)

    def take_back(self, reference: str) -> bool:
        """Take it out of the spool; whether it is certain that smsd will not send it."""
        name = _name(reference)
        waiting, checked = self.root / "outgoing" / name, self.root / "checked" / name
        with suppress(FileNotFoundError):
            back = waiting.rename(waiting.with_name(f".{name}.LOCK"))
            back.unlink()
            # smsd locks the copy before it opens what it copies: there is one now, or there will be none.
            return not (os.path.lexists(checked) or _is_locked(checked))
        try:
            # As smsd does it: whoever makes this file may have the other one.
            os.close(os.open(_lock(checked), os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o660))
        except FileExistsError:
            return False
        try:
            checked.unlink()
        except FileNotFoundError:
            return False
        finally:
            _lock(checked).unlink(missing_ok=True)
        return True

    # -- what comes in -------------------------------------------------------------------------------------

    def arrivals(self) -> Iterator[Path]:
        """Files that came in; the last ones may still be written."""
        for folder in ("incoming", "report"):
            for path in (self.root / folder).iterdir():
                if not path.name.startswith(".") and not path.name.endswith(_ITS_OWN):
                    yield path

    def arrival(self, path: Path) -> Text | Report | None:
        """What it says; None for nothing that is for us. Raises Unreadable."""
        return spoolfile.report(path) if path.parent.name == "report" else spoolfile.incoming(path)


def _name(reference: str) -> str:
    return f"tocsin-{reference}"


def _lock(path: Path) -> Path:
    return path.with_name(f"{path.name}.LOCK")


def _is_locked(path: Path) -> bool:
    return os.path.lexists(_lock(path))
