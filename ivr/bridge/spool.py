"""Mail on the disk, as it came: before anything is done with it, and for a while afterwards.

Owns: a folder of one file a mail. The first line of a file is its envelope in JSON, the rest is the mail, its
lines ended by CRLF. A mail is in `waiting`, or in `done`; it moves by a rename, which is whole or not at all.
"""

import json
import os
import re
import secrets
import time
from contextlib import suppress
from pathlib import Path

from ivr.bridge.intake.mail import Envelope

_ID = re.compile(r"[0-9]{20}-[0-9a-f]{8}")
_MOST_WAITING = 1000
"""Mails that may wait for the hotline; then the mail server keeps them."""
_MOST_OCTETS = 1_000_000_000
"""Of mail that waits, and of mail that is done. Anybody can send, and the disk may be the hotline's."""


class SpoolFull(Exception):
    """There are more mails waiting than ever should."""


class Spool:
    """In the folder `home`, which is made. Every method raises OSError."""

    def __init__(self, home: Path, most_octets: int = _MOST_OCTETS) -> None:
        self._most_octets = most_octets
        self._new = home / "new"
        self._waiting = home / "waiting"
        self._done = home / "done"
        for folder in (self._new, self._waiting, self._done):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._done_octets = most_octets  # not counted yet: the first that is done has them counted

    def keep(self, envelope: Envelope, raw: bytes) -> str:
        """On the disk when it returns; its id. Ids sort by the time that mails came. Raises SpoolFull."""
        waiting = _sizes(self._waiting)
        if len(waiting) >= _MOST_WAITING or sum(waiting.values()) >= self._most_octets:
            raise SpoolFull(f"{len(waiting)} mails are waiting; see `tocsin mail list`")
        key = f"{time.time_ns():020d}-{secrets.token_hex(4)}"
        head = {"from": envelope.sender, "to": envelope.recipients, "at": envelope.received_at}
        new = self._new / key
        try:
            with new.open("xb") as file:
                file.write(json.dumps(head).encode() + b"\n" + raw)
                file.flush()
                os.fsync(file.fileno())
            new.rename(self._waiting / key)
        except OSError:
            new.unlink(missing_ok=True)
            raise
        folder = os.open(self._waiting, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return key

    def waiting(self) -> list[str]:
        """Ids, the oldest first."""
        return sorted(path.name for path in self._waiting.iterdir() if _ID.fullmatch(path.name))

    def read(self, key: str) -> tuple[Envelope, bytes]:
        """Of a mail that waits."""
        head, _, raw = (self._waiting / key).read_bytes().partition(b"\n")
        says = json.loads(head)
        return Envelope(says["from"], tuple(says["to"]), says["at"]), raw

    def done(self, key: str) -> None:
        """Of what is done, the oldest goes where there is too much of it."""
        octets = (self._waiting / key).stat().st_size
        (self._waiting / key).replace(self._done / key)
        self._done_octets += octets
        if self._done_octets > self._most_octets:
            self._make_room()

    def again(self, key: str) -> None:
        """A mail that was done waits once more. Raises FileNotFoundError where it is gone."""
        (self._done / key).replace(self._waiting / key)

    def sweep(self, before: float) -> None:
        """Erase what was done and came before then, and what never came whole."""
        for folder in (self._done, self._new):
            for path in folder.iterdir():
                if _ID.fullmatch(path.name) and int(path.name[:20]) < before * 1e9:
                    path.unlink(missing_ok=True)

    def _make_room(self) -> None:
        """A quarter, so that not every further mail looks through all of them."""
        sizes = _sizes(self._done)
        self._done_octets = sum(sizes.values())
        for path in sorted(sizes):
            if self._done_octets <= self._most_octets * 3 // 4:
                return
            path.unlink(missing_ok=True)
            self._done_octets -= sizes[path]


def _sizes(folder: Path) -> dict[Path, int]:
    """Of the mails in it; one may be moved away meanwhile."""
    found = {}
    for path in folder.iterdir():
        with suppress(FileNotFoundError):
            found[path] = path.stat().st_size
    return found
