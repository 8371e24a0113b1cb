"""The exchange's call records: every call that reached it, whatever became of it.

Owns: the exchange's event log (Asterisk CEL, one CSV line an event; conf/cel_custom.conf has its order) and
the records that are made of it. Knows nothing of who the calls were for.
"""

import csv
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

RELEASE_S = 0.3
"""Seconds. A line counts as free this long before its call's end is written: the party that hangs up knows it
first, and may use the line again before the exchange has cleared the old call away."""

NOT_ANSWERED = 19


@dataclass(frozen=True)
class Record:
    """One call as the exchange saw it. Times are seconds since the epoch, resolved to a microsecond."""

    number: str
    """The number that was called."""
    caller: str
    """The caller's number as it was signalled; it proves nothing."""
    direction: Literal["to-phone", "to-hotline"]
    started_at: float
    answered_at: float | None = None
    ended_at: float | None = None
    """None while the call is up, and for good if the exchange was killed during it."""
    cause: int | None = None
    """ITU-T Q.850; 19 if the caller gave up before anybody answered. None while the call is up."""
    over_limit: bool = False
    """Refused because it would have been more than the trunk's lines."""
    recording: str | None = None
    """Name of the file that holds what the phone heard."""
    pressed_at: tuple[float, ...] = ()
    """When the phone began to press keys, each time."""

    @property
    def phone(self) -> str:
        """The number of the practice phone in this call."""
        return self.number if self.direction == "to-phone" else self.caller


def read(path: Path) -> tuple[Record, ...]:
    """The records in the event log at `path`, in the order in which the calls began; none without a log."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ()
    whole, _, _ = text.rpartition("\n")  # the last line may be one that is being written
    return _records(csv.reader(whole.split("\n")))


def _records(events: Iterable[list[str]]) -> tuple[Record, ...]:
    calls: dict[str, Record] = {}
    for event in events:
        if len(event) != 8:
            continue  # a caller may have put anything into the number it signals
        kind, time, channel, caller, number, account, name, extra = event
        if kind == "CHAN_START":
            calls[channel] = Record(number, caller, "to-phone", float(time))
        elif channel in calls:
            if account:
                calls[channel] = _outgoing(calls[channel], account)
            calls[channel] = _after(calls[channel], kind, float(time), name, extra)
    return tuple(sorted(calls.values(), key=lambda record: record.started_at))


def _outgoing(record: Record, account: str) -> Record:
    """A call that a phone makes is on account of the phone: `caller>number`."""
    caller, _, number = account.partition(">")
    return replace(record, number=number, caller=caller, direction="to-hotline")


def _after(record: Record, kind: str, time: float, name: str, extra: str) -> Record:
    if kind == "ANSWER":
        return replace(record, answered_at=time)
    if kind == "HANGUP":
        cause = int(_json(extra).get("hangupcause", 0))
        if record.answered_at is None and cause in (0, 16, 26, 127):
            cause = NOT_ANSWERED  # the caller cancelled; SIP has no cause of its own for that
        return replace(record, ended_at=time, cause=cause)
    if name == "called":
        return replace(record, number=str(_json(extra).get("extra", "")))
    if name == "over-limit":
        return replace(record, over_limit=True)
    if name == "pressed":
        return replace(record, pressed_at=(*record.pressed_at, time))
    if name == "recording":
        return replace(record, recording=str(_json(extra).get("extra", "")))
    return record


def _json(text: str) -> Mapping[str, int | str]:
    value = json.loads(text) if text else {}
    return value if isinstance(value, dict) else {}


def peak(records: Iterable[Record]) -> int:
    """The largest number of calls that were up or being set up at the same time.

    A call ends RELEASE_S early, see there; one that is not over counts to the end.
    """
    changes: list[tuple[float, int]] = []
    for record in records:
        changes.append((record.started_at, 1))
        if record.ended_at is not None:
            changes.append((max(record.started_at, record.ended_at - RELEASE_S), -1))
    most = now = 0
    for _, change in sorted(changes, key=lambda change: (change[0], -change[1])):
        now += change
        most = max(most, now)
    return most


def as_json(record: Record) -> dict[str, object]:
    """The record for a JSON document: times in RFC 3339 with milliseconds, UTC."""
    shown: dict[str, object] = asdict(record)
    for key in ("started_at", "answered_at", "ended_at"):
        shown[key] = _rfc3339(getattr(record, key))
    shown["pressed_at"] = [_rfc3339(at) for at in record.pressed_at]
    return shown


def _rfc3339(time: float | None) -> str | None:
    if time is None:
        return None
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
