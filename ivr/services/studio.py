"""Recording a spoken text by telephone: a code that the shell shows, and the recording that comes for it.

Owns: the codes, and that one is good for one recording, for as long as the shell waits and a quarter of an
hour at most. They lie in a folder that service and shell share.
"""

import json
import logging
import secrets
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from ivr.ports import Clock

log = logging.getLogger(__name__)

_GOOD_FOR_S = 900.0
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Order:
    """A recording that somebody at the shell waits for."""

    code: str
    sound: str
    """Path of the sound that it is to take the place of, without suffix; there may be none yet."""


class Studio:
    """The orders in `folder`, from any process and thread."""

    def __init__(self, folder: Path, clock: Clock = time.time) -> None:
        self._folder = folder
        self._clock = clock

    def order(self, sound: str) -> Order:
        """Wait for a recording of `sound` from now on."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for old in self._folder.glob("*.json"):  # of shells that were killed
            if self._found(old.stem) is None:
                self.close(Order(old.stem, ""))
        order = Order(f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}}", sound)
        note = {"sound": sound, "until": self._clock() + _GOOD_FOR_S}
        draft = self._path(order.code, ".new")
        draft.write_text(json.dumps(note), encoding="utf-8")
        draft.replace(self._path(order.code, ".json"))
        return order

    def find(self, code: str) -> Order | None:
        """The order that a caller has keyed in the code of."""
        if len(code) != _DIGITS or not (code.isascii() and code.isdigit()):
            return None
        return self._found(code)

    def deliver(self, order: Order, recording: Path) -> bool:
        """Hand over a copy of `recording`; False when nobody waits for it any more, or the disk is full."""
        if self._found(order.code) is None:
            return False
        draft = self._path(order.code, ".part")
        try:
            shutil.copyfile(recording, draft)
            draft.replace(self._path(order.code, ".wav"))
        except OSError as error:
            log.error("a recording of %s cannot be handed over: %s", Path(order.sound).name, error.strerror)
            return False
        return True

    def delivered(self, order: Order) -> Path | None:
        """The recording, once it is there."""
        path = self._path(order.code, ".wav")
        return path if path.exists() else None

    def is_open(self, order: Order) -> bool:
        """Whether a recording may still come."""
        return self._found(order.code) is not None

    def close(self, order: Order) -> None:
        """Wait no longer: the code is good for nothing from now on."""
        for suffix in (".json", ".new", ".part", ".wav"):
            self._path(order.code, suffix).unlink(missing_ok=True)

    def _found(self, code: str) -> Order | None:
        try:
            note = json.loads(self._path(code, ".json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return Order(code, note["sound"]) if self._clock() < note["until"] else None

    def _path(self, code: str, suffix: str) -> Path:
        return self._folder / f"{code}{suffix}"
