"""What the call scripts ask: what is to be said, where a recording goes. Who is calling, the door tells.

Owns: the questions of a telephone call, each answered in a transaction of its own. Knows no telephone.
"""

import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ivr.config import Settings
from ivr.domain.facts import AlertRecorded
from ivr.domain.line import Line
from ivr.domain.progress import Progress
from ivr.domain.recording import Verdict
from ivr.domain.records import (
    Account,
    Alert,
    AlertState,
    Call,
    Delivery,
    Errand,
    Number,
    Source,
    Team,
)
from ivr.ports import Store
from ivr.services import briefing, own
from ivr.services.briefing import Brief, needs
from ivr.services.door import Door
from ivr.services.ledger import Ledger
from ivr.services.studio import Studio

OVERHEARD = "line-"
"""How the files begin that are no recordings of a caller's."""


class Recordings(Protocol):
    @property
    def incoming(self) -> Path: ...

    def has_room(self) -> bool: ...

    def inspect(self, path: Path) -> Verdict: ...

    def to_play(self, name: str) -> Path: ...

    def listen(self, path: Path) -> Line: ...


@dataclass(frozen=True, slots=True)
class Current:
    alert: Alert
    acknowledged: bool
    """By this team."""


class Desk:
    """Answers call scripts, from any thread. Every method raises StoreAway."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        ledger: Ledger,
        recordings: Recordings,
        door: Door,
        record_name: Callable[[str, Path], bool],
    ) -> None:
        self.settings = settings
        self.ledger = ledger
        self._store = store
        self._recordings = recordings
        self.door = door
        self.studio = Studio(settings.state / "studio")
        self.record_name = record_name
        """Has a recording (a WAV file) speak the name of a team from now on. False: it cannot."""

    def brief(self, call_id: str) -> Brief:
        """What the call `call_id` carries. Raises LookupError for a call that was never placed."""
        with self._store.read() as tx:
            return briefing.brief(tx, call_id, self.ledger.now())

    def errand_of(self, call_id: str) -> Errand:
        """What the call `call_id` is for. Raises LookupError for one that was not placed for an errand."""
        with self._store.read() as tx:
            call = tx.get(Call, call_id)
            found = tx.get(Errand, call.errand) if call and call.errand is not None else None
        if found is None:
            raise LookupError(f"call {call_id} is on no errand of ours")
        return found

    def errand(self, number: int) -> Errand:
        """How an errand stands that was asked for."""
        with self._store.read() as tx:
            found = tx.get(Errand, number)
        assert found is not None
        return found

    def numbers(self, team: str) -> list[str]:
        """The numbers of a team, in the order of calling."""
        with self._store.read() as tx:
            listed = tx.find(Number, team=team)
        return [n.number for n in sorted(listed, key=lambda n: n.position)]

    def account(self, uid: str) -> Account | None:
        with self._store.read() as tx:
            return tx.get(Account, uid)

    def current(self, team: str) -> list[Current]:
        """The released alerts that are addressed to this team, newest first."""
        with self._store.read() as tx:
            released = tx.find(Alert, state=AlertState.RELEASED)
            closed = tx.find(Alert, state=AlertState.CLOSED, erased_at=None)
            theirs = {d.alert: d for d in tx.find(Delivery, team=team)}
        shown = released + [a for a in closed if a.id in theirs and needs(theirs[a.id])]
        return [
            Current(a, not needs(theirs[a.id])) for a in sorted(shown, key=lambda a: -a.id) if a.id in theirs
        ]

    def clock(self, team: str) -> str | None:
        """The zone of a team that hears times by its own clock too; None for UTC alone."""
        with self._store.read() as tx:
            found = tx.get(Team, team)
        return found.clock if found else None

    def sent(self, team: str) -> list[Progress]:
        """How the latest alerts of `team` go, the newest first."""
        with self._store.read() as tx:
            return own.sent(tx, team, self.ledger.now())

    def by_mail(self, team: str) -> list[Progress]:
        """The alerts of `team` that nobody is called about yet, for they came by mail; the newest first."""
        with self._store.read() as tx:
            return own.by_mail(tx, team)

    def drafts(self, team: str, *sources: Source) -> list[Alert]:
        """What `team` has not sent, the newest first."""
        with self._store.read() as tx:
            return own.drafts(tx, team, *sources)

    def teams_to_call(self, team: str) -> int:
        """How many teams an alert of `team` goes to."""
        with self._store.read() as tx:
            return sum(t.id != team or t.calls_itself for t in tx.find(Team, suspended=False))

    def number_for_questions(self, team: str) -> str | None:
        """The first number of `team` in the order of calling that exists."""
        with self._store.read() as tx:
            numbers = sorted(tx.find(Number, team=team), key=lambda number: number.position)
        return next((number.number for number in numbers if number.unallocated_at is None), None)

    def may_record(self) -> bool:
        """Whether the disk has room for a new recording."""
        return self._recordings.has_room()

    def new_recording(self, account: Account) -> Path:
        """A fresh path, without suffix, to record to. What is recorded there is that account's, whatever
        happens to the call or to us: `adopt` finds it."""
        path = self._recordings.incoming / secrets.token_hex(8)
        owner = json.dumps({"team": account.team, "uid": account.uid})
        path.with_suffix(".json").write_text(owner, encoding="utf-8")
        return path

    def inspect(self, path: Path) -> Verdict:
        """The verdict on the recording at `path` (with or without its suffix)."""
        return self._recordings.inspect(path.with_suffix(".wav"))

    def keep(self, path: Path, account: Account, verdict: Verdict, replaces: int | None) -> Alert:
        """Commit a recording as a draft of the account's team."""
        recorded = AlertRecorded(
            team=account.team,
            uid=account.uid,
            source=Source.HOTLINE,
            path=str(path.with_suffix(".wav")),
            duration_s=verdict.duration_s,
            sha256=verdict.sha256,
            replaces=replaces,
        )
        kept = self.ledger.apply(recorded).alert
        assert kept is not None
        self.forget(path)
        return kept

    def forget(self, path: Path) -> None:
        """Remove a recording that is kept as an alert, or that was refused to the caller's face."""
        for suffix in (".wav", ".json"):
            path.with_suffix(suffix).unlink(missing_ok=True)

    @contextmanager
    def overhearing(self) -> Iterator[Path]:
        """A path, without suffix, for what a line says: nobody's to keep, gone when the block is left."""
        path = self._recordings.incoming / f"{OVERHEARD}{secrets.token_hex(8)}"
        try:
            yield path
        finally:
            path.with_suffix(".wav").unlink(missing_ok=True)

    def listen(self, path: Path) -> Line:
        """What was heard on a line."""
        return self._recordings.listen(path.with_suffix(".wav"))

    def audio(self, alert: Alert) -> Path:
        """The recording of an alert, as it is heard."""
        return self._recordings.to_play(alert.audio)

    def name_sound(self, team_id: str) -> Path | None:
        """The spoken name of a team, None where it must be spelled."""
        path = self.settings.sounds / "names" / f"{team_id}.wav"
        return path if path.exists() else None
