"""What the call scripts ask: what is to be said, where a recording goes. Who is calling, the door tells.

Owns: the questions of a telephone call, each answered in a transaction of its own. Knows no telephone.
"""

import json
import logging
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ivr.config import Settings
from ivr.domain.facts import AlertRecorded, CallerLost, Illegal
from ivr.domain.line import Line
from ivr.domain.progress import Progress
from ivr.domain.recording import Verdict
from ivr.domain.records import (
    Account,
    Alert,
    AlertState,
    Call,
    CallState,
    Delivery,
    DeliveryState,
    Direction,
    Errand,
    Leg,
    Listen,
    ListenPin,
    Number,
    Source,
    Team,
    VerificationWord,
)
from ivr.ports import Store, StoreRefused
from ivr.services import own
from ivr.services.door import Door
from ivr.services.ledger import Ledger
from ivr.services.studio import Studio

log = logging.getLogger(__name__)


_OVERHEARD = "line-"
"""How the files begin that are no recordings of a caller's."""


class Recordings(Protocol):
    @property
    def incoming(self) -> Path: ...

    def has_room(self) -> bool: ...

    def inspect(self, path: Path) -> Verdict: ...

    def to_play(self, name: str) -> Path: ...

    def listen(self, path: Path) -> Line: ...


@dataclass(frozen=True, slots=True)
class Brief:
    """What a call out has to say."""

    team: Team
    number: str | None
    """The number that was called."""
    alerts: tuple[Alert, ...]
    """Not yet acknowledged by this team, oldest first; empty when that changed while the phone rang."""
    listen: Listen
    """How it may hear them: a team that has no listening PIN yet, though it wants one, calls in."""
    has_words: bool
    """Whether it was ever given verification words."""
    others: int
    """How many other numbers the team has."""


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
            call = tx.get(Call, call_id)
            team = tx.get(Team, call.team) if call and call.team else None
            if team is None:
                raise LookupError(f"call {call_id} is none of ours")
            carried = [leg.alert for leg in tx.find(Leg, call=call_id)]
            due = [d.alert for d in tx.find(Delivery, alert=carried, team=team.id) if _needs(d)]
            number = call.number if call else None
            pinless = team.listen is Listen.PIN and tx.get(ListenPin, team.id) is None
            return Brief(
                team,
                number,
                tuple(tx.find(Alert, id=due, state=AlertState.RELEASED)),
                Listen.CALL_IN if pinless else team.listen,
                has_words=bool(tx.first(1, VerificationWord, team=team.id)),
                others=sum(n.number != number for n in tx.find(Number, team=team.id)),
            )

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
        shown = released + [a for a in closed if a.id in theirs and _needs(theirs[a.id])]
        return [
            Current(a, not _needs(theirs[a.id])) for a in sorted(shown, key=lambda a: -a.id) if a.id in theirs
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
        return self._keep(path, account.team, account.uid, verdict, replaces)

    def _keep(self, path: Path, team: str, uid: str, verdict: Verdict, replaces: int | None) -> Alert:
        recorded = AlertRecorded(
            team=team,
            uid=uid,
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
        path = self._recordings.incoming / f"{_OVERHEARD}{secrets.token_hex(8)}"
        try:
            yield path
        finally:
            path.with_suffix(".wav").unlink(missing_ok=True)

    def listen(self, path: Path) -> Line:
        """What was heard on a line."""
        return self._recordings.listen(path.with_suffix(".wav"))

    def adopt(self) -> int:
        """At start: keep as drafts what was being recorded when the service went down; how many."""
        for overheard in self._recordings.incoming.glob(f"{_OVERHEARD}*"):
            overheard.unlink()
        adopted = 0
        for note in sorted(self._recordings.incoming.glob("*.json")):
            verdict = self.inspect(note)
            if verdict.problem == "empty" and _has_content(note.with_suffix(".wav")):
                log.error("%s cannot be read; it stays where it is", note.with_suffix(".wav"))
                continue
            if not verdict.ok or self._is_kept(verdict):
                self.forget(note)
                continue
            try:
                owner = json.loads(note.read_text(encoding="utf-8"))
                kept = self._keep(note, owner["team"], owner["uid"], verdict, None)
                adopted += 1
                self.ledger.apply(CallerLost(kept.id))
            except (ValueError, Illegal, StoreRefused) as error:  # the note was cut, or the team is no more
                log.error("%s stays where it is, nobody's: %s", note.with_suffix(".wav"), error)
        if adopted:
            log.warning("%d recordings of interrupted calls were kept as drafts", adopted)
        self._tell_interrupted()
        return adopted

    def _tell_interrupted(self) -> None:
        """Whose call was up when the service went down may not know whether their alert was sent."""
        states = (AlertState.DRAFT, AlertState.RELEASED)
        with self._store.read() as tx:
            raised = [
                alert
                for call in tx.find(Call, state=CallState.ANSWERED, direction=Direction.IN)
                for alert in tx.find(Alert, state=states, team=call.team, source=Source.HOTLINE)
                if alert.recorded_at >= call.started_at
            ]
        for alert in raised:
            self.ledger.apply(CallerLost(alert.id))

    def _is_kept(self, verdict: Verdict) -> bool:
        """Whether the recording became an alert just before the service went down."""
        with self._store.read() as tx:
            return bool(tx.find(Alert, sha256=verdict.sha256))

    def audio(self, alert: Alert) -> Path:
        """The recording of an alert, as it is heard."""
        return self._recordings.to_play(alert.audio)

    def name_sound(self, team_id: str) -> Path | None:
        """The spoken name of a team, None where it must be spelled."""
        path = self.settings.sounds / "names" / f"{team_id}.wav"
        return path if path.exists() else None


def _has_content(path: Path) -> bool:
    """Whether there is more than the header of a WAV file."""
    return path.exists() and path.stat().st_size > 44


def _needs(delivery: Delivery) -> bool:
    """Whether the team has yet to acknowledge; a delivery that was given up may still be acknowledged."""
    return delivery.state not in (DeliveryState.ACKNOWLEDGED, DeliveryState.WITHDRAWN)
