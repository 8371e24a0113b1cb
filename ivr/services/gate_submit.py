"""An alert that comes in by mail: read out, kept with its text, and released to all teams, by mail alone.

Owns: that one mail is one alert, however often it is handed in, and how many there may be in a while. Knows
no mail: what it was is the bridge's to know.
"""

import secrets
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from threading import Lock
from typing import Protocol

from ivr.domain.facts import AlertRecorded, Illegal
from ivr.domain.gate import Object
from ivr.domain.recording import Verdict
from ivr.domain.records import Alert, Delivery, Severity, Source, Submission, Team, Tlp
from ivr.ports import Store, StoreAway
from ivr.services.gate_fields import Fields
from ivr.services.ledger import Ledger

_LONGEST_TEXT = 64_000
_LONGEST_IODEF = 500_000
_AT_ONCE = 10
_EVERY_S = 20.0
"""So many alerts may come in at once, and then one each so many seconds: reading out takes a processor."""
_OURS = "mail-"
"""How the files begin that wait to become an alert."""


class TooMuch(Exception):
    """Not now; the message is one line."""


class Recordings(Protocol):
    @property
    def incoming(self) -> Path: ...

    def has_room(self) -> bool: ...

    def inspect(self, path: Path) -> Verdict: ...


class Intake:
    """`read_out` makes a WAV file of a text; it raises OSError."""

    def __init__(
        self,
        store: Store,
        ledger: Ledger,
        recordings: Recordings,
        read_out: Callable[[str, Path], None],
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._recordings = recordings
        self._read_out = read_out
        self._spent_until = 0.0
        self._lock = Lock()

    def clean(self) -> None:
        """At start: what was on its way to become an alert will be handed in again."""
        for file in self._recordings.incoming.glob(f"{_OURS}*"):
            shutil.rmtree(file) if file.is_dir() else file.unlink()

    def submit(self, fields: Fields) -> Object:
        """The request; the number of its alert. Raises BadRequest, Illegal, TooMuch, StoreError."""
        message, team = fields.word("message", 200), fields.word("team", 30)
        title, text = fields.optional_word("title", 200), fields.text("text", _LONGEST_TEXT)
        spoken = fields.optional_text("spoken", _LONGEST_TEXT)
        iodef = fields.document("iodef", _LONGEST_IODEF)
        tlp, severity = fields.choice("tlp", Tlp), fields.choice("severity", Severity)
        confirmed, callback = fields.flag("confirmed"), fields.subscriber("callback")
        fields.done()
        with self._lock:
            alert = self._known(message, team)
            if alert is not None:
                return self._told(alert, again=True)
            self._charge()
            with ExitStack() as stack:
                written = {".txt": f"{title}\n\n{text}" if title else text}
                if iodef is not None:
                    written[".xml"] = iodef
                path = self._write(written, stack)
                verdict = self._speak(spoken or (f"{title}. {text}" if title else text), path)
                recorded = AlertRecorded(
                    team=team,
                    uid=None,
                    source=Source.MAIL,
                    path=str(path),
                    duration_s=verdict.duration_s,
                    sha256=verdict.sha256,
                    severity=severity or Severity.MEDIUM,
                    confirmed=confirmed,
                    tlp=tlp,
                    callback=callback,
                    papers=tuple(str(path.with_suffix(suffix)) for suffix in written),
                    message=message,
                    released=True,
                )
                alert = self._ledger.apply(recorded).alert
            assert alert is not None
            return self._told(alert, again=False)

    def _known(self, message: str, team: str) -> Alert | None:
        """The alert of this mail, if it is one already."""
        with self._store.read() as tx:
            known = tx.get(Submission, message)
            alert = tx.get(Alert, known.alert) if known else None
            theirs = tx.get(Team, team)
        if theirs is None or theirs.suspended:
            raise Illegal(f"team {team} is not in the directory, or suspended")
        if alert is not None and alert.team != team:
            raise Illegal("this mail has become an alert of another team")
        return alert

    def _charge(self) -> None:
        now = self._ledger.now()
        if self._spent_until > now + (_AT_ONCE - 1) * _EVERY_S:
            raise TooMuch("too many alerts come in by mail; hand this one in again later")
        if not self._recordings.has_room():
            raise StoreAway("the disk has no room for another recording")
        self._spent_until = max(self._spent_until, now) + _EVERY_S

    def _write(self, texts: dict[str, str], stack: ExitStack) -> Path:
        """The path of a recording to be, the texts beside it. All of them are gone when the stack is left."""
        path = self._recordings.incoming / f"{_OURS}{secrets.token_hex(8)}.wav"
        for suffix in (".wav", *texts):
            stack.callback(path.with_suffix(suffix).unlink, missing_ok=True)
        try:
            for suffix, text in texts.items():
                path.with_suffix(suffix).write_text(text, encoding="utf-8", newline="")
        except OSError as error:
            raise StoreAway(f"the text cannot be kept: {error.strerror}") from error
        return path

    def _speak(self, text: str, path: Path) -> Verdict:
        try:
            self._read_out(text, path)
        except OSError as error:
            raise StoreAway(f"the text cannot be read out: {error.strerror}") from error
        return self._recordings.inspect(path)

    def _told(self, alert: Alert, again: bool) -> Object:
        with self._store.read() as tx:
            return {"alert": alert.id, "again": again, "teams": len(tx.find(Delivery, alert=alert.id))}
