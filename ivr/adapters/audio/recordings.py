"""Recordings: where they are kept.

Owns: the folder of recordings, their names and checksums, and the copies of an even level that callees hear.
"""

import array
import errno
import itertools
import logging
import os
import shutil
from contextlib import suppress
from pathlib import Path

from ivr.adapters.audio import kept
from ivr.adapters.audio.kept import Kept
from ivr.adapters.audio.wav import RATE, BadAudio, judged, level, load, mend, sha256
from ivr.domain.line import Line, judge
from ivr.domain.recording import Limits, Verdict
from ivr.ports import DiskFull, Reserve, StoreAway

log = logging.getLogger(__name__)


class Recordings:
    """The folder of recordings: `<alert>.wav` with `<alert>.wav.sha256`, and `incoming/` for what is not yet
    an alert. A second take of a draft becomes `<alert>-2.wav`: nothing is ever written over. Beside each that
    is too loud or too low, or holds tones of keys, stands `<name>-level.wav`, which is played instead."""

    def __init__(self, folder: Path, limits: Limits, reserve: Reserve | None = None) -> None:
        self._folder = folder
        self._limits = limits
        self._reserve = reserve
        self.incoming.mkdir(parents=True, exist_ok=True, mode=0o700)

    @property
    def incoming(self) -> Path:
        return self._folder / "incoming"

    def has_room(self) -> bool:
        """Whether one more recording fits on the disk, be it and all that are being made as long as they may,
        and leaves as much free as the reserve. Once that is given up, what is left is for facts."""
        if self._reserve is not None and self._reserve.is_given_up:
            return False
        kept = self._reserve.size if self._reserve is not None else 0
        making = sum(1 for _ in self.incoming.glob("*.json"))
        return shutil.disk_usage(self._folder).free >= kept + (making + 1) * self._limits.longest_s * RATE * 2

    def path(self, name: str) -> Path:
        """Where the recording `name` is, as it was made."""
        return self._folder / name

    def to_play(self, name: str) -> Path:
        """What callees hear of the recording `name`: the copy of an even level, where there is one."""
        copy = self._level_copy(name)
        return copy if copy.exists() else self.path(name)

    def _level_copy(self, name: str) -> Path:
        return self._folder / f"{Path(name).stem}-level.wav"

    def inspect(self, path: Path) -> Verdict:
        """Look at a recording of ours: length, and RMS level. A file that cannot be read is empty."""
        try:
            mend(path)
            return judged(path, self._limits)
        except (OSError, BadAudio):
            return Verdict("empty", 0.0, "")

    def inspect_foreign(self, path: Path) -> Verdict:
        """As `inspect`, for a file that an operator names. Raises BadAudio with what to do."""
        try:
            verdict = judged(path, self._limits)
        except OSError as error:
            raise BadAudio(f"{path}: cannot be read: {error.strerror or error}") from error
        if verdict.duration_s > self._limits.longest_s:
            raise BadAudio(
                f"{path}: lasts {verdict.duration_s:.1f} s; the limit is {self._limits.longest_s} s"
            )
        if verdict.problem:
            raise BadAudio(f"{path}: is {verdict.problem}; record it again")
        return verdict

    def listen(self, path: Path) -> Line:
        """What a line said that was overheard. Where nothing was written nothing was said."""
        try:
            sound = load(path)
        except (FileNotFoundError, BadAudio):
            return judge(())
        return judge(array.array("h", sound.raw_data))

    def keep(self, alert: int, path: str) -> str:
        """Link the recording at `path` to a name of the alert's, on the disk for good; return the name.

        Raises StoreAway when the disk does not take it.
        """
        try:
            name = self._keep(alert, Path(path))
            self._make_level(name)
            return name
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                raise DiskFull("the disk of the recordings is full") from error
            raise StoreAway(f"the recording cannot be kept: {error.strerror}") from error

    def _keep(self, alert: int, source: Path) -> str:
        with source.open("rb") as file:
            os.fsync(file.fileno())
        for take in itertools.count(1):
            name = f"{alert}.wav" if take == 1 else f"{alert}-{take}.wav"
            try:
                os.link(source, self._folder / name)
                break
            except FileExistsError:
                continue
        with (self._folder / f"{name}.sha256").open("w", encoding="ascii") as file:
            file.write(f"{sha256(source)}  {name}\n")
            file.flush()
            os.fsync(file.fileno())
        _sync_folder(self._folder)
        return name

    def keep_beside(self, name: str, path: str) -> None:
        """Link the file at `path`, such as the text that the recording `name` speaks, to that name with its
        own suffix, on the disk for good. Raises StoreAway when the disk does not take it."""
        source = Path(path)
        try:
            with source.open("rb") as file:
                os.fsync(file.fileno())
            os.link(source, self.path(name).with_suffix(source.suffix))
            _sync_folder(self._folder)
        except OSError as error:
            raise StoreAway(f"what an alert is read from cannot be kept: {error.strerror}") from error

    def beside(self, name: str) -> list[Path]:
        """What stands beside the recording `name` and is no sound: what it was read from."""
        papers = (self.path(name).with_suffix(suffix) for suffix in (".txt", ".xml"))
        return [paper for paper in papers if paper.exists()]

    def _make_level(self, name: str) -> None:
        """Bring the speech to the level of the prompts, and take tones of keys out, in a copy. Where that
        fails, what was recorded is played: an alert must not wait for its loudness."""
        copy = self._level_copy(name)
        making = copy.with_suffix(".making")
        try:
            if (even := level(load(self.path(name)))) is not None:
                with making.open("wb") as file:
                    even.export(file, format="wav")
                making.replace(copy)
        except (OSError, BadAudio) as error:
            log.warning("recording %s: its level stays as it is: %s", name, type(error).__name__)
            with suppress(OSError):  # what is left of it does no harm
                making.unlink()

    def erase(self, alert: int) -> None:
        """Delete all that is kept of an alert: its takes, what was made of them, and their checksums.

        Raises StoreAway when the disk does not let it go.
        """
        try:
            for file in (*self._folder.glob(f"{alert}.*"), *self._folder.glob(f"{alert}-*")):
                file.unlink(missing_ok=True)
            _sync_folder(self._folder)
        except OSError as error:
            raise StoreAway(f"the recording cannot be erased: {error.strerror}") from error

    def look(self, name: str, checksum: str) -> Kept:
        """The recording `name`, and whether it is what it was when it was kept, by its SHA-256."""
        if Path(name).name != name:  # leads out of the folder
            return Kept("changed", None)
        found = kept.look(self.path(name), checksum)
        if found.condition == "intact" and not self._is_made_of(name):
            return Kept("copy-changed", found.content)
        return found

    def _is_made_of(self, name: str) -> bool:
        """Whether what callees hear instead of the recording `name`, if anything, is what we make of it."""
        copy = self._level_copy(name)
        try:
            if kept.content(copy) is None:
                return False
            even = level(load(self.path(name)))
            return even is not None and load(copy).raw_data == even.raw_data
        except FileNotFoundError:
            return True  # they hear the recording itself
        except BadAudio:
            return False


def _sync_folder(folder: Path) -> None:
    """Make new names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
