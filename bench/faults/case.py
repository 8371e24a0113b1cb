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
from ivr.pstn.cast import CALLER
from ivr.pstn.stage import Stage, StageFailed, eventually

_WHOLE = 0.95
"""The score of an alert of which a tenth is missing; a true one has 0.9998."""
_PART_S = 0.5
_VOICE = 0.1
"""Of the loudest moment of a recording: what is below is no voice of ours."""
_DEAD_S = 30.0
"""A phone that hears nothing any more waits for a minute before it presses; nobody is there to hear it."""
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
    calls = {record.recording: record for record in records}
    heard = [
        hearings([(calls[file.name], file) for file in stage.exchange.all_heard(phone.number)], alert)
        for phone in stage.cast.phones
    ]
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


def hearings(calls: Sequence[tuple[cdr.Record, Path]], alert: Path) -> Hearings:
    """Of one phone: its answered calls, each with what it heard."""
    judged = (_pressed(record, recording, alert) for record, recording in calls)
    return [pressed for pressed in judged if pressed is not None]


def _over(stage: Stage) -> bool:
    """The records are asked first: to start a shell several times a second would cost more than all calls."""
    if any(record.ended_at is None for record in stage.exchange.records()):
        return False
    return [alert["state"] for alert in stage.ask("alert", "list")] == ["closed"]


def _up(record: cdr.Record, at: float) -> bool:
    return record.started_at <= at and (record.ended_at is None or record.ended_at > at)


def _pressed(record: cdr.Record, recording: Path, alert: Path) -> bool | None:
    """Whether the phone heard all of the alert and pressed its key behind it; None: it heard nothing of it.

    A recording holds no more than the time in which sound came, so a moment in it is never too late.
    """
    whole = witness.find(recording, alert)
    end_s = whole.end_s if whole.score >= _WHOLE else _end_of_broken(recording, alert)
    if end_s is None:
        return False if witness.any_part(recording, alert).heard else None
    audio, rate = witness.load(recording)
    on_the_line_s = (end_s, audio.size / rate + _DEAD_S)
    return record.answered_at is not None and any(
        on_the_line_s[0] <= pressed_at - record.answered_at <= on_the_line_s[1]
        for pressed_at in record.pressed_at
    )


def _end_of_broken(recording: Path, alert: Path) -> float | None:
    """Where an alert ends that broke off, as when Asterisk hangs, and went on: its parts were heard in their
    order, but for the one in which the break lies. None if more is missing. Where it is the last part, a
    voice must follow: an Asterisk that died says no more."""
    matches = witness.parts(recording, alert, _PART_S)
    if sum(not match.heard for match in matches) > 1:
        return None
    if matches[-1].heard:
        return matches[-1].end_s
    end_s = matches[-2].end_s + _PART_S
    audio, rate = witness.load(recording)
    after = audio[int((end_s + _PART_S) * rate) :]
    goes_on = after.size > rate and abs(after).max() > _VOICE * abs(audio).max()
    return end_s if goes_on else None
