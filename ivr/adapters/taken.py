"""The answers of SMSCs that the store does not have yet: a file that outlives a kill of the service.

Owns: that file, a line an answer. It is memory of the machine and not of the process, and nobody waits for
the disk: so after a kill nothing is missing from it, and after a power cut perhaps its last moments. Knows no
database.
"""

import errno
import logging
import mmap
import os
import threading
from pathlib import Path

from ivr.domain.facts import SmsSubmitted

log = logging.getLogger(__name__)

_SIZE = 2**20


class TakenFile:
    """Taken (see ports) in the file `path`, which one service at a time may have. Raises OSError; not
    later, because its `size` octets have their room on the disk from the beginning. On a full disk it keeps
    nothing."""

    def __init__(self, path: Path, size: int = _SIZE) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        self._octets: mmap.mmap | bytearray = bytearray()
        try:
            os.posix_fallocate(file, 0, size)
            self._octets = mmap.mmap(file, size)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            log.error("%s: %s; until a restart each SMS waits for the store", path, error.strerror)
        finally:
            os.close(file)
        self._lock = threading.Lock()
        self._open = 1
        """Answers kept that are not on record; what was left counts as one."""
        text = bytes(self._octets).partition(b"\0")[0]
        self._end = text.rfind(b"\n") + 1  # a kill may have cut off the last line
        self._octets[self._end :] = bytes(len(self._octets) - self._end)
        self._left = [kept for line in text[: self._end].split(b"\n") if (kept := _read(line)) is not None]

    def left(self) -> list[tuple[float, SmsSubmitted]]:
        return self._left

    def keep(self, answer: SmsSubmitted, at: float) -> bool:
        line = f"{at!r} {answer.sms} {answer.link} {' '.join(answer.message_ids)}\n".encode(
            "ascii", "replace"
        )
        with self._lock:
            end = self._end + len(line)
            if end > len(self._octets):
                return False
            self._octets[self._end : end] = line
            self._end = end
            self._open += 1
        return True

    def on_record(self) -> None:
        with self._lock:
            self._open -= 1
            if not self._open:
                self._octets[: self._end] = bytes(self._end)
                self._end = 0


def _read(line: bytes) -> tuple[float, SmsSubmitted] | None:
    """None for what a power cut has made of a line."""
    try:
        at, sms, link, *message_ids = line.decode("ascii").split(" ")
        return float(at), SmsSubmitted(int(sms), tuple(filter(None, message_ids)), link)
    except ValueError:
        return None
