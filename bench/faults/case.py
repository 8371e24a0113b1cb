"""One alert with one fault, and its count.

Owns: the judgement. Its witnesses are the exchange's records and the phones' recordings.
"""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.faults.breakage import FAULTS
from ivr.pstn import cdr, witness
from ivr.pstn.stage import CALLER, Stage, StageFailed, eventually

_PRESSED_AFTER_S = 1.5
"""A phone presses a second after the voice has paused; by then it has."""
_PART_S = 0.5
_CLOSES_WITHIN_S = 300


@dataclass(frozen=True)
class Case:
    """What came of one fault. `repeated` may be as much as `in_flight`; the other two must be 0."""

    fault: str
    moment_s: float
    seed: int
    teams: int
    in_flight: int
    lost: int
    repeated: int
    over_limit: int
    calls: int
    took_s: float
    means: str = ""
    """How the fault was made, where there is more than one way."""

    @property
    def ok(self) -> bool:
        return self.lost == 0 and self.over_limit == 0 and self.repeated <= self.in_flight


Hearings = Sequence[bool]
"""One for each call in which a phone heard any of the alert: whether it pressed 1 after hearing it all."""


def play(stage: Stage, fault: str, moment_s: float, seed: int, alert: Path, means: str = "") -> Case:
    """Raise an alert, let the fault happen `moment_s` later, and count when everything is over."""
    stage.tocsin("alert", "raise", "--team", str(CALLER.team), "--audio", str(alert), "--release")
    began_at = time.time()
    time.sleep(moment_s)
    happened_at = time.time()
    try:
        FAULTS[fault](stage)
        eventually(lambda: _over(stage), _CLOSES_WITHIN_S, "the alert did not close")
    except StageFailed as error:  # a finding, and the count goes on
        print(f"{fault} at {moment_s:.1f} s: {error}", file=sys.stderr)
    records = [record for record in stage.exchange.records() if record.direction == "to-phone"]
    asks = stage.settings.sounds / "en/press-1-to-acknowledge-2-again.wav"
    heard = [hearings(stage.exchange.all_heard(phone.number), alert, asks) for phone in stage.cast.phones]
    ended = [record.ended_at for record in records if record.ended_at is not None]
    return Case(
        fault=fault,
        moment_s=round(moment_s, 1),
        seed=seed,
        **count(records, heard, happened_at),
        took_s=round(max(ended, default=began_at) - began_at, 1),
        means=means,
    )


def count(records: Sequence[cdr.Record], heard: Sequence[Hearings], happened_at: float) -> dict[str, int]:
    """What the witnesses say: the exchange of the calls, and the phones, one a team, of what they heard."""
    return {
        "teams": len(heard),
        "in_flight": sum(_up(record, happened_at) for record in records),
        "lost": sum(not any(reached) for reached in heard),
        "repeated": sum(max(0, len(reached) - 1) for reached in heard),
        "over_limit": sum(record.over_limit for record in records),
        "calls": len(records),
    }


def hearings(recordings: Sequence[Path], alert: Path, asks: Path) -> Hearings:
    """Of one phone; `asks` is what is said to it after the alert."""
    judged = (_pressed(recording, alert, asks) for recording in recordings)
    return [pressed for pressed in judged if pressed is not None]


def _over(stage: Stage) -> bool:
    """The records are asked first: to start a shell several times a second would cost more than all calls."""
    if any(record.ended_at is None for record in stage.exchange.records()):
        return False
    return [alert["state"] for alert in stage.ask("alert", "list")] == ["closed"]


def _up(record: cdr.Record, at: float) -> bool:
    return record.started_at <= at and (record.ended_at is None or record.ended_at > at)


def _pressed(recording: Path, alert: Path, asks: Path) -> bool | None:
    """From the recording: the alert's end, and that the phone stayed for long enough to press its key. None:
    nothing of the alert was heard."""
    whole = witness.find(recording, alert)
    end_s = whole.end_s if whole.heard else _end_of_broken(recording, alert)
    if end_s is None:
        return False if witness.any_part(recording, alert).heard else None
    asked = witness.find(recording, asks, after_s=end_s - 0.3)
    audio, rate = witness.load(recording)
    return audio.size / rate > (asked.end_s if asked.heard else end_s) + _PRESSED_AFTER_S


def _end_of_broken(recording: Path, alert: Path) -> float | None:
    """Where an alert ends that broke off, as when Asterisk hangs, and went on: its parts were heard in their
    order, but for the one in which the break lies. None if more is missing, or the end."""
    matches = witness.parts(recording, alert, _PART_S)
    missing = sum(not match.heard for match in matches)
    return matches[-1].end_s if missing <= 1 and matches[-1].heard else None
