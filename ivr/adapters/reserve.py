"""The reserve of the disk: a file that is given up when the disk is full, so that facts still get on record.

Owns: that file. Its size alone says what has become of it, so that every process sees the same: it is whole,
or was given up. Knows no database.
"""

import logging
import os
import shutil
from pathlib import Path

log = logging.getLogger(__name__)

_CHUNK = 2**20


class FileReserve:
    """A Reserve (see ports) of `size` octets in the file `path`."""

    def __init__(self, path: Path, size: int) -> None:
        self.path = path
        self.size = size

    @property
    def is_whole(self) -> bool:
        return self.path.exists() and not self.is_given_up

    @property
    def is_given_up(self) -> bool:
        try:
            return self.path.stat().st_size < self.size
        except FileNotFoundError:
            return False  # not made yet

    def give_up(self) -> None:
        """Free the room, at once. Whoever needs it sees whether there is enough."""
        try:
            with self.path.open("r+b") as file:
                file.truncate(0)
                os.fsync(file.fileno())
        except FileNotFoundError:
            pass  # never made: the disk has been full since the service was started
        except OSError as error:
            log.error("%s cannot be given up: %s", self.path, error.strerror)

    def renew(self) -> bool:
        """Make the reserve where it is missing and there is room for it twice; whether it is whole now.

        Twice, or the next few facts would take it again.
        """
        if self.is_whole:
            return True
        try:
            if shutil.disk_usage(self.path.parent).free < 2 * self.size:
                self.path.touch()  # as one that was given up
            else:
                self._write()
        except OSError as error:
            log.error("%s cannot be made: %s", self.path, error.strerror)
            self.give_up()
        return self.is_whole

    def _write(self) -> None:
        """In octets at random: some file systems store no zeros, and then keep no room. Each goes to the end:
        if the reserve is given up meanwhile, it comes out too small."""
        with self.path.open("ab") as file:
            file.truncate(0)
            for begin in range(0, self.size, _CHUNK):
                file.write(os.urandom(min(_CHUNK, self.size - begin)))
            file.flush()
            os.fsync(file.fileno())
