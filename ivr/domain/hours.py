"""When a number may be called: at any hour, in its team's office hours, or outside them, by the team's clock.

Owns: the written form of office hours, whether a moment falls into them, and when a number opens next. Must
not know what is called, or why. Time zones are those of the IANA database (zoneinfo); a clock change within
the hours is reckoned as people there live it. Public holidays are not known: they are days like any other.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from ivr.domain.records import OFFICE_HOURS, ZONE, CallingHours

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_TIME = "([0-2][0-9]):([0-5][0-9])"
_SPAN = re.compile(f"([A-Z][a-z]{{2}})(?:-([A-Z][a-z]{{2}}))? {_TIME}-{_TIME}")
_DAY_MIN = 24 * 60
_FAR_DAYS = 8
"""Hours repeat every week, and a clock change may take one opening away."""

Span = tuple[int, int]
"""Minutes of the local day: from the first, up to but not with the second."""


@cache
def week(text: str) -> tuple[tuple[Span, ...], ...]:
    """Office hours such as "Mon-Thu 08:00-17:00, Fri 08:00-14:30" as the spans of each day from Monday on.

    Raises ValueError with a sentence.
    """
    days: list[list[Span]] = [[] for _ in _DAYS]
    for part in text.split(","):
        found = _SPAN.fullmatch(part.strip())
        if found is None or not {found[1], found[2] or found[1]} <= set(_DAYS):
            raise ValueError(f'{part.strip()!r} are no office hours; write them as "Mon-Fri 09:00-17:00"')
        first, last = _DAYS.index(found[1]), _DAYS.index(found[2] or found[1])
        begin, end = (int(found[n]) * 60 + int(found[n + 1]) for n in (3, 5))
        if first > last or not begin < end <= _DAY_MIN:
            raise ValueError(f"{part.strip()!r}: days and times must go forward, from Mon 00:00 to Sun 24:00")
        for day in days[first : last + 1]:
            day.append((begin, end))
    return tuple(tuple(sorted(day)) for day in days)


def office_hours(text: str) -> str:
    """`text` where it says office hours (see `week`), or ValueError with a sentence."""
    week(text)
    if len(text) > 200:
        raise ValueError("office hours: at most 200 characters")
    return text


def zone(name: str) -> str:
    """`name` where it is a time zone of the IANA database, or ValueError with a sentence."""
    try:
        _zone(name)
    except (KeyError, ValueError, OSError):  # not there; not a name; a folder of the database
        raise ValueError(f"{name!r} is no time zone; write one such as Europe/Berlin") from None
    return name


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


@dataclass(frozen=True, slots=True)
class Hours:
    """The hours of one number."""

    when: CallingHours = CallingHours.ALWAYS
    office: str = OFFICE_HOURS
    zone: str = ZONE

    def open_at(self, at: float) -> bool:
        """Whether the number may be called at `at` (seconds since the epoch)."""
        if self.when is CallingHours.ALWAYS:
            return True
        local = datetime.fromtimestamp(at, _zone(self.zone))
        minute = local.hour * 60 + local.minute
        office = any(begin <= minute < end for begin, end in week(self.office)[local.weekday()])
        return office is (self.when is CallingHours.OFFICE)

    def opens_at(self, at: float) -> float | None:
        """The first moment from `at` on at which the number may be called; None: there is none."""
        if self.open_at(at):
            return at
        today = datetime.fromtimestamp(at, _zone(self.zone)).date()
        for ahead in range(_FAR_DAYS + 1):
            moments = self._changes(today + timedelta(days=ahead))
            opening = min((m for m in moments if m > at and self.open_at(m)), default=None)
            if opening is not None:
                return opening
        return None

    def _changes(self, day: date) -> Iterator[float]:
        """Every moment of the local `day` at which the number may open or close."""
        for edge in {minute for span in week(self.office)[day.weekday()] for minute in span}:
            yield self._moment(day, edge)
            yield self._moment(day, edge, fold=1)  # where clocks go back, it comes twice
        begin, end = self._moment(day, 0), self._moment(day, _DAY_MIN)
        yield begin
        if self._offset(begin) != self._offset(end):
            yield self._clock_change(begin, end)

    def _moment(self, day: date, minute: int, fold: int = 0) -> float:
        wall = datetime.combine(day, datetime.min.time()) + timedelta(minutes=minute)
        return wall.replace(tzinfo=_zone(self.zone), fold=fold).timestamp()

    def _offset(self, at: float) -> timedelta | None:
        return datetime.fromtimestamp(at, UTC).astimezone(_zone(self.zone)).utcoffset()

    def _clock_change(self, before: float, after: float) -> float:
        """The second between the two from which on the later one's offset from UTC holds."""
        low, high = int(before), int(after)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self._offset(middle) == self._offset(after) else (middle, high)
        return float(high)


ALWAYS = Hours()
