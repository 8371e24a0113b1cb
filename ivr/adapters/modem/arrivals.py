"""What comes in through a modem: texts and status reports, told once, their files removed when on record.

Owns: when a file is whole, and which files are of no use. Belongs to the thread of the link.
"""

import logging
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from ivr.adapters.modem.spool import Spool
from ivr.adapters.modem.spoolfile import Report, Text, Unreadable
from ivr.domain.sms import NUMBERED_SAME_S, Receipt, Received, SmsEvent

log = logging.getLogger(__name__)

_MOST_OPEN = 100
"""Files that are told and not on record yet; the others stay in the spool until they are."""

_Look = tuple[int, int]
"""Size and time of a file."""


class Arrivals:
    def __init__(self, link: str, spool: Spool, emit: Callable[[SmsEvent], None]) -> None:
        self._link = link
        self._spool = spool
        self._emit = emit
        self._seen: dict[Path, _Look] = {}
        self._useless: dict[Path, _Look] = {}
        self._open: set[Path] = set()
        """Told, and not on record or not removed."""

    def look(self) -> None:
        """Tell of the files that have been the same for two looks: smsd writes them in place."""
        found = {path: look for path in self._spool.arrivals() if (look := _look(path)) is not None}
        before, self._seen = self._seen, found
        self._useless = {path: look for path, look in self._useless.items() if found.get(path) == look}
        for path in sorted(found.keys() - self._open - self._useless.keys()):
            if len(self._open) < _MOST_OPEN and before.get(path) == found[path]:
                self._take(path)

    def _take(self, path: Path) -> None:
        try:
            said = self._spool.arrival(path)
        except Unreadable as error:
            log.warning("modem %s: %r is left where it is: %s", self._link, str(path), error)
            self._useless[path] = self._seen[path]
            return
        settled = partial(self._settled, path)
        self._open.add(path)
        match said:
            case Text():
                known = said.identity, NUMBERED_SAME_S
                self._emit(Received(self._link, said.sender, said.text, *known, said.place, settled))
            case Report(state=state) if state is not None:
                self._emit(Receipt(self._link, said.message_id, state, settled))
            case _:
                log.info("modem %s: a message that tells us nothing was removed", self._link)
                settled()

    def _settled(self, path: Path) -> None:
        """It is on record. From any thread."""
        try:
            path.unlink(missing_ok=True)
        except OSError as error:  # it stays open, or it would be told again and again
            log.error("modem %s: %r cannot be removed: %s", self._link, str(path), error.strerror)
        else:
            self._open.discard(path)


def _look(path: Path) -> _Look | None:
    with suppress(FileNotFoundError):  # somebody else has taken it
        status = path.lstat()
        return status.st_size, status.st_mtime_ns
    return None
